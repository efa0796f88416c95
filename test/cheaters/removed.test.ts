// The same cheaters with one protection taken away: each trick then works, so it was that protection that stopped it.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { survivors } from '../adapters/sandbox-lab.ts'
import { FLATTERS_ITSELF, PRINTS_TWICE, reportsItself } from '../fixtures/cheaters/self-reported.ts'
import {
  CALLS_HOME,
  CARRIES_OVER,
  LEAVES_A_DAEMON,
  PEEKS,
  READS_SECRETS,
} from '../fixtures/cheaters/training.ts'
import { openCharLm } from './char-lm-lab.ts'
import { CANARY, type Fate, type Lab, MARKER, SKIP } from './lab.ts'

let open: Lab
let victim: ChildProcess
let server: Server
let heard = ''

beforeAll(async () => {
  if (SKIP) return
  server = createServer((socket) => {
    socket
      .on('error', () => {})
      .on('data', (bytes) => {
        heard += String(bytes)
      })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  victim = spawn('sleep', ['300'], { env: { SECRET: CANARY }, stdio: 'ignore' })
  open = await openCharLm({ sandbox: 'none', port: (server.address() as AddressInfo).port })
})

afterAll(async () => {
  victim?.kill()
  server?.close()
  for (const pid of survivors(MARKER)) process.kill(Number(pid), 'SIGKILL')
  await open?.close()
})

function judged(fate: Fate): Extract<Fate, { kind: 'judged' }> {
  if (fate.kind === 'judged') return fate
  throw new Error(`the gate refused it: ${fate.reasons.join('\n')}`)
}

describe.skipIf(SKIP)('without the sandbox', () => {
  test('F57 training reads the answers, and the cheater is merged', async () => {
    const { verdict, logs } = judged(await open.take(PEEKS))
    expect(logs[0]).toMatch(/^read \/.*val\.bin$/m)
    expect(verdict.kind, verdict.reason).toBe('merge')
  })

  test('F54 training reads the secret of another process; F68 then it is removed and the run does not count', async () => {
    const { verdict, logs } = judged(await open.take(READS_SECRETS))
    expect(verdict).toMatchObject({
      kind: 'reject',
      reason: expect.stringContaining('invalid-metric: its output held a secret of this job'),
    })
    expect(logs[0]).toContain('SECRET=***')
    expect(logs[0]).not.toContain(CANARY)
  })

  test('F68 without the list of secrets, it stands in the log', async () => {
    const unwatched = await openCharLm({ sandbox: 'none', secrets: [] })
    try {
      expect(judged(await unwatched.take(READS_SECRETS)).logs[0]).toContain(`SECRET=${CANARY}`)
    } finally {
      await unwatched.close()
    }
  })

  test('F55 training reaches the server', async () => {
    judged(await open.take(CALLS_HOME))
    expect(heard).toBe('stolen')
  })

  test('F35 the process that it leaves behind goes on', async () => {
    judged(await open.take(LEAVES_A_DAEMON))
    expect(survivors(MARKER)).not.toEqual([])
  })

  test('F59 what it keeps is there for the next trial', async () => {
    expect(judged(await open.take(CARRIES_OVER)).logs[0]).toContain('carried over: 0\n')
    const again = {
      ...CARRIES_OVER,
      edit: (...given: Parameters<NonNullable<typeof CARRIES_OVER.edit>>) =>
        `${CARRIES_OVER.edit?.(...given)}\nvoid 'once more'\n`,
    }
    const [log = ''] = judged(await open.take(again)).logs
    expect(Number(/carried over: (\d+)/.exec(log)?.[1])).toBeGreaterThan(0)
  })
})

describe.skipIf(SKIP)('without the evaluator', () => {
  let lab: Lab
  beforeAll(async () => {
    lab = await openCharLm({ evaluated: false, baseline: reportsItself })
  })
  afterAll(() => lab.close())

  test('F58 a flattering number is believed, and the cheater is merged', async () => {
    const { verdict, results } = judged(await lab.take(FLATTERS_ITSELF))
    expect(results.map(({ trust }) => trust)).toEqual(['self-reported', 'self-reported'])
    expect(verdict.kind, verdict.reason).toBe('merge')
  })

  test('F30 two numbers are still none', async () => {
    const { verdict } = judged(await lab.take(PRINTS_TWICE))
    expect(verdict).toMatchObject({ kind: 'reject', reason: expect.stringContaining('reported 2 times') })
  })
})
