// What becomes of a run whose limit is reached: it stops with a sentence, and what was begun is ended.

import { expect, test } from 'vitest'
import { propose } from '../../src/commands/propose.ts'
import type { LedgerEvent } from '../../src/core/record/events.ts'
import { openSession } from '../../src/session/opening.ts'
import { aCandidate, aTrialResult, trialResults } from '../factories.ts'
import { CONFIG, configHash, SETTINGS, thePorts } from '../fakes/lab.ts'
import { proposingPorts } from '../fakes/proposing-ports.ts'

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
  const lab = thePorts({ config, events, writtenAt: new Date(NOW.getTime() - age), now: () => NOW })
  const session = await openSession(lab.ports, SETTINGS)
  const trained = session.trials.map(({ candidate, replicate }) => [candidate, replicate])
  return { lab, session, trained, limit: session.costLimitReached }
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
  expect(limit).toBe('the limit of 0.5 GPU-hours a week is reached')
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
  expect(session.costLimitReached).toBeUndefined()
  const result = aTrialResult({ candidate: begun, config: session.bench.config, replicate: 2 })
  session.record([{ kind: 'trial', result }])
  expect(session.costLimitReached).toBe('the limit of 0.6 GPU-hours a week is reached')
  await session.flushed()
  expect(session.costLimitReached).toBe('the limit of 0.6 GPU-hours a week is reached')
})

test('F10 nobody is asked when the week is used up, and the log says why', async () => {
  const { lab } = await planned('{ week: { gpu-hours: 0.5 } }', 1000)
  const proposer = {
    name: 'openai gpt-x',
    propose: (): never => {
      throw new Error('asked')
    },
  }
  await propose({ ...lab.ports, ...proposingPorts(proposer) }, SETTINGS)
  expect(lab.lines).toContain('No more proposals: the limit of 0.5 GPU-hours a week is reached')
})
