// Which trials count as lost, which are blamed when a round returns nothing, and when a candidate is rejected for losses.

import { describe, expect, it } from 'vitest'
import { decide, planTrials } from '../../../src/core/plan/schedule.ts'
import type { Candidate } from '../../../src/core/record/candidate.ts'
import { LEDGER_FORMAT, type LedgerEvent } from '../../../src/core/record/events.ts'
import { replay, type State, selectNews } from '../../../src/core/record/state.ts'
import { explainLoss, lostOnMachine, missingInRound } from '../../../src/core/trial/lost.ts'
import {
  aBaseline,
  aCandidate,
  aTrial,
  aTrialResult,
  CONDITIONS,
  POLICY,
  ROOT_SEED,
  trialResults,
} from '../../factories.ts'

const A = aCandidate({ name: 'a' })
const B = aCandidate({ name: 'b' })
const a1 = aTrial({ candidate: A }).id
const b1 = aTrial({ candidate: B }).id
const base = [1, 2].map((replicate) => aTrial({ replicate }).id)

const ran = (candidate: Candidate, value = 2.49): LedgerEvent => ({
  kind: 'trial',
  result: aTrialResult({ candidate, value }),
})
const assigned = (run: string, ...trials: string[]): LedgerEvent => ({
  kind: 'assigned',
  run,
  command: 'propose',
  trials,
})
const lost = (run: string, ...trials: string[]): LedgerEvent => ({ kind: 'lost', run, trials })

/** A measured baseline and two candidates. */
function stateAfter(...events: LedgerEvent[]): State {
  return replay([
    { kind: 'started', rootSeed: ROOT_SEED, format: LEDGER_FORMAT },
    { kind: 'baseline', ...aBaseline(), cause: 'started' },
    { kind: 'proposed', candidate: A },
    { kind: 'proposed', candidate: B },
    ...trialResults([2.49, 2.5, 2.51, 2.5, 2.495, 2.505]).map(
      (result) => ({ kind: 'trial', result }) as const,
    ),
    ...events,
  ])
}

describe('a round', () => {
  const missed = (events: LedgerEvent[], planned = [a1, b1, ...base]) =>
    missingInRound(stateAfter(...events), '7', new Set(planned))

  it.each([
    ['nothing, when all came back', [assigned('7', a1, b1), ran(A), ran(B)], []],
    ['what did not come back', [assigned('7', a1, b1), ran(A)], [b1]],
    ['what was alone', [assigned('7', b1)], [b1]],
    ['nothing, when nothing of several came back: it is their machines', [assigned('7', a1, b1)], []],
    ['what was alone a second time', [assigned('7', b1), lost('6', b1)], [b1]],
    ['nothing, when it was alone after another was lost', [assigned('7', b1), lost('6', a1)], []],
    [
      'what was alone after another was lost and results came back',
      [lost('6', a1), ran(A), assigned('7', b1)],
      [b1],
    ],
    ['nothing of what another round handed out', [assigned('6', b1)], []],
    ['nothing of what it gave back', [assigned('7', b1), assigned('7')], []],
  ] as const)('misses %s', (_, events, found) => {
    expect(missed([...events]).lost).toEqual(found)
  })

  it('reports missing trials even when none is blamed', () => {
    expect(missed([assigned('7', a1, b1)])).toEqual({ missing: [a1, b1], lost: [] })
  })

  it('does not report trials that were no longer needed', () => {
    expect(missed([assigned('7', a1, b1), ran(A)], [a1])).toEqual({ missing: [], lost: [] })
  })
})

describe('a machine', () => {
  const held = (run: string, ...trials: string[]) =>
    ({ ...assigned(run, ...trials), command: 'run' }) as LedgerEvent

  it.each([
    ['what it held when it ended', [held('7', a1)], [{ run: '7', trials: [a1] }]],
    ['only what it held last', [held('7', a1), held('7', b1)], [{ run: '7', trials: [b1] }]],
    ['nothing that it finished', [held('7', a1), ran(A)], []],
    ['nothing that it put down', [held('7', a1), held('7')], []],
    ['nothing twice', [held('7', a1), lost('7', a1)], []],
    ['nothing that others have in hand', [assigned('7', a1)], []],
  ] as const)('misses %s', (_, events, found) => {
    expect(lostOnMachine(stateAfter(...events))).toEqual(found)
  })
})

describe('a candidate', () => {
  it('is run again when it was lost once or twice', () => {
    for (const losses of [[lost('7', a1)], [lost('7', a1), lost('8', a1)]]) {
      const state = stateAfter(...losses)
      expect(planTrials(state, CONDITIONS, POLICY).map(({ id }) => id)).toContain(a1)
      expect(decide(state, CONDITIONS, POLICY)).toEqual([])
    }
  })

  it('is rejected with a reason after losses in three workflow runs, and not trained again', () => {
    const state = stateAfter(lost('7', a1), lost('8', a1), lost('9', a1))
    expect(decide(state, CONDITIONS, POLICY)).toEqual([
      {
        kind: 'judged',
        candidate: A.id,
        head: A.head,
        verdict: {
          kind: 'reject',
          reason: 'run 1 is lost: it started 3 times and never returned a valid result',
          runs: { candidate: 0, baseline: 6 },
          testbed: CONDITIONS.testbed,
        },
      },
    ])
    expect(planTrials(state, CONDITIONS, POLICY).map(({ id }) => id)).toEqual([b1])
  })

  it('is not rejected for losses of a run that finally returned', () => {
    const state = stateAfter(lost('7', a1), lost('8', a1), lost('9', a1), ran(A, 2.47))
    expect(decide(state, CONDITIONS, POLICY).filter(({ candidate }) => candidate === A.id)).toEqual([])
  })

  it('F41 does not lose more when a round is judged again', () => {
    const state = stateAfter(lost('7', a1), lost('8', a1))
    expect(selectNews(state, [lost('8', a1), lost('7', a1)])).toEqual([])
    expect(explainLoss(stateAfter(lost('7', a1), lost('7', a1), lost('7', a1)), a1)).toBeUndefined()
  })

  it('never affects the baseline, which is run again without limit', () => {
    const events = ['7', '8', '9', '10'].map((run) => lost(run, ...base))
    const state = replay([
      { kind: 'started', rootSeed: ROOT_SEED, format: LEDGER_FORMAT },
      { kind: 'baseline', ...aBaseline(), cause: 'started' },
      ...events,
    ])
    expect(
      planTrials(state, CONDITIONS, POLICY)
        .slice(0, 2)
        .map(({ id }) => id),
    ).toEqual(base)
  })
})
