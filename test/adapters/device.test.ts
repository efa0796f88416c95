import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { systemClock } from '../../src/adapters/clock.ts'
import { assertStillThere, claimDevices } from '../../src/adapters/trainer/device.ts'
import { nvidiaDevices, nvidiaUsers, wakeNvidia } from '../../src/adapters/trainer/nvidia.ts'
import { describeTestbed } from '../../src/adapters/trainer/testbed.ts'
import { UserFacingError } from '../../src/errors.ts'
import { aDirectory } from '../scaffold.ts'
import { aDriver, NO_PAUSE, withNvidiaSmi, withProgram } from './device-lab.ts'

const OPTIONS = { clock: { ...systemClock, ...NO_PAUSE }, signal: new AbortController().signal }
const claim = (visible?: string) =>
  claimDevices({ ...OPTIONS, environment: { CUDA_VISIBLE_DEVICES: visible } })

/** A folder without Python. */
const NOTHING = '/nowhere'

/** A machine with two devices, of which somebody uses the first. */
const TWO_DEVICES = `case "$1" in
*compute-apps*) echo "GPU-aaaa-1, 4242, /usr/bin/python3" ;;
*memory.used*) echo "GPU-aaaa-1, 4000 MiB"; echo "GPU-bbbb-2, 0 MiB" ;;
*gpu=*) echo "0, GPU-aaaa-1, NVIDIA H100, 570.86"; echo "1, GPU-bbbb-2, NVIDIA L4, 570.86" ;;
esac`

test('F38 a process left on the device stops the next trial, and the message says whose it is', async () => {
  await withNvidiaSmi(TWO_DEVICES)
  const failure = await claim().catch((error: unknown) => error)
  expect(failure).toBeInstanceOf(UserFacingError)
  expect(String(failure)).toContain('4242, /usr/bin/python3')
})

test.each(['0', 'GPU-aaaa', '0,1'])(
  'F38 so does one on a device of CUDA_VISIBLE_DEVICES=%s',
  async (visible) => {
    await withNvidiaSmi(TWO_DEVICES)
    await expect(claim(visible)).rejects.toThrow('in use by 4242, /usr/bin/python3')
  },
)

test.each(['1', 'GPU-bbbb-2', ''])(
  'what others run on a device that CUDA_VISIBLE_DEVICES=%s leaves out lets the trial begin',
  async (visible) => {
    await withNvidiaSmi(TWO_DEVICES)
    expect((await claim(visible)).devices.length).toBe(visible === '' ? 0 : 1)
  },
)

/** One device, with this much memory in use and these processes. */
const used = (memory: string, processes = '') => `case "$1" in
*compute-apps*) printf '${processes}' ;;
*memory.used*) echo "GPU-aaaa-1, ${memory}" ;;
*gpu=*) echo "0, GPU-aaaa-1, NVIDIA H100, 570.86" ;;
esac`

test('F38 memory in use stops the next trial where the driver names no process, as in a container', async () => {
  await withNvidiaSmi(used('1404 MiB'))
  await expect(claim()).rejects.toThrow('1404 MiB of memory on GPU-aaaa-1')
})

test.each([
  ['an idle device', used('4 MiB')],
  ['a device whose memory is unknown', used('[N/A]')],
  [
    'a server that only shares the device',
    used('400 MiB', 'GPU-aaaa-1, 7, /usr/bin/nvidia-cuda-mps-server\\n'),
  ],
])('%s lets the trial begin', async (_, script) => {
  await withNvidiaSmi(script)
  expect((await claim()).devices).toHaveLength(1)
})

test('what the last trial left is given time to end', async () => {
  const looks = join(await aDirectory(), 'looks')
  await withNvidiaSmi(used(`$(echo >> ${looks}; [ $(wc -l < ${looks}) -gt 2 ] && echo 0 || echo 900) MiB`))
  expect((await claim()).devices).toHaveLength(1)
})

