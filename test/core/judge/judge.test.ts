// The judge: every decision as a row, and what must hold for any numbers at all.

import { describe, expect, it } from 'vitest'
import { usualSecondsOf, wallAllowanceSeconds } from '../../../src/core/judge/counted-runs.ts'
import { type Evidence, type JudgedCode, judge } from '../../../src/core/judge/judge.ts'
import type { JudgePolicy, Simplicity } from '../../../src/core/judge/policy.ts'
import { measuredValues, type TrialResult } from '../../../src/core/record/trial.ts'
import type { Verdict } from '../../../src/core/record/verdict.ts'
import { likeliest } from '../../../src/core/statistics/belief.ts'
import { addBaselineRun, firstLevel, type Level } from '../../../src/core/statistics/level.ts'
import { estimateNoise, mean } from '../../../src/core/statistics/noise.ts'
import { readRuns } from '../../../src/core/statistics/readings.ts'
import { likelySpreads, type Spreads } from '../../../src/core/statistics/spreads.ts'
import {
  aCandidate,
  aRandom,
  aTrialResult,
  gaussian,
  POLICY,
  someEvidence,
  type TrialResultFields,
  trialResults,
} from '../../factories.ts'

/** Mean 2.5; what σ is, the test says. */
const BASELINE = trialResults([2.47, 2.48, 2.49, 2.51, 2.52, 2.53])
const SIGMA = 0.02

function runs(values: readonly number[], fields: TrialResultFields = {}): TrialResult[] {
  return trialResults(values, { candidate: aCandidate(), ...fields })
}

function judged(values: readonly number[], policy: Partial<JudgePolicy> = {}, code: JudgedCode = {}) {
  return judgedRuns(runs(values), policy, code)
}

/** The configuration says that equal code always gives the same value. */
const EXACT = { deterministic: true } as const

function judgedRuns(
  candidate: readonly TrialResult[],
  policy: Partial<JudgePolicy> = {},
  code: JudgedCode = {},
  evidence: Partial<Evidence> = {},
) {
  const { direction } = { ...POLICY, ...policy }
  const all = someEvidence({ direction, baseline: BASELINE, sigma: SIGMA, candidate, ...evidence })
  return judge(all, { ...POLICY, ...policy }, code)
}

function mirrored(values: readonly number[], policy: Partial<JudgePolicy> = {}) {
  const baseline = trialResults(measuredValues(BASELINE).map((value) => -value))
  const negative = runs(values.map((value) => -value))
  return judgedRuns(negative, { ...policy, direction: 'maximize' }, {}, { baseline })
}

