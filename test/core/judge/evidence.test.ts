// Which runs may be compared with which.

import { describe, expect, it } from 'vitest'
import { measurementHash } from '../../../src/core/config/measurement.ts'
import {
  baselineMean,
  baselineTrials,
  beliefAt,
  evidenceFor,
  missingBaselineRuns,
  noiseSigma,
  trialsOfTree,
} from '../../../src/core/judge/evidence.ts'
import { judge } from '../../../src/core/judge/judge.ts'
import type { State } from '../../../src/core/record/state.ts'
import type { TrialResult } from '../../../src/core/record/trial.ts'
import type { Verdict } from '../../../src/core/record/verdict.ts'
import { estimateNoise } from '../../../src/core/statistics/noise.ts'
import { ONE_SPREAD } from '../../../src/core/statistics/spreads.ts'
import {
  aaOrigin,
  aBaseline,
  aCandidate,
  aConfig,
  aRandom,
  aState,
  aTrialResult,
  aVerdict,
  CONDITIONS,
  certifying,
  POLICY,
  revertOrigin,
  sha,
  trialResults,
} from '../../factories.ts'

const CANDIDATE = aCandidate()
const ELSEWHERE = { testbed: '1 × OtherGPU, driver 1.0' }

function sigmaOf(...groups: readonly number[][]): number | undefined {
  return estimateNoise(groups)?.sigma
}

function values(results: readonly TrialResult[]): (number | undefined)[] {
  return results.map(({ value }) => value)
}

const NOISE = { sigma: 0.02, outliers: 1 / 80 }

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
    ['limits', { limits: { candidates: 1, waiting: 1, tokens: 1, dollars: 1 } }],
    ['replicates', { replicates: { baseline: 3, candidate: 2 } }],
    ['proposers', { proposers: [] }],
    ['program', { program: 'program.md' }],
    ['cut', { cutBelow: 0.05 }],
    ['merge-risk', { mergeRisk: 0.05 }],
    ['min-gain', { minGain: { kind: 'percent' as const, value: 1 } }],
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
    expect(values(baselineTrials(state, CONDITIONS, aBaseline().tree))).toEqual([2.5, 2.52])
    expect(values(trialsOfTree(state, CONDITIONS, CANDIDATE.tree))).toEqual([2.4])
    expect(baselineMean(state, CONDITIONS, aBaseline().tree)).toBe(2.51)
  })

  it('F52 σ is that of this testbed alone', () => {
    expect(noiseSigma(state, CONDITIONS)).toBe(sigmaOf([2.5, 2.52]))
    expect(noiseSigma(state, { ...CONDITIONS, ...ELSEWHERE })).toBeUndefined()
  })

  it('F52 another testbed has its own numbers', () => {
    expect(values(baselineTrials(state, { ...CONDITIONS, ...ELSEWHERE }, aBaseline().tree))).toEqual([1.5])
  })

  it('before anything was trained every testbed will do', () => {
    expect(trialsOfTree(state, { ...CONDITIONS, testbed: undefined }, aBaseline().tree)).toHaveLength(3)
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
    expect(values(baselineTrials(state, CONDITIONS, merged.tree))).toEqual([2.3, 2.4])
  })

  it('takes the first run of a baseline that was not a candidate', () => {
    expect(
      values(baselineTrials(aState({ trials: [aTrialResult()] }), CONDITIONS, aBaseline().tree)),
    ).toEqual([2.5])
  })

  it('F52 leaves out the run that was selected on the new testbed, whatever its number', () => {
    const trials = [
      aTrialResult({ candidate: winner, replicate: 1, value: 2.1, ...ELSEWHERE }),
      aTrialResult({ candidate: winner, replicate: 2, value: 2.2 }),
      aTrialResult({ candidate: winner, replicate: 3, value: 2.3 }),
    ]
    expect(values(baselineTrials(aState({ trials }), CONDITIONS, merged.tree))).toEqual([2.3])
  })

  it('has no mean before the first run that counts', () => {
    const first = aState({ trials: [aTrialResult({ candidate: winner, value: 2.1 })] })
    expect(baselineMean(first, CONDITIONS, merged.tree)).toBeUndefined()
  })
})

