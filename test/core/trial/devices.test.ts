import { expect, test } from 'vitest'
import {
  type Device,
  describeDevices,
  partsOf,
  pinTo,
  selectDevices,
  visibleDevices,
} from '../../../src/core/trial/devices.ts'

const device = (index: string, uuid: string, name = 'NVIDIA H100'): Device => ({
  index,
  uuid,
  name,
  driver: '570.86',
})
const MACHINE = [device('0', 'GPU-aa11'), device('1', 'GPU-aa22'), device('10', 'GPU-bb33', 'NVIDIA L4')]

test.each([
  [undefined, '0 1 10'],
  ['1', '1'],
  ['10,0', '10 0'],
  [' 0 , 1', '0 1'],
  ['GPU-bb33', '10'],
  ['GPU-aa2,GPU-aa22', '1'],
  ['', ''],
  ['-1', ''],
  ['MIG-unknown', '0 1 10'],
  ['0,7', '0 1 10'],
  ['GPU-', '0 1 10'],
])('CUDA_VISIBLE_DEVICES=%s gives trials the devices %s', (visible, indices) => {
  expect(
    selectDevices(MACHINE, visible)
      .map(({ index }) => index)
      .join(' '),
  ).toBe(indices)
})

const PINNED = { CUDA_DEVICE_ORDER: 'PCI_BUS_ID', CUDA_VISIBLE_DEVICES: 'GPU-bb33,GPU-aa11' }
const [first, , third] = MACHINE.map((known, minor) => ({ ...known, minor }))

test.each([
  ['', { environment: {}, minors: [] }],
  ['10,0', { environment: PINNED, minors: [2, 0] }],
  // Nothing is known about it.
  ['MIG-unknown', { environment: {} }],
])('CUDA_VISIBLE_DEVICES=%s pins a trial to its devices', (visible, pin) => {
  expect(pinTo(first && third ? [first, third] : [], visible)).toEqual(pin)
})

const LISTING = `GPU 0: NVIDIA H100 (UUID: GPU-aa11)
  MIG 1g.10gb     Device  0: (UUID: MIG-c6d4f1ef)
  MIG 2g.20gb     Device  1: (UUID: MIG-cba66311)
GPU 1: NVIDIA H100 (UUID: GPU-aa22)
`

test('a part of a device is named by its size, and has the node of the whole', () => {
  const devices = MACHINE.map((known, minor): Device => ({ ...known, minor, divided: true }))
  const parts = partsOf(devices, LISTING)
  expect(parts.map(({ uuid }) => uuid)).toEqual(['MIG-c6d4f1ef', 'MIG-cba66311'])
  const selected = selectDevices([...devices, ...parts], 'MIG-cba6')
  expect(describeDevices(selected)).toBe('1 × NVIDIA H100 MIG 2g.20gb, driver 570.86')
  expect(pinTo(selected, 'MIG-cba6')).toEqual({
    environment: { CUDA_DEVICE_ORDER: 'PCI_BUS_ID', CUDA_VISIBLE_DEVICES: 'MIG-cba66311' },
    minors: [0],
  })
})

test('a divided device of which no part is named is left to CUDA', () => {
  const devices = MACHINE.map((known): Device => ({ ...known, divided: true }))
  expect(pinTo(devices, undefined)).toEqual({ environment: {} })
})

test('without the numbers of their nodes, devices are pinned by their UUIDs alone', () => {
  expect(pinTo(MACHINE, '10,0')).toEqual({ environment: PINNED })
})

test.each([
  [{ CUDA_VISIBLE_DEVICES: '1', NVIDIA_VISIBLE_DEVICES: 'GPU-aa11' }, '1'],
  [{ NVIDIA_VISIBLE_DEVICES: 'GPU-aa11,GPU-bb33' }, 'GPU-aa11,GPU-bb33'],
  [{ NVIDIA_VISIBLE_DEVICES: 'all' }, undefined],
  [{ NVIDIA_VISIBLE_DEVICES: '2' }, undefined],
  [{}, undefined],
])('with %j the devices of a job are %s', (variables, visible) => {
  expect(visibleDevices(variables)).toBe(visible)
})

test('devices of one model are counted, others named beside them', () => {
  expect(describeDevices(MACHINE)).toBe('2 × NVIDIA H100, driver 570.86 and 1 × NVIDIA L4, driver 570.86')
  expect(describeDevices(MACHINE.slice(0, 1))).toBe('1 × NVIDIA H100, driver 570.86')
})
