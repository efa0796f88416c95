// What a time to target excludes: at most as much as the first baseline's runs.
import { describe, expect, it } from 'vitest'
import { dueCheckpoint } from '../../../src/core/judge/checkpoint.ts'
import { planCut } from '../../../src/core/judge/cutting.ts'
import { trialsOfTree } from '../../../src/core/judge/evidence.ts'
import { judgeCandidate } from '../../../src/core/plan/judging.ts'
import type { Crossing, TrialResult } from '../../../src/core/record/trial.ts'
import { concludedCheck } from '../../../src/core/report/check.ts'
import { CutWatch, cutPlanSchema } from '../../../src/core/trial/curve.ts'
import { claimedSeconds } from '../../../src/core/trial/target.ts'
import { checkResult } from '../../../src/core/trial/trust.ts'
import {
  aBaseline,
  aCandidate,
  aState,
  aTime,
  aTrialResult,
  aVerdict,
  CONDITIONS,
  NOTHING_EXCLUDED,
  POLICY,
  type TrialResultFields,
} from '../../factories.ts'

const CANDIDATE = aCandidate()

function timed(
  crossing: Partial<Crossing> & Pick<Crossing, 'seconds'>,
  fields: TrialResultFields = {},
): TrialResult {
  const whole = { ...NOTHING_EXCLUDED, ...crossing }
  return aTrialResult({ value: claimedSeconds(whole), crossing: whole, ...fields })
}

/** Reaches the target in 60 s of training on average, with 10 s of pauses and points every 4 s. */
const BASELINE = [-1, 0, 1, -0.5, 0.5].map((deviation, index) =>
  timed(
    { seconds: 72 + deviation, pausedSeconds: 10, intervalSeconds: 4, afterSeconds: 2, savingSeconds: 1 },
    { replicate: index + 1 },
  ),
)

function countedOf(crossing: Partial<Crossing> & Pick<Crossing, 'seconds'>): number | undefined {
  const run = timed(crossing, { candidate: CANDIDATE })
  const state = aState({ candidates: [CANDIDATE], trials: [...BASELINE, run] })
  return trialsOfTree(state, CONDITIONS, CANDIDATE.tree)[0]?.value
}

describe('a candidate', () => {
  it.each<[string, Partial<Crossing> & Pick<Crossing, 'seconds'>, number]>([
    ['pauses as the baseline does', { seconds: 50, pausedSeconds: 10 }, 40],
    ['pauses less', { seconds: 50, pausedSeconds: 4 }, 46],
    ['calls all its time a pause', { seconds: 70, pausedSeconds: 70 }, 60],
    ['calls half a minute a pause', { seconds: 70, pausedSeconds: 40 }, 60],
    [
      'crosses between points as far apart as the baseline’s',
      { seconds: 50, intervalSeconds: 4, afterSeconds: 3 },
      47,
    ],
    [
      'prints its last point just above the target long before',
      { seconds: 60, intervalSeconds: 59, afterSeconds: 58.9 },
      56,
    ],
    ['saves as long as the baseline', { seconds: 50, savingSeconds: 1 }, 50],
    ['trains on while it saves', { seconds: 50, savingSeconds: 9 }, 58],
  ])('that %s', (_, crossing, counted) => {
    expect(countedOf(crossing)).toBeCloseTo(counted, 3)
  })

  it('is bounded by the first baseline, not by a merge that pauses longer', () => {
    const merged = aBaseline('merged')
    const later = timed({ seconds: 80, pausedSeconds: 40 }, { baseline: merged })
    const state = aState({ baselines: [aBaseline(), merged], trials: [...BASELINE, later] })
    expect(trialsOfTree(state, CONDITIONS, merged.tree)[0]?.value).toBe(70)
  })

  it('wins by being faster, and not by pausing longer', () => {
    const judged = (crossings: Parameters<typeof timed>[0][]) => {
      const runs = crossings.map((one, index) => timed(one, { candidate: CANDIDATE, replicate: index + 1 }))
      const state = aState({ candidates: [CANDIDATE], trials: [...BASELINE, ...runs] })
      return judgeCandidate(state, CONDITIONS, POLICY, CANDIDATE).kind
    }
    expect(
      judged([
        { seconds: 60, pausedSeconds: 10 },
        { seconds: 60.5, pausedSeconds: 10 },
      ]),
    ).toBe('merge')
    expect(judged([{ seconds: 72, pausedSeconds: 30 }])).toBe('reject')
  })

  it('F32 removed: without the bound, pausing longer wins', () => {
    const unbound = ({ crossing: _, ...result }: TrialResult) => result
    const runs = [72, 72.5].map((seconds, index) =>
      timed({ seconds, pausedSeconds: 30 }, { candidate: CANDIDATE, replicate: index + 1 }),
    )
    const state = aState({ candidates: [CANDIDATE], trials: [...BASELINE, ...runs].map(unbound) })
    const policy = { ...POLICY, reviewAbove: { kind: 'percent', value: 90 } } as const
    expect(judgeCandidate(state, CONDITIONS, policy, CANDIDATE).kind).toBe('merge')
  })

  it('that does not reach the target is rejected, however often it did', () => {
    const missed = aTrialResult({
      candidate: CANDIDATE,
      replicate: 3,
      outcome: 'not-reached',
      reason: 'too slow',
    })
    const runs = [50, 51].map((seconds, index) =>
      timed({ seconds }, { candidate: CANDIDATE, replicate: index + 1 }),
    )
    const state = aState({ candidates: [CANDIDATE], trials: [...BASELINE, ...runs, missed] })
    expect(judgeCandidate(state, CONDITIONS, POLICY, CANDIDATE)).toMatchObject({
      kind: 'reject',
      failure: 'not-reached',
      reason: expect.stringContaining('too slow'),
    })
  })
})