describe('judge', () => {
  // σ = 0.02, and the baseline's level is known to 0.02 / √6.
  it.each([
    ['no run yet', [], 'replicate', /^not trained yet$/],
    [
      'one run, worse',
      [2.6],
      'reject',
      /^gain -0\.0924 ± 0\.024 over 1 run, z = -4\.6, false-merge risk 100 %; /,
    ],
    [
      'one run, equal',
      [2.5],
      'reject',
      /z = 0\.0, .*; expected further gain 0\.000713, below threshold 0\.00399$/,
    ],
    ['one run, better by little', [2.475], 'reject', /; expected further gain 0\.00/],
    ['one run, better by enough', [2.465], 'replicate', /worth another run/],
    ['one run, grossly better', [1], 'replicate', /worth another run/],
    [
      'two runs, clearly better',
      [2.44, 2.45],
      'merge',
      /^gain 0\.0397 ± 0\.022 over 2 runs, z = 3\.4, false-merge risk 11 % ≤ 12 %$/,
    ],
    ['two runs, promising', [2.46, 2.47], 'replicate', /^gain .*, z = 2\.1, false-merge risk 62 %: worth/],
    [
      'two runs, the second took it back',
      [2.46, 2.51],
      'reject',
      /over 2 runs, z = 0\.9, .*; expected further gain/,
    ],
    ['two runs, worse on the mean', [2.46, 2.6], 'reject', /^gain -0\.0538 /],
    ['three runs, promising', [2.46, 2.48, 2.47], 'replicate', /over 3 runs, z = 2\.1/],
    ['three runs, proven', [2.44, 2.46, 2.45], 'merge', /over 3 runs, z = 3\.5/],
    [
      'six runs, promising',
      [2.48, 2.475, 2.482, 2.47, 2.48, 2.481],
      'replicate',
      /over 6 runs, .*: worth another/,
    ],
  ] as const)('%s: %s → %s', (_, values, kind, reason) => {
    const judgement = judged(values)
    expect(judgement.kind).toBe(kind)
    expect(judgement.reason).toMatch(reason)
  })

  it.each([
    [
      'six runs, more likely without effect',
      [2.48, 2.475, 2.482, 2.47, 2.48, 2.481],
      'reject',
      /no improvement after 6 runs/,
    ],
    [
      'seven runs, after a lower limit was set',
      [2.47, 2.475, 2.472, 2.47, 2.48, 2.471, 2.47],
      'park',
      /promising but unproven after 7 runs/,
    ],
  ] as const)('at most six, %s: %s → %s', (_, values, kind, reason) => {
    const judgement = judged(values, { candidateReplicates: 6 })
    expect(judgement.kind).toBe(kind)
    expect(judgement.reason).toMatch(reason)
  })

  it('gives the facts a person can check by hand', () => {
    const verdict = judged([2.44, 2.45]) as Verdict
    expect(verdict.runs).toEqual({ candidate: 2, baseline: 6 })
    expect(verdict.sigma).toBe(0.02)
    expect(verdict.measured).toBeCloseTo(0.055, 3)
    expect(verdict.z).toBeCloseTo(0.055 / (0.02 * Math.sqrt(1 / 2 + 1 / 6)), 0)
  })

  it('expects less than it measured, because most large gains are luck', () => {
    for (const values of [
      [2.44, 2.45],
      [2.3, 2.31],
      [2.43, 2.45, 2.44],
    ]) {
      const { gain = 0, measured = 0 } = judged(values) as Verdict
      expect(gain).toBeLessThan(measured)
      expect(gain).toBeGreaterThan(measured / 2)
    }
  })

  it.each([[2.44, 2.4, 2.42, 2.41], [2.46, 2.48, 2.47, 2.49], [2.46, 2.51], [2.6], [2.4]])(
    'maximises as it minimises: %s, %s',
    (...values) => {
      const given = values.filter((value) => value !== undefined)
      expect(mirrored(given)).toEqual(judged(given))
    },
  )

  it.each(['minimize', 'maximize'] as const)('never merges what is worse when told to %s', (direction) => {
    const values = direction === 'minimize' ? [2.6, 2.61] : [2.4, 2.41]
    expect(judged(values, { direction }).kind).toBe('reject')
  })

  it('takes the risk and the number of runs from the policy', () => {
    expect(judged([2.44, 2.45], { mergeRisk: 0.1 }).kind).toBe('replicate')
    expect(judged([2.45, 2.46], { mergeRisk: 0.4 }).kind).toBe('merge')
    expect(judged([2.45, 2.46], { candidateReplicates: 2 }).kind).toBe('park')
    expect(judged([2.46, 2.47], { candidateReplicates: 2 }).kind).toBe('reject')
  })

  it('merges nothing below two standard errors, whatever risk is accepted and however good changes usually are', () => {
    const effects = [0, 0, 0, 0, 0, 0, 0, 0.5, 0.5, 0, 0]
    const judgement = judgedRuns(runs([2.47, 2.475]), { mergeRisk: 0.5 }, {}, { effects })
    expect(judgement.reason).toContain('z = 1.7')
    expect(judgement.kind).toBe('replicate')
    expect(judgedRuns(runs([2.46, 2.465]), { mergeRisk: 0.5 }, {}, { effects }).kind).toBe('merge')
  })

  it('waits for the baseline to be measured, and for σ to be known', () => {
    for (const evidence of [{ level: undefined }, { sigma: undefined }]) {
      const judgement = judge({ ...someEvidence({ candidate: runs([2.4, 2.41]) }), ...evidence }, POLICY)
      expect(judgement).toEqual({ kind: 'replicate', reason: 'the baseline is not measured yet' })
    }
  })
})

