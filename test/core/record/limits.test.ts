// Spending limits, and the trials that may still run when one is reached.

import { describe, expect, test } from 'vitest'
import { type Cost, NO_COST } from '../../../src/core/record/cost.ts'
import {
  affordableTrials,
  deviceSecondsLeft,
  type Limits,
  limitReached,
  proposalBudget,
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
    expect(limitReached({ ...LIMITS, ...limits }, { run, week })).toBe(sentence)
  })
})

test('F10 a candidate may cost the least of what is left of the run, of the week and of its own limit', () => {
  const budget = (limits: Partial<Limits>) =>
    proposalBudget({ ...LIMITS, ...limits }, { run: spent(400, 4), week: spent(900, 30) })
  expect(budget({})).toEqual({ tokens: 600, dollars: 6 })
  expect(budget({ week: { tokens: 1100, dollars: 31 } })).toEqual({ tokens: 200, dollars: 1 })
  expect(budget({ candidate: { tokens: 50, dollars: 0.5 } })).toEqual({ tokens: 50, dollars: 0.5 })
  expect(budget({ candidate: { tokens: 5000 } })).toEqual({ tokens: 600, dollars: 6 })
})

test('without a limit device time is unlimited', () => {
  expect(deviceSecondsLeft(LIMITS, { run: spent(0, 0, 1e6), week: NO_COST })).toBe(Number.POSITIVE_INFINITY)
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
  expect(limitReached(none, { run: all, week: all })).toBeUndefined()
  expect(limitReached(LIMITS, { run: all, week: all })).toBe('the limit of 1000 tokens is reached')
})
