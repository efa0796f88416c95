// When running trials may be cut, as the ledger tells it.

import { describe, expect, it } from 'vitest'
import { planCut, referenceOf } from '../../../src/core/judge/cutting.ts'
import type { Candidate } from '../../../src/core/record/candidate.ts'
import type { State } from '../../../src/core/record/state.ts'
import type { CurvePoint, TrialResult } from '../../../src/core/record/trial.ts'
import { CutWatch, cutPlanSchema } from '../../../src/core/trial/curve.ts'
import {
  aBaseline,
  aCandidate,
  aRandom,
  aState,
  aTrialResult,
  CONDITIONS,
  gaussian,
  POLICY,
  type TrialResultFields,
} from '../../factories.ts'

const CUT_POLICY = { ...POLICY, chance: 0.02 }
const SIGMA = 0.01
/** What the values of the baseline's runs have. */
const VALUE_SIGMA = SIGMA * Math.SQRT2

/** A loss that falls from 4 to 2; `lag` is added to it all along. */
function aCurve(lag = 0, steps = 100): CurvePoint[] {
  return Array.from({ length: 51 }, (_, index) => ({
    step: (index * steps) / 50,
    value: 2 + 2 * (1 - index / 50) ** 2 + lag,
  }))
}

/** Six runs of the baseline, in 100 seconds each. */
function baselineRuns(fields: TrialResultFields = {}, sign = 1): TrialResult[] {
  return [-2, -1, 0, 0, 1, 2].map((sigmas, index) =>
    aTrialResult({
      replicate: index + 1,
      value: sign * (2 + SIGMA * sigmas),
      curve: aCurve(SIGMA * sigmas).map(({ step, value }) => ({ step, value: sign * value })),
      wallSeconds: 100,
      firstPointSeconds: 0,
      ...fields,
    }),
  )
}

/** Candidates that were behind all along by as much as they were in the end, but for some noise. */
function earlier(count: number, sign = 1): { candidates: Candidate[]; trials: TrialResult[] } {
  const random = aRandom(1)
  const candidates = Array.from({ length: count }, (_, index) => aCandidate({ name: `earlier ${index}` }))
  const trials = candidates.map((candidate, index) => {
    const lag = SIGMA * (index - 3)
    const curve = aCurve(lag).map(({ step, value }) => ({ step, value: sign * value }))
    const value = sign * (2 + lag + 0.2 * SIGMA * gaussian(random))
    return aTrialResult({ candidate, value, curve, wallSeconds: 100, firstPointSeconds: 0 })
  })
  return { candidates, trials }
}

function stateOf(count: number, runs = baselineRuns(), sign = 1): State {
  const { candidates, trials } = earlier(count, sign)
  return aState({ candidates, trials: [...runs, ...trials] })
}

const forecasts = (state: State, policy: Parameters<typeof planCut>[2] = CUT_POLICY) =>
  planCut(state, CONDITIONS, policy)?.checkpoints.flatMap(({ forecast }) => forecast ?? [])

