// The attacks on the machine with nothing around them: each gets further than the sandbox lets it. Every one ends by
// itself after a few megabytes or two hundred processes.
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { OutputReader } from '../../src/core/trial/output.ts'
import { ATTACKS, inSandbox, SKIP, somePlaces, survivors, unprotected } from './sandbox-lab.ts'

const MB = 1e6
const CAPS = { outBytes: 10 * MB, memoryBytes: 100 * MB, processes: 64 }

describe.skipIf(SKIP)('with the sandbox, and without it', () => {
  test.each(['one', 'many', 'hidden', 'deleted', 'closed'])(
    'F36 removed: the disk is filled (%s)',
    async (kind) => {
      const attack = { command: `exec python3 ${ATTACKS}/fill-disk.py ${kind} 40`, caps: CAPS }
      expect((await inSandbox(attack)).output).not.toContain('wrote it all')
      expect((await unprotected(attack)).output).toContain('wrote it all')
    },
  )

  test.each(['own', 'nameless'])('F26 removed: the memory is taken (%s)', async (kind) => {
    const attack = { command: `exec python3 ${ATTACKS}/eat-memory.py ${kind} 300`, caps: CAPS }
    expect((await inSandbox(attack)).exit).toMatchObject({ exceeded: 'memory' })
    expect(await unprotected(attack)).toMatchObject({ exit: { code: 0 }, output: 'took it all\n' })
  })

  test('F37 removed: the fork bomb grows', async () => {
    const marker = randomUUID()
    const command = `exec python3 ${ATTACKS}/fork-bomb.py 200 ${marker}`
    const [held, free] = [somePlaces(), somePlaces()]
    await inSandbox({ command, places: held, caps: CAPS })
    await unprotected({ command, places: free, timeoutSeconds: 6 })
    const started = ({ out }: { out: string }) => readFileSync(join(out, 'started')).length
    expect(started(held)).toBeLessThan(100)
    expect(started(free)).toBeGreaterThanOrEqual(200)
  })

  test('F37 removed: so do the threads', async () => {
    const start = (seconds: number) => `exec python3 ${ATTACKS}/threads.py 200 ${seconds}`
    expect((await inSandbox({ command: start(1000), caps: CAPS, timeoutSeconds: 60 })).output).toBe('')
    expect((await unprotected({ command: start(0) })).output).toBe('started them all\n')
  })

  test('F37 removed: so do the open files', async () => {
    // However long a look takes on a busy machine, the attack is still there when it ends.
    const open = (seconds: number) => `exec python3 ${ATTACKS}/open-files.py 60 ${seconds}`
    const { exit } = await inSandbox({ command: open(100), timeoutSeconds: 110 })
    expect(exit).toMatchObject({ exceeded: 'disk' })
    expect((await unprotected({ command: open(1) })).output).toBe('opened them all\n')
  })
})

describe.skipIf(SKIP)('with its time, and without an end to it', () => {
  const command = `exec python3 -c "import time; time.sleep(2); print('val_loss: 0.01')"`

  test('F28 removed: it goes on until it has what it wants', async () => {
    expect(await inSandbox({ command, timeoutSeconds: 1 })).toMatchObject({
      exit: { timedOut: true },
      output: '',
    })
    expect(await inSandbox({ command, timeoutSeconds: 60 })).toMatchObject({
      exit: { code: 0, timedOut: false },
      output: 'val_loss: 0.01\n',
    })
  })

  test('F34 removed: SIGTERM alone ends what is polite, and not the attack', async () => {
    const marker = randomUUID()
    // Once its polite neighbour in the group is dead, the signal has been everywhere.
    const group = spawn('sh', ['-c', `sh ${ATTACKS}/ignores-term.sh ${marker} & exec sleep 1000`], {
      detached: true,
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const pid = Number(group.pid)
    try {
      await once(group.stdout, 'data')
      process.kill(-pid, 'SIGTERM')
      expect(await once(group, 'exit')).toEqual([null, 'SIGTERM'])
      expect(survivors(`ignores-term.sh\0${marker}`)).not.toEqual([])
    } finally {
      process.kill(-pid, 'SIGKILL')
    }
  })
})

test.skipIf(SKIP)('F39 removed: without the cap all that it prints is kept', async () => {
  const { output } = await inSandbox({ command: `exec python3 ${ATTACKS}/flood.py 5` })
  expect(output.length).toBe(5 * 1024 ** 2 + '\n'.length)
  const reader = new OutputReader({
    name: 'val_loss',
    direction: 'minimize',
    source: { kind: 'pattern', pattern: '^val_loss: (\\S+)' },
  })
  for (let at = 0; at < output.length; at += 65_536) reader.push(output.slice(at, at + 65_536))
  expect(reader.log.length).toBeLessThan(400_000)
})
