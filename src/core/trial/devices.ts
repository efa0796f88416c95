// Selects the devices of a machine that a trial may use.

export interface Device {
  /** The driver's index, from 0. */
  index: string
  /** Starts with `GPU-`, or with `MIG-` for a part of a device. */
  uuid: string
  name: string
  driver: string
  /** Number of its node, as in /dev/nvidia0; absent when the driver does not report it. */
  minor?: number
  /** The device is divided (MIG): CUDA uses only its parts. */
  divided?: true
}

/**
 * The MIG parts of devices.
 *
 * @param listing output of `nvidia-smi -L`: one line per device, followed by one line per part of it
 */
export function partsOf(devices: readonly Device[], listing: string): Device[] {
  let whole: Device | undefined
  return listing.split('\n').flatMap((line) => {
    const uuid = /\(UUID: ((?:GPU|MIG)-[^)]+)\)/.exec(line)?.[1]
    if (uuid?.startsWith('GPU-')) whole = devices.find((device) => device.uuid === uuid)
    const profile = /^\s+(MIG \S+)/.exec(line)?.[1]
    if (uuid === undefined || profile === undefined || whole === undefined) return []
    const { divided: _, ...rest } = whole
    return [{ ...rest, index: '', uuid, name: `${whole.name} ${profile}` }]
  })
}

/**
 * @param visible CUDA_VISIBLE_DEVICES: indices or UUID prefixes, separated by commas. An empty value or -1 means no devices
 * @returns the devices in that order; undefined when a name matches no known device
 */
function matchDevices(devices: readonly Device[], visible: string | undefined): Device[] | undefined {
  if (visible === undefined) return [...devices]
  if (hidesDevices(visible)) return []
  const selected = visible
    .split(',')
    .map((name) => name.trim())
    .map((name) =>
      devices.find(
        ({ index, uuid }) => index === name || (/^(GPU|MIG)-./.test(name) && uuid.startsWith(name)),
      ),
    )
  return selected.every((device) => device !== undefined) ? [...new Set(selected)] : undefined
}

/** Like `matchDevices`, but an unknown name may mean any device and therefore selects all. */
export function selectDevices(devices: readonly Device[], visible: string | undefined): Device[] {
  return matchDevices(devices, visible) ?? [...devices]
}

/** True when CUDA_VISIBLE_DEVICES (`visible`) hides all devices. */
export function hidesDevices(visible: string | undefined): boolean {
  return visible !== undefined && /^\s*(-1)?\s*(,|$)/.test(visible)
}

/**
 * The names of a job's devices, from its environment. A privileged container sees every device of its machine, and only
 * NVIDIA_VISIBLE_DEVICES tells which of them it was given. Its indices refer to the whole machine, so only UUIDs are used.
 */
export function visibleDevices({ CUDA_VISIBLE_DEVICES: cuda, NVIDIA_VISIBLE_DEVICES: given }: Variables) {
  return (
    cuda ?? (given !== undefined && /^(GPU|MIG)-[\w-]+(,(GPU|MIG)-[\w-]+)*$/.test(given) ? given : undefined)
  )
}

type Variables = Readonly<Record<string, string | undefined>>

/** How a trial is pinned to devices. */
export interface Pin {
  /** Variables with UUIDs, which do not depend on the order in which CUDA counts devices. */
  environment: Record<string, string>
  /** Numbers N of the nodes /dev/nvidiaN that a sandbox shows; absent: all nodes. */
  minors?: number[]
}

/** Pins a trial to devices. `visible`: see `matchDevices`. */
export function pinTo(devices: readonly Device[], visible: string | undefined): Pin {
  if (hidesDevices(visible)) return { environment: {}, minors: [] }
  const matched = matchDevices(devices, visible)
  // The UUID of a divided device would select one of its parts.
  if (!matched?.length || matched.some(({ divided }) => divided)) return { environment: {} }
  const environment = {
    CUDA_DEVICE_ORDER: 'PCI_BUS_ID',
    CUDA_VISIBLE_DEVICES: matched.map(({ uuid }) => uuid).join(','),
  }
  const minors = matched.flatMap(({ minor }) => (minor === undefined ? [] : [minor]))
  return minors.length === matched.length ? { environment, minors } : { environment }
}

/** Describes devices as part of a testbed. Results from machines with equal testbeds are comparable. */
export function describeDevices(devices: readonly Device[]): string {
  const models = Map.groupBy(devices, ({ name, driver }) => `${name}, driver ${driver}`)
  return [...models].map(([model, same]) => `${same.length} × ${model}`).join(' and ')
}
