// How much memory a trial may take, and the runner takes because of it.
import { describe, expect, test } from 'vitest'
import { ATTACKS, inSandbox, inSandboxUnkept, SKIP, USERS } from './sandbox-lab.ts'

const MB = 1e6

describe.skipIf(SKIP).each(USERS)('a trial of user %s', (user) => {
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
})
