import { existsSync, watch } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type GroupRequest, runGroup } from '../../src/adapters/sandbox/process-group.ts'
import { aDirectory } from '../scaffold.ts'

const FIXTURES = fileURLToPath(new URL('../fixtures/train/', import.meta.url))
const fixture = (name: string) => `'${process.execPath}' '${FIXTURES}${name}.js'`

async function run(command: string, fields: Partial<GroupRequest> = {}) {
  let output = ''
  const exit = await runGroup({
    command,
    directory: fields.directory ?? (await aDirectory()),
    environment: { PATH: process.env.PATH ?? '' },
    timeoutSeconds: 30,
    signal: new AbortController().signal,
    ...fields,
    onOutput: (text, stream) => {
      output += text
      fields.onOutput?.(text, stream)
    },
  })
  return { ...exit, output }
}

/** True while the process exists and is not merely waiting to be reaped by its parent. */
async function isAlive(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined)
  return stat !== undefined && !/^\d+ \(.*\) [ZX] /s.test(stat)
}

/** Resolves when the process is gone; a killed one may take a moment to be so. */
async function gone(pid: number): Promise<void> {
  while (await isAlive(pid)) await new Promise((resolve) => setImmediate(resolve))
}

/** The content of a file that is about to be written. */
async function written(directory: string, name: string): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const watcher = watch(directory, () => existsSync(join(directory, name)) && resolve())
  onTestFinished(() => watcher.close())
  if (!existsSync(join(directory, name))) await promise
  for (;;) {
    const text = await readFile(join(directory, name), 'utf8')
    if (text !== '') return text
  }
}

describe('how a command ends', () => {
  test.each([
    ['true', { code: 0, signal: null }],
    ['exit 3', { code: 3, signal: null }],
    ['exit 137', { code: 137, signal: null }],
    ['kill -KILL $$', { code: null, signal: 'SIGKILL' }],
    ['kill -SEGV $$', { code: null, signal: 'SIGSEGV' }],
    ['no-such-command', { code: 127, signal: null }],
    ['/etc/passwd', { code: 126, signal: null }],
    ['if then', { code: 2, signal: null }],
  ])('%s', async (command, expected) => {
    expect(await run(command)).toMatchObject({ ...expected, timedOut: false })
  })

  test('a directory that does not exist is an ending as well', async () => {
    expect(await run('true', { directory: '/no/such/directory' })).toMatchObject({
      code: 127,
      timedOut: false,
    })
  })

  test('a command that is not found says so in the output', async () => {
    expect((await run('no-such-command')).output).toContain('no-such-command: not found')
  })
})

describe('the output', () => {
  test('has both streams, in order, to the last byte', async () => {
    expect((await run('echo one; echo two >&2; echo three; printf four')).output).toMatch(
      /^(?=[\s\S]*one\n[\s\S]*three\n)(?=[\s\S]*two\n)[\s\S]*four\n$/,
    )
  })

  test('lines and letters stay whole however they are cut, and no stream breaks into a line of the other', async () => {
    const { output } = await run(fixture('writes-in-pieces'))
    expect(output).not.toContain('\uFFFD')
    expect(output.match(/^val_loss: 2\.3125 größer$/gm)).toHaveLength(50)
    expect(output.match(/progrès 100 %/g)).toHaveLength(80)
  })

  test('a burst at the very end arrives completely', async () => {
    const { output } = await run('seq 1 200000')
    expect(output.split('\n')).toHaveLength(200_001)
    expect(output.endsWith('\n200000\n')).toBe(true)
  })

  test('bytes that are no text do no harm', async () => {
    expect((await run("printf 'a\\377b\\n'")).output).toBe('a\uFFFDb\n')
  })

  test('a command that redirects its output ends like any other, even when nothing else is going on', async () => {
    const directory = await aDirectory()
    const script = `
      import { runGroup } from '${new URL('../../src/adapters/sandbox/process-group.ts', import.meta.url)}'
      const exit = await runGroup({ command: 'exec > log 2>&1; echo said; sleep 0.1; exit 4', directory: '${directory}',
        environment: {}, timeoutSeconds: 30, onOutput() {}, signal: new AbortController().signal })
      console.log(JSON.stringify(exit))`
    const { stdout } = await execa(process.execPath, ['--input-type=module-typescript', '-e', script])
    expect(JSON.parse(stdout)).toEqual({ code: 4, signal: null, timedOut: false })
    expect(await readFile(join(directory, 'log'), 'utf8')).toBe('said\n')
  })

  test('nothing can be read from standard input', async () => {
    expect(await run('cat; echo end')).toMatchObject({ code: 0, output: 'end\n' })
  })
})

