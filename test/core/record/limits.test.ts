// Spending limits, and the trials that may still run when one is reached.

import { describe, expect, test } from 'vitest'
import { type Cost, NO_COST } from '../../../src/core/record/cost.ts'
import {
  affordableTrials,
  costLimitReached,
  deviceSecondsLeft,
  type Limits,
  mayOpenAnother,
  peopleAreBusy,
  proposalBudget,
  targetReached,
} from '../../../src/core/record/limits.ts'
import { aCandidate, aState, aTrial, aTrialResult, aVerdict, CERTIFY } from '../../factories.ts'

const LIMITS: Limits = { waiting: 20, candidates: 20, tokens: 1000, dollars: 10 }

const spent = (tokens: number, dollars = 0, hours = 0): Cost => ({
  usage: { inputTokens: tokens, outputTokens: 0, dollars },
  deviceSeconds: hours * 3600,
})

describe('F10 a limit that is reached is named', () => {
  test.each<[string, Partial<Limits>, Cost, Cost, string | undefined]>([
    ['none', {}, spent(999, 9.9, 1000), NO_COST, undefined],
    ['tokens', {}, spent(1000), NO_COST, 'the limit of 1000 tokens is reached'],
    ['dollars', {}, spent(0, 10), NO_COST, 'the limit of 10 dollars is reached'],
    ['GPU-hours', { gpuHours: 8 }, spent(0, 0, 8), NO_COST, 'the limit of 8 GPU-hours is reached'],
    ['no GPU-hours yet', { gpuHours: 8 }, spent(0, 0, 7.9), NO_COST, undefined],
    [
      'tokens of a week',
      { week: { tokens: 5000 } },
      NO_COST,
      spent(5001),
      'the limit of 5000 tokens per week is reached',
    ],
    [
      'dollars of a week',
      { week: { dollars: 50 } },
      NO_COST,
      spent(0, 50),
      'the limit of 50 dollars per week is reached',
    ],
    [
      'GPU-hours of a week',
      { week: { gpuHours: 40 } },
      NO_COST,
      spent(0, 0, 41),
      'the limit of 40 GPU-hours per week is reached',
    ],
  ])('%s', (_, limits, run, week, sentence) => {
    expect(costLimitReached({ ...LIMITS, ...limits }, { run, week, total: week })).toBe(sentence)
  })

  test.each<[NonNullable<Limits['total']>, string]>([
    [{ tokens: 9000 }, 'the limit of 9000 tokens in total is reached'],
    [{ dollars: 90 }, 'the limit of 90 dollars in total is reached'],
    [{ gpuHours: 400 }, 'the limit of 400 GPU-hours in total is reached'],
  ])('of the whole research: %o', (total, sentence) => {
    const reached = (cost: Cost) =>
      costLimitReached({ ...LIMITS, total }, { run: NO_COST, week: NO_COST, total: cost })
    expect(reached(spent(9000, 90, 400))).toBe(sentence)
    expect(reached(spent(8999, 89.9, 399))).toBeUndefined()
  })
})

test.each<['minimize' | 'maximize', number | undefined, boolean]>([
  ['minimize', 0.9801, false],
  ['minimize', 0.98, true],
  ['minimize', 0.9, true],
  ['maximize', 0.9799, false],
  ['maximize', 0.99, true],
  ['minimize', undefined, false],
])('the target is reached: %s, a baseline of %s: %s', (direction, value, isReached) => {
  const sentence = targetReached({ ...LIMITS, target: 0.98 }, direction, value)
  expect(sentence).toBe(isReached ? `the target 0.98 is reached: the baseline has ${value}` : undefined)
  expect(targetReached(LIMITS, direction, value)).toBeUndefined()
})

