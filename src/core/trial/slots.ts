// Divides a machine into slots. Each slot runs one trial at a time on devices and processor cores of its own.
import { type Device, describeDevices } from './devices.ts'

/** What the job asks for. */
export interface Division {
  /** Devices of one trial. */
  devicesPerTrial: number | 'all'
  /** Trials side by side; `auto`: as many as there are devices for, and one on a machine without devices. */
  sideBySide: number | 'auto'
}

export interface Machine {
  vendor: 'nvidia' | 'amd' | undefined
  /** The devices that the job may use. */
  devices: readonly Device[]
  /** Numbers of the processor cores that the job may use. */
  cores: readonly number[]
  memoryBytes: number
}

export interface Slot {
  /** Variables that show only the slot's devices to a trial. */
  environment: Readonly<Record<string, string>>
  cores: readonly number[]
  /** Its part of the machine's memory; absent when the slot is the whole machine. */
  memoryBytes?: number
}

/** Part of the memory that is divided: the rest is for the system and for this action. */
const MEMORY_SHARE = 0.9

export type Divided =
  | { kind: 'slots'; slots: readonly [Slot, ...Slot[]]; unused: readonly Device[] }
  /** `words`: why the machine cannot be divided so. */
  | { kind: 'refused'; words: string }

/**
 * Only devices of one model are used, the model with the most: values of different models are not comparable. Cores are given
 * in runs of neighbours, so that a slot stays on one processor where possible.
 */
export function divideMachine(machine: Machine, { devicesPerTrial, sideBySide }: Division): Divided {
  const usable = mostCommonModel(machine.devices)
  const perTrial = devicesPerTrial === 'all' ? usable.length : devicesPerTrial
  const isDivisible = usable.length > 0 && !usable.some(({ divided }) => divided)
  if (isDivisible && perTrial > usable.length)
    return {
      kind: 'refused',
      words: `a trial needs ${perTrial} devices, and this job may use ${usable.length}`,
    }
  const most = isDivisible ? Math.floor(usable.length / perTrial) : machine.cores.length
  const fallback = isDivisible ? most : 1
  const count = sideBySide === 'auto' ? fallback : sideBySide
  if (count > most) {
    const what = isDivisible ? describeDevices(usable) : `${machine.cores.length} processor cores`
    return {
      kind: 'refused',
      words: `${count} trials side by side were asked for, and there is room for ${most} (${what})`,
    }
  }
  const isWhole = count === 1 && (!isDivisible || perTrial === machine.devices.length)
  const slots = Array.from({ length: count }, (_, index): Slot => {
    const devices = isDivisible ? usable.slice(index * perTrial, (index + 1) * perTrial) : []
    return {
      environment: isWhole ? {} : showOnly(machine.vendor, devices),
      cores: share(machine.cores, index, count),
      ...(count > 1 && { memoryBytes: Math.floor((MEMORY_SHARE * machine.memoryBytes) / count) }),
    }
  })
  const [first, ...others] = slots
  if (!first) return { kind: 'refused', words: 'no processor core may be used' }
  const used = isDivisible ? usable.slice(0, count * perTrial) : machine.devices
  const unused = machine.devices.filter((device) => !used.includes(device))
  return { kind: 'slots', slots: [first, ...others], unused }
}

function mostCommonModel(devices: readonly Device[]): readonly Device[] {
  const models = [...Map.groupBy(devices, ({ name }) => name).values()]
  return models.sort((a, b) => b.length - a.length)[0] ?? []
}

function showOnly(vendor: Machine['vendor'], devices: readonly Device[]): Record<string, string> {
  if (vendor === undefined || devices.length === 0) return {}
  if (vendor === 'amd') return { HIP_VISIBLE_DEVICES: devices.map(({ index }) => index).join(',') }
  return { CUDA_VISIBLE_DEVICES: devices.map(({ uuid }) => uuid).join(',') }
}

function share(cores: readonly number[], index: number, count: number): number[] {
  const bound = (position: number) => Math.floor((position * cores.length) / count)
  return cores.slice(bound(index), bound(index + 1))
}

/** Reads a list of cores as the kernel writes it, such as `0-3,8`. */
export function parseCores(list: string): number[] {
  return [...list.matchAll(/(\d+)(?:-(\d+))?/g)].flatMap(([, first, last = first]) => {
    const from = Number(first)
    return Array.from({ length: Number(last) - from + 1 }, (_, index) => from + index)
  })
}
