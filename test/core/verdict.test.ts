// The judge: every decision as a row, and what must hold for any numbers at all.
import { describe, expect, it } from 'vitest'
import type { TrialResult } from '../../src/core/trial.ts'
import {
  type JudgePolicy,
  judge,
  mean,
  measuredValues,
  pooledSigma,
  standardDeviation,
  type Verdict,
  wallAllowanceSeconds,
} from '../../src/core/verdict.ts'
import {
  aCandidate,
  aRandom,
  aTrialResult,
  gaussian,
  POLICY,
  type TrialResultFields,
  trialResults,
} from '../factories.ts'

/** Mean 2.5; what σ is, the test says. */
const BASELINE = trialResults([2.47, 2.48, 2.49, 2.51, 2.52, 2.53])
const SIGMA = 0.02

function runs(values: readonly number[], fields: TrialResultFields = {}): TrialResult[] {
  return trialResults(values, { candidate: aCandidate(), ...fields })
}

function judged(values: readonly number[], policy: Partial<JudgePolicy> = {}, sigma = SIGMA) {
  return judge(BASELINE, runs(values), sigma, { ...POLICY, ...policy })
}

describe('judge', () => {
  // σ = 0.02: the screen asks for 0.03, a rejection after two runs is under 0.016.
  it.each([
    ['no run yet', [], 'replicate', /not trained yet/],
    [
      'one run, worse',
      [2.6],
      'reject',
      /^gain -0\.1 ± 0\.0216 over 1 run, and one run must gain at least 1\.5 σ = 0\.03$/,
    ],
    ['one run, equal', [2.5], 'reject', /gain 0 /],
    ['one run, better by less than the screen', [2.471], 'reject', /at least 1\.5 σ/],
    ['one run, better by just the screen', [2.469], 'replicate', /worth another run/],
    ['one run, grossly better', [1], 'replicate', /worth another run/],
    [
      'two runs, clearly better',
      [2.44, 2.45],
      'merge',
      /^gain 0\.055 ± 0\.0163 over 2 runs, z = 3\.4 ≥ 2\.5$/,
    ],
    ['two runs, promising', [2.47, 2.475], 'replicate', /z = 1\.7 < 2\.5/],
    ['two runs, the second took it back', [2.46, 2.51], 'reject', /over 2 runs, under 0\.8 σ = 0\.016$/],
    ['two runs, worse on the mean', [2.46, 2.6], 'reject', /^gain -0\.03 /],
    ['three runs, proven', [2.46, 2.47, 2.46], 'merge', /over 3 runs, z = 2\.6/],
    ['three runs, promising', [2.46, 2.48, 2.47], 'replicate', /z = 2\.1 < 2\.5/],
    ['four runs, proven by the fourth', [2.46, 2.47, 2.47, 2.46], 'merge', /over 4 runs/],
    ['four runs, unproven', [2.46, 2.48, 2.47, 2.49], 'park', /promising but unproven after 4 runs/],
    ['five runs, after a lower limit was set', [2.46, 2.48, 2.47, 2.49, 2.48], 'park', /after 5 runs/],
  ] as const)('%s: %s → %s', (_, values, kind, reason) => {
    const judgement = judged(values)
    expect(judgement.kind).toBe(kind)
    expect(judgement.reason).toMatch(reason)
  })

  it('gives the facts a person can check by hand', () => {
    const verdict = judged([2.44, 2.45]) as Verdict
    expect(verdict.runs).toEqual({ candidate: 2, baseline: 6 })
    expect(verdict.sigma).toBe(0.02)
    expect(verdict.gain).toBeCloseTo(0.055, 10)
    expect(verdict.z).toBeCloseTo(0.055 / (0.02 * Math.sqrt(1 / 2 + 1 / 6)), 10)
  })

  it.each([[2.44, 2.4, 2.42, 2.41], [2.46, 2.48, 2.47, 2.49], [2.46, 2.51], [2.6], [2.4]])(
    'maximises as it minimises: %s, %s',
    (...values) => {
      const mirrored = judge(
        trialResults(measuredValues(BASELINE).map((value) => -value)),
        runs(values.map((value) => -value)),
        SIGMA,
        { ...POLICY, direction: 'maximize' },
      )
      expect(mirrored).toEqual(judged(values))
    },
  )

  it.each(['minimize', 'maximize'] as const)('never merges what is worse when told to %s', (direction) => {
    const values = direction === 'minimize' ? [2.6, 2.61] : [2.4, 2.41]
    expect(judged(values, { direction }).kind).toBe('reject')
  })

  it('takes the thresholds from the policy', () => {
    expect(judged([2.471], { screenSigmas: 1.4 }).kind).toBe('replicate')
    expect(judged([2.44, 2.45], { mergeZ: 3.5 }).kind).toBe('replicate')
    expect(judged([2.46, 2.51], { rejectSigmas: 0.7 }).kind).toBe('replicate')
    expect(judged([2.47, 2.475], { candidateReplicates: 2 }).kind).toBe('park')
  })
})

