// Dividing a machine into slots: which devices and cores a trial gets, and when a wish cannot be met.
import { describe, expect, test } from 'vitest'
import type { Device } from '../../../src/core/trial/devices.ts'
import { type Division, divideMachine, type Machine, parseCores } from '../../../src/core/trial/slots.ts'

const AUTO: Division = { devicesPerTrial: 1, sideBySide: 'auto' }

function gpus(count: number, name = 'NVIDIA H100'): Device[] {
  return Array.from({ length: count }, (_, index) => ({
    index: String(index),
    uuid: `GPU-${name.at(-1)}${index}`,
    name,
    driver: '570',
  }))
}

function aMachine(fields: Partial<Machine> = {}): Machine {
  const cores = Array.from({ length: 16 }, (_, index) => index)
  return { vendor: 'nvidia', devices: gpus(8), cores, memoryBytes: 1000, ...fields }
}

function slotsOf(machine: Machine, division: Partial<Division> = {}) {
  const divided = divideMachine(machine, { ...AUTO, ...division })
  if (divided.kind === 'refused') throw new Error(divided.words)
  return divided
}

function refusal(machine: Machine, division: Partial<Division>): string {
  const divided = divideMachine(machine, { ...AUTO, ...division })
  return divided.kind === 'refused' ? divided.words : 'not refused'
}

describe('devices', () => {
  test('are given one to a trial', () => {
    const { slots, unused } = slotsOf(aMachine())
    expect(slots.map(({ environment }) => environment.CUDA_VISIBLE_DEVICES)).toEqual(
      gpus(8).map(({ uuid }) => uuid),
    )
    expect(unused).toEqual([])
  })

  test('are given several to a trial that asks for them', () => {
    const { slots } = slotsOf(aMachine(), { devicesPerTrial: 4 })
    expect(slots.map(({ environment }) => environment.CUDA_VISIBLE_DEVICES)).toEqual([
      'GPU-00,GPU-01,GPU-02,GPU-03',
      'GPU-04,GPU-05,GPU-06,GPU-07',
    ])
  })

  test.each([8, 'all'] as const)('of a whole machine need no variable: %s', (devicesPerTrial) => {
    const { slots } = slotsOf(aMachine(), { devicesPerTrial })
    expect(slots).toHaveLength(1)
    expect(slots[0].environment).toEqual({})
    expect(slots[0].memoryBytes).toBeUndefined()
  })

  test('that are left over are named', () => {
    const { slots, unused } = slotsOf(aMachine(), { devicesPerTrial: 3 })
    expect(slots).toHaveLength(2)
    expect(unused.map(({ uuid }) => uuid)).toEqual(['GPU-06', 'GPU-07'])
  })

  test('of another model than most stay unused, because values would not be comparable', () => {
    const old = gpus(2, 'NVIDIA A100B')
    const { slots, unused } = slotsOf(aMachine({ devices: [...old, ...gpus(3)] }))
    expect(slots).toHaveLength(3)
    expect(unused).toEqual(old)
  })

  test('of AMD are selected by their number', () => {
    const { slots } = slotsOf(aMachine({ vendor: 'amd', devices: gpus(2) }))
    expect(slots.map(({ environment }) => environment)).toEqual([
      { HIP_VISIBLE_DEVICES: '0' },
      { HIP_VISIBLE_DEVICES: '1' },
    ])
  })

  test('that MIG divides are left to one trial, because CUDA sees only a part of them', () => {
    const devices = gpus(2).map((device) => ({ ...device, divided: true as const }))
    const { slots } = slotsOf(aMachine({ devices }))
    expect(slots).toHaveLength(1)
    expect(slots[0].environment).toEqual({})
  })
})

describe('cores and memory', () => {
  test('of each slot are its own', () => {
    const { slots } = slotsOf(aMachine(), { devicesPerTrial: 4 })
    expect(slots.map(({ cores }) => cores)).toEqual([
      [0, 1, 2, 3, 4, 5, 6, 7],
      [8, 9, 10, 11, 12, 13, 14, 15],
    ])
    expect(slots.map(({ memoryBytes }) => memoryBytes)).toEqual([450, 450])
  })

  test('every core is in one slot when they do not divide evenly', () => {
    const { slots } = slotsOf(aMachine(), { sideBySide: 3 })
    expect(slots.flatMap(({ cores }) => cores)).toEqual(aMachine().cores)
  })

  test('of a machine without devices are one slot, unless more are asked for', () => {
    const machine = aMachine({ vendor: undefined, devices: [] })
    expect(slotsOf(machine).slots).toHaveLength(1)
    expect(slotsOf(machine, { sideBySide: 4 }).slots.map(({ cores }) => cores.length)).toEqual([4, 4, 4, 4])
  })

  test.each([
    ['0-3,8\n', [0, 1, 2, 3, 8]],
    ['5', [5]],
    ['', []],
    ['none', []],
  ])('are read from the kernel: %j', (list, cores) => {
    expect(parseCores(list)).toEqual(cores)
  })
})

describe('a wish that the machine cannot meet is refused with both numbers', () => {
  test('more devices than there are', () => {
    expect(refusal(aMachine(), { devicesPerTrial: 9 })).toBe(
      'a trial needs 9 devices, and this job may use 8',
    )
  })

  test('more trials than there are devices for', () => {
    expect(refusal(aMachine(), { devicesPerTrial: 4, sideBySide: 3 })).toBe(
      '3 trials side by side were asked for, and there is room for 2 (8 × NVIDIA H100, driver 570)',
    )
  })

  test('more trials than there are cores', () => {
    expect(refusal(aMachine({ vendor: undefined, devices: [] }), { sideBySide: 17 })).toBe(
      '17 trials side by side were asked for, and there is room for 16 (16 processor cores)',
    )
  })
})