describe('noiseSigma', () => {
  it('pools every code that was run twice, candidates without their first run', () => {
    const state = aState({
      trials: [...trialResults([1, 3]), ...trialResults([99, 10, 14], { candidate: CANDIDATE })],
    })
    expect(noiseSigma(state, CONDITIONS)).toBe(sigmaOf([1, 3], [10, 14]))
  })

  it('is not raised by first runs, which were selected for being good', () => {
    const lucky = Array.from({ length: 10 }, (_, index) =>
      trialResults([2.4, 2.5], { candidate: aCandidate({ name: `lucky ${index}` }) }),
    )
    const [quiet, all] = [[], lucky.flat()].map((trials) =>
      noiseSigma(aState({ trials: [...trialResults([2.49, 2.5, 2.51]), ...trials] }), CONDITIONS),
    )
    expect(all).toBe(quiet)
  })

  it('leaves the run out that was the first on the new testbed, whatever its number', () => {
    const trials = [
      aTrialResult({ candidate: CANDIDATE, replicate: 1, value: 2.1, ...ELSEWHERE }),
      ...[2.2, 2.3, 2.4].map((value, index) =>
        aTrialResult({ candidate: CANDIDATE, replicate: index + 2, value }),
      ),
    ]
    expect(noiseSigma(aState({ trials }), CONDITIONS)).toBe(sigmaOf([2.3, 2.4]))
  })

  it('leaves out the code that is judged', () => {
    const trials = [...trialResults([1, 3]), ...trialResults([5, 10, 90], { candidate: CANDIDATE })]
    const state = aState({ trials, candidates: [CANDIDATE] })
    expect(noiseSigma(state, CONDITIONS, CANDIDATE.tree)).toBe(sigmaOf([1, 3]))
    expect(evidenceFor(state, CONDITIONS, CANDIDATE).sigma).toBe(
      noiseSigma(state, CONDITIONS, CANDIDATE.tree),
    )
  })

  it('is not known before something was run twice', () => {
    const state = aState({ trials: [aTrialResult(), ...trialResults([2.4, 2.5], { candidate: CANDIDATE })] })
    expect(noiseSigma(state, CONDITIONS)).toBeUndefined()
  })

  it('takes failed runs for what they are, no number', () => {
    const state = aState({
      trials: [...trialResults([1, 3]), aTrialResult({ replicate: 3, outcome: 'diverged' })],
    })
    expect(noiseSigma(state, CONDITIONS)).toBe(sigmaOf([1, 3]))
  })

  it('is 0 where repeated runs are identical', () => {
    expect(noiseSigma(aState({ trials: trialResults([2.5, 2.5]) }), CONDITIONS)).toBe(0)
  })
})

describe('what the record tells about the baseline', () => {
  const measured = trialResults([2.47, 2.48, 2.49, 2.51, 2.52, 2.53])
  const open = aCandidate({ name: 'open' })
  const told = (extra: Parameters<typeof aState>[0] = {}) => {
    const { candidates = [], trials = [] } = extra
    const { level, effects } = evidenceFor(
      aState({ candidates: [open, ...candidates], trials: [...measured, ...trials] }),
      CONDITIONS,
      open,
    )
    return { level, effects }
  }
  const rejected = { ...CANDIDATE, verdict: aVerdict({ kind: 'reject' }) }

  it('is changed by an idea that was rejected', () => {
    const trials = [aTrialResult({ candidate: CANDIDATE, value: 2.6 })]
    expect(told({ candidates: [rejected], trials })).not.toEqual(told())
  })

  it.each([
    ['a candidate that changes nothing', { origin: aaOrigin(1) }],
    ['what undoes a merge', { origin: revertOrigin(sha('merge')) }],
  ])('is not changed by %s', (_, fields) => {
    // Only what the runs say of the noise of one run is the same for all code, so there is one run.
    const trials = [aTrialResult({ candidate: CANDIDATE, value: 2.6 })]
    expect(told({ candidates: [{ ...rejected, ...fields }], trials })).toEqual(told())
  })

  it('is not changed by certification', () => {
    const run = aTrialResult({ candidate: CANDIDATE, value: 2.6 })
    const protocol = certifying(sha('certified'), sha('merge'))
    const trials = [{ ...run, trial: { ...run.trial, protocol } }]
    expect(told({ candidates: [rejected], trials })).toEqual(told())
  })
})

