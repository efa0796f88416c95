// Guards: numbers that a merge must not make worse, beside the metric that it must make better.
import { describe, expect, it } from 'vitest'
import { dueCheckpoint } from '../../../src/core/judge/checkpoint.ts'
import { withGuards } from '../../../src/core/judge/guards.ts'
import type { Judgement } from '../../../src/core/judge/judge.ts'
import type { JudgedGuard, JudgePolicy } from '../../../src/core/judge/policy.ts'
import { judgeCandidate } from '../../../src/core/plan/judging.ts'
import type { Candidate } from '../../../src/core/record/candidate.ts'
import type { GuardValue, TrialResult } from '../../../src/core/record/trial.ts'
import type { Verdict } from '../../../src/core/record/verdict.ts'
import {
  aCandidate,
  aState,
  aVerdict,
  CONDITIONS,
  POLICY,
  someEvidence,
  trialResults,
} from '../../factories.ts'

const MEMORY: JudgedGuard = { name: 'memory', direction: 'minimize', margin: { kind: 'percent', value: 2 } }
const SPEED: JudgedGuard = { name: 'speed', direction: 'maximize', margin: { kind: 'sigmas', value: 2 } }

/** A guard with σ = 1 and a baseline around 100. */
function told(guard: JudgedGuard, values: readonly number[], sigma = 1) {
  const baseline = trialResults([-1, 0, 1, -0.5, 0.5, 0].map((deviation) => 100 + sigma * deviation))
  const candidate = trialResults(values, { candidate: aCandidate() })
  return { guard, evidence: someEvidence({ direction: guard.direction, baseline, candidate, sigma }) }
}

const MERGE = aVerdict()
const AGAIN: Judgement = { kind: 'replicate', reason: 'worth another run' }
const REJECT = aVerdict({ kind: 'reject', reason: 'no improvement' })
const policy = (fields: Partial<JudgePolicy> = {}) => ({ ...POLICY, guardRisk: 0.1, ...fields })

describe('a candidate with guards', () => {
  it.each([
    ['winner, guard unchanged', 'merge', MERGE, [told(MEMORY, [100, 100.2])]],
    ['winner, guard better', 'merge', MERGE, [told(MEMORY, [90, 91])]],
    ['winner, guard clearly worse', 'reject', MERGE, [told(MEMORY, [108, 109])]],
    ['winner, guard worse, higher is better', 'reject', MERGE, [told(SPEED, [92, 91])]],
    ['winner, guard higher, higher is better', 'merge', MERGE, [told(SPEED, [108, 109])]],
    ['winner, guard near its margin', 'replicate', MERGE, [told(MEMORY, [102, 101.9])]],
    ['winner, one guard of two lost', 'reject', MERGE, [told(SPEED, [100, 100]), told(MEMORY, [108, 109])]],
    [
      'a person has to confirm it, guard lost',
      'reject',
      { ...MERGE, kind: 'review' },
      [told(MEMORY, [108, 109])],
    ],
    ['promising, guard hopeless', 'reject', AGAIN, [told(MEMORY, [120])]],
    ['promising, guard a little worse', 'replicate', AGAIN, [told(MEMORY, [102])]],
    ['loser, guard better', 'reject', REJECT, [told(MEMORY, [90])]],
    ['winner, margin of 2000 σ, guard within it', 'merge', MERGE, [told(MEMORY, [101, 101.2], 0.001)]],
    ['winner, margin of 2000 σ, guard beyond it', 'reject', MERGE, [told(MEMORY, [104, 104.1], 0.001)]],
    ['winner, margin of 2000 σ, guard twice as high', 'reject', MERGE, [told(MEMORY, [200, 200], 0.001)]],
    ['winner, exact guard within its margin', 'merge', MERGE, [told(MEMORY, [101, 102], 0)]],
    ['winner, exact guard beyond its margin', 'reject', MERGE, [told(MEMORY, [103, 102.5], 0)]],
  ] as const)('%s → %s', (_, kind, judgement, guards) => {
    expect(withGuards(judgement as Judgement, guards, policy()).kind).toBe(kind)
  })

  it('is told which guard decided, with the numbers that a person can check', () => {
    const found = withGuards(MERGE, [told(SPEED, [100, 100]), told(MEMORY, [108, 109])], policy()) as Verdict
    expect(found.reason).toMatch(
      /^guard memory is 108\.5 against 100, and may be worse by 2: risk 100 % > 10 %; of the metric: gain 0\.0312/,
    )
    expect(found).toMatchObject({ lostGuard: 'memory', gain: MERGE.gain, runs: MERGE.runs })
    expect(found.guards?.map(({ name, candidate }) => [name, candidate])).toEqual([
      ['speed', 100],
      ['memory', 108.5],
    ])
  })

  it('adds the risks of its guards, because they may depend on each other', () => {
    const near = [101.1, 101, 101.05, 100.9]
    const one = withGuards(MERGE, [told(MEMORY, near)], policy({ guardRisk: 0.15 })) as Verdict
    expect(one.kind).toBe('merge')
    const [{ risk = 0 } = {}] = one.guards ?? []
    expect(risk).toBeGreaterThan(0.01)
    const many = Array.from({ length: Math.ceil(0.16 / risk) }, () => told(MEMORY, near))
    expect(withGuards(MERGE, many, policy({ guardRisk: 0.15 })).kind).not.toBe('merge')
  })

  it('that is undecided when its runs are used up is parked or rejected, not run for ever', () => {
    const unsure = [told(MEMORY, [102, 101.9])]
    const found = withGuards(MERGE, unsure, policy({ candidateReplicates: 2 })) as Verdict
    expect(['park', 'reject']).toContain(found.kind)
    expect(found.lostGuard).toBe('memory')
  })

  it('waits while the baseline has no number of a guard', () => {
    const evidence = someEvidence({ candidate: trialResults([100], { candidate: aCandidate() }) })
    const unknown = { guard: MEMORY, evidence: { ...evidence, sigma: undefined } }
    expect(withGuards(MERGE, [unknown], policy()).kind).toBe('replicate')
    expect(withGuards(REJECT, [unknown], policy())).toEqual(REJECT)
  })

  it('is judged by the metric alone where there are none', () => {
    for (const judgement of [MERGE, AGAIN, REJECT])
      expect(withGuards(judgement, [], policy())).toBe(judgement)
  })
})

