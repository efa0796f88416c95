// What becomes of a run whose limit is reached: it stops with a sentence, and what was begun is ended.

import { describe, expect, test } from 'vitest'
import { propose } from '../../src/commands/propose.ts'
import type { LedgerEvent } from '../../src/core/record/events.ts'
import { openSession } from '../../src/session/opening.ts'
import { aCandidate, aTrialResult, trialResults } from '../factories.ts'
import { aLab, CONFIG, configHash } from '../fakes/lab.ts'
import { anIdea, FakeProposer } from '../fakes/proposer.ts'
import { proposingPorts, SETTINGS } from '../fakes/world.ts'

const WEEK = 7 * 24 * 3600 * 1000
const NOW = new Date('2026-11-20T12:00:00Z')
const begun = aCandidate({ name: 'begun' })
const waiting = aCandidate({ name: 'waiting' })

/** A measured baseline, one candidate that was trained once and one that was not, written `age` ago. */
async function planned(limits: string, age: number) {
  const config = CONFIG.replace(/^limits:.*$/m, `limits: ${limits}`)
  const hash = configHash(config)
  const events: LedgerEvent[] = [
    { kind: 'proposed', candidate: begun },
    { kind: 'proposed', candidate: waiting },
    ...trialResults([2.47, 2.48, 2.49, 2.51, 2.52, 2.53], { config: hash }).map(
      (result) => ({ kind: 'trial', result }) as const,
    ),
    { kind: 'trial', result: aTrialResult({ candidate: begun, config: hash, value: 2.4 }) },
  ]
  const lab = aLab({ config, events, writtenAt: new Date(NOW.getTime() - age), now: NOW })
  const session = await openSession(lab.ports, SETTINGS)
  const trained = session.trials.map(({ candidate, replicate }) => [candidate, replicate])
  return { lab, session, trained, limit: session.spending.limitReached }
}

test('without a limit the candidate that was begun and the one that waits are trained', async () => {
  const { trained, limit } = await planned('{}', 0)
  expect(limit).toBeUndefined()
  expect(trained).toEqual([
    [begun.id, 2],
    [waiting.id, 1],
  ])
})

test('F10 GPU-hours of a week used up: what was begun is ended, nothing else is begun', async () => {
  const { trained, limit } = await planned('{ week: { gpu-hours: 0.5 } }', 1000)
  expect(limit).toBe('the limit of 0.5 GPU-hours per week is reached')
  expect(trained).toEqual([[begun.id, 2]])
})

test('F10 what was spent more than seven days ago counts no more', async () => {
  const { trained, limit } = await planned('{ week: { gpu-hours: 0.5 } }', WEEK + 1000)
  expect(limit).toBeUndefined()
  expect(trained).toHaveLength(2)
})

test('F10 GPU-hours of a run bound what is planned, whatever was spent in runs before', async () => {
  expect((await planned('{ gpu-hours: 0.1 }', 1000)).trained).toHaveLength(2)
  expect((await planned('{ gpu-hours: 0.05 }', 1000)).trained).toEqual([[begun.id, 2]])
})

test('F10 a trial counts before its line is on the remote', async () => {
  const { session } = await planned('{ week: { gpu-hours: 0.6 } }', 1000)
  expect(session.spending.limitReached).toBeUndefined()
  const result = aTrialResult({ candidate: begun, config: session.conditions.config, replicate: 2 })
  session.record([{ kind: 'trial', result }])
  expect(session.spending.limitReached).toBe('the limit of 0.6 GPU-hours per week is reached')
  await session.flushed()
  expect(session.spending.limitReached).toBe('the limit of 0.6 GPU-hours per week is reached')
})

test('F10 nobody is asked when the week is used up, and the log says why', async () => {
  const { lab } = await planned('{ week: { gpu-hours: 0.5 } }', 1000)
  const proposer = new FakeProposer()
  await propose({ ...lab.ports, ...proposingPorts(proposer) }, SETTINGS)
  expect(proposer.requests).toEqual([])
  expect(lab.log.lines).toContain('No more proposals: the limit of 0.5 GPU-hours per week is reached')
})

test('recorded results decide nothing until that is asked for', async () => {
  const { session } = await planned('{}', 1000)
  for (const replicate of [2, 3]) {
    const fields = { candidate: begun, config: session.conditions.config, replicate, value: 3 }
    session.record([{ kind: 'trial', result: aTrialResult(fields) }])
  }
  expect(session.state.candidates.get(begun.id)?.verdict).toBeUndefined()
  session.decide()
  expect(session.state.candidates.get(begun.id)?.verdict?.kind).toBe('reject')
})

test.each([
  ['{ total: { gpu-hours: 0.5 } }', 'the limit of 0.5 GPU-hours in total is reached'],
  ['{ target: 2.6 }', 'the target 2.6 is reached: the baseline has 2.5'],
  ['{ open-pull-requests: 2 }', '2 pull requests are open'],
])('a round proposes nothing with %s, and the log says why', async (limits, sentence) => {
  const { lab } = await planned(limits, 10 * WEEK)
  const proposer = new FakeProposer()
  await propose({ ...lab.ports, ...proposingPorts(proposer) }, SETTINGS)
  expect(proposer.requests).toEqual([])
  expect(lab.log.lines).toContain(`No more proposals: ${sentence}`)
})

describe('the input candidates', () => {
  /** How many new ideas a round proposes, where one candidate waits already. */
  async function proposed(candidates: number, limits: string) {
    const { lab } = await planned(limits, 1000)
    const proposer = new FakeProposer([
      () => {
        const { length } = proposer.requests
        return anIdea(`lr = ${length + 10}
wd = ${length}
`)
      },
    ])
    await propose({ ...lab.ports, ...proposingPorts(proposer) }, { ...SETTINGS, candidates })
    return { asked: proposer.requests.length, lines: lab.log.lines }
  }

  test('is the number of new ideas of a round, however many candidates wait', async () => {
    const { asked, lines } = await proposed(2, '{}')
    expect(asked).toBe(2)
    expect(lines).toContain('No more proposals: the limit of 2 candidates is reached')
  })

  test('is not used up where limits.waiting is reached before', async () => {
    const { asked, lines } = await proposed(5, '{ waiting: 2 }')
    expect(asked).toBe(1)
    expect(lines).toContain('No more proposals: 2 candidates wait for their first run')
  })
})