describe('a limit on open pull requests', () => {
  const limits = { ...LIMITS, openPullRequests: 2 }
  const inWork = aCandidate({ name: 'in work' })
  const handedOver = (name: string) =>
    aCandidate({
      name,
      verdict: aVerdict({ kind: 'review' }),
      end: { kind: 'handed-over', reason: 'a gain that large' },
    })
  const closed = aCandidate({
    name: 'closed',
    verdict: aVerdict({ kind: 'reject' }),
    end: { kind: 'closed' },
  })

  test('counts those in work, those that wait for a person, and those that may still come', () => {
    const state = aState({ candidates: [inWork, closed] })
    expect(mayOpenAnother(limits, state, 0)).toBe(true)
    expect(mayOpenAnother(limits, state, 1)).toBe(false)
    expect(mayOpenAnother(LIMITS, state, 100)).toBe(true)
    expect(mayOpenAnother(limits, aState({ candidates: [inWork, handedOver('a')] }), 0)).toBe(false)
  })

  test('ends proposing only where all of them wait for a person', () => {
    expect(peopleAreBusy(limits, aState({ candidates: [inWork, handedOver('a')] }))).toBeUndefined()
    expect(peopleAreBusy(limits, aState({ candidates: [handedOver('b'), handedOver('a')] }))).toBe(
      'the limit of 2 open pull requests is reached, and all of them wait for a person',
    )
  })
})

test('F10 a candidate may cost the least of what is left of the run, of the week and of its own limit', () => {
  const budget = (limits: Partial<Limits>) =>
    proposalBudget({ ...LIMITS, ...limits }, { run: spent(400, 4), week: spent(900, 30), total: NO_COST })
  expect(budget({})).toEqual({ tokens: 600, dollars: 6 })
  expect(budget({ week: { tokens: 1100, dollars: 31 } })).toEqual({ tokens: 200, dollars: 1 })
  expect(budget({ candidate: { tokens: 50, dollars: 0.5 } })).toEqual({ tokens: 50, dollars: 0.5 })
  expect(budget({ candidate: { tokens: 5000 } })).toEqual({ tokens: 600, dollars: 6 })
})

test('without a limit device time is unlimited', () => {
  expect(deviceSecondsLeft(LIMITS, { run: spent(0, 0, 1e6), week: NO_COST, total: NO_COST })).toBe(
    Number.POSITIVE_INFINITY,
  )
})

describe('F10 of the trials that are planned', () => {
  const begun = aCandidate({ name: 'begun' })
  const decided = aCandidate({ name: 'decided', verdict: aVerdict() })
  const waiting = aCandidate({ name: 'waiting' })
  const state = (...trained: (typeof begun)[]) =>
    aState({
      candidates: [begun, decided, waiting],
      trials: trained.map((candidate) => aTrialResult({ candidate })),
    })
  const planned = [
    aTrial({ replicate: 6 }),
    aTrial({ candidate: begun, replicate: 2 }),
    aTrial({ candidate: waiting }),
  ]

  test.each<[string, number, (typeof begun)[], number[]]>([
    ['all that fit are run', 300, [], [0, 1, 2]],
    ['the last may end above the limit', 201, [], [0, 1, 2]],
    ['no more than fit', 200, [], [0, 1]],
    ['none without time, when nothing was begun', 0, [], []],
    ['none for what is decided', 0, [decided], []],
    ['what was begun is ended, with the baseline it waits for', 0, [begun], [0, 1]],
    ['what was begun is ended far above the limit too', -1e6, [begun], [0, 1]],
  ])('%s', (_, secondsLeft, trained, kept) => {
    const trials = affordableTrials(state(...trained), planned, secondsLeft, () => 100)
    expect(trials).toEqual(kept.map((index) => planned[index]))
  })

  test('certification waits even while started work is completed', () => {
    const trials = [...planned.slice(0, 2), { ...aTrial(), protocol: CERTIFY }, aTrial({ replicate: 2 })]
    const kept = [0, 1, 3].map((index) => trials[index])
    expect(affordableTrials(state(begun), trials, 0, () => 100)).toEqual(kept)
    expect(affordableTrials(state(begun), trials, 1000, () => 100)).toEqual(trials)
  })
})

test('F10 removed: without a limit nothing ends what is spent', () => {
  const all: Cost = spent(1e9, 1e6, 1e6)
  const none = { ...LIMITS, tokens: Number.POSITIVE_INFINITY, dollars: Number.POSITIVE_INFINITY }
  expect(costLimitReached(none, { run: all, week: all, total: all })).toBeUndefined()
  expect(costLimitReached(LIMITS, { run: all, week: all, total: all })).toBe(
    'the limit of 1000 tokens is reached',
  )
})
