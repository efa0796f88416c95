// Everything of a trial dies with it: after its end, its timeout, its abortion, and the action's own death.
import { spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createReadStream, existsSync } from 'node:fs'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'
import { describe, expect, test } from 'vitest'
import { entrance, fileDescriptors, STATUS, startBubblewrap } from '../../src/adapters/sandbox/start.ts'
import { systemMounts } from '../../src/adapters/sandbox/tool-mounts.ts'
import { bubblewrapArguments, SYNTHETIC_FILES } from '../../src/core/sandbox/sandbox.ts'
import { ATTACKS, inSandbox, SKIP, somePlaces, startProgram, survivors, USERS } from './sandbox-lab.ts'

const never = new AbortController().signal

describe.skipIf(SKIP).each(USERS)('a trial of user %s', (user) => {
  test('keeps its exit code and its signals', async () => {
    const codes = [0, 3]
    const exits = await Promise.all(codes.map((code) => inSandbox({ command: `exit ${code}`, user })))
    expect(exits.map(({ exit }) => exit)).toEqual(
      codes.map((code) => ({ code, signal: null, timedOut: false })),
    )
    for (const signal of ['SIGKILL', 'SIGSEGV', 'SIGTERM'])
      expect((await inSandbox({ command: `sh -c 'kill -${signal.slice(3)} $$'`, user })).exit).toEqual({
        code: null,
        signal,
        timedOut: false,
      })
  })

  test('has nothing on its standard input', async () => {
    expect((await inSandbox({ command: 'wc -c', user })).output.trim()).toBe('0')
  })

  test('F28 is asked to end at its timeout, and can say something last', async () => {
    const command = `trap 'echo last words; exit 5' TERM; echo ready; sleep 1000 & wait`
    const { exit, output } = await inSandbox({ command, timeoutSeconds: 4, user })
    expect(exit).toEqual({ code: 5, signal: null, timedOut: true })
    expect(output).toContain('last words')
  })

  test('F34 is dead although it ignores SIGTERM', async () => {
    const marker = randomUUID()
    const command = `sh ${ATTACKS}/ignores-term.sh ${marker}`
    const { exit } = await inSandbox({ command, timeoutSeconds: 4, user })
    expect(exit).toEqual({ code: null, signal: 'SIGKILL', timedOut: true })
    expect(survivors(marker)).toEqual([])
  })

  test('F35 takes with it what it left in another session, and nobody waits for that', async () => {
    const marker = randomUUID()
    const { exit, output } = await inSandbox({
      command: `python3 ${ATTACKS}/double-fork.py ${marker}`,
      user,
    })
    expect(output).toBe('left them behind\n')
    expect(exit.code).toBe(0)
    expect(survivors(marker)).toEqual([])
  })

  test('is gone when the action itself is killed', async () => {
    const marker = randomUUID()
    const places = somePlaces(user)
    const alive = join(places.out, 'alive')
    spawnSync('mkfifo', ['-m', '666', alive])
    const command = `exec 9>$AUTORESEARCH_OUT/alive; setsid sh ${ATTACKS}/ignores-term.sh ${marker} & wait`
    const action = startProgram({ command, places, user })
    const end = createReadStream(alive).resume()
    if (action.stderr) await once(action.stderr, 'data')
    expect(survivors(marker)).not.toEqual([])
    action.kill('SIGKILL')
    // The other end of this pipe is open as long as anything of the sandbox lives.
    await finished(end)
    expect(survivors(marker)).toEqual([])
  })
})

describe.skipIf(SKIP)('a trial', () => {
  test('prints whole lines: a progress bar on standard error does not swallow the metric', async () => {
    const train = join(import.meta.dirname, '../fixtures/train')
    const environment = { PATH: process.env.PATH ?? '' }
    const command = `node ${train}/writes-in-pieces.js`
    const { output } = await inSandbox({ command, environment, read: [train] })
    expect(output.match(/^val_loss: 2\.3125 größer$/gm)).toHaveLength(50)
    expect(output.match(/progrès 100 %/g)).toHaveLength(80)
  })

  test('is ended by abortion, before and while it runs', async () => {
    const marker = randomUUID()
    const abort = new AbortController()
    const command = `sh ${ATTACKS}/ignores-term.sh ${marker}`
    const running = await inSandbox({ command, signal: abort.signal, onOutput: () => abort.abort() })
    expect(running.exit).toEqual({ code: null, signal: 'SIGKILL', timedOut: false })
    const before = await inSandbox({ command, signal: abort.signal })
    expect(before.exit).toEqual({ code: null, signal: 'SIGKILL', timedOut: false })
    expect(before.output).toBe('')
    expect(survivors(marker)).toEqual([])
  })

  test('never begins when the action dies before its sandbox is complete', async () => {
    const places = somePlaces()
    const plan = bubblewrapArguments({
      places,
      outWritable: true,
      system: systemMounts(),
      tools: [],
      environment: { PATH: '/usr/bin' },
      temporaryBytes: 1e6,
      sharedMemoryBytes: 1e6,
      descriptors: { status: STATUS, files: fileDescriptors(SYNTHETIC_FILES) },
      command: entrance('touch /autoresearch/out/began', { fileBytes: 1e6, processes: 99 }),
    })
    // A process that dies before it could ask to be killed with its parent is not killed with its parent.
    const late = plan.filter((argument) => argument !== '--die-with-parent')
    const inherited = { files: SYNTHETIC_FILES }
    const started = await startBubblewrap(['bwrap', ...late], { PATH: '/usr/bin:/bin' }, inherited, never)
    const exit = started && once(started.child, 'exit')
    started?.child.stdio[3]?.destroy()
    expect(await exit).toEqual([125, null])
    expect(existsSync(join(places.out, 'began'))).toBe(false)
  })
})
