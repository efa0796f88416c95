// Which of a machine's devices a trial is given.

export interface Device {
  /** As the driver counts them, from 0. */
  index: string
  /** Begins with `GPU-`. */
  uuid: string
  name: string
  driver: string
}

/**
 * @param visible CUDA_VISIBLE_DEVICES: indices or the beginnings of UUIDs, separated by commas. Nothing and -1 mean none;
 *   what names no device that we know (a part of one, or another order of counting) may mean any
 */
export function selectDevices(devices: readonly Device[], visible: string | undefined): Device[] {
  if (visible === undefined) return [...devices]
  const names = visible.split(',').map((name) => name.trim())
  if (names[0] === '' || names[0] === '-1') return []
  const selected = names.map((name) =>
    devices.find(({ index, uuid }) => index === name || (/^GPU-./.test(name) && uuid.startsWith(name))),
  )
  return selected.every((device) => device !== undefined) ? [...new Set(selected)] : [...devices]
}

/** The devices as part of a testbed: numbers of one such machine may be compared with those of another. */
export function describeDevices(devices: readonly Device[]): string {
  const models = Map.groupBy(devices, ({ name, driver }) => `${name}, driver ${driver}`)
  return [...models].map(([model, same]) => `${same.length} × ${model}`).join(' and ')
}