describe('missingBaselineRuns', () => {
  const merged = { commit: sha('merge'), tree: CANDIDATE.tree }
  const end = { kind: 'merged', commit: merged.commit, asTrained: true } as const
  const winner = { ...CANDIDATE, verdict: aVerdict(), end }
  const measured = trialResults([2.47, 2.48, 2.49, 2.51, 2.52, 2.53])
  const won = trialResults([2.4, 2.41], { candidate: CANDIDATE })
  const missing = (state: State, baseline = aBaseline()) =>
    missingBaselineRuns(state, CONDITIONS, baseline, { baselineReplicates: 6 })

  it('are all of them for a baseline about which nothing is known', () => {
    expect(missing(aState())).toBe(6)
    expect(missing(aState({ trials: measured.slice(0, 2) }))).toBe(4)
    expect(missing(aState({ trials: measured }))).toBe(0)
  })

  it('are none once its level is inherited from the candidate whose merge made it', () => {
    const baselines = [aBaseline(), merged]
    const state = aState({ baselines, candidates: [winner], trials: [...measured, ...won] })
    expect(missing(state, merged)).toBe(0)
    expect(beliefAt(state, CONDITIONS, merged.commit, NOISE)).toMatchObject({ inherited: true })
  })

  it.each([
    ['a person pushed it', { end: { kind: 'closed' } as const }],
    ['the merge made other code than was trained', { end: { ...end, asTrained: false } }],
  ])('are all of them when %s', (_, fields) => {
    const next = aBaseline('next')
    const state = aState({
      baselines: [aBaseline(), next],
      candidates: [{ ...winner, ...fields }],
      trials: [...measured, ...won],
    })
    expect(missing(state, next)).toBe(6)
    expect(beliefAt(state, CONDITIONS, next.commit, NOISE)).toMatchObject({
      inherited: false,
      level: undefined,
    })
  })

  it('are all of them on another testbed', () => {
    const baselines = [aBaseline(), merged]
    const state = aState({ baselines, candidates: [winner], trials: [...measured, ...won] })
    expect(
      missingBaselineRuns(state, { ...CONDITIONS, ...ELSEWHERE }, merged, { baselineReplicates: 6 }),
    ).toBe(6)
  })

  const identical = (runs: number) => trialResults(Array<number>(runs).fill(2.5))

  it('F81 are all of them where repeated runs are identical, and one for the next baseline', () => {
    expect(missing(aState({ trials: identical(2) }))).toBe(4)
    expect(missing(aState({ trials: identical(6) }))).toBe(0)
    const next = aBaseline('next')
    expect(missing(aState({ baselines: [aBaseline(), next], trials: identical(6) }), next)).toBe(1)
  })

  it('F81 are two where the configuration says that equal code gives equal values', () => {
    const exact = (state: State) =>
      missingBaselineRuns(state, CONDITIONS, aBaseline(), { baselineReplicates: 6, deterministic: true })
    expect(exact(aState({ trials: identical(2) }))).toBe(0)
    expect(exact(aState({ trials: trialResults([2.5, 2.6]) }))).toBe(4)
  })
})

describe('beliefAt', () => {
  const measured = trialResults([2.47, 2.48, 2.49, 2.51, 2.52, 2.53])
  const rejected = aCandidate({ name: 'rejected', verdict: aVerdict({ kind: 'reject' }) })
  const levelOf = (state: State, conditions = CONDITIONS) =>
    beliefAt(state, conditions, aBaseline().commit, NOISE).level ?? { mean: Number.NaN, variance: Number.NaN }

  it('knows no level without runs, and none without noise', () => {
    expect(beliefAt(aState(), CONDITIONS, aBaseline().commit, NOISE).level).toBeUndefined()
    for (const noise of [undefined, { ...NOISE, sigma: 0 }])
      expect(
        beliefAt(aState({ trials: measured }), CONDITIONS, aBaseline().commit, noise).level,
      ).toBeUndefined()
  })

  it('is the mean of the baseline’s runs at first', () => {
    const level = levelOf(aState({ trials: measured }))
    expect(level.mean).toBeCloseTo(2.5, 5)
    expect(level.variance).toBeCloseTo(0.02 ** 2 / 6, 5)
  })

  it('learns from candidates that were decided, not from one that is open', () => {
    const trials = [...measured, ...trialResults([2.52], { candidate: rejected })]
    const { verdict: _, ...open } = rejected
    expect(levelOf(aState({ candidates: [open], trials }))).toEqual(levelOf(aState({ trials: measured })))
    expect(levelOf(aState({ candidates: [rejected], trials })).mean).toBeGreaterThan(2.5)
  })

  it('is mirrored for a metric that is maximized', () => {
    const flip = (results: readonly TrialResult[]) =>
      results.map((one) => ({ ...one, value: -(one.value ?? 0) }))
    const trials = [...measured, ...trialResults([2.52], { candidate: rejected })]
    const up = levelOf(aState({ candidates: [rejected], trials: flip(trials) }), {
      ...CONDITIONS,
      direction: 'maximize',
    })
    expect(up).toEqual(levelOf(aState({ candidates: [rejected], trials })))
  })
})