describe('judge without noise (σ = 0)', () => {
  const exact = trialResults([2.5, 2.5])
  it.each([
    ['one run, better', [2.4], 'replicate', 'gain 0.1 over 1 run: worth another run'],
    ['one run, equal', [2.5], 'reject', 'gain 0 over 1 run: no improvement'],
    ['one run, worse', [2.75], 'reject', 'gain -0.25 over 1 run: no improvement'],
    ['two runs, better', [2.25, 2.25], 'merge', 'gain 0.25 over 2 runs; repeated runs are identical (σ = 0)'],
    ['two runs, equal', [2.5, 2.5], 'reject', 'gain 0 over 2 runs: no improvement'],
  ] as const)('%s: %s → %s', (_, values, kind, reason) => {
    const judgement = judge(exact, runs(values), 0, POLICY)
    expect(judgement).toMatchObject({ kind, reason })
    expect(judgement).not.toHaveProperty('z')
  })
})

describe('a run that does not count', () => {
  it.each([
    ['F25 crashed', 'crashed', 'NameError: muon (exit code 1)'],
    ['F26 out-of-memory', 'out-of-memory', 'exit code 137'],
    ['F28 timed-out', 'timed-out', 'killed at the timeout'],
    ['F29 no-metric', 'no-metric', 'nothing printed'],
    ['F30 invalid-metric', 'invalid-metric', 'reported 2 times'],
    ['F27 diverged', 'diverged', 'val_bpb is nan'],
    ['cut', 'cut', 'its curve was far behind'],
  ] as const)('%s is a rejection that says why, even after a good run', (_, outcome, reason) => {
    const failed = aTrialResult({ candidate: aCandidate(), outcome, reason, replicate: 2 })
    const judgement = judge(BASELINE, [...runs([2.4]), failed], SIGMA, POLICY)
    expect(judgement).toEqual({
      kind: 'reject',
      reason: `run 2 of 2 ended ${outcome}: ${reason}`,
      runs: { candidate: 2, baseline: 6 },
    })
  })

  it('needs no reason of its own', () => {
    const { reason: _, ...failed } = aTrialResult({ candidate: aCandidate(), outcome: 'crashed' })
    expect(judge(BASELINE, [failed], SIGMA, POLICY).reason).toBe('run 1 of 1 ended crashed')
  })

  it.each([
    [317, 'replicate'],
    [317.1, 'reject'],
    [600, 'reject'],
  ])('F32 F70 %s s of wall time, when the baseline takes 300: %s, however good', (wallSeconds, kind) => {
    expect(judge(BASELINE, runs([2], { wallSeconds }), SIGMA, POLICY).kind).toBe(kind)
  })

  it('F32 says how long it took', () => {
    const judgement = judge(BASELINE, runs([2, 2.01], { wallSeconds: 400 }), SIGMA, POLICY)
    expect(judgement.reason).toBe('run 1 of 2 is over-budget: 400.0 s, and a run takes 300.0 s')
  })

  it('F32 one long run is enough', () => {
    const long = aTrialResult({ candidate: aCandidate(), value: 2, replicate: 2, wallSeconds: 400 })
    expect(judge(BASELINE, [...runs([2]), long], SIGMA, POLICY).reason).toContain('run 2 of 2 is over-budget')
  })

  it('allows 5 % and 2 s', () => expect(wallAllowanceSeconds(100)).toBe(107))
})

