import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { assertDeviceIdle } from '../../src/adapters/trainer/device.ts'
import { describeTestbed } from '../../src/adapters/trainer/testbed.ts'
import { UserFacingError } from '../../src/errors.ts'
import { aDirectory } from '../scaffold.ts'
import { withNvidiaSmi } from './device-lab.ts'

test('F38 a process left on the device stops the next trial, and the message says whose it is', async () => {
  await withNvidiaSmi('echo "GPU-1f0e, 4242, /usr/bin/python3"')
  const failure = await assertDeviceIdle(undefined).catch((error: unknown) => error)
  expect(failure).toBeInstanceOf(UserFacingError)
  expect(String(failure)).toContain('4242, /usr/bin/python3')
})

test('F38 so does one on a device of AMD', async () => {
  const processes = await aDirectory()
  await mkdir(join(processes, String(process.pid)))
  await expect(assertDeviceIdle(undefined, processes)).rejects.toThrow(`in use by ${process.pid}, `)
})

/** A machine with two devices, of which somebody uses the first. */
const TWO_DEVICES = `case "$1" in
*compute-apps*) echo "GPU-aaaa-1, 4242, /usr/bin/python3" ;;
*gpu=*) echo "0, GPU-aaaa-1, NVIDIA H100, 570.86"; echo "1, GPU-bbbb-2, NVIDIA L4, 570.86" ;;
esac`

test.each(['0', 'GPU-aaaa', '0,1'])(
  'F38 so does one on a device of CUDA_VISIBLE_DEVICES=%s',
  async (visible) => {
    await withNvidiaSmi(TWO_DEVICES)
    await expect(assertDeviceIdle(visible)).rejects.toThrow('in use by 4242, /usr/bin/python3')
  },
)

test.each(['1', 'GPU-bbbb-2', ''])(
  'what others run on a device that CUDA_VISIBLE_DEVICES=%s leaves out lets the trial begin',
  async (visible) => {
    await withNvidiaSmi(TWO_DEVICES)
    await expect(assertDeviceIdle(visible)).resolves.toBeUndefined()
  },
)

/** A folder without Python. */
const NOTHING = '/nowhere'

test.each([
  [undefined, '1 × NVIDIA H100, driver 570.86 and 1 × NVIDIA L4, driver 570.86'],
  ['1', '1 × NVIDIA L4, driver 570.86'],
])('with CUDA_VISIBLE_DEVICES=%s the testbed is %s', async (visible, testbed) => {
  await withNvidiaSmi(TWO_DEVICES)
  expect(await describeTestbed({ CUDA_VISIBLE_DEVICES: visible, PATH: NOTHING })).toBe(testbed)
})

test('without a device to train on, the testbed is the processor', async () => {
  await withNvidiaSmi(TWO_DEVICES)
  expect(await describeTestbed({ CUDA_VISIBLE_DEVICES: '', PATH: NOTHING })).toMatch(/^\d+ × .*, linux \w+$/)
})

test('F52 the version of the framework is part of the testbed', async () => {
  const packages = await aDirectory()
  const upgrade = async (version: string) => {
    await mkdir(join(packages, 'torch.dist-info'), { recursive: true })
    const metadata = `Metadata-Version: 2.1\nName: torch\nVersion: ${version}\n`
    await writeFile(join(packages, 'torch.dist-info/METADATA'), metadata)
  }
  const testbed = () => describeTestbed({ PATH: process.env.PATH, PYTHONPATH: packages })
  await upgrade('2.9.0')
  expect(await testbed()).toMatch(/, torch 2\.9\.0/)
  await upgrade('2.9.1')
  expect(await testbed()).toMatch(/, torch 2\.9\.1/)
})

test.each([
  ['an idle device', 'exit 0'],
  ['a driver that does not answer', 'echo "Failed to initialize NVML" >&2; exit 9'],
])('%s lets the trial begin', async (_, script) => {
  await withNvidiaSmi(script)
  await expect(assertDeviceIdle(undefined)).resolves.toBeUndefined()
})