describe('F112 one run of the baseline that is far off', () => {
  const values = [2.47, 2.48, 2.49, 2.51, 2.52, 2.53]
  const open = aCandidate({ name: 'open' })
  const told = (measured: readonly number[]) => {
    const { level, sigma = Number.NaN } = evidenceFor(
      aState({ candidates: [open], trials: trialResults(measured) }),
      CONDITIONS,
      open,
    )
    return { center: level?.mean ?? Number.NaN, sigma }
  }

  it.each([
    ['far worse, the first', [3.2, ...values]],
    ['far worse, the last', [...values, 3.2]],
    ['far better', [...values, 1.8]],
    ['a lost host', [...values.slice(0, 3), 9e9, ...values.slice(3)]],
    ['by twenty σ', [...values, 2.9]],
  ])('hardly moves its noise and level: %s', (_, measured) => {
    const [clean, found] = [told(values), told(measured)]
    expect(Math.abs(found.sigma / clean.sigma - 1)).toBeLessThan(0.15)
    expect(Math.abs(found.center - clean.center)).toBeLessThan(0.1 * clean.sigma)
  })
})

describe('code with more noise than the baseline', () => {
  const open = aCandidate({ name: 'open' })
  const evidenceAfter = (groups: readonly (readonly number[])[], own: readonly number[]) => {
    const tried = groups.map((_, index) =>
      aCandidate({ name: `tried ${index}`, verdict: aVerdict({ kind: 'reject' }) }),
    )
    const trials = [
      ...trialResults([2.47, 2.48, 2.49, 2.51, 2.52, 2.53]),
      ...tried.flatMap((candidate, index) => trialResults(groups[index] ?? [], { candidate })),
      ...trialResults(own, { candidate: open }),
    ]
    const evidence = evidenceFor(aState({ candidates: [...tried, open], trials }), CONDITIONS, open)
    return { ...evidence, compared: true }
  }
  const restless = Array.from({ length: 12 }, (_, index) =>
    index % 3 === 0 ? [2.55, 2.45, 2.65, 2.44] : [2.55, 2.52, 2.56, 2.53],
  )

  it('needs a third run where other code was like that', () => {
    const evidence = evidenceAfter(restless, [2.305, 2.315])
    expect(judge({ ...evidence, spreads: ONE_SPREAD }, POLICY).kind).toBe('merge')
    expect(judge(evidence, POLICY)).toMatchObject({ kind: 'replicate' })
    expect(judge(evidenceAfter(restless, [2.305, 2.315, 2.305]), POLICY).kind).toBe('merge')
  })
})

describe('F113 a machine whose numbers move', () => {
  /** `values` of candidates that were tried one after the other, then three runs of one that is open. */
  const judgement = (values: readonly number[], last: readonly number[]) => {
    const tried = values.map((_, index) =>
      aCandidate({ name: `tried ${index}`, verdict: aVerdict({ kind: 'reject' }) }),
    )
    const open = aCandidate({ name: 'open' })
    const trials = [
      ...trialResults([2.47, 2.48, 2.49, 2.51, 2.52, 2.53]),
      ...tried.flatMap((candidate, index) => trialResults([values[index] ?? 0], { candidate })),
      ...trialResults(last, { candidate: open }),
    ]
    const evidence = evidenceFor(aState({ candidates: [...tried, open], trials }), CONDITIONS, open)
    return { evidence, verdict: judge(evidence, POLICY) }
  }
  const around = (level: number) => [0.01, -0.02, 0.02, 0, -0.01, 0.01, 0.02, -0.01].map((one) => level + one)
  const sd = ({ level }: ReturnType<typeof judgement>['evidence']) => Math.sqrt(level?.variance ?? 0)

  it('merges what gains 6 σ while nothing moved', () => {
    expect(judgement(around(2.5), [2.35, 2.36, 2.34]).verdict.kind).toBe('merge')
  })

  it('runs the baseline before it merges 3.5 σ, which a movement could explain', () => {
    const { evidence, verdict } = judgement(around(2.5), [2.415, 2.425, 2.41])
    expect(verdict).toMatchObject({
      kind: 'replicate',
      of: 'baseline',
      reason: expect.stringMatching(
        /risk 8\.4 % ≤ 12 %, but the risk is 21 % if the numbers of this machine move: the baseline is run again first$/,
      ),
    })
    expect(judge({ ...evidence, compared: true }, POLICY).kind).toBe('merge')
  })

  it.each([
    ['jumped', around(2.435)],
    ['drifted', around(2.5).map((value, index) => value - 0.008 * index)],
  ])('merges no number that is better because the machine %s', (_, values) => {
    const { evidence, verdict } = judgement(values, [2.42, 2.43, 2.41])
    expect(verdict.kind).not.toBe('merge')
    expect(evidence.level?.mean).toBeLessThan(2.485)
  })

  it.each([
    ['better', -1],
    ['worse', 1],
  ])('counts older runs less once numbers became %s', (_, sign) => {
    const steady = judgement(around(2.5), []).evidence
    const jumped = judgement(around(2.5 + sign * 0.12), []).evidence
    // The mean of all runs is about 3.4 σ away from where the baseline was first.
    expect(sign * ((jumped.level?.mean ?? 0) - 2.5)).toBeGreaterThan(0.08)
    expect(sd(jumped)).toBeGreaterThan(sd(steady))
  })
})