describe('F71 seed-insensitive', () => {
  it.each([
    ['identical', [2.3, 2.3, 2.3, 2.3]],
    ['as good as identical', [2.3, 2.30001, 2.3, 2.29999]],
  ])('F71 %s replicates wait for a person while the baseline varies', (_, values) => {
    expect(judged(values.slice(0, 2)).kind).toBe('replicate')
    const judgement = judged(values)
    expect(judgement.kind).toBe('review')
    expect(judgement.reason).toContain('seed-insensitive after 4 runs')
  })

  it('F71 one replicate that differs is enough', () => {
    expect(judged([2.3, 2.3, 2.31]).kind).toBe('merge')
  })

  it('F71 says nothing about a coarse metric, whose baseline repeats values too', () => {
    const coarse = trialResults([2.5, 2.5, 2.5, 2.6, 2.5, 2.5])
    expect(judge(coarse, runs([2.3, 2.3]), 0.04, POLICY).kind).toBe('merge')
  })
})

describe('review-above', () => {
  const evaluated = { trust: 'evaluated' } as const
  const sigmas = (value: number) => ({ reviewAbove: { kind: 'sigmas', value } as const })
  const percent = (value: number) => ({ reviewAbove: { kind: 'percent', value } as const })

  // Mean of the baseline 2.5, σ 0.02: a gain of 0.055 is 2.75 σ and 2.2 %.
  it.each([
    ['under it, in σ', sigmas(2.8), 'merge'],
    ['above it, in σ', sigmas(2.7), 'review'],
    ['under it, in percent', percent(2.3), 'merge'],
    ['above it, in percent', percent(2.1), 'review'],
    ['when there is none', {}, 'merge'],
  ])('a self-reported gain %s: %s → %s', (_, policy, kind) => {
    expect(judged([2.44, 2.45], policy).kind).toBe(kind)
  })

  it('an evaluated gain above it is believed', () => {
    const policy = { ...POLICY, ...percent(2.1) }
    expect(judge(BASELINE, runs([2.44, 2.45], evaluated), SIGMA, policy).kind).toBe('merge')
  })

  it('one self-reported run among evaluated ones is enough', () => {
    const mixed = runs([2.44, 2.45], evaluated).with(
      1,
      aTrialResult({ candidate: aCandidate(), replicate: 2, value: 2.45 }),
    )
    expect(judge(BASELINE, mixed, SIGMA, { ...POLICY, ...percent(2.1) }).kind).toBe('review')
  })

  it('says what it was held against, with the facts of a merge', () => {
    const { kind: _, reason, ...facts } = judged([2.44, 2.45], percent(2)) as Verdict
    const { kind: __, reason: ___, ...merged } = judged([2.44, 2.45]) as Verdict
    expect(reason).toBe('gain 0.055 ± 0.0163 over 2 runs, z = 3.4 ≥ 2.5: self-reported, and above 2 % = 0.05')
    expect(facts).toEqual(merged)
    expect(judged([2.44, 2.45], sigmas(2.5)).reason).toMatch(/above 2\.5 σ = 0\.05$/)
  })

  it('is about the direction that is better, whatever the sign of the metric', () => {
    const mirrored = judge(
      trialResults(measuredValues(BASELINE).map((value) => -value)),
      runs([-2.44, -2.45]),
      SIGMA,
      { ...POLICY, direction: 'maximize', ...percent(2.1) },
    )
    expect(mirrored).toEqual(judged([2.44, 2.45], percent(2.1)))
  })

  it('is asked only of what would be merged', () => {
    expect(judged([1], percent(1)).kind).toBe('replicate')
    expect(judged([2.46, 2.51], percent(0.1)).kind).toBe('reject')
    expect(judged([2.46, 2.48, 2.47, 2.49], percent(0.1)).kind).toBe('park')
  })

  it.each([
    ['any, in σ', sigmas(8), 'review'],
    ['one above, in percent', percent(9), 'review'],
    ['one under, in percent', percent(11), 'merge'],
  ])('without noise a gain waits: %s', (_, policy, kind) => {
    const exact = trialResults([2.5, 2.5])
    expect(judge(exact, runs([2.25, 2.25]), 0, { ...POLICY, ...policy }).kind).toBe(kind)
  })

  it('of a baseline of 0 is exceeded by every gain in percent', () => {
    const zero = trialResults([0, 0])
    expect(judge(zero, runs([-0.1, -0.1]), 0, { ...POLICY, ...percent(50) }).kind).toBe('review')
  })
})