describe('min-gain', () => {
  const sigmas = (value: number) => ({ minGain: { kind: 'sigmas', value } as const })
  const percent = (value: number) => ({ minGain: { kind: 'percent', value } as const })

  // The difference is 0.055: 2.75 σ, and 2.2 % of 2.5.
  it.each([
    ['none', {}, 'merge', /^gain 0\.0397 ± 0\.022 over 2 runs, z = 3\.4/],
    ['that is brought, in σ', sigmas(0.25), 'merge', /, a merge requires 0\.005, z = 3\.1, /],
    ['that may not be brought, in σ', sigmas(2), 'replicate', /, a merge requires 0\.04, z = 0\.9, /],
    ['that is brought, in percent', percent(0.2), 'merge', /requires 0\.005, z = 3\.1, /],
    ['that may not be brought, in percent', percent(2), 'replicate', /requires 0\.05, z = 0\.3, /],
    ['that is not brought, in percent', percent(4), 'reject', /requires 0\.1, z = -2\.8, /],
  ])('%s: %j → %s', (_, policy, kind, reason) => {
    const judgement = judged([2.44, 2.45], policy)
    expect(judgement.kind).toBe(kind)
    expect(judgement.reason).toMatch(reason)
  })

  it.each([
    [sigmas(8), [2.4, 2.4], 'merge'],
    [percent(4), [2.4, 2.4], 'merge'],
    [percent(4.1), [2.4], 'reject'],
    [percent(4), [2.3, 2.41], 'reject'],
  ] as const)('without noise %j is held against the worst of %j: %s', (policy, values, kind) => {
    const baseline = trialResults([2.5, 2.5])
    expect(judgedRuns(runs(values), { ...EXACT, ...policy }, {}, { baseline, sigma: 0 }).kind).toBe(kind)
  })
})

describe('simplicity', () => {
  const simplicity: Simplicity = {
    removedLines: 5,
    margin: { kind: 'sigmas', value: 0.5 },
    addedLines: 50,
    gain: { kind: 'sigmas', value: 1 },
  }

  const equal = [2.495, 2.5, 2.49]
  const hardly = [2.475, 2.48, 2.47]
  const good = [2.44, 2.445]
  it.each([
    [
      'hardly better, with 5 lines fewer',
      hardly,
      -5,
      'merge',
      /, 5 fewer lines may cost 0\.01, z = .* ≤ 3 %$/,
    ],
    ['equal, with 5 lines fewer', equal, -5, 'park', /, 5 fewer lines may cost 0\.01, z = 1\.1, /],
    ['equal, with 4 lines fewer', equal, -4, 'reject', /over 3 runs, z = 0\.4, /],
    ['equal, with as many lines', equal, 0, 'reject', /over 3 runs, z = 0\.4, /],
    ['worse than the margin, with 100 lines fewer', [2.53, 2.54, 2.535], -100, 'reject', /100 fewer lines/],
    ['a gain, with 50 lines more', good, 50, 'merge', /over 2 runs, z = 3\.5, /],
    [
      'a gain that may be small, with 51 lines more',
      [2.45, 2.455],
      51,
      'replicate',
      /, 51 more lines require 0\.02, /,
    ],
    ['no gain, with 51 lines more', [2.47, 2.475], 51, 'reject', /, 51 more lines require 0\.02, /],
    ['a large gain, with 51 lines more', [2.3, 2.31], 51, 'merge', /, 51 more lines require 0\.02, /],
  ] as const)('%s: %j, %d → %s', (_, values, addedLines, kind, reason) => {
    const judgement = judged(values, { simplicity }, { addedLines })
    expect(judgement.kind).toBe(kind)
    expect(judgement.reason).toMatch(reason)
  })

  it('counts no lines unless it is configured', () => {
    for (const addedLines of [-100, 0, 100]) expect(judged(equal, {}, { addedLines })).toEqual(judged(equal))
  })

  it('requires the larger of min-gain and the gain for added lines', () => {
    const minGain = { kind: 'sigmas', value: 2 } as const
    expect(judged(good, { simplicity, minGain }, { addedLines: 51 }).reason).toContain(
      'a merge requires 0.04',
    )
  })

  it.each([
    [[2.5, 2.5], 'merge'],
    [[2.51, 2.51], 'reject'],
    [[2.4], 'replicate'],
  ] as const)('without noise a simplification that makes %j: %s', (values, kind) => {
    const baseline = trialResults([2.5, 2.5])
    const fewer = { addedLines: -5 }
    const margin = { kind: 'percent', value: 0.2 } as const
    const policy = { ...EXACT, simplicity: { ...simplicity, margin } }
    expect(judgedRuns(runs(values), policy, fewer, { baseline, sigma: 0 }).kind).toBe(kind)
  })

  it.each([
    ['equal, with 5 lines fewer', [2.5, 2.5], -5, 'merge'],
    ['worse, with 5 lines fewer', [2.501, 2.501], -5, 'reject'],
    ['equal, with as many lines', [2.5, 2.5], 0, 'reject'],
  ] as const)('without noise there is no margin in σ, and equal is not worse: %s', (...row) => {
    const [, values, addedLines, kind] = row
    const baseline = trialResults([2.5, 2.5])
    const evidence = { baseline, sigma: 0 }
    expect(judgedRuns(runs(values), { ...EXACT, simplicity }, { addedLines }, evidence).kind).toBe(kind)
  })
})

