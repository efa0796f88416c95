// Which near misses are bundled, when, and which members of a merged bundle are tried without.
import { describe, expect, test } from 'vitest'
import { noiseSigma } from '../../../src/core/judge/evidence.ts'
import type { JudgePolicy } from '../../../src/core/judge/policy.ts'
import { judgePolicy } from '../../../src/core/plan/rules.ts'
import {
  bundleCandidates,
  bundleWords,
  dueLeaveOuts,
  isWorthBundling,
} from '../../../src/core/propose/bundles.ts'
import { chooseTurn } from '../../../src/core/propose/direction.ts'
import { drawCombination } from '../../../src/core/propose/sources.ts'
import { type Candidate, originOf } from '../../../src/core/record/candidate.ts'
import type { TrialResult } from '../../../src/core/record/trial.ts'
import { formatNumber } from '../../../src/core/text/numbers.ts'
import {
  aaOrigin,
  aCandidate,
  aDirection,
  aRandom,
  aState,
  aTrialResult,
  aVerdict,
  CONDITIONS,
  DEFAULTS,
  sha,
  trialResults,
} from '../../factories.ts'

/** With the default rule for simplicity. */
const POLICY = judgePolicy(DEFAULTS)
const BASELINE = trialResults([2.49, 2.5, 2.51])
const SIGMA = noiseSigma(aState({ trials: BASELINE }), CONDITIONS) ?? Number.NaN

/** Rejected although `gain` σ are expected of it. */
function nearMiss(name: string, gain: number, fields: Partial<Candidate> = {}): Candidate {
  const verdict = aVerdict({ kind: 'reject', gain: gain * SIGMA, sigma: SIGMA })
  return aCandidate({ name, verdict, end: { kind: 'closed' }, ...fields })
}

function aLedger(candidates: readonly Candidate[], runs: readonly TrialResult[] = BASELINE) {
  const trials = candidates.map((candidate) => aTrialResult({ candidate, value: 2.49 }))
  return aState({ candidates, trials: [...runs, ...trials] })
}

function namesOf(candidates: readonly Candidate[]): string[] {
  return bundleCandidates(aLedger(candidates), CONDITIONS).map(({ id }) => id)
}

const bundleOf = (members: readonly Candidate[], fields: Partial<Candidate> = {}) =>
  aCandidate({ name: 'bundle', origin: { kind: 'bundle', members: members.map(({ id }) => id) }, ...fields })
const MERGED = { kind: 'merged', commit: sha('merge'), asTrained: true } as const

describe('what may be bundled', () => {
  const [small, large] = [nearMiss('small', 0.4), nearMiss('large', 0.8)]

  test('are near misses, those that promise most first', () => {
    const parked = nearMiss('parked', 0.6, {
      verdict: aVerdict({ kind: 'park', gain: 0.6 * SIGMA, sigma: SIGMA }),
    })
    expect(namesOf([small, large, parked])).toEqual([large.id, parked.id, small.id])
  })

  const verdict = { kind: 'reject', gain: 0.9 * SIGMA, sigma: SIGMA } as const
  test.each<[string, Partial<Candidate>]>([
    ['lost a guard', { verdict: aVerdict({ ...verdict, lostGuard: 'memory' }) }],
    ['conflicts with a merge', { verdict: aVerdict({ ...verdict, kind: 'park', conflict: sha('merge') }) }],
    ['promises too little', { verdict: aVerdict({ ...verdict, gain: 0.05 * SIGMA }) }],
    ['waits for a person', { end: { kind: 'handed-over', reason: 'review' } }],
    ['was withdrawn', { end: { kind: 'withdrawn', reason: 'a person closed it' } }],
    ['is still open', { end: undefined } as unknown as Partial<Candidate>],
    ['is an A/A check', { origin: aaOrigin() }],
    ['is a bundle itself', { origin: { kind: 'bundle', members: ['a', 'b'] } }],
  ])('is not a candidate that %s', (_, fields) => {
    expect(namesOf([small, nearMiss('other', 0.9, fields)])).toEqual([small.id])
  })

  test('is not one that was bundled before, whatever became of the bundle', () => {
    const bundle = bundleOf([small], { verdict: aVerdict({ kind: 'reject' }), end: { kind: 'closed' } })
    expect(namesOf([small, large, bundle])).toEqual([large.id])
  })

  test('is not one that a merged candidate started from, but one that a rejected candidate started from is', () => {
    const direction = (source: Candidate) => originOf(aDirection({ mode: 'refine', sources: [source.id] }))
    const merged = aCandidate({ name: 'refined', origin: direction(large), end: MERGED })
    const rejected = nearMiss('rejected', -1, { origin: direction(small) })
    expect(namesOf([small, large, merged, rejected])).toEqual([small.id])
  })

  test('is only what was run under the same conditions, and nothing before the noise is known', () => {
    const state = aLedger([small, large])
    expect(bundleCandidates(state, { ...CONDITIONS, config: 'another' })).toEqual([])
    expect(bundleCandidates(aLedger([small, large], []), CONDITIONS)).toEqual([])
  })
})