describe('whatever the numbers', () => {
  interface Case {
    baseline: TrialResult[]
    values: number[]
    sigma: number
  }
  const cases = Array.from({ length: 2000 }, (_, index): Case => {
    const random = aRandom(index)
    const scale = 10 ** Math.floor(random() * 8 - 4)
    const draw = (shift: number) => scale * (3 + shift + 0.05 * gaussian(random))
    const baseline = trialResults(Array.from({ length: 1 + Math.floor(random() * 8) }, () => draw(0)))
    const shift = 0.2 * gaussian(random)
    const values = Array.from({ length: 1 + Math.floor(random() * 6) }, () => draw(shift))
    return { baseline, values, sigma: random() < 0.1 ? 0 : scale * 0.1 * random() }
  })
  const kinds = { reject: 0, park: 1, replicate: 1, review: 1, merge: 2 }

  it('covers every judgement', () => {
    const seen = cases.map(({ baseline, values, sigma }) => judge(baseline, runs(values), sigma, POLICY).kind)
    expect(new Set(seen)).toEqual(new Set(['merge', 'reject', 'park', 'replicate']))
  })

  it('never merges on one run', () => {
    for (const { baseline, values, sigma } of cases)
      expect(judge(baseline, runs(values.slice(0, 1)), sigma, POLICY).kind).not.toBe('merge')
  })

  it('never merges without a gain', () => {
    for (const { baseline, values, sigma } of cases) {
      const judgement = judge(baseline, runs(values), sigma, POLICY)
      if (judgement.kind === 'merge') expect(mean(values)).toBeLessThan(mean(measuredValues(baseline)))
    }
  })

  it('never merges against a baseline that was not measured', () => {
    for (const { values, sigma } of cases)
      expect(judge([], runs(values), sigma, POLICY).kind).not.toBe('merge')
  })

  it('maximising is the mirror of minimising', () => {
    for (const { baseline, values, sigma } of cases) {
      const mirrored = judge(
        baseline.map((result) => ({ ...result, value: -(result.value ?? 0) })),
        runs(values.map((value) => -value)),
        sigma,
        { ...POLICY, direction: 'maximize' },
      )
      expect(mirrored).toEqual(judge(baseline, runs(values), sigma, POLICY))
    }
  })

  it('worse evidence never makes a better verdict: the same runs, each worse by as much', () => {
    for (const { baseline, values, sigma } of cases) {
      const before = judge(baseline, runs(values), sigma, POLICY).kind
      for (const worse of [0.001, 0.02, 0.5].map((part) => part * Math.abs(mean(values)))) {
        const after = judge(baseline, runs(values.map((value) => value + worse)), sigma, POLICY).kind
        expect(kinds[after], `${values} on ${measuredValues(baseline)}`).toBeLessThanOrEqual(kinds[before])
      }
    }
  })

  it('one worse run never turns a rejection into a merge', () => {
    for (const { baseline, values, sigma } of cases) {
      const worst = values.with(0, (values[0] ?? 0) + Math.abs(mean(values)) / 20)
      const before = judge(baseline, runs(values), sigma, POLICY).kind
      const after = judge(baseline, runs(worst), sigma, POLICY).kind
      if (before === 'reject') expect(after).toBe('reject')
    }
  })

  it('says why in one short line', () => {
    for (const { baseline, values, sigma } of cases) {
      const { reason } = judge(baseline, runs(values), sigma, POLICY)
      expect(reason).toMatch(/^[ -~±σ≥√]{10,150}$/)
      expect(reason).not.toMatch(/NaN|undefined|Infinity|e-1\d/)
    }
  })
})

