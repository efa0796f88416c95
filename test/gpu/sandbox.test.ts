// What a trial finds of the GPU inside its sandbox: checks 1 to 6 and 10 of docs/gpu.md.
import { execFileSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { openSandbox } from '../../src/adapters/sandbox/sandbox.ts'
import { nvidiaDevices } from '../../src/adapters/trainer/nvidia.ts'
import { describeTestbed } from '../../src/adapters/trainer/testbed.ts'
import { withNvidiaSmi } from '../adapters/device-lab.ts'
import { startProgram } from '../adapters/sandbox-lab.ts'
import { numberAfter, onDevice, PROGRAMS, SKIP, saw, UUIDS } from './gpu-lab.ts'

const LIBRARIES = ['libcuda.so.1', 'libnvidia-ml.so.1', 'libnvidia-ptxjitcompiler.so.1']
const LOAD = `import ctypes, sys
for name in sys.argv[1:]:
    try: ctypes.CDLL(name); print("loaded", name)
    except OSError as error: print("missing", error)`

describe.skipIf(SKIP)('inside its sandbox, a trial', () => {
  test('1 finds the nodes, the devices and the libraries of the driver', async () => {
    const { output } = await onDevice(
      `ls -d /dev/nvidia*; nvidia-smi -L; python3 -c '${LOAD}' ${LIBRARIES.join(' ')}`,
    )
    saw(1, output)
    for (const uuid of UUIDS) expect(output).toContain(uuid)
    for (const name of ['/dev/nvidiactl', '/dev/nvidia-uvm']) expect(output).toContain(`${name}\n`)
    expect(output.match(/^\/dev\/nvidia\d+$/gm)).toHaveLength(UUIDS.length)
    expect(output).not.toContain('missing')
    expect(output).toContain('loaded libcuda.so.1')
  })

  test('2 runs for this user; for root too, or is told what would be unlimited', async () => {
    const sandbox = await openSandbox('bubblewrap').catch((error: unknown) => error)
    const words =
      sandbox instanceof Error ? sandbox.message : (sandbox as { description: string }).description
    saw(2, `uid ${process.getuid?.()}: ${words}`)
    if (process.getuid?.() !== 0) expect(sandbox).not.toBeInstanceOf(Error)
    else expect(words).toMatch(/^bubblewrap |cannot create a control group/)
  })

  test('3 is filed under its device, driver and framework', async () => {
    const testbed = await describeTestbed()
    saw(3, testbed)
    expect(testbed).toMatch(/^\d+ × NVIDIA .+, driver \d[\d.]+/)
    expect(testbed).toMatch(/, torch \d/)
  })

  test('4 is not begun with a driver that does not answer', async () => {
    await withNvidiaSmi('echo "Failed to initialize NVML: Driver/library version mismatch"; exit 18')
    const failure = await describeTestbed().catch((error: unknown) => String(error))
    saw(4, failure)
    expect(failure).toContain('nvidia-smi failed (exit code 18: Failed to initialize NVML')
  })

  test('5 initializes CUDA and counts its devices', async () => {
    const { output } = await onDevice('python3 cuda.py count')
    saw(5, output)
    expect(output).toBe(`cuInit 0 count ${(await nvidiaDevices(process.env.CUDA_VISIBLE_DEVICES)).length}\n`)
  })

  test('6 multiplies matrices as fast as outside, within 5 %', async () => {
    const [outside, inside]: [number[], number[]] = [[], []]
    // In turn, and the best of each: the clock of a device follows its heat.
    for (let round = 0; round < 2; round += 1) {
      const text = execFileSync('python3', ['matmul.py'], { cwd: PROGRAMS, encoding: 'utf8' })
      outside.push(numberAfter('tflops', text))
      inside.push(numberAfter('tflops', (await onDevice('python3 matmul.py')).output))
    }
    saw(6, `outside ${outside.join(', ')}, inside ${inside.join(', ')}`)
    expect(Math.max(...inside) / Math.max(...outside)).toBeGreaterThan(0.95)
  })

  test.each([
    ['none where the job names none', { visible: '' }, 0],
    ['none, although it unsets the variable', { visible: '' }, 0, 'env -u CUDA_VISIBLE_DEVICES '],
    ['the one that the job names by UUID', { visible: UUIDS[0] ?? '' }, 1],
    [
      'that one, although it unsets the variable',
      { visible: UUIDS[0] ?? '' },
      1,
      'env -u CUDA_VISIBLE_DEVICES ',
    ],
    ['none where a command gets no accelerators', { accelerators: false as const }, 0],
  ])('10 sees %s', async (words, asked, count, prefix = '') => {
    const { output } = await onDevice(`${prefix}python3 cuda.py count`, asked)
    saw(10, `${words}: ${output}`)
    expect(numberAfter('count', output)).toBe(count)
  })
})

test.skipIf(SKIP || process.getuid?.() !== 0)(
  '2 run by another user than root, CUDA works inside',
  async () => {
    const child = startProgram({
      command: `python3 ${PROGRAMS}/cuda.py count`,
      read: [PROGRAMS],
      user: 'nobody',
    })
    let output = ''
    for await (const piece of child.stdout ?? []) output += piece
    saw(2, `as nobody: ${output}`)
    expect(output).toContain('cuInit 0')
  },
)