it('a bundle needs less proof than any other change: most of them help', () => {
  const values = [2.455, 2.46]
  expect(judged(values).kind).toBe('replicate')
  expect(judged(values, {}, { isBundle: true }).kind).toBe('merge')
  expect(judged([2.495, 2.5, 2.505], {}, { isBundle: true }).kind).not.toBe('merge')
})

describe('σ from few runs', () => {
  const few = (degrees: number) => likelySpreads(degrees, 1, [1, 0, 0])
  const riskOf = (values: readonly number[], spreads: Spreads) => {
    const judgement = judgedRuns(runs(values), { mergeRisk: 0.5 }, {}, { spreads })
    return judgement.kind === 'merge' ? judgement.risk : undefined
  }

  it('makes no gain sure', () => {
    expect(judged([2.3, 2.31]).reason).toMatch(/false-merge risk < 0\.1 % ≤ 12 %$/)
    expect(riskOf([2.3, 2.31], few(3))).toBeGreaterThan(0.005)
  })

  it('matters less with every further run of the candidate', () => {
    expect(riskOf([2.44, 2.45], few(3))).toBeGreaterThan(2 * (riskOf([2.44, 2.45, 2.445, 2.44], few(3)) ?? 1))
  })
})

describe('heavy tails', () => {
  it.each([
    [[2.2, 2.49], 'replicate'],
    [[2.0, 2.5], 'replicate'],
    [[1.0, 2.51], 'replicate'],
    [[2.0, 2.5, 2.5, 2.5, 2.5, 2.5], 'reject'],
    [[1.0, 2.52, 2.51], 'reject'],
  ] as const)('one lucky run does not win alone: %j → %s', (values, kind) => {
    expect(judged(values).kind).toBe(kind)
  })

  it('a run counts as at most four σ better than the worst', () => {
    const twice = { candidateReplicates: 2 }
    const { measured } = judged([1.0, 2.46], twice) as Verdict
    expect(measured).toBeCloseTo(2.5 - (2.46 + 2.38) / 2, 3)
    expect(judged([1.0, 2.46], twice)).toEqual(judged([2.38, 2.46], twice))
  })
})

describe('F125 a gain beyond every size that was expected', () => {
  it.each([
    [[0.5, 0.51], 2],
    [[-7.5, -7.49], 10],
  ])('is shown as measured: %j', (values, expected) => {
    const { measured, gain, reason } = judged(values) as Verdict
    expect(measured).toBeCloseTo(expected, 1)
    expect(gain).toBeCloseTo(expected, 1)
    expect(reason).toContain(`gain ${gain?.toPrecision(3)}`)
  })

  it('is shown as measured where it is a loss', () => {
    expect((judged([7.5, 7.51]) as Verdict).gain).toBeCloseTo(-5, 1)
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
    ['two runs, the second worse', [2.25, 2.75], 'reject', 'gain -0.25 over 2 runs: no improvement'],
    ['two runs, the second less good', [2.25, 2.375], 'merge', /^gain 0\.125 over 2 runs; /],
    ['not a number', [Number.NaN], 'reject', /^gain NaN/],
  ] as const)('%s: %s → %s', (_, values, kind, reason) => {
    const judgement = judgedRuns(runs(values), EXACT, {}, { baseline: exact, sigma: 0 })
    expect(judgement.kind).toBe(kind)
    if (typeof reason === 'string') expect(judgement.reason).toBe(reason)
    else expect(judgement.reason).toMatch(reason)
    expect(judgement).not.toHaveProperty('z')
  })
})