it('an archive keeps what the first baseline excludes', () => {
  const merged = aBaseline('merged')
  const closed = { verdict: aVerdict({ kind: 'reject' }), end: { kind: 'closed' } } as const
  const others = ['a', 'b'].map((name) => aCandidate({ name, ...closed }))
  const last = aCandidate({ name: 'last', base: merged.commit, ...closed })
  const runs = [...others, last].map((candidate) => timed({ seconds: 75 }, { candidate }))
  const state = aState({
    baselines: [aBaseline(), merged],
    candidates: [...others, last],
    trials: [...BASELINE, ...runs],
  })
  const due = dueCheckpoint(state, 'minimize', { keep: 1, every: 2 })
  expect(due?.checkpoint.beliefs[0]?.first?.credits).toEqual({
    pausedSeconds: 10,
    intervalSeconds: 4,
    savingSeconds: 1,
  })
})

describe('a run that has not crossed', () => {
  const plan = planCut(aState({ trials: BASELINE }), CONDITIONS, { ...POLICY, chance: 0.05 })

  it('is stopped once it can only be much later than the baseline', () => {
    if (!plan) throw new Error('there is no plan')
    expect(cutPlanSchema.parse(plan)).toEqual(plan)
    const { seconds = 0 } = plan.latest ?? {}
    expect(seconds).toBeGreaterThan(64)
    expect(seconds).toBeLessThan(75)
    const look = (at: number, paused: number) => new CutWatch(plan).look([], at, paused)
    expect(look(seconds - 1, 0)).toBeUndefined()
    expect(look(seconds + 1, 0)).toContain('it had not reached the target')
    expect(look(seconds + 9, 10)).toBeUndefined()
    expect(look(seconds + 11, 200)).toContain('it had not reached the target')
  })

  it('is not stopped before the noise of the baseline is known', () => {
    expect(
      planCut(aState({ trials: BASELINE.slice(0, 1) }), CONDITIONS, { ...POLICY, chance: 0.05 }),
    ).toBeUndefined()
  })
})

describe('a result from a train job', () => {
  const demands = { hash: CONDITIONS.config, trust: 'self-reported', sandboxKind: 'bubblewrap' } as const
  const state = aState({ candidates: [CANDIDATE] })
  const check = (result: TrialResult, isTimed = true) => checkResult(state, result, { ...demands, isTimed })
  const good = timed(
    { seconds: 50, pausedSeconds: 5, intervalSeconds: 4, afterSeconds: 1 },
    { candidate: CANDIDATE },
  )

  it('is accepted', () => {
    expect(check(good)).toBeUndefined()
  })

  it.each<[string, TrialResult]>([
    ['without a crossing', aTrialResult({ candidate: CANDIDATE })],
    ['with another value', { ...good, value: 30 }],
    ['with a crossing after its end', timed({ seconds: 301 }, { candidate: CANDIDATE })],
    ['with more pauses than time', timed({ seconds: 50, pausedSeconds: 60 }, { candidate: CANDIDATE })],
    [
      'with more than its interval',
      timed({ seconds: 50, intervalSeconds: 1, afterSeconds: 9 }, { candidate: CANDIDATE }),
    ],
  ])('%s is refused', (_, result) => {
    expect(check(result)).toBe('its value does not follow from the time at which the target was reached')
  })

  it('with a crossing is refused where the metric is another', () => {
    expect(check(good, false)).toBe('its value does not follow from the time at which the target was reached')
  })
})

it('a check names the time that counts as training although it was marked as a pause', () => {
  const run = timed({ seconds: 70, pausedSeconds: 70 }, { candidate: CANDIDATE })
  const state = aState({ candidates: [CANDIDATE], trials: [...BASELINE, run] })
  const evidence = {
    baseline: trialsOfTree(state, CONDITIONS, aBaseline().tree),
    candidate: trialsOfTree(state, CONDITIONS, CANDIDATE.tree),
    sigma: 0.8,
  }
  const verdict = aVerdict({ kind: 'reject' })
  const { summary } = concludedCheck({ candidate: CANDIDATE, verdict, evidence, config: { metric: aTime() } })
  expect(summary).toContain(
    'Clock at the target: candidate 70 s, 70 s of it marked as pauses; baseline 72 s, 10 s of it marked as pauses. 60 s per run',
  )
})