describe('the environment', () => {
  test('is what was given and nothing else', async () => {
    const { output } = await run('env', { environment: { PATH: process.env.PATH ?? '', ONLY: 'this' } })
    const names = output
      .trim()
      .split('\n')
      .map((line) => line.split('=')[0])
    expect(names.filter((name) => !['PWD', 'OLDPWD', 'SHLVL', '_'].includes(name ?? '')).sort()).toEqual([
      'ONLY',
      'PATH',
    ])
  })
})

describe('time', () => {
  test('F28 a timeout ends the whole group, grandchildren included', async () => {
    const directory = await aDirectory()
    const command = `${fixture('spawns-child')} '${directory}/pid' waits`
    const exit = run(command, { directory, timeoutSeconds: 3 })
    const pid = Number(await written(directory, 'pid'))
    expect(await isAlive(pid)).toBe(true)
    expect(await exit).toMatchObject({ timedOut: true })
    await gone(pid)
  })

  test('F34 a script that ignores SIGTERM is dead a second later', async () => {
    const pids: number[] = []
    const exit = await run(`echo $$; exec ${fixture('ignores-sigterm')}`, {
      timeoutSeconds: 3,
      onOutput: (text) => pids.push(...(text.match(/^\d+$/gm) ?? []).map(Number)),
    })
    expect(exit).toMatchObject({ code: null, signal: 'SIGKILL', timedOut: true })
    expect(exit.output).toContain('no\n')
    expect(pids).toHaveLength(1)
    await gone(pids[0] ?? 0)
  })

  test('a script may say something last', async () => {
    const exit = await run("trap 'echo last; exit 0' TERM; while :; do sleep 0.05; done", {
      timeoutSeconds: 3,
    })
    expect(exit).toMatchObject({ timedOut: true, output: expect.stringMatching(/^last$/m) })
  })

  test('an abort ends it, and is no timeout', async () => {
    const stop = new AbortController()
    const exit = await run('echo ready; exec sleep 600', {
      signal: stop.signal,
      onOutput: () => stop.abort(),
    })
    expect(exit).toMatchObject({ code: null, signal: 'SIGTERM', timedOut: false })
  })

  test('an abort before the start ends it at once', async () => {
    const exit = await run('exec sleep 600', { signal: AbortSignal.abort() })
    expect(exit).toMatchObject({ code: null, timedOut: false })
  })
})

describe('what a command leaves behind', () => {
  test('a grandchild in the background dies with the command', async () => {
    const directory = await aDirectory()
    const exit = await run(`${fixture('spawns-child')} '${directory}/pid'`, { directory })
    expect(exit).toMatchObject({ code: 0, timedOut: false })
    await gone(Number(await readFile(join(directory, 'pid'), 'utf8')))
  })

  test('F35 a process that left the group and holds the pipe does not make us wait', async () => {
    const directory = await aDirectory()
    const exit = await run(`${fixture('leaves-the-group')} '${directory}/pid'`, { directory })
    const pid = Number(await readFile(join(directory, 'pid'), 'utf8'))
    onTestFinished(async () => {
      if (await isAlive(pid)) process.kill(pid, 'SIGKILL')
    })
    expect(exit).toMatchObject({ code: 0, output: 'val_loss: 2.31\n' })
    // It sleeps for ten minutes.
    expect(await isAlive(pid)).toBe(true)
  })
})
