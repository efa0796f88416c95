// Which of a machine's devices a trial is given.

export interface Device {
  /** As the driver counts them, from 0. */
  index: string
  /** Begins with `GPU-`, or with `MIG-` for a part of one. */
  uuid: string
  name: string
  driver: string
  /** The number of its node, as in /dev/nvidia0; absent where the driver does not say. */
  minor?: number
  /** It is divided, and CUDA uses its parts only (MIG). */
  divided?: true
}

/**
 * The parts into which devices are divided.
 *
 * @param listing what `nvidia-smi -L` prints: a line for each device, below it one for each of its parts
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
 * @param visible CUDA_VISIBLE_DEVICES: indices or the beginnings of UUIDs, separated by commas. Nothing and -1 mean none
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

/** As `matchDevices`; a name that matches no device may mean any of them, so it selects all. */
export function selectDevices(devices: readonly Device[], visible: string | undefined): Device[] {
  return matchDevices(devices, visible) ?? [...devices]
}

/** @param visible CUDA_VISIBLE_DEVICES */
export function hidesDevices(visible: string | undefined): boolean {
  return visible !== undefined && /^\s*(-1)?\s*(,|$)/.test(visible)
}

/**
 * The variable that names the devices of a job. A privileged container sees every device of its machine, and only
 * NVIDIA_VISIBLE_DEVICES says which ones it was given; its indices count the machine's devices, so only UUIDs are taken.
 */
export function visibleDevices({ CUDA_VISIBLE_DEVICES: cuda, NVIDIA_VISIBLE_DEVICES: given }: Variables) {
  return (
    cuda ?? (given !== undefined && /^(GPU|MIG)-[\w-]+(,(GPU|MIG)-[\w-]+)*$/.test(given) ? given : undefined)
  )
}

type Variables = Readonly<Record<string, string | undefined>>

/** How a trial is pinned to devices. */
export interface Pin {
  /** UUIDs, which name the same devices whatever the order in which CUDA counts. */
  environment: Record<string, string>
  /** The only nodes /dev/nvidiaN that a sandbox shows; absent: all there are. */
  minors?: number[]
}

/** @param visible as for `matchDevices` */
export function pinTo(devices: readonly Device[], visible: string | undefined): Pin {
  if (hidesDevices(visible)) return { environment: {}, minors: [] }
  const matched = matchDevices(devices, visible)
  // The name of a divided device would choose one of its parts.
  if (!matched?.length || matched.some(({ divided }) => divided)) return { environment: {} }
  const environment = {
    CUDA_DEVICE_ORDER: 'PCI_BUS_ID',
    CUDA_VISIBLE_DEVICES: matched.map(({ uuid }) => uuid).join(','),
  }
  const minors = matched.flatMap(({ minor }) => (minor === undefined ? [] : [minor]))
  return minors.length === matched.length ? { environment, minors } : { environment }
}

/** The devices as part of a testbed: numbers of one such machine may be compared with those of another. */
export function describeDevices(devices: readonly Device[]): string {
  const models = Map.groupBy(devices, ({ name, driver }) => `${name}, driver ${driver}`)
  return [...models].map(([model, same]) => `${same.length} × ${model}`).join(' and ')
}
