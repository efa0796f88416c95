import { expect, test } from 'vitest'
import { type Device, describeDevices, selectDevices } from '../../../src/core/trial/devices.ts'

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
  ['MIG-5f0c', '0 1 10'],
  ['0,7', '0 1 10'],
  ['GPU-', '0 1 10'],
])('CUDA_VISIBLE_DEVICES=%s gives trials the devices %s', (visible, indices) => {
  expect(
    selectDevices(MACHINE, visible)
      .map(({ index }) => index)
      .join(' '),
  ).toBe(indices)
})

test('devices of one model are counted, others named beside them', () => {
  expect(describeDevices(MACHINE)).toBe('2 × NVIDIA H100, driver 570.86 and 1 × NVIDIA L4, driver 570.86')
  expect(describeDevices(MACHINE.slice(0, 1))).toBe('1 × NVIDIA H100, driver 570.86')
})
