// Which runs may be compared with which.
import { describe, expect, it } from 'vitest'
import {
  baselineMean,
  baselineTrials,
  evidenceFor,
  measurementHash,
  noiseSigma,
  trialsOfTree,
} from '../../src/core/evidence.ts'
import type { TrialResult } from '../../src/core/trial.ts'
import { aBaseline, aCandidate, aConfig, aState, aTrialResult, BENCH, trialResults } from '../factories.ts'

const CANDIDATE = aCandidate()
const ELSEWHERE = { testbed: '1 × OtherGPU, driver 1.0' }

function values(results: readonly TrialResult[]): (number | undefined)[] {
  return results.map(({ value }) => value)
}

describe('measurementHash', () => {
  const before = measurementHash(aConfig())

  it('is what a result file may hold', () => expect(before).toMatch(/^[0-9a-f]{16}$/))

  it.each([
    ['train', { train: 'python train.py' }],
    ['evaluate', { evaluate: 'uv run evaluate.py' }],
    ['kind of sandbox', { sandbox: { ...aConfig().sandbox, kind: 'none' as const } }],
    ['setup', { setup: 'uv run prepare.py' }],
    ['budget', { budgetSeconds: 301 }],
    ['timeout', { timeoutSeconds: 700 }],
    ['metric name', { metric: { ...aConfig().metric, name: 'val_loss' } }],
    ['direction', { metric: { ...aConfig().metric, direction: 'maximize' as const } }],
    ['bounds', { metric: { ...aConfig().metric, bounds: [0, 5] as [number, number] } }],
    ['progress', { progress: { pattern: 'step (?<step>.*) (?<value>.*)' } }],
  ])('changes with what a number means: %s', (_, fields) => {
    expect(measurementHash(aConfig(fields))).not.toBe(before)
  })

  it.each([
    ['limits', { limits: { candidates: 1, tokens: 1, dollars: 1 } }],
    ['replicates', { replicates: { baseline: 3, candidate: 2 } }],
    ['proposers', { proposers: [] }],
    ['program', { program: 'program.md' }],
    ['cut', { cutBelow: 0.05 }],
    ['review-above', { reviewAbove: { kind: 'percent' as const, value: 10 } }],
    [
      'limits of the sandbox',
      { sandbox: { ...aConfig().sandbox, read: ['/opt'], outBytes: 1, processes: 16 } },
    ],
  ])('stays when a number means the same: %s', (_, fields) => {
    expect(measurementHash(aConfig(fields))).toBe(before)
  })
})

describe('F52 runs that cannot be compared', () => {
  const state = aState({
    candidates: [CANDIDATE],
    trials: [
      ...trialResults([2.5, 2.52]),
      aTrialResult({ replicate: 3, value: 1.5, ...ELSEWHERE }),
      aTrialResult({ replicate: 4, value: 1.4, config: 'f'.repeat(16) }),
      aTrialResult({ candidate: CANDIDATE, value: 2.4 }),
      aTrialResult({ candidate: CANDIDATE, replicate: 2, value: 1.3, ...ELSEWHERE }),
    ],
  })

  it('F52 those of another testbed or configuration are left out', () => {
    expect(values(baselineTrials(state, BENCH, aBaseline().tree))).toEqual([2.5, 2.52])
    expect(values(trialsOfTree(state, BENCH, CANDIDATE.tree))).toEqual([2.4])
    expect(baselineMean(state, BENCH, aBaseline().tree)).toBe(2.51)
  })

  it('F52 σ is that of this testbed alone', () => {
    expect(noiseSigma(state, BENCH)).toBeCloseTo(Math.hypot(0.01, 0.01), 10)
    expect(noiseSigma(state, { ...BENCH, ...ELSEWHERE })).toBeUndefined()
  })

  it('F52 another testbed has its own numbers', () => {
    expect(values(baselineTrials(state, { ...BENCH, ...ELSEWHERE }, aBaseline().tree))).toEqual([1.5])
  })

  it('before anything was trained every testbed will do', () => {
    expect(trialsOfTree(state, { ...BENCH, testbed: undefined }, aBaseline().tree)).toHaveLength(3)
  })
})

describe('baselineTrials', () => {
  const merged = aBaseline('merged')
  const winner = aCandidate({ tree: merged.tree })
  const state = aState({
    baselines: [aBaseline(), merged],
    candidates: [winner],
    trials: [
      aTrialResult({ candidate: winner, replicate: 1, value: 2.1 }),
      aTrialResult({ candidate: winner, replicate: 2, value: 2.3 }),
      aTrialResult({ candidate: winner, replicate: 3, outcome: 'crashed' }),
      aTrialResult({ baseline: merged, replicate: 4, value: 2.4 }),
    ],
  })

  it('takes the confirmations of a merged candidate, never its selected first run, never a failed one', () => {
    expect(values(baselineTrials(state, BENCH, merged.tree))).toEqual([2.3, 2.4])
  })

  it('takes the first run of a baseline that was not a candidate', () => {
    expect(values(baselineTrials(aState({ trials: [aTrialResult()] }), BENCH, aBaseline().tree))).toEqual([
      2.5,
    ])
  })

  it('F52 leaves out the run that was selected on the new testbed, whatever its number', () => {
    const trials = [
      aTrialResult({ candidate: winner, replicate: 1, value: 2.1, ...ELSEWHERE }),
      aTrialResult({ candidate: winner, replicate: 2, value: 2.2 }),
      aTrialResult({ candidate: winner, replicate: 3, value: 2.3 }),
    ]
    expect(values(baselineTrials(aState({ trials }), BENCH, merged.tree))).toEqual([2.3])
  })

  it('has no mean before the first run that counts', () => {
    const first = aState({ trials: [aTrialResult({ candidate: winner, value: 2.1 })] })
    expect(baselineMean(first, BENCH, merged.tree)).toBeUndefined()
  })
})

describe('noiseSigma', () => {
  it('pools every code that was run twice, candidates included', () => {
    const state = aState({
      trials: [...trialResults([1, 3]), ...trialResults([10, 14], { candidate: CANDIDATE })],
    })
    expect(noiseSigma(state, BENCH)).toBeCloseTo(Math.sqrt((2 + 8) / 2), 12)
  })

  it('is not known before something was run twice', () => {
    const state = aState({ trials: [aTrialResult(), aTrialResult({ candidate: CANDIDATE })] })
    expect(noiseSigma(state, BENCH)).toBeUndefined()
  })

  it('takes failed runs for what they are, no number', () => {
    const state = aState({
      trials: [...trialResults([1, 3]), aTrialResult({ replicate: 3, outcome: 'diverged' })],
    })
    expect(noiseSigma(state, BENCH)).toBeCloseTo(Math.SQRT2, 12)
  })
})

describe('evidenceFor', () => {
  it('compares with the baseline the candidate was built on, not with the newest', () => {
    const state = aState({
      baselines: [aBaseline(), aBaseline('next')],
      candidates: [CANDIDATE],
      trials: [...trialResults([2.5]), ...trialResults([2.2], { baseline: aBaseline('next') })],
    })
    expect(values(evidenceFor(state, BENCH, CANDIDATE).baseline)).toEqual([2.5])
  })

  it('has no baseline runs when the base is not known', () => {
    const state = aState({
      candidates: [CANDIDATE],
      trials: trialResults([2.5]),
      baselines: [aBaseline('x')],
    })
    expect(evidenceFor(state, BENCH, CANDIDATE).baseline).toEqual([])
  })
})