describe('planCut', () => {
  it('looks at every tenth of the run, at the baseline’s own steps, times and levels', () => {
    const plan = planCut(stateOf(0), CONDITIONS, CUT_POLICY)
    expect(plan?.checkpoints.map(({ step }) => Math.round(step))).toEqual([
      10, 20, 30, 40, 50, 60, 70, 80, 90,
    ])
    expect(plan?.checkpoints[4]).toMatchObject({ seconds: 50, level: expect.closeTo(2.55, 2) })
    expect(plan).toMatchObject({ testbed: CONDITIONS.testbed, sign: 1, windowSteps: 5 })
  })

  it('knows without experience only what is gross, and from 30 % on', () => {
    const plan = planCut(stateOf(11), CONDITIONS, CUT_POLICY)
    expect(plan?.checkpoints.map(({ gross }) => gross !== undefined)).toEqual([
      false,
      false,
      ...Array.from({ length: 7 }, () => true),
    ])
    expect(forecasts(stateOf(11))).toEqual([])
    // At half the time the loss was 2 · (0.75² − 0.5²) higher.
    expect(plan?.checkpoints[4]?.gross).toBeCloseTo(0.63, 1)
  })

  it('calls nothing gross where the curve itself does not improve', () => {
    const flat = baselineRuns({ curve: aCurve().map(({ step }) => ({ step, value: 1 })) })
    const plan = planCut(stateOf(0, flat), CONDITIONS, CUT_POLICY)
    expect(plan?.checkpoints.flatMap(({ gross }) => gross ?? [])).toEqual([])
  })

  it('calls nothing gross that noise could make', () => {
    const noisy = baselineRuns().map((run, index) => ({ ...run, curve: aCurve(index % 2) }))
    for (const { gross } of planCut(stateOf(0, noisy), CONDITIONS, CUT_POLICY)?.checkpoints.slice(2) ?? [])
      expect(gross).toBeGreaterThan(6)
  })

  it('learns from twelve candidates on how far behind is hopeless', () => {
    const learned = forecasts(stateOf(12))
    expect(learned).toHaveLength(8)
    // It has to end 2 σ behind; being level with the baseline is not hopeless.
    for (const limit of learned ?? []) {
      expect(limit).toBeGreaterThan(2 * VALUE_SIGMA)
      expect(limit).toBeLessThan(6 * VALUE_SIGMA)
    }
  })

  it('is more reluctant the smaller the chance', () => {
    const [eager = [], reluctant = []] = [0.1, 0.002].map((chance) =>
      forecasts(stateOf(20), { ...POLICY, chance }),
    )
    for (const [index, limit] of reluctant.entries())
      expect(limit).toBeGreaterThan(eager[index] ?? Number.NaN)
  })

  it('learns the same of a curve and a metric that rise', () => {
    const rising = stateOf(20, baselineRuns({}, -1), -1)
    const plan = planCut(rising, CONDITIONS, { ...CUT_POLICY, direction: 'maximize' })
    expect(plan?.sign).toBe(-1)
    for (const [index, { forecast }] of plan?.checkpoints.entries() ?? [])
      if (forecast !== undefined)
        expect(forecast).toBeCloseTo(forecasts(stateOf(20))?.[index - 1] ?? Number.NaN)
  })

  it('learns across scales: a training loss that says nothing in the metric’s unit', () => {
    const state = stateOf(20)
    const scaled = [...state.trials.values()].map((result) => ({
      ...result,
      value: 1000 * (result.value ?? 0),
    }))
    const before = forecasts(state) ?? []
    const after = forecasts(aState({ candidates: [...state.candidates.values()], trials: scaled })) ?? []
    expect(after).toHaveLength(8)
    for (const [index, limit] of after.entries()) expect(limit).toBeCloseTo(before[index] ?? Number.NaN)
  })

  it('learns nothing from curves that do not tell the end', () => {
    const state = stateOf(20)
    const random = aRandom(3)
    const trials = [...state.trials.values()].map((result) =>
      result.trial.candidate === null ? result : { ...result, value: 2 + SIGMA * gaussian(random) },
    )
    expect(forecasts(aState({ candidates: [...state.candidates.values()], trials }))).toEqual([])
  })

  it('counts later runs of a candidate, and runs that were cut, for nothing', () => {
    const { candidates, trials } = earlier(12)
    const [first] = candidates
    const cut = trials.map((result, index): TrialResult => {
      const { value, ...rest } = result
      return index === 11
        ? { ...rest, outcome: 'cut' }
        : { ...rest, ...(value === undefined ? {} : { value }) }
    })
    const again = aTrialResult({
      ...(first && { candidate: first }),
      replicate: 2,
      curve: aCurve(),
      value: 2,
    })
    const state = aState({ candidates, trials: [...baselineRuns(), ...cut, again] })
    expect(forecasts(state)).toEqual([])
  })

  it.each([
    ['two runs of the baseline', baselineRuns().slice(0, 2)],
    ['a baseline that prints no curve', baselineRuns({ curve: [] })],
    ['curves of one point', baselineRuns({ curve: [{ step: 100, value: 2 }] })],
    ['curves that begin too late', baselineRuns({ curve: aCurve().slice(30) })],
    ['curves whose steps go back', baselineRuns({ curve: [...aCurve(), ...aCurve()] })],
    ['runs elsewhere', baselineRuns({ testbed: 'another' })],
  ])('is not there for %s', (_what, runs) => {
    expect(planCut(stateOf(0, runs), CONDITIONS, CUT_POLICY)).toBeUndefined()
  })

  it('is of the present baseline, and learns on the ones before as well', () => {
    const moved = aBaseline('moved')
    const { candidates, trials } = earlier(20)
    const better = baselineRuns().map((run) => ({
      ...run,
      trial: { ...run.trial, ...moved, id: `${moved.tree.slice(0, 16)}-r${run.trial.replicate}` },
      value: (run.value ?? 0) - 1,
      curve: aCurve(-1),
    }))
    const state = aState({
      baselines: [aBaseline(), moved],
      candidates,
      trials: [...baselineRuns(), ...trials, ...better],
    })
    expect(planCut(state, CONDITIONS, CUT_POLICY)?.checkpoints[0]?.level).toBeCloseTo(2.7, 1)
    expect(forecasts(state)).toHaveLength(8)
  })

  it('is small enough for the outputs of a job, 256 times over', () => {
    const plan = planCut(stateOf(20), CONDITIONS, CUT_POLICY)
    expect(cutPlanSchema.parse(plan)).toEqual(plan)
    expect(256 * JSON.stringify(plan).length).toBeLessThan(700_000)
  })
})

describe('referenceOf', () => {
  it('knows what came before the first point', () => {
    const runs = baselineRuns({ firstPointSeconds: 40 })
    expect(referenceOf(runs)?.plan.checkpoints[4]?.seconds).toBeCloseTo(70)
  })

  it('knows what came after the last one: an evaluation makes no steps', () => {
    const evaluated = baselineRuns({ wallSeconds: 150, trainingSeconds: 100 })
    expect(referenceOf(evaluated)).toEqual(referenceOf(baselineRuns()))
  })
})

