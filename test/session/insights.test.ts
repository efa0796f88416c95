// When insights are written, by whom, and that people's lines and the cost are not lost.
import { expect, test } from 'vitest'
import type { Proposer } from '../../src/ports/proposer.ts'
import { readPresentInsights, renewInsightsWhenDue } from '../../src/session/insights.ts'
import { aCandidate } from '../factories.ts'
import { FakeInsightsStore } from '../fakes/insights-store.ts'
import { aSession } from '../fakes/lab.ts'
import { FakeProposer } from '../fakes/proposer.ts'

const USAGE = { inputTokens: 900, outputTokens: 100, dollars: 0.01 }
const signal = new AbortController().signal

function aProposer(sumUp?: Proposer['sumUp']): Proposer {
  return new FakeProposer([], { name: 'agent', sumUp })
}

/** A session in which this many ideas were closed. */
async function afterSettled(count: number) {
  const session = await aSession('lr = 1\n')
  const candidates = Array.from({ length: count }, (_, index) =>
    aCandidate({ name: `idea ${index}`, pullRequest: index + 1, end: { kind: 'closed' } }),
  )
  session.record(candidates.map((candidate) => ({ kind: 'proposed', candidate }) as const))
  return session
}

test('after twenty settled ideas a model is asked once, and its cost is in the ledger', async () => {
  const session = await afterSettled(20)
  const insights = new FakeInsightsStore()
  const prompts: string[] = []
  const proposer = aProposer(async (prompt) => {
    prompts.push(prompt)
    return { text: '- Small ideas fail (#2, #3)', usage: USAGE }
  })
  expect(await renewInsightsWhenDue(session, insights, [aProposer(), proposer], signal)).toBe('renewed')
  expect(await renewInsightsWhenDue(session, insights, [proposer], signal)).toBe('not due')
  expect(await readPresentInsights(insights)).toBe('- Small ideas fail (#2, #3)')
  expect(prompts).toEqual([expect.stringContaining('#20 [schedule] Try idea 19')])
  expect(session.state).toMatchObject({ decidedAtLastInsights: 20, usage: USAGE })
})

test('before that nobody is asked', async () => {
  const insights = new FakeInsightsStore()
  expect(await renewInsightsWhenDue(await afterSettled(19), insights, [aProposer()], signal)).toBe('not due')
  expect(await readPresentInsights(insights)).toBeUndefined()
})

test.each([
  ['there is no model', aProposer()],
  ['it answers nothing', aProposer(async () => ({ text: '', usage: USAGE }))],
  ['no line names an experiment', aProposer(async () => ({ text: '- All is well', usage: USAGE }))],
])('a table is written when %s', async (_, proposer) => {
  const insights = new FakeInsightsStore()
  await renewInsightsWhenDue(await afterSettled(20), insights, [proposer], signal)
  expect(insights.text).toMatch(/^- schedule: 20 tried; 0 merged; /m)
})

test('F10 nobody is asked for insights when a limit is reached', async () => {
  const session = await afterSettled(20)
  const usage = { ...USAGE, inputTokens: 3_000_000 }
  session.record([{ kind: 'no-proposal', id: 'n', proposer: 'agent', reason: 'empty answer', usage }])
  const proposer = aProposer(() => Promise.reject(new Error('asked')))
  expect(await renewInsightsWhenDue(session, new FakeInsightsStore(), [proposer], signal)).toBe('not due')
})

test('what people wrote stays', async () => {
  const insights = new FakeInsightsStore('- Ada: try a smaller width\n')
  await renewInsightsWhenDue(await afterSettled(20), insights, [aProposer()], signal)
  expect(insights.text).toContain('- Ada: try a smaller width\n')
  expect(insights.text).toContain('- schedule: 20 tried')
})
