// How much a trial may take of the machine: disk, memory, processes, and the runner's attention.
import { randomUUID } from 'node:crypto'
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { removeTree } from '../../src/adapters/remove-tree.ts'
import {
  controlGroupCaps,
  findDelegatedGroup,
  findKernelCaps,
} from '../../src/adapters/sandbox/resource-caps.ts'
import { usesMoreThan } from '../../src/adapters/sandbox/watch/files.ts'
import { ATTACKS, inSandbox, SKIP, scratch, somePlaces, survivors, USERS } from './sandbox-lab.ts'

const MB = 1e6

describe.skipIf(SKIP).each(USERS)('a trial of user %s', (user) => {
  test.each(['one', 'many', 'hidden', 'deleted', 'closed'])(
    'F36 is stopped when it fills the disk (%s)',
    async (kind) => {
      const places = somePlaces(user)
      const command = `exec python3 ${ATTACKS}/fill-disk.py ${kind}`
      const { exit, output } = await inSandbox({
        command,
        places,
        user,
        caps: { outBytes: 50 * MB, processes: 64 },
      })
      expect(output).not.toContain('wrote it all')
      // A single file is stopped by the kernel, and Python says so in words.
      expect(kind === 'one' ? output : exit.exceeded).toMatch(/File too large|disk/)
      await removeTree(places.out)
      expect(existsSync(places.out)).toBe(false)
    },
  )

  test('F37 is stopped when it is a fork bomb', async () => {
    const marker = randomUUID()
    const places = somePlaces(user)
    const command = `exec python3 ${ATTACKS}/fork-bomb.py 1500 ${marker}`
    const { exit } = await inSandbox({ command, places, user })
    expect(exit).toEqual({ code: null, signal: 'SIGKILL', timedOut: false, exceeded: 'processes' })
    expect(survivors(marker)).toEqual([])
    expect(readFileSync(join(places.out, 'started')).length).toBeLessThan(100)
  })

  test('F37 is stopped when it starts threads without end', async () => {
    const { exit } = await inSandbox({ command: `exec python3 ${ATTACKS}/threads.py 1500`, user })
    expect(exit).toMatchObject({ code: null, exceeded: 'processes' })
  })

  test.each(['own', 'files', 'nameless'])(
    'F26 is stopped when it takes too much memory (%s)',
    async (kind) => {
      const caps = { outBytes: 1e9, processes: 64, memoryBytes: 200 * MB }
      const { exit, output } = await inSandbox({
        command: `exec python3 ${ATTACKS}/eat-memory.py ${kind}`,
        user,
        caps,
      })
      // Files in memory have a limit of their own, before the trial's.
      if (kind === 'files') expect(output).toContain('No space left')
      else expect(exit).toEqual({ code: null, signal: 'SIGKILL', timedOut: false, exceeded: 'memory' })
    },
  )

  test.each(['own', 'nameless'])('is known by the most memory it had (%s)', async (kind) => {
    const command = `python3 ${ATTACKS}/eat-memory.py ${kind} 200; exec python3 -c 'print("small again")'`
    const { output, peakMemoryBytes } = await inSandbox({ command, user })
    expect(output).toBe('took it all\nsmall again\n')
    expect(peakMemoryBytes).toBeGreaterThan(150 * MB)
    expect(peakMemoryBytes).toBeLessThan(400 * MB)
  })

  test.each([
    ['counted once', 0, 90],
    ['no excuse for what one takes later', 100, 190],
  ])('has memory that its processes share %s', async (_, later, least) => {
    const command = `exec python3 ${ATTACKS}/share-memory.py 100 8 ${later}`
    const { output, peakMemoryBytes } = await inSandbox({ command, user })
    expect(output).toBe('shared it\n')
    expect(peakMemoryBytes).toBeGreaterThan(least * MB)
    expect(peakMemoryBytes).toBeLessThan(300 * MB)
  })
})

test.skipIf(SKIP || process.getuid?.() !== 0)(
  'F36 a program that its user may not read, so that nobody can watch it, is stopped',
  async () => {
    const places = somePlaces('nobody')
    copyFileSync('/usr/bin/python3', join(places.source, 'python3'))
    chmodSync(join(places.source, 'python3'), 0o711)
    const command = `exec ./python3 -c 'import time; time.sleep(10)'`
    const { exit } = await inSandbox({ command, places, user: 'nobody' })
    expect(exit).toMatchObject({ code: null, exceeded: 'disk' })
  },
)

