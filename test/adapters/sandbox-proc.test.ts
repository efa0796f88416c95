// What a trial with a device of NVIDIA may write in /proc. No test machine has one, so its arguments are put together here.
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { describe, expect, test } from 'vitest'
import { entrance, fileDescriptors, STATUS, startBubblewrap } from '../../src/adapters/sandbox/start.ts'
import { sealedProc, systemMounts, writableProc } from '../../src/adapters/sandbox/tool-mounts.ts'
import { acceleratorMounts, bubblewrapArguments, SYNTHETIC_FILES } from '../../src/core/sandbox/sandbox.ts'
import { ATTACKS, SKIP, somePlaces } from './sandbox-lab.ts'

async function openProc(sealed: readonly string[] | undefined): Promise<string> {
  const plan = bubblewrapArguments({
    places: somePlaces(),
    outWritable: true,
    system: systemMounts(),
    tools: [{ kind: 'read', from: ATTACKS }],
    environment: { PATH: '/usr/bin' },
    ...(sealed === undefined ? {} : { sealedProc: sealed }),
    temporaryBytes: 1e6,
    sharedMemoryBytes: 1e6,
    descriptors: { status: STATUS, files: fileDescriptors(SYNTHETIC_FILES) },
    command: entrance(`python3 ${ATTACKS}/open-proc.py 2>&1`, { fileBytes: 1e6, processes: 99 }),
  })
  const inherited = { files: SYNTHETIC_FILES }
  const never = new AbortController().signal
  const started = await startBubblewrap(['bwrap', ...plan], { PATH: '/usr/bin:/bin' }, inherited, never)
  if (!started) throw new Error('the sandbox was not started')
  const ended = once(started.child, 'exit')
  started.begin()
  const [output] = await Promise.all([started.child.stdout ? text(started.child.stdout) : '', ended])
  return output
}

describe.skipIf(SKIP)('beside a device of NVIDIA, a trial', () => {
  test('F59 names its threads in /proc, and writes nothing there that is not its own', async () => {
    expect(JSON.parse(await openProc(writableProc()))).toEqual({ name: 'cuda-EvtHandlr', writable: [] })
  })

  test.skipIf(process.getuid?.() !== 0)(
    'F59 removed: unsealed, root could write settings of the kernel',
    async () => {
      const { writable } = JSON.parse(await openProc([])) as { writable: string[] }
      expect(writable).toContain('/proc/sys/kernel/printk')
    },
  )
})

test.skipIf(SKIP)('without one, a trial writes nothing in /proc at all', async () => {
  expect(sealedProc(acceleratorMounts(['null', 'dri', 'kfd']))).toBeUndefined()
  expect(await openProc(undefined)).toContain('Read-only file system')
})

test('the device alone decides: one that is hidden from a command leaves /proc sealed', () => {
  expect(sealedProc(acceleratorMounts(['nvidia0', 'nvidiactl'], []))).toBeUndefined()
  expect(sealedProc(acceleratorMounts(['nvidia0', 'nvidiactl'], [0]))).toContain('sys')
})
