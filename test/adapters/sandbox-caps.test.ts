// How much a trial may take of the machine: disk, processes, open files and time.
import { randomUUID } from 'node:crypto'
import { chmodSync, copyFileSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { removeTree } from '../../src/adapters/remove-tree.ts'
import { ATTACKS, inSandbox, inSandboxUnkept, SKIP, somePlaces, survivors, USERS } from './sandbox-lab.ts'

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