test('a trial is pinned by what names a device in any order of counting', async () => {
  await withNvidiaSmi(TWO_DEVICES)
  expect((await claim('1')).environment).toEqual({
    CUDA_DEVICE_ORDER: 'PCI_BUS_ID',
    CUDA_VISIBLE_DEVICES: 'GPU-bbbb-2',
  })
})

test('a device that is gone after a trial stops the job', async () => {
  await withNvidiaSmi(used('0 MiB'))
  const claimed = await claim()
  await expect(assertStillThere(claimed)).resolves.toBeUndefined()
  await withNvidiaSmi('echo "1, GPU-bbbb-2, NVIDIA L4, 570.86"')
  await expect(assertStillThere(claimed)).rejects.toThrow('NVIDIA H100 (GPU-aaaa-1) failed during a trial')
})

describe('a driver that does not answer', () => {
  test.each([
    [
      'fails',
      'echo "Failed to initialize NVML: Driver/library version mismatch"; exit 18',
      'exit code 18: Failed',
    ],
    ['finds no device', 'echo "No devices were found"', 'exit code 0: No devices'],
  ])('and %s is an error where there is a device', async (_, script, words) => {
    await withNvidiaSmi(script)
    const { places } = await aDriver('nvidia0')
    await expect(nvidiaDevices(undefined, places)).rejects.toThrow(words)
  })

  test('is not queried when trials get no device', async () => {
    await withNvidiaSmi('exit 18')
    const { places } = await aDriver('nvidia0')
    expect(await nvidiaDevices('', places)).toEqual([])
  })

  test('without a device is ignored: a CUDA image on a machine without a GPU', async () => {
    await withNvidiaSmi('exit 9')
    const { places } = await aDriver('nvidiactl')
    expect(await nvidiaDevices(undefined, places)).toEqual([])
  })

  test('who uses its devices is an error too', async () => {
    await withNvidiaSmi('exit 9')
    const { places } = await aDriver('nvidia0')
    const device = { index: '0', uuid: 'GPU-aaaa-1', name: 'NVIDIA H100', driver: '570.86' }
    await expect(nvidiaUsers([device], places)).rejects.toThrow('nvidia-smi failed')
  })
})

test('a part of a device is a testbed of its own', async () => {
  await withNvidiaSmi(`case "$1" in
-L) echo "GPU 0: NVIDIA H100 (UUID: GPU-aaaa-1)"; echo "  MIG 1g.10gb     Device  0: (UUID: MIG-c6d4f1ef)" ;;
*) echo "0, GPU-aaaa-1, NVIDIA H100, 570.86, Enabled" ;; esac`)
  const environment = { CUDA_VISIBLE_DEVICES: 'MIG-c6d4f1ef', PATH: NOTHING }
  expect(await describeTestbed(environment)).toBe('1 × NVIDIA H100 MIG 1g.10gb, driver 570.86')
})

test('a device is known by the number of its node, which is not its index', async () => {
  await withNvidiaSmi(TWO_DEVICES)
  const { places, describeDevice } = await aDriver('nvidia0', 'nvidia3')
  await describeDevice('0000:17:00.0', 'GPU-aaaa-1', 3)
  await describeDevice('0000:65:00.0', 'GPU-bbbb-2', 0)
  expect((await nvidiaDevices('1', places)).map(({ minor }) => minor)).toEqual([0])
})

describe('the node of CUDA that is missing after a start of the machine', () => {
  test('is made', async () => {
    const { places } = await aDriver('nvidia0')
    await withProgram('nvidia-modprobe', `[ "$*" = "-u -c=0" ] && touch ${places.dev}/nvidia-uvm`)
    await expect(wakeNvidia(places)).resolves.toBeUndefined()
  })

  test('is an error when it cannot be made', async () => {
    const { places } = await aDriver('nvidia0')
    await withProgram('nvidia-modprobe', 'exit 1')
    await expect(wakeNvidia(places)).rejects.toThrow(`no ${places.dev}/nvidia-uvm`)
  })

  test('is not looked for on a machine without a device', async () => {
    const { places } = await aDriver()
    await expect(wakeNvidia(places)).resolves.toBeUndefined()
  })
})

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