describe('a bundle is worth a run', () => {
  const worth = (gains: readonly number[], policy: Partial<JudgePolicy> = {}, addedLines = 0) => {
    const members = gains.map((gain, index) => nearMiss(`${index}`, gain, { addedLines }))
    return isWorthBundling(aLedger(members), CONDITIONS, { ...POLICY, ...policy }, members)
  }

  test.each<[string, readonly number[], boolean]>([
    ['of two that promise 1 σ together', [0.5, 0.51], true],
    ['of two that promise less', [0.5, 0.4], false],
    ['of one, whatever it promises', [3], false],
  ])('%s: %s', (_, gains, expected) => expect(worth(gains)).toBe(expected))

  test('only beyond the gain that a merge requires', () => {
    const minGain = { kind: 'sigmas', value: 1 } as const
    expect(worth([0.8, 0.8], { minGain })).toBe(false)
    expect(worth([1.1, 1.1], { minGain })).toBe(true)
  })

  test('only beyond the gain that many lines require', () => {
    expect(worth([0.8, 0.8], {}, 40)).toBe(false)
    expect(worth([0.8, 0.8], {}, 4)).toBe(true)
  })
})

describe('of a merged bundle', () => {
  const [long, short] = [nearMiss('long', 0.6, { addedLines: 9 }), nearMiss('short', 0.5, { addedLines: 2 })]
  const merged = bundleOf([long, short], { end: MERGED })
  const due = (candidates: readonly Candidate[], policy: JudgePolicy = POLICY) =>
    dueLeaveOuts(aLedger(candidates), policy).map(({ member }) => member.id)

  test('the members that make the code longer are tried without', () => {
    expect(due([long, short, merged])).toEqual([long.id])
  })

  test('none is tried without twice, or when code size does not matter', () => {
    const origin = { kind: 'leave-out', bundle: merged.id, member: long.id } as const
    expect(due([long, short, merged, aCandidate({ name: 'without', origin })])).toEqual([])
    const { simplicity: _, ...policy } = POLICY
    expect(due([long, short, merged], policy)).toEqual([])
  })

  test('none is tried without while the bundle is open, or after it was rejected or reverted', () => {
    expect(due([long, short, bundleOf([long, short])])).toEqual([])
    expect(due([long, short, bundleOf([long, short], { end: { kind: 'closed' } })])).toEqual([])
    const revert = aCandidate({
      name: 'revert',
      origin: { kind: 'revert', merge: MERGED.commit },
      end: { kind: 'merged', commit: sha('reverted'), asTrained: true },
    })
    expect(due([long, short, merged, revert])).toEqual([])
  })

  test('the gain is credited to the proposers of its members', () => {
    const by = (proposer: string, one: Candidate) => ({ ...one, proposer })
    const members = [by('good', long), by('good', short)]
    const others = Array.from({ length: 8 }, (_, index) => by('bad', nearMiss(`bad ${index}`, -1)))
    const verdict = aVerdict({ gain: 3 * SIGMA, sigma: SIGMA })
    const bundles = bundleOf(members, { verdict, end: MERGED, proposer: 'bundle' })
    const state = aLedger([...members, ...others, bundles])
    const random = aRandom(3)
    const choices = ['bad', 'good'].map((name) => ({ name, constantsOnly: false }))
    const policy = { structuralShare: 0, deviceHourDollars: 2 }
    const turns = Array.from({ length: 200 }, () => chooseTurn(state, choices, new Set(), policy, random))
    expect(turns.filter((turn) => turn?.index === 1).length).toBeGreaterThan(130)
  })

  test('no member is combined once more by a proposer', () => {
    const gains = [long, short].map((one) => ({
      ...one,
      verdict: aVerdict({ kind: 'park', gain: 2 * SIGMA, sigma: SIGMA }),
    }))
    expect(drawCombination(aLedger(gains), aRandom(1))).toHaveLength(2)
    expect(drawCombination(aLedger([...gains, bundleOf(gains)]), aRandom(1))).toBeUndefined()
  })
})

test('the texts name the members and what is expected of them', () => {
  const words = bundleWords([
    nearMiss('a', 0.5, { title: 'Warm up' }),
    nearMiss('b', 1, { title: 'Cool down' }),
  ])
  expect(words).toMatchObject({
    title: 'Bundle of 2: Warm up; Cool down',
    expectedEffect: `${formatNumber(1.5 * SIGMA)} better, the sum of what is expected of each`,
  })
})
