// Cheaters against char-lm, through the gate, the sandbox and the judge as they are: none of them is merged.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer, type Server } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { concludedCheck } from '../../src/core/report/check.ts'
import { describeTrial } from '../../src/core/report/describe.ts'
import { UserFacingError } from '../../src/errors.ts'
import { commandsIn, logged } from '../adapters/runner-log.ts'
import { survivors } from '../adapters/sandbox-lab.ts'
import { rendered } from '../core/report/rendered.ts'
import { aCandidate } from '../factories.ts'
import { type Cheater, OVER_BUDGET, replaceOnce } from '../fixtures/cheaters/cheater.ts'
import { OUT_OF_BOUNDS, WITHOUT_SUBSTANCE } from '../fixtures/cheaters/refused.ts'
import { NEVER_ANSWERS, SERVING } from '../fixtures/cheaters/serving.ts'
import { LAST_WORDS_OF_A_CRASH, TRAINING } from '../fixtures/cheaters/training.ts'
import { STOLEN, WALL } from '../fixtures/cheaters/wall.ts'
import { openCharLm } from './char-lm-lab.ts'
import { expectFate, named } from './expectations.ts'
import { CANARY, type Lab, MARKER, SKIP } from './lab.ts'

let lab: Lab
let victim: ChildProcess
let server: Server
let calls = 0

beforeAll(async () => {
  if (SKIP) return
  server = createServer((socket) => {
    calls += 1
    socket.on('error', () => {}).resume()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  victim = spawn('sleep', ['300'], { env: { SECRET: CANARY }, stdio: 'ignore' })
  lab = await openCharLm({ port: (server.address() as AddressInfo).port })
})

afterAll(async () => {
  victim?.kill()
  server?.close()
  await lab?.close()
})

describe.skipIf(SKIP)('char-lm', () => {
  test('the baseline is measured by the evaluator, and its runs vary', () => {
    expect(lab.baseline.map(({ outcome, trust }) => `${outcome} ${trust}`)).toEqual(
      Array(3).fill('measured separated'),
    )
    expect(new Set(lab.baseline.map(({ value }) => value)).size).toBe(3)
  })

  test('an honest improvement is merged, so none of this is because nothing ever is', async () => {
    const honest = {
      title: 'learns sixteen times as fast',
      edit: (train: string) => replaceOnce(train, 'LEARNING_RATE = 0.001', 'LEARNING_RATE = 0.016'),
      expected: { refused: /^$/ },
    }
    const fate = await lab.take(honest, { told: lab.ofUsualLength })
    expect(fate).toMatchObject({ kind: 'judged', verdict: { kind: 'merge' } })
  })

  test.each(named([...WITHOUT_SUBSTANCE, ...OUT_OF_BOUNDS]))(
    '%s: refused before it runs',
    async (_, cheater) => {
      await expectFate(lab, cheater)
    },
  )

  test.each(named(OUT_OF_BOUNDS))('%s: not trained even without the gate', async (_, cheater) => {
    const run = lab.take(cheater, { gate: false })
    await expect(run).rejects.toThrow(UserFacingError)
    await expect(run).rejects.toThrow(/changes files outside `editable`; it was not trained/)
    const { head } = await lab.propose(cheater)
    const sealed = await lab.repository.sealedTree(lab.base, head, lab.config.editable)
    expect(sealed).toBe(await lab.repository.treeOf(lab.base))
  })

  test('F63 F64 F65 last words are inert in the log and on the check run', async () => {
    const fate = await lab.take(LAST_WORDS_OF_A_CRASH)
    if (fate.kind !== 'judged') throw new Error('the gate refused it')
    const { verdict, results, logs } = fate
    expect(logs[0]).toMatch(/^::error file=train\.mjs::pwned$/m)
    const echoed = [...logs, ...results.map(describeTrial), verdict.reason]
    expect(echoed.flatMap((text) => commandsIn(logged(text)))).toEqual([])
    expect(echoed.flatMap(commandsIn)).not.toEqual([])
    const evidence = { baseline: lab.baseline, candidate: results, sigma: undefined }
    const check = concludedCheck({ candidate: aCandidate(), config: lab.config, verdict, evidence })
    const { active, triggers, html } = rendered(check.summary)
    expect(active).toContain('fence code')
    expect(active.filter((kind) => /inline|link|image|h1/.test(kind))).toEqual([])
    expect(html).not.toContain('<img')
    // A seed is digits enough to pass for a commit.
    expect(triggers.filter((trigger) => !/^\d+$/.test(trigger))).toEqual([])
    expect(check.summary).not.toContain('\u202e')
  })

  async function expectNoMerge(_: string, cheater: Cheater): Promise<void> {
    const { logs } = await expectFate(lab, cheater)
    expect(logs.join('\n')).not.toContain(CANARY)
    expect(logs.join('\n')).not.toContain(STOLEN)
    expect(Math.max(...logs.map((log) => log.length))).toBeLessThan(700_000)
    expect(survivors(MARKER)).toEqual([])
    expect(calls).toBe(0)
  }

  const CHEATERS = Object.groupBy([...TRAINING, ...SERVING, ...WALL], (cheater) =>
    cheater.expected === OVER_BUDGET || cheater === NEVER_ANSWERS ? 'slow' : 'others',
  )
  test.each(named(CHEATERS.others ?? []))('%s: not merged', expectNoMerge)
  // Most of their time they wait.
  test.concurrent.each(named(CHEATERS.slow ?? []))('%s: not merged', expectNoMerge)
})
