// What must hold of every verdict that a ledger leads to: scheduler, evidence, beliefs and judge together.

import { describe, expect, it } from 'vitest'
import type { JudgePolicy } from '../../../src/core/judge/policy.ts'
import { judgeCandidate } from '../../../src/core/plan/judging.ts'
import type { Candidate } from '../../../src/core/record/candidate.ts'
import { LEDGER_FORMAT, type LedgerEvent } from '../../../src/core/record/events.ts'
import { openCandidates, replay } from '../../../src/core/record/state.ts'
import {
  aBaseline,
  aCandidate,
  aRandom,
  aVerdict,
  CONDITIONS,
  gaussian,
  POLICY,
  ROOT_SEED,
  sha,
  type TrialResultFields,
  trialResults,
} from '../../factories.ts'

const SIGMA = 0.02
const simplicity: JudgePolicy['simplicity'] = {
  removedLines: 5,
  margin: { kind: 'sigmas', value: 0.5 },
  addedLines: 50,
  gain: { kind: 'sigmas', value: 1 },
}
const policy: JudgePolicy = { ...POLICY, simplicity }

/** A ledger of three baselines, on each of which candidates were rejected, and of candidates that are open. */
function aRecord(seed: number): LedgerEvent[] {
  const random = aRandom(seed)
  const noisy = (level: number, runs: number, fields: TrialResultFields) =>
    trialResults(
      Array.from({ length: runs }, () => level + SIGMA * gaussian(random)),
      fields,
    ).map((result): LedgerEvent => ({ kind: 'trial', result }))
  const events: LedgerEvent[] = [
    { kind: 'started', rootSeed: ROOT_SEED, format: LEDGER_FORMAT },
    { kind: 'baseline', ...aBaseline(), cause: 'started' },
    ...noisy(2.5, 6, {}),
  ]
  let [base, level] = [aBaseline().commit, 2.5]
  for (const period of ['first', 'second', 'third']) {
    const propose = (name: string, shift: number, runs: number): Candidate => {
      const addedLines = Math.floor(80 * random() - 20)
      const candidate = aCandidate({ name: `${period} ${name}`, base, addedLines })
      events.push({ kind: 'proposed', candidate }, ...noisy(level + shift, runs, { candidate }))
      return candidate
    }
    for (let n = 0; n < 4; n++) {
      const { id, head } = propose(`tried ${n}`, 0.04 * random(), 1)
      events.push({ kind: 'judged', candidate: id, head, verdict: aVerdict({ kind: 'reject' }) })
      events.push({ kind: 'ended', candidate: id, end: { kind: 'closed' } })
    }
    if (period === 'third') for (let n = 0; n < 4; n++) propose(`open ${n}`, 0.06 * gaussian(random), 1 + n)
    else {
      const { id, head, tree } = propose('merged', -0.06, 3)
      const commit = sha(`${period} merge`)
      events.push({ kind: 'judged', candidate: id, head, verdict: aVerdict() })
      events.push({ kind: 'ended', candidate: id, end: { kind: 'merged', commit, asTrained: true } })
      events.push({ kind: 'baseline', commit, tree, cause: 'merged' })
      ;[base, level] = [commit, level - 0.06]
    }
  }
  return events
}

function judgements(events: readonly LedgerEvent[], direction: JudgePolicy['direction'] = 'minimize') {
  const state = replay(events)
  return openCandidates(state).map((candidate) =>
    judgeCandidate(state, { ...CONDITIONS, direction }, { ...policy, direction }, candidate),
  )
}

/** The same ledger with other values. */
function changed(
  events: readonly LedgerEvent[],
  change: (value: number, candidate: string | null) => number,
) {
  return events.map((event): LedgerEvent => {
    if (event.kind !== 'trial') return event
    const { value = 0, trial } = event.result
    return { ...event, result: { ...event.result, value: change(value, trial.candidate) } }
  })
}

/** Runs of open candidates at any place among the others, and these in their order, each behind what it needs to be there. */
function shuffled(events: readonly LedgerEvent[], random: () => number): LedgerEvent[] {
  const open = new Set(openCandidates(replay(events)).map(({ tree }) => tree))
  const queues = Map.groupBy(
    events.filter((event) => event.kind === 'trial'),
    ({ result: { trial } }) => (open.has(trial.tree) ? trial.tree : 'decided'),
  )
  const waiting = [...queues.values()]
  const others = events.filter(({ kind }) => kind !== 'trial')
  const trials: LedgerEvent[] = []
  while (waiting.some((queue) => queue.length > 0))
    trials.push(...(waiting[Math.floor(random() * waiting.length)] ?? []).splice(0, 1))
  return [...others, ...trials]
}

/**
 * Kinds and reasons: the last digits of a sum depend on its order. A merge that waits for a run of the baseline counts as one, because
 * that depends on what ran last.
 */
function words(events: readonly LedgerEvent[]): string[] {
  return judgements(events).map((judgement) => {
    const waits = judgement.kind === 'replicate' && judgement.of === 'baseline'
    return waits
      ? `merge: ${judgement.reason.split(', but the ')[0]}`
      : `${judgement.kind}: ${judgement.reason}`
  })
}

const records = Array.from({ length: 40 }, (_, seed) => aRecord(seed))

describe('the verdicts that a ledger leads to', () => {
  it('cover every kind', () => {
    const kinds = new Set(records.flatMap((events) => judgements(events).map(({ kind }) => kind)))
    expect([...kinds].sort()).toEqual(['merge', 'park', 'reject', 'replicate'])
  })

  it('are mirrored for a metric that is maximized', () => {
    for (const events of records)
      expect(
        judgements(
          changed(events, (value) => -value),
          'maximize',
        ),
      ).toEqual(judgements(events))
  })

  it('do not depend on when the runs of open candidates arrived', () => {
    for (const [seed, events] of records.entries())
      expect(words(shuffled(events, aRandom(seed)))).toEqual(words(events))
  })

  it('do not become better when the candidates’ runs become worse', () => {
    const rank = { reject: 0, park: 1, replicate: 1, review: 1, merge: 2 }
    for (const events of records) {
      const open = new Set(openCandidates(replay(events)).map(({ id }) => id))
      const ranks = (worse: number) =>
        judgements(changed(events, (value, of) => (of !== null && open.has(of) ? value + worse : value))).map(
          ({ kind }) => rank[kind],
        )
      const before = ranks(0)
      for (const worse of [0.001, 0.01, 0.1])
        for (const [index, after] of ranks(worse).entries())
          expect(after).toBeLessThanOrEqual(before[index] ?? 0)
    }
  })

  it('do not depend on the unit of the metric', () => {
    for (const events of records) {
      const [before, after] = [judgements(events), judgements(changed(events, (value) => 1000 * value))]
      expect(after.map(({ kind }) => kind)).toEqual(before.map(({ kind }) => kind))
    }
  })
})
