// A change without effect is recognised by a run that equals the baseline's run with the same seed.
import { describe, expect, it } from 'vitest'
import { hasNoEffect } from '../../../src/core/judge/no-effect.ts'
import { decide, planTrials } from '../../../src/core/plan/schedule.ts'
import type { TrialResult } from '../../../src/core/record/trial.ts'
import { seedToShare } from '../../../src/core/trial/shared-seed.ts'
import { checkResult } from '../../../src/core/trial/trust.ts'
import {
  aCandidate,
  aState,
  aTrialResult,
  CONDITIONS,
  POLICY,
  type TrialResultFields,
  trialResults,
} from '../../factories.ts'

const knob = { file: 'train.py', name: 'n_layer', from: 12, to: 24, context: '0a1b2c3d' }
const KNOB = aCandidate({ name: 'knob', knob })
const AGENT = aCandidate({ name: 'agent' })
const CURVE = [
  { step: 0, value: 4.2 },
  { step: 50, value: 2.51 },
]
const BASELINE = trialResults([2.4713, 2.4824, 2.4935, 2.5144, 2.5253, 2.5362])
/** The run of the baseline nearest to the mean, 2.50385. */
const NEAREST = BASELINE[2] ?? aTrialResult()
const [LUCKY] = BASELINE

function plannedSeed(candidate = KNOB, baseline: readonly TrialResult[] = BASELINE): number | undefined {
  const state = aState({ candidates: [candidate], trials: [...baseline] })
  return planTrials(state, CONDITIONS, POLICY).find((trial) => trial.candidate === candidate.id)?.seed
}

function run(fields: TrialResultFields = {}, candidate = KNOB): TrialResult {
  return aTrialResult({ candidate, seed: NEAREST.trial.seed, value: NEAREST.value ?? 0, ...fields })
}

function isDead(result: TrialResult, baseline: readonly TrialResult[] = BASELINE): boolean {
  const state = aState({ candidates: [KNOB], trials: [...baseline, result] })
  return hasNoEffect(state, CONDITIONS, KNOB)
}

describe('F83 the seed of the first run', () => {
  it('is that of the baseline run nearest to the mean, for a candidate that searches constants', () => {
    expect(plannedSeed()).toBe(NEAREST.trial.seed)
    expect(plannedSeed(aCandidate({ name: 'several', knobs: [knob, knob] }))).toBe(NEAREST.trial.seed)
  })

  it('is its own for code that someone wrote, who could make use of a known seed', () => {
    expect(plannedSeed(AGENT)).toBe(aTrialResult({ candidate: AGENT }).trial.seed)
  })

  it('is its own for candidates of older releases, whose ledgers lead to the same decisions', () => {
    const { context: _, ...older } = knob
    const candidate = aCandidate({ name: 'older', knob: older })
    expect(plannedSeed(candidate)).toBe(aTrialResult({ candidate }).trial.seed)
  })

  it('is its own while the baseline has too few runs to tell a lucky one', () => {
    expect(seedToShare(BASELINE.slice(0, 3), 0.02)).toBeUndefined()
    expect(seedToShare(BASELINE.slice(0, 1), 0)).toBe(LUCKY?.trial.seed)
    expect(seedToShare([], 0)).toBeUndefined()
  })

  it('is shared by no later run', () => {
    const first = run({ value: 2.44 })
    const state = aState({ candidates: [KNOB], trials: [...BASELINE, first] })
    const [second] = planTrials(state, CONDITIONS, POLICY)
    expect(second).toMatchObject({ candidate: KNOB.id, replicate: 2 })
    expect(BASELINE.map(({ trial }) => trial.seed)).not.toContain(second?.seed)
  })

  it.each<[string, TrialResult, string | undefined]>([
    ['of a run of its baseline', run(), undefined],
    ['of no run of its baseline', run({ seed: 12345 }), 'its seed is not the one assigned'],
    ['for a later run', run({ replicate: 2 }), 'its seed is not the one assigned'],
    ['for code that someone wrote', run({}, AGENT), 'its seed is not the one assigned'],
  ])('is believed %s: %#', (_, result, problem) => {
    const state = aState({ candidates: [KNOB, AGENT], trials: BASELINE })
    const demands = { hash: CONDITIONS.config, trust: 'self-reported', sandboxKind: 'bubblewrap' } as const
    expect(checkResult(state, result, demands)).toBe(problem)
  })
})

describe('F83 hasNoEffect', () => {
  const withCurve = BASELINE.map((result) => ({ ...result, curve: CURVE }))

  it.each<[string, boolean, TrialResult, readonly TrialResult[]]>([
    ['value and curve are equal', true, run({ curve: CURVE }), withCurve],
    ['a precise value is equal, without a curve', true, run(), BASELINE],
    ['the value differs in its last digit', false, run({ value: 2.4936 }), BASELINE],
    [
      'a point of the curve differs',
      false,
      run({ curve: [CURVE[0] ?? { step: 0, value: 0 }, { step: 50, value: 2.5 }] }),
      withCurve,
    ],
    ['only one run has a curve', false, run({ curve: CURVE }), BASELINE],
    ['the seed is another', false, run({ seed: 99 }), BASELINE],
    ['the testbed is another', false, run({ testbed: 'other' }), BASELINE],
    ['the run failed', false, run({ outcome: 'crashed' }), BASELINE],
    [
      'the value is coarse',
      false,
      run({ value: 2.5 }),
      BASELINE.map((result) => ({ ...result, value: 2.5 })),
    ],
  ])('%s: %s', (_, expected, result, baseline) => {
    expect(isDead(result, baseline)).toBe(expected)
  })

  it('rejects the candidate with that reason, after one run', () => {
    const state = aState({ candidates: [KNOB], trials: [...BASELINE, run()] })
    expect(decide(state, CONDITIONS, POLICY)).toMatchObject([
      {
        candidate: KNOB.id,
        verdict: { kind: 'reject', noEffect: true, gain: 0, reason: expect.stringMatching(/^no effect: /) },
      },
    ])
  })

  it('concludes nothing where equal runs differ by chance', () => {
    const state = aState({ candidates: [KNOB], trials: [...BASELINE, run({ value: 2.4601 })] })
    expect(decide(state, CONDITIONS, POLICY).some(({ verdict }) => verdict.noEffect)).toBe(false)
  })
})