describe('F81 identical runs of a metric that may vary', () => {
  const exact = trialResults([2.5, 2.5, 2.5])
  it.each([
    ['one run, better', [2.4], 'replicate'],
    ['one run, equal', [2.5], 'reject'],
    ['two runs, better', [2.25, 2.25], 'review'],
    ['six runs, better', [2.25, 2.25, 2.25, 2.25, 2.25, 2.25], 'review'],
    ['two runs, worse', [2.75, 2.75], 'reject'],
  ] as const)('%s: %s → %s', (_, values, kind) => {
    expect(judgedRuns(runs(values), {}, {}, { baseline: exact, sigma: 0 }).kind).toBe(kind)
  })

  it('says why a person decides', () => {
    expect(judgedRuns(runs([2.25, 2.25]), {}, {}, { baseline: exact, sigma: 0 }).reason).toBe(
      'gain 0.25 over 2 runs; repeated runs are identical (σ = 0), so they show no more than one run, and a person has to decide',
    )
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
    const judgement = judgedRuns([...runs([2.4]), failed])
    expect(judgement).toEqual({
      kind: 'reject',
      reason: `run 2 of 2 ended ${outcome}: ${reason}`,
      failure: outcome,
      runs: { candidate: 2, baseline: 6 },
    })
  })

  it('needs no reason of its own', () => {
    const { reason: _, ...failed } = aTrialResult({ candidate: aCandidate(), outcome: 'crashed' })
    expect(judgedRuns([failed]).reason).toBe('run 1 of 1 ended crashed')
  })

  it.each([
    [317, 'merge'],
    [317.1, 'reject'],
    [600, 'reject'],
  ])(
    'F32 F70 %s s of wall time twice, when the baseline takes 300: %s, however good',
    (wallSeconds, kind) => {
      expect(judgedRuns(runs([2, 2.01], { wallSeconds })).kind).toBe(kind)
    },
  )

  it('F32 says how long it took', () => {
    const { reason } = judgedRuns(runs([2, 2.01], { wallSeconds: 400 }))
    expect(reason).toBe('run 2 of 2 is over-budget: 400.0 s, and a run takes 300.0 s; an earlier run was too')
  })

  it('allows 5 % and 2 s, or the configured share', () => {
    expect(wallAllowanceSeconds(100)).toBe(107)
    expect(wallAllowanceSeconds(100, 0.2)).toBe(122)
    expect(judgedRuns(runs([2, 2.01], { wallSeconds: 350 }), { allowance: 0.2 }).kind).toBe('merge')
    expect(judgedRuns(runs([2, 2.01], { wallSeconds: 350 }), { allowance: 0.1 }).kind).toBe('reject')
  })
})