describe('pooledSigma', () => {
  it.each([
    ['one group', [[1, 3]], Math.SQRT2],
    [
      'two groups of equal size',
      [
        [1, 3],
        [10, 14],
      ],
      Math.sqrt((2 + 8) / 2),
    ],
    [
      'groups weighted by their degrees of freedom',
      [
        [1, 2, 3],
        [10, 14],
      ],
      Math.sqrt((2 + 8) / 3),
    ],
    [
      'means that differ, which are not noise',
      [
        [0, 0],
        [100, 100],
      ],
      0,
    ],
    ['groups of one run and of none, which say nothing', [[5], [], [1, 3]], Math.SQRT2],
  ] as const)('of %s', (_, groups, sigma) => expect(pooledSigma(groups)).toBeCloseTo(sigma, 12))

  it.each([[[]], [[[]]], [[[1], [2]]]])('of %j is undefined', (groups) =>
    expect(pooledSigma(groups)).toBeUndefined(),
  )

  it('comes close to the true spread of many small groups', () => {
    const random = aRandom(7)
    const groups = Array.from({ length: 500 }, () => {
      const center = 10 * random()
      return Array.from({ length: 2 + Math.floor(4 * random()) }, () => center + 0.3 * gaussian(random))
    })
    expect(pooledSigma(groups)).toBeCloseTo(0.3, 1)
  })
})

describe('standardDeviation', () => {
  it('divides by n − 1', () => expect(standardDeviation([2, 4, 4, 4, 5, 5, 7, 9])).toBeCloseTo(2.13809, 5))
  it('of one value is undefined', () => expect(standardDeviation([3])).toBeUndefined())
})

describe('equal values', () => {
  const tenths = Array.from({ length: 100 }, (_, n) => n / 10)

  it('have exactly their own mean', () => {
    for (const value of tenths) expect(mean(Array(6).fill(value))).toBe(value)
  })

  it('have no spread, not even of rounding', () => {
    expect(pooledSigma(tenths.map((value) => Array(7).fill(value)))).toBe(0)
  })

  it('never make a change without effect look better', () => {
    for (const value of tenths) {
      const same = trialResults(Array(6).fill(value))
      expect(judge(same, runs([value]), pooledSigma([measuredValues(same)]) ?? 1, POLICY).kind).toBe('reject')
    }
  })
})

describe('mean', () => {
  it.each([
    [[1, 2, 6], 3],
    [[-1, 1], 0],
    [[1e9, 1e9 + 1], 1e9 + 0.5],
  ])('of %j is %d', (values, expected) => expect(mean(values)).toBe(expected))

  it('of nothing is not a number', () => expect(mean([])).toBeNaN())
})

describe('measuredValues', () => {
  it('leaves failed runs out', () => {
    expect(measuredValues([aTrialResult({ value: 0 }), aTrialResult({ outcome: 'crashed' })])).toEqual([0])
  })
})