describe('guards in the ledger', () => {
  const guarded = (results: readonly TrialResult[], values: readonly number[]): TrialResult[] =>
    results.map((result, index) => ({
      ...result,
      guards: [{ name: 'memory', value: values[index] ?? Number.NaN }],
    }))
  const baseline = guarded(
    trialResults([2.47, 2.48, 2.49, 2.51, 2.52, 2.53]),
    [99, 100, 101, 99.5, 100.5, 100],
  )
  const candidate = aCandidate({ name: 'winner' })
  const judged = (
    memory: GuardValue['value'][],
    fields: Partial<Candidate> = {},
    values = [2.4, 2.41, 2.39],
  ) => {
    const trials = [...baseline, ...guarded(trialResults(values, { candidate }), memory)]
    const guards = { ...POLICY, guards: [MEMORY] }
    return judgeCandidate(
      aState({ candidates: [{ ...candidate, ...fields }], trials }),
      CONDITIONS,
      guards,
      candidate,
    )
  }

  it('one candidate wins the metric and keeps the guard, another loses it', () => {
    expect(judged([100, 100.5, 99.8])).toMatchObject({ kind: 'merge' })
    expect(judged([109, 110, 108])).toMatchObject({ kind: 'reject', lostGuard: 'memory' })
  })

  it('tell nothing of each other: the numbers of the guard are not those of the metric', () => {
    const found = judged([100, 100.5, 99.8]) as Verdict
    expect(found.measured).toBeCloseTo(0.1, 2)
    expect(found.guards?.[0]).toMatchObject({
      candidate: expect.closeTo(100.1, 1),
      margin: expect.closeTo(2, 1),
    })
  })

  it('hold for a simplification, too', () => {
    const simplicity: JudgePolicy['simplicity'] = {
      ...{ removedLines: 5, addedLines: 50 },
      margin: { kind: 'sigmas', value: 2 },
      gain: { kind: 'sigmas', value: 1 },
    }
    const shorter = { ...candidate, addedLines: -20 }
    const verdict = (memory: number[]) => {
      const trials = [...baseline, ...guarded(trialResults([2.49, 2.48, 2.5], { candidate }), memory)]
      const rules = { ...POLICY, simplicity, guards: [MEMORY] }
      return judgeCandidate(aState({ candidates: [shorter], trials }), CONDITIONS, rules, shorter)
    }
    expect(verdict([100, 100.5, 99.8]).kind).toBe('merge')
    expect(verdict([109, 110, 108])).toMatchObject({ kind: 'reject', lostGuard: 'memory' })
  })

  it('leave what is believed of them when a checkpoint archives their runs', () => {
    const decided = ['a', 'b', 'c'].map((name) =>
      aCandidate({ name, verdict: aVerdict({ kind: 'reject' }), end: { kind: 'closed' } }),
    )
    const runs = decided.flatMap((one) => guarded(trialResults([2.52, 2.51], { candidate: one }), [101, 100]))
    const state = aState({ candidates: decided, trials: [...baseline, ...runs] })
    const due = dueCheckpoint(state, 'minimize', { keep: 1, every: 1 }, [MEMORY])
    const beliefs = due?.checkpoint.beliefs ?? []
    expect(beliefs.map(({ guard }) => guard)).toEqual([undefined, 'memory'])
    expect(beliefs[0]?.belief.level?.mean).toBeCloseTo(2.5, 1)
    expect(beliefs[1]?.belief.level?.mean).toBeCloseTo(100, 0)
  })
})
