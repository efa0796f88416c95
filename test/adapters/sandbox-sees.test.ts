// What candidate code sees, reaches and may write: its places, its interpreters, and nothing else of the host.
import { spawn, spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import {
  closeSync,
  copyFileSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import {
  ATTACKS,
  inSandbox,
  outcomeOf,
  SKIP,
  scratch,
  sharedFolder,
  somePlaces,
  startProgram,
  USERS,
  unprotected,
} from './sandbox-lab.ts'

interface Seen {
  readable: string[]
  canaries: string[]
  mine: string[]
  descriptors: Record<string, string | null>
  processes: number
}

const canary = randomUUID()
const host = sharedFolder()
const secrets = ['.ssh/id_ed25519', '.runner', '.credentials', '_temp/set_env', 'repo/.git/config'].map(
  (name) => join(host, name),
)
const abstract = `sandbox-test-${canary}`
const servers = [0, join(host, 'docker.sock'), `\0${abstract}`].map((place) => createServer().listen(place))
let reachable: string[] = []
/** A process of the same user with a secret in its environment, as the runner is. */
const victim = spawn('sleep', ['1000'], { env: { PATH: '/usr/bin:/bin', TOKEN: canary }, stdio: 'ignore' })
const victimEnvironment = `/proc/${victim.pid}/environ`

beforeAll(async () => {
  for (const path of secrets) {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, canary)
  }
  await Promise.all(servers.map((server) => server.listening || once(server, 'listening')))
  const address = servers[0]?.address()
  const port = typeof address === 'object' ? address?.port : 0
  reachable = [`tcp:127.0.0.1:${port}`, `unix:${host}/docker.sock`, `abstract:${abstract}`]
})

afterAll(async () => {
  victim.kill()
  for (const server of servers) server.close()
  await rm(host, { recursive: true })
})

const lookFor = (paths: readonly string[]): string =>
  `python3 ${ATTACKS}/look-around.py ${canary} ${paths.join(' ')}`
const open = ['/proc/sys/kernel/printk', '/proc/self/oom_score_adj']

describe.skipIf(SKIP).each(USERS)('code run by user %s', (user) => {
  test('F54 finds no variables, runner files, keys or git configuration of the host', async () => {
    const hidden = [...secrets, victimEnvironment, '/run', '/var', '/etc/shadow', '/etc/hostname', '/etc/ssl']
    const seen = JSON.parse((await inSandbox({ command: lookFor(hidden), user })).output) as Seen
    expect(seen.readable).toEqual([])
    expect(seen.processes).toBeLessThanOrEqual(3)
  })

  test('F54 reads nothing in /proc that only root may read', async () => {
    const secret = readdirSync('/proc').filter(
      (name) =>
        lstatSync(`/proc/${name}`, { throwIfNoEntry: false })?.isFile() &&
        (statSync(`/proc/${name}`).mode & 4) === 0,
    )
    expect(secret).toContain('timer_list')
    const command = `cd /proc; for f in ${secret.join(' ')}; do timeout 1 head -c 100 $f 2>/dev/null; done; test -s cpuinfo -o -r cpuinfo && echo end`
    expect((await inSandbox({ command, user })).output).toBe('end\n')
  })

  test('F54 learns nothing of the action from the process that holds it', async () => {
    const { output } = await inSandbox({ command: 'cat /proc/1/environ', user })
    expect(output.replaceAll('\0', ' ')).toBe('PWD=/ \n')
  })

  test('has exactly the environment it was given, and where its places are', async () => {
    const places = { ...somePlaces(user), evaluationData: scratch() }
    const environment = { PATH: '/usr/bin:/bin', PYTHONPATH: '/usr/share', ODD: 'two\nlines = $HOME "x"' }
    const seen = JSON.parse(
      (await inSandbox({ command: lookFor([]), places, environment, user })).output,
    ) as Seen
    expect(seen.mine).toEqual(
      [
        'AUTORESEARCH_DATA=/autoresearch/data',
        'AUTORESEARCH_EVAL_DATA=/autoresearch/evaluation-data',
        'AUTORESEARCH_OUT=/autoresearch/out',
        'HOME=/tmp/home',
        'ODD=two\nlines = $HOME "x"',
        'PATH=/usr/bin:/bin',
        'PWD=/autoresearch/source',
        'PYTHONPATH=/autoresearch/shim:/usr/share',
        'TMPDIR=/tmp',
      ].toSorted(),
    )
  })

  test('F54 has no descriptor that the runner left open', async () => {
    const folder = openSync(host, 'r')
    // Node looks after the first numbers, up to a gap; this one is number 63.
    const inherited = [...Array.from({ length: 60 }, () => 'ignore' as const), folder]
    const program = startProgram({ command: lookFor([]), user }, inherited)
    const seen = JSON.parse((await outcomeOf(program)).output) as Seen
    closeSync(folder)
    const others = Object.entries(seen.descriptors).filter(([number]) => Number(number) > 3)
    expect(others.map(([, target]) => target).filter((target) => target !== '/dev/null')).toEqual([])
  })

  test('F55 reaches no server, socket or metadata address', async () => {
    const places = [
      ...reachable,
      'tcp:169.254.169.254:80',
      'tcp:1.1.1.1:443',
      'unix:/var/run/docker.sock',
      'vsock',
    ]
    const { output } = await inSandbox({
      command: `python3 ${ATTACKS}/reach-out.py ${places.join(' ')}`,
      user,
    })
    expect(JSON.parse(output)).toEqual([])
  })

  test('F59 writes nothing but its results', async () => {
    const sealed = [
      ...['source', 'data', 'shim', ''].map((name) => `/autoresearch/${name}`),
      ...[
        '/',
        '/usr',
        '/usr/local/bin',
        '/etc',
        '/etc/passwd',
        '/dev',
        '/proc/sys/kernel/core_pattern',
        ...open,
      ],
      ...['/proc/sysrq-trigger', '/sys/devices/system/cpu/cpu0/online', host],
    ]
    const command = `python3 ${ATTACKS}/write-sealed.py ${sealed.join(' ')} /autoresearch/out /tmp /dev/shm /dev/null`
    const trained = await inSandbox({ command, user })
    expect(JSON.parse(trained.output)).toEqual(['/autoresearch/out', '/tmp', '/dev/shm', '/dev/null'])
    const evaluated = await inSandbox({ command, outWritable: false, user })
    expect(JSON.parse(evaluated.output)).toEqual(['/tmp', '/dev/shm', '/dev/null'])
  })

  test('has no privileges and cannot get any', async () => {
    const { output } = await inSandbox({ command: `python3 ${ATTACKS}/climb.py`, user })
    expect(JSON.parse(output)).toEqual({
      uid: 1000,
      capabilities: 0,
      noNewPrivileges: '1',
      hostname: 'sandbox',
      session: true,
      terminal: false,
      keyctl: 'EPERM',
      io_uring: 'EPERM',
      userNamespace: 'EPERM',
      mountNamespace: 'EPERM',
    })
  })
})

test.skipIf(SKIP)('without a sandbox every one of these attacks succeeds', async () => {
  const command = `${lookFor([...secrets, victimEnvironment])}; python3 ${ATTACKS}/reach-out.py ${reachable.join(' ')}; python3 ${ATTACKS}/write-sealed.py ${host} $PWD`
  const [seen = '', reached = '', written = ''] = (await unprotected({ command })).output.split('\n')
  expect((JSON.parse(seen) as Seen).canaries).toEqual([...secrets, victimEnvironment])
  expect(JSON.parse(reached)).toEqual(reachable)
  expect((JSON.parse(written) as string[])[0]).toBe(host)
})

describe.skipIf(SKIP)('F108 a folder of PATH', () => {
  const READS = 'cat "$PLACE" || ls "$PLACE/.."'

  /** What a command reads of `answers`, with `on` in PATH; both are in a folder of their own, the workspace where that is said. */
  async function readWith(on: string, answers: string, isWorkspace: boolean) {
    const folder = scratch()
    for (const path of [join(folder, on), dirname(join(folder, answers))])
      mkdirSync(path, { recursive: true })
    writeFileSync(join(folder, answers), canary, { mode: 0o755 })
    copyFileSync('/usr/bin/true', join(folder, on, 'native'))
    vi.stubEnv('GITHUB_WORKSPACE', isWorkspace ? folder : undefined)
    onTestFinished(() => {
      vi.unstubAllEnvs()
    })
    const environment = { PATH: `${join(folder, on)}:/usr/bin:/bin`, PLACE: join(folder, answers) }
    const { output } = await inSandbox({ command: `native && echo runs; ${READS}`, environment })
    return output
  }

  test.each([
    ['node_modules/.bin', 'node_modules/corpus/answers', false],
    ['node_modules/.bin', 'node_modules/.bin/answers', false],
    ['node_modules/tool/bin', 'node_modules/tool/lib/answers', false],
    ['node_modules', 'node_modules/corpus/answers', false],
    ['tools/bin', 'tools/lib/answers', true],
    ['bin', 'bin/answers', true],
    ['.', 'evaluation/answers', true],
    ['tools/..', 'evaluation/answers', true],
    ['a/node_modules/../eval', 'a/eval/answers', true],
  ])('%s shows no %s, but its native programs', async (on, answers, isWorkspace) => {
    const output = await readWith(on, answers, isWorkspace)
    expect(output).toContain('runs\n')
    expect(output).not.toContain(canary)
  })

  test('removed: anywhere else its folder is shown', async () => {
    expect(await readWith('tools/bin', 'tools/bin/answers', false)).toContain(canary)
  })
})

describe.skipIf(SKIP)('an interpreter', () => {
  test('runs from a virtual environment anywhere', async () => {
    const folder = join(scratch(), 'venv')
    spawnSync('python3', ['-m', 'venv', '--without-pip', folder])
    const environment = { PATH: `${folder}/bin:/usr/bin:/bin`, VIRTUAL_ENV: folder }
    const command =
      'python3 -c "import sys, json, ssl, ctypes; print(sys.prefix, sys.prefix != sys.base_prefix)"'
    expect((await inSandbox({ command, environment })).output).toBe(`${folder} True\n`)
  })

  test.each(['', 'cd . && ', 'A=b exec '])(
    'runs where the command “%s…” names it by its path',
    async (before) => {
      const folder = join(scratch(), 'venv')
      spawnSync('python3', ['-m', 'venv', '--without-pip', folder])
      const command = `${before}${folder}/bin/python3 -c "import sys, json; print(sys.prefix)"`
      expect((await inSandbox({ command })).output).toBe(`${folder}\n`)
    },
  )

  test('that a command names in a private place is not shown', async () => {
    const folder = scratch()
    mkdirSync(join(folder, '.ssh/bin'), { recursive: true })
    writeFileSync(join(folder, '.ssh/bin/tool'), '#!/bin/sh\necho it runs\n', { mode: 0o755 })
    expect((await inSandbox({ command: `${folder}/.ssh/bin/tool` })).output).toContain('not found')
  })

  test('runs from whatever PATH leads to', async () => {
    const environment = { PATH: process.env.PATH ?? '' }
    const { output } = await inSandbox({ command: 'node --version && python3 --version', environment })
    expect(output).toMatch(/^v\d+.*\nPython 3/)
  })

  test('runs through a chain of links', async () => {
    const [tools, bin] = [scratch(), scratch()]
    mkdirSync(join(tools, 'node-1.2.3/bin'), { recursive: true })
    writeFileSync(join(tools, 'node-1.2.3/bin/tool'), '#!/bin/sh\necho it runs\n', { mode: 0o755 })
    symlinkSync('node-1.2.3', join(tools, 'node-1'))
    symlinkSync(join(tools, 'node-1/bin/tool'), join(bin, 'tool'))
    expect((await inSandbox({ command: 'tool', environment: { PATH: `${bin}:/usr/bin` } })).output).toBe(
      'it runs\n',
    )
  })

  test('sees a cache that the configuration names, and it is read-only', async () => {
    const cache = scratch()
    writeFileSync(join(cache, 'kept'), 'kept')
    const command = `cat ${cache}/kept; python3 ${ATTACKS}/write-sealed.py ${cache} ${cache}/kept`
    expect((await inSandbox({ command, read: [cache] })).output).toBe('kept[]\n')
  })
})