/** Where a run with this curve is cut; undefined where it is not. */
function cutOf(state: State, curve: readonly CurvePoint[]): string | undefined {
  const plan = planCut(state, CONDITIONS, CUT_POLICY)
  const watch = plan && new CutWatch(plan)
  const reasons = curve.map(({ step }, index) => watch?.look(curve.slice(0, index + 1), step))
  return reasons.find((reason) => reason !== undefined)
}

describe('F109 a merged baseline that prints', () => {
  const LIAR = aBaseline('liar')
  /** A curve that is twice as good as it is bad: `HALF` the loss all along. */
  const half = aCurve().map(({ step, value }) => ({ step, value: value / 2 }))
  const late = aCurve().map(({ step, value }) => ({ step, value: step < 80 ? value / 4 : value }))
  const flat = aCurve().map(({ step }) => ({ step, value: 2 }))
  const rising = aCurve().map(({ step, value }) => ({ step, value: 6 - value }))
  const hasty = aCurve().map(({ step, value }) => ({ step: step / 10, value: value / 2 }))

  /** Measured 1 σ better than the first baseline, and many candidates after it print what it prints. */
  function merged(curve: readonly CurvePoint[], followers = 0): State {
    const { candidates, trials } = earlier(20)
    const own = baselineRuns({ baseline: LIAR, curve: [...curve] }).map((run) => ({
      ...run,
      value: (run.value ?? 0) - VALUE_SIGMA,
    }))
    const after = Array.from({ length: followers }, (_, index) =>
      aCandidate({ name: `follower ${index}`, base: LIAR.commit }),
    )
    const lies = after.map((candidate, index) =>
      aTrialResult({
        candidate,
        value: 2 + index * VALUE_SIGMA,
        curve: curve.map(({ step, value }) => ({ step, value: value + 1e-4 * index })),
        wallSeconds: 100,
        firstPointSeconds: 0,
      }),
    )
    return aState({
      baselines: [aBaseline(), LIAR],
      candidates: [...candidates, ...after],
      trials: [...baselineRuns(), ...trials, ...own, ...lies],
    })
  }

  it.each([
    ['half its loss', half],
    ['half its loss until shortly before its end', late],
    ['a curve that hardly moves', flat],
    ['a curve that rises', rising],
    ['fewer steps than it makes', hasty],
  ])('%s: a better candidate with an honest curve goes on', (_what, curve) => {
    for (const followers of [0, 40])
      expect(cutOf(merged(curve, followers), aCurve(-10 * SIGMA))).toBeUndefined()
  })

  it('an honest curve is the mark, and cuts what is hopeless', () => {
    const state = merged(aCurve(-SIGMA))
    const [before, after] = [stateOf(20), state].map(
      (known) => planCut(known, CONDITIONS, CUT_POLICY)?.checkpoints[4]?.level ?? Number.NaN,
    )
    expect(after).toBeCloseTo(Number(before) - SIGMA)
    expect(cutOf(state, aCurve(1))).toContain('behind')
  })

  it('half its loss: what is hopeless beside the first baseline is still cut', () => {
    expect(cutOf(merged(half), aCurve(2))).toContain('behind')
  })
})

describe('F109 candidates that print better curves than they end', () => {
  const lying = (count: number, index: number) => index % Math.floor(20 / count) === 0 && index < 20
  function withLiars(count: number): State {
    const state = stateOf(20)
    const ids = [...state.candidates.keys()].filter((_, index) => lying(count, index)).slice(0, count)
    const trials = [...state.trials.values()].map((result) =>
      ids.includes(result.trial.candidate ?? '')
        ? { ...result, curve: aCurve(-1), value: 2 + 30 * SIGMA }
        : result,
    )
    return aState({ candidates: [...state.candidates.values()], trials })
  }

  it.each([1, 4, 8])('%i of 20 do not switch the forecast off', (count) => {
    const [learned = [], honest = []] = [forecasts(withLiars(count)), forecasts(stateOf(20))]
    expect(learned).toHaveLength(honest.length)
    for (const [index, limit] of learned.entries()) expect(limit / (honest[index] ?? 0)).toBeCloseTo(1, 0)
  })

  it('a candidate that is not behind goes on, however many of them there are', () => {
    const { candidates } = earlier(40)
    const trials = candidates.map((candidate, index) =>
      aTrialResult({
        candidate,
        value: 2 + 30 * SIGMA + index * SIGMA,
        curve: aCurve(-1 + 1e-3 * index),
        wallSeconds: 100,
        firstPointSeconds: 0,
      }),
    )
    const state = aState({ candidates, trials: [...baselineRuns(), ...trials] })
    expect(forecasts(state)?.length).toBeGreaterThan(0)
    expect(cutOf(state, aCurve())).toBeUndefined()
  })
})