describe('F76 one run that takes too long', () => {
  const run = (value: number, wallSeconds: number, replicate: number) =>
    aTrialResult({ candidate: aCandidate(), value, wallSeconds, replicate })
  const SLOW = 400

  it('is measured again, because the machine may be to blame', () => {
    expect(judgedRuns([run(2, SLOW, 1)])).toEqual({
      kind: 'replicate',
      reason: 'run 1 of 1 is over-budget: 400.0 s, and a run takes 300.0 s, so it is measured again',
    })
  })

  const timedOut = (replicate: number) =>
    aTrialResult({ candidate: aCandidate(), outcome: 'timed-out', wallSeconds: 660, replicate })

  it('is measured again even when it took so long that it was killed', () => {
    expect(judgedRuns([timedOut(1)])).toEqual({
      kind: 'replicate',
      reason: 'run 1 of 1 timed out: 660.0 s, and a run takes 300.0 s, so it is measured again',
    })
    expect(judgedRuns([timedOut(1), run(2.4, 300, 2), run(2.41, 300, 3)]).kind).toBe('merge')
  })

  it('is rejected when it is killed twice', () => {
    expect(judgedRuns([timedOut(1), timedOut(2)])).toEqual({
      kind: 'reject',
      reason: 'run 2 of 2 timed out: 660.0 s, and a run takes 300.0 s; an earlier run took too long, too',
      failure: 'timed-out',
      runs: { candidate: 2, baseline: 6 },
    })
  })

  it('does not count: the others decide', () => {
    const values = [2.47, 2.48]
    const judgement = judgedRuns([run(1, SLOW, 1), run(2.4, 300, 2), run(2.41, 300, 3)]) as Verdict
    const without = judged([2.4, 2.41]) as Verdict
    expect(judgement).toMatchObject({ kind: 'merge', gain: without.gain, risk: without.risk })
    expect(judgement.runs).toEqual({ candidate: 3, baseline: 6 })
    expect(judgement.reason).toMatch(/ over 2 runs, .*; run 1 of 3 is over-budget: .*, so it does not count$/)
    expect(
      judgedRuns([run(1, SLOW, 1), ...values.map((value, index) => run(value, 300, index + 2))]).kind,
    ).toBe(judged(values).kind)
  })

  it('is not measured again when even its own number is no improvement', () => {
    const judgement = judgedRuns([run(2.7, SLOW, 1)])
    expect(judgement.kind).toBe('reject')
    expect(judgement.reason).toMatch(/; run 1 of 1 is over-budget/)
  })

  it('a candidate cannot discard a second bad run by taking long again', () => {
    expect(judgedRuns([run(2.6, SLOW, 1), run(2.4, 300, 2), run(2.6, SLOW, 3)]).kind).toBe('reject')
  })

  it('a slow run of the baseline does not raise what is allowed', () => {
    expect(usualSecondsOf([run(2, 300, 1), run(2, 302, 2), run(2, 304, 3), run(2, 900, 4)])).toBe(302)
  })

  it('a machine on which the times of the baseline differ leaves as much to a candidate', () => {
    const busy = [280, 340, 260, 320, 270, 330].map((seconds, index) =>
      run(2.5 + (index % 2) * 0.04, seconds, index + 1),
    )
    const baseline = busy.map((result) => ({ ...result, trial: { ...result.trial, candidate: null } }))
    const kindAfter = (seconds: number) =>
      judgedRuns([run(2, seconds, 1), run(2.01, seconds, 2)], {}, {}, { baseline }).kind
    expect([kindAfter(350), kindAfter(390)]).toEqual(['merge', 'reject'])
  })

  it('longer runs are mentioned: at fixed steps they may be all that won', () => {
    const reason = (wallSeconds: number) =>
      judgedRuns(runs([2, 2.01], { wallSeconds }), { allowance: 0.2 }).reason
    // After the risk and its limit, which belong together.
    expect(reason(339)).toMatch(/false-merge risk < 0\.1 % ≤ 12 %, runs 13 % longer than the baseline's$/)
    expect(reason(314)).not.toContain('longer')
  })
})

describe('a proven gain on a machine whose numbers jump', () => {
  /** After runs of the baseline at 2.5, σ = 0.02. */
  const levelAfter = (...losses: number[]) =>
    losses.reduce((level, loss) => addBaselineRun(level, loss, SIGMA), firstLevel([2.49, 2.5, 2.51], SIGMA))
  const jumped = levelAfter(2.5, 2.6, 2.61, 2.59, 2.6, 2.5, 2.49)
  const judgedOn = (level: Level, compared: boolean) =>
    judgedRuns(runs([2.4, 2.41]), {}, {}, { level, compared })

  it('waits for a run of the baseline after its own', () => {
    expect(judgedOn(jumped, false)).toMatchObject({
      kind: 'replicate',
      of: 'baseline',
      reason: expect.stringMatching(
        / but the numbers of this machine jump: the baseline is run again first$/,
      ),
    })
    expect(judgedOn(jumped, true).kind).toBe('merge')
  })

  it('waits for nothing where they do not', () => {
    expect(judgedOn(levelAfter(2.5, 2.49, 2.51, 2.5), false).kind).toBe('merge')
  })
})

describe('F75 a candidate that chooses from more values', () => {
  const lines = (metricLines: number, values: readonly number[], candidate?: ReturnType<typeof aCandidate>) =>
    trialResults(values, candidate ? { candidate } : {}).map((result) => ({ ...result, metricLines }))
  const baseline = lines(5, measuredValues(BASELINE))

  it.each([
    [5, 'merge'],
    [4, 'merge'],
    [6, 'reject'],
  ])('%d metric lines, when the baseline prints 5: %s', (count, kind) => {
    const judgement = judgedRuns(lines(count, [2.4, 2.41], aCandidate()), {}, {}, { baseline })
    expect(judgement.kind).toBe(kind)
  })

  it('is told why', () => {
    expect(judgedRuns(lines(40, [2.4], aCandidate()), {}, {}, { baseline })).toMatchObject({
      kind: 'reject',
      reason: 'run 1 of 1 printed the metric 40 times, more often than the baseline (5)',
      failure: 'invalid-metric',
    })
  })
})

describe('F71 seed-insensitive', () => {
  it.each([
    ['identical', [2.3, 2.3, 2.3, 2.3, 2.3, 2.3]],
    ['as good as identical', [2.3, 2.30001, 2.3, 2.29999, 2.3, 2.3]],
  ])('F71 %s replicates wait for a person while the baseline varies', (_, values) => {
    expect(judged(values.slice(0, 2)).kind).toBe('replicate')
    const judgement = judged(values)
    expect(judgement.kind).toBe('review')
    expect(judgement.reason).toContain('seed-insensitive after 6 runs')
  })

  it('F71 one replicate that differs is enough', () => {
    expect(judged([2.3, 2.3, 2.31]).kind).toBe('merge')
  })

  it('F71 says nothing about a coarse metric, whose baseline repeats values too', () => {
    const coarse = trialResults([2.5, 2.5, 2.5, 2.6, 2.5, 2.5])
    expect(judgedRuns(runs([2.3, 2.3]), {}, {}, { baseline: coarse, sigma: 0.04 }).kind).toBe('merge')
  })
})

describe('review-above', () => {
  const evaluated = { trust: 'evaluated' } as const
  const sigmas = (value: number) => ({ reviewAbove: { kind: 'sigmas', value } as const })
  const percent = (value: number) => ({ reviewAbove: { kind: 'percent', value } as const })

  // Mean of the baseline 2.5, σ 0.02: the gain that can be expected, 0.0398, is 1.99 σ and 1.59 %.
  it.each([
    ['under it, in σ', sigmas(2.1), 'merge'],
    ['above it, in σ', sigmas(1.9), 'review'],
    ['under it, in percent', percent(1.7), 'merge'],
    ['above it, in percent', percent(1.5), 'review'],
    ['when there is none', {}, 'merge'],
  ])('a gain %s: %s → %s', (_, policy, kind) => {
    expect(judged([2.44, 2.45], policy).kind).toBe(kind)
  })

  it('F106 an evaluated gain above it waits, too', () => {
    expect(judgedRuns(runs([2.44, 2.45], evaluated), percent(1.5)).kind).toBe('review')
  })

  it('says what it was held against, with the facts of a merge', () => {
    const { kind: _, reason, ...facts } = judged([2.44, 2.45], percent(1)) as Verdict
    const { kind: __, reason: ___, ...merged } = judged([2.44, 2.45]) as Verdict
    expect(reason).toBe(
      'the gain is above 1 % = 0.025 (review-above); gain 0.0397 ± 0.022 over 2 runs, z = 3.4, false-merge risk 11 % ≤ 12 %',
    )
    expect(facts).toEqual(merged)
    expect(judged([2.44, 2.45], sigmas(1.5)).reason).toMatch(/above 1\.5 σ = 0\.03 /)
  })

  it('is about the direction that is better, whatever the sign of the metric', () => {
    expect(mirrored([2.44, 2.45], percent(1.5))).toEqual(judged([2.44, 2.45], percent(1.5)))
  })

  it('is asked only of what would be merged', () => {
    expect(judged([1], percent(1)).kind).toBe('replicate')
    expect(judged([2.46, 2.51], percent(0.1)).kind).toBe('reject')
    expect(judged([2.45, 2.46], { ...percent(0.1), candidateReplicates: 2 }).kind).toBe('park')
  })

  it.each([
    ['any, in σ', sigmas(8), 'review'],
    ['one above, in percent', percent(9), 'review'],
    ['one under, in percent', percent(11), 'merge'],
  ])('without noise a gain waits: %s', (_, policy, kind) => {
    const exact = trialResults([2.5, 2.5])
    const decided = judgedRuns(runs([2.25, 2.25]), { ...EXACT, ...policy }, {}, { baseline: exact, sigma: 0 })
    expect(decided.kind).toBe(kind)
  })

  it('of a baseline of 0 is exceeded by every gain in percent', () => {
    const zero = trialResults([0, 0])
    const policy = { ...EXACT, ...percent(50) }
    expect(judgedRuns(runs([-0.1, -0.1]), policy, {}, { baseline: zero, sigma: 0 }).kind).toBe('review')
  })
})

describe('whatever the numbers', () => {
  interface Case {
    evidence: Evidence
    code: JudgedCode
    policy: JudgePolicy
  }
  const simplicity: Simplicity = {
    removedLines: 5,
    margin: { kind: 'sigmas', value: 0.5 },
    addedLines: 20,
    gain: { kind: 'percent', value: 1 },
  }
  const cases = Array.from({ length: 1000 }, (_, index): Case => {
    const random = aRandom(index)
    const scale = 10 ** Math.floor(random() * 8 - 4)
    const draw = (shift: number) => scale * (3 + shift + 0.05 * gaussian(random))
    const baseline = trialResults(Array.from({ length: 1 + Math.floor(random() * 8) }, () => draw(0)))
    const shift = 0.2 * gaussian(random)
    const candidate = runs(Array.from({ length: 1 + Math.floor(random() * 7) }, () => draw(shift)))
    const sigma = random() < 0.1 ? 0 : scale * 0.1 * random()
    const effects = [0.3, ...Array.from({ length: 10 }, () => random() / 5)]
    return {
      evidence: someEvidence({ baseline, candidate, sigma, ...(random() < 0.5 && { effects }) }),
      code: { addedLines: Math.floor(60 * random() - 30) },
      policy: { ...POLICY, ...(random() < 0.5 && { simplicity }) },
    }
  })
  const judgedCase = ({ evidence, policy, code }: Case, fields: Partial<Evidence> = {}) =>
    judge({ ...evidence, ...fields }, policy, code)
  const valuesOf = ({ evidence }: Case) => measuredValues(evidence.candidate)
  const kinds = { reject: 0, park: 1, replicate: 1, review: 1, merge: 2 }

  it('covers every judgement', () => {
    const seen = Map.groupBy(cases, (one) => judgedCase(one).kind)
    for (const kind of ['merge', 'reject', 'park', 'replicate'] as const)
      expect(seen.get(kind)?.length, kind).toBeGreaterThan(10)
  })

  it('never merges on one run', () => {
    for (const one of cases)
      expect(judgedCase(one, { candidate: one.evidence.candidate.slice(0, 1) }).kind).not.toBe('merge')
  })

  it('never merges without a gain, unless code was removed', () => {
    for (const one of cases.filter(({ code, policy }) => !policy.simplicity || (code.addedLines ?? 0) > -5))
      if (judgedCase(one).kind === 'merge') {
        const { kept } = likeliest(readRuns(valuesOf(one), one.evidence.sigma ?? 1, 1 / 80))
        expect(mean(kept)).toBeLessThan(mean(measuredValues(one.evidence.baseline)))
      }
  })

  it('never merges against a baseline that was not measured', () => {
    for (const one of cases)
      expect(judgedCase(one, { baseline: [], level: undefined }).kind).not.toBe('merge')
  })

  it('maximising is the mirror of minimising', () => {
    const flipped = (results: readonly TrialResult[]) =>
      results.map((result) => ({ ...result, value: -(result.value ?? 0) }))
    for (const { evidence, policy, code } of cases) {
      const [baseline, candidate] = [flipped(evidence.baseline), flipped(evidence.candidate)]
      const mirrored = judge({ ...evidence, baseline, candidate }, { ...policy, direction: 'maximize' }, code)
      expect(mirrored).toEqual(judge(evidence, policy, code))
    }
  })

  it('the order in which equal evidence came in does not matter', () => {
    for (const one of cases) {
      const { baseline, candidate } = one.evidence
      const turned = { baseline: baseline.toReversed(), candidate: candidate.toReversed() }
      const [before, after] = [judgedCase(one), judgedCase(one, turned)]
      expect(after.kind).toBe(before.kind)
      expect((after as Verdict).risk ?? 0).toBeCloseTo((before as Verdict).risk ?? 0, 6)
    }
  })

  it('worse evidence never turns a rejection into a merge, nor any verdict into a better one: each run worse by as much', () => {
    for (const one of cases) {
      const before = judgedCase(one).kind
      for (const worse of [0.001, 0.02, 0.5].map((part) => part * Math.abs(mean(valuesOf(one))))) {
        const after = judgedCase(one, { candidate: runs(valuesOf(one).map((value) => value + worse)) }).kind
        expect(kinds[after], `${valuesOf(one)}`).toBeLessThanOrEqual(kinds[before])
      }
    }
  })

  it('one worse run never turns a rejection into a merge', () => {
    for (const one of cases) {
      const values = valuesOf(one)
      const worst = values.with(0, (values[0] ?? 0) + Math.abs(mean(values)) / 20)
      const [before, after] = [judgedCase(one), judgedCase(one, { candidate: runs(worst) })]
      if (before.kind === 'reject') expect(after.kind).not.toBe('merge')
    }
  })

  it('a baseline that is better never turns a rejection into a merge', () => {
    for (const one of cases) {
      const { level } = one.evidence
      if (!level || judgedCase(one).kind !== 'reject') continue
      const better = { ...level, mean: level.mean - Math.abs(level.mean) / 20 }
      expect(judgedCase(one, { level: better }).kind).toBe('reject')
    }
  })

  it('says why in one short line', () => {
    for (const one of cases) {
      const { reason } = judgedCase(one)
      expect(reason).toMatch(/^[ -~±σ≥≤√]{10,220}$/)
      expect(reason).not.toMatch(/NaN|undefined|Infinity|e-1\d/)
    }
  })
})

describe('equal values', () => {
  const tenths = Array.from({ length: 100 }, (_, n) => n / 10)

  it('never make a change without effect look better', () => {
    for (const value of tenths) {
      const same = trialResults(Array(6).fill(value))
      const sigma = estimateNoise([measuredValues(same)])?.sigma
      expect(judgedRuns(runs([value]), {}, {}, { baseline: same, sigma }).kind).toBe('reject')
    }
  })
})