it.each([5, 50, 500, 5000])(
  'a small gain is still worth a second run after a merge that gained %s σ',
  (sigmas) => {
    const merge = { gain: 0.022 * sigmas, sigma: 0.022 }
    const merged = aCandidate({
      name: 'merged',
      verdict: aVerdict({ kind: 'merge', ...merge }),
      end: { kind: 'merged', commit: sha('merged'), asTrained: true },
    })
    const next = aBaseline('merged')
    const open = aCandidate({ name: 'open', base: next.commit })
    const trials = [
      ...trialResults([2.47, 2.48, 2.49, 2.51, 2.52, 2.53].map((value) => value + merge.gain)),
      ...trialResults([2.5, 2.51, 2.49], { candidate: merged }),
      ...trialResults([2.48, 2.52, 2.5], { baseline: next }),
      ...trialResults([2.42], { candidate: open }),
    ]
    const state = aState({ baselines: [aBaseline(), next], candidates: [merged, open], trials })
    expect(judge(evidenceFor(state, CONDITIONS, open), POLICY)).toMatchObject({ kind: 'replicate' })
  },
)

describe('evidenceFor', () => {
  it('compares with the baseline the candidate was built on, not with the newest', () => {
    const state = aState({
      baselines: [aBaseline(), aBaseline('next')],
      candidates: [CANDIDATE],
      trials: [...trialResults([2.5]), ...trialResults([2.2], { baseline: aBaseline('next') })],
    })
    expect(values(evidenceFor(state, CONDITIONS, CANDIDATE).baseline)).toEqual([2.5])
  })

  it('has no baseline runs when the base is not known', () => {
    const state = aState({
      candidates: [CANDIDATE],
      trials: trialResults([2.5]),
      baselines: [aBaseline('x')],
    })
    expect(evidenceFor(state, CONDITIONS, CANDIDATE).baseline).toEqual([])
  })
})

describe('the order in which equal evidence arrives', () => {
  const tried = ['a', 'b', 'c', 'd'].map((name) =>
    aCandidate({ name, verdict: aVerdict({ kind: 'reject' }) }),
  )
  const queues = [
    trialResults([2.47, 2.48, 2.49, 2.51, 2.52, 2.53]),
    ...tried.map((candidate, index) => trialResults([2.51 + index / 100, 2.49], { candidate })),
    trialResults([2.36, 2.37, 2.35], { candidate: CANDIDATE }),
  ]
  const judged = (trials: readonly TrialResult[]) =>
    judge(evidenceFor(aState({ candidates: [...tried, CANDIDATE], trials }), CONDITIONS, CANDIDATE), POLICY)

  it('hardly matters: lanes that interleave in any way give the same decision', () => {
    const before = judged(queues.flat())
    expect(before.kind).toBe('merge')
    for (let seed = 0; seed < 200; seed++) {
      const random = aRandom(seed)
      const left = queues.map((queue) => [...queue])
      const interleaved: TrialResult[] = []
      while (interleaved.length < queues.flat().length)
        interleaved.push(...(left[Math.floor(random() * left.length)] ?? []).splice(0, 1))
      // Older runs count a little less, so that the order changes digits.
      const { kind, gain = 0 } = judged(interleaved) as Verdict
      expect(kind).toBe(before.kind)
      expect(gain).toBeCloseTo((before as Verdict).gain ?? 0, 2)
    }
  })
})