describe.skipIf(SKIP)('a trial', () => {
  test('F39 prints a line of 1 GB, and the runner keeps none of it', async () => {
    let [characters, most] = [0, 0]
    const before = process.memoryUsage().rss
    const { exit } = await inSandboxUnkept(`exec python3 ${ATTACKS}/flood.py 1024`, (text) => {
      characters += text.length
      most = Math.max(most, process.memoryUsage.rss() - before)
    })
    expect(exit).toMatchObject({ code: 0, signal: null, timedOut: false })
    expect(exit).not.toHaveProperty('exceeded')
    // And the end of its line, which it did not print.
    expect(characters).toBe(1024 * 1024 ** 2 + 1)
    expect(most).toBeLessThan(150 * MB)
  })

  test('F37 is stopped when it opens files without end, and the runner keeps no list of them', async () => {
    let most = 0
    const before = process.memoryUsage().rss
    const sampling = setInterval(() => {
      most = Math.max(most, process.memoryUsage.rss() - before)
    }, 20)
    const { exit } = await inSandboxUnkept(`exec python3 ${ATTACKS}/open-files.py 60 100`, () => {}, 110)
    clearInterval(sampling)
    expect(exit).toMatchObject({ code: null, exceeded: 'disk' })
    expect(most).toBeLessThan(150 * MB)
  })

  test('F37 gains no time to open files without end by opening many first', async () => {
    const { exit } = await inSandboxUnkept(
      `exec python3 ${ATTACKS}/open-files-later.py 19000 60 100`,
      () => {},
      110,
    )
    expect(exit).toMatchObject({ code: null, exceeded: 'disk' })
  })

  test('F28 is stopped at its timeout while it prints without end', async () => {
    const { exit } = await inSandboxUnkept('exec yes', () => {}, 0.5)
    expect(exit).toMatchObject({ code: null, signal: 'SIGTERM', timedOut: true })
    expect(exit).not.toHaveProperty('exceeded')
  })

  test('may use what its caps allow', async () => {
    const command =
      'head -c 10000000 /dev/zero > $AUTORESEARCH_OUT/a; ln $AUTORESEARCH_OUT/a $AUTORESEARCH_OUT/b; truncate -s 15M $AUTORESEARCH_OUT/c; for i in $(seq 40); do sleep 0.3 & done; wait; for i in 1 2 3; do head -c 15000000 /dev/zero > /dev/shm/$i; done'
    const caps = { outBytes: 20 * MB, processes: 64, memoryBytes: 200 * MB }
    expect((await inSandbox({ command, caps, places: somePlaces() })).exit).toEqual({
      code: 0,
      signal: null,
      timedOut: false,
    })
  })
})

async function inSandboxUnkept(command: string, onText: (text: string) => void, timeoutSeconds = 60) {
  const { openSandbox } = await import('../../src/adapters/sandbox/sandbox.ts')
  const sandbox = await openSandbox('bubblewrap')
  const exit = await sandbox.run({
    command,
    places: somePlaces(),
    outWritable: true,
    environment: { PATH: '/usr/bin:/bin' },
    timeoutSeconds,
    caps: { outBytes: MB, processes: 64 },
    read: [ATTACKS],
    onOutput: onText,
    signal: new AbortController().signal,
  })
  return { exit }
}

describe('disk use', () => {
  test('counts blocks, not lengths, and a file once', async () => {
    const folder = scratch()
    writeFileSync(join(folder, 'a'), Buffer.alloc(1 * MB))
    expect(await usesMoreThan([folder], 0.9 * MB, 0)).toBe(true)
    expect(await usesMoreThan([folder], 1.2 * MB, 0)).toBe(false)
  })
})

describe('a control group', () => {
  /** A folder that looks like the kernel's; only the kernel enforces, so only what is written can be tested. */
  function groups(enabled: string): string {
    const root = scratch()
    writeFileSync(join(root, 'cgroup.controllers'), 'cpu memory pids')
    const slice = join(root, 'user.slice')
    mkdirSync(join(slice, 'shell.scope'), { recursive: true })
    writeFileSync(join(slice, 'cgroup.procs'), '')
    writeFileSync(join(slice, 'cgroup.subtree_control'), enabled)
    return root
  }
  const own = '0::/user.slice/shell.scope\n'

  test('is made in the nearest group that limits memory and processes', async () => {
    const root = groups('cpu memory pids')
    expect(await findDelegatedGroup(root, own)).toEqual({ path: join(root, 'user.slice'), memory: true })
    expect(await findDelegatedGroup(groups('cpu'), own)).toBeUndefined()
    expect(await findDelegatedGroup(root, '4:memory:/old\n')).toBeUndefined()
    expect(await findDelegatedGroup('/nowhere', own)).toBeUndefined()
  })

  test('has its limits before the sandbox enters it, and says which one was hit and what it took', async () => {
    const path = join(groups('memory pids'), 'user.slice')
    const caps = { outBytes: 1, memoryBytes: 5 * MB, processes: 10 }
    const scope = await controlGroupCaps({ path, memory: true }).enter(caps)
    const group = scope.launcher.at(-1) ?? ''
    expect(readFileSync(join(group, 'pids.max'), 'utf8')).toBe('26')
    expect(readFileSync(join(group, 'memory.max'), 'utf8')).toBe(String(5 * MB))
    expect(await scope.exceeded()).toBeUndefined()
    expect(await scope.peakMemoryBytes()).toBeUndefined()
    writeFileSync(join(group, 'memory.peak'), '3145728\n')
    expect(await scope.peakMemoryBytes()).toBe(3145728)
    writeFileSync(join(group, 'memory.events'), 'low 0\noom 1\noom_kill 1\n')
    expect(await scope.exceeded()).toBe('memory')
    await scope.leave()
    expect(readFileSync(join(group, 'cgroup.kill'), 'utf8')).toBe('1')
  })

  test('F37 root without one is refused, and others get limits of their processes', async () => {
    const machine = { groups: '/nowhere', own, environment: {} }
    await expect(findKernelCaps({ ...machine, root: true })).rejects.toThrow('fork bomb')
    expect((await findKernelCaps({ ...machine, root: false })).description).toContain('rlimit')
  })
})
