// Gains that are too good to be true: a person decides.
import { describe, expect, it } from 'vitest'
import { findSuspicion } from '../../../src/core/judge/suspicion.ts'
import type { TrialResult } from '../../../src/core/record/trial.ts'
import { aTrialResult, NOTHING_EXCLUDED } from '../../factories.ts'

const lasting = (seconds: number): TrialResult => aTrialResult({ wallSeconds: seconds })

/** Baseline 2.5, σ 0.01. */
function suspicionOf({
  measured = 0.05,
  shown = [] as number[],
  took = 10,
  usual = 10,
  other = undefined as number | undefined,
  sigma = 0.01,
} = {}) {
  const runs = {
    baseline: [lasting(usual), lasting(other ?? usual)],
    candidate: [lasting(took), lasting(took)],
  }
  return findSuspicion({ runs, gain: Math.min(measured, 0.3), measured, sigma, baseline: 2.5, shown }, {})
}

describe('F106 F124 a gain beyond everything that this code has shown', () => {
  it.each([
    ['an early gain below a third of the baseline', { measured: 0.8 }, false],
    ['an early gain above a third', { measured: 0.9 }, true],
    ['a third, where runs vary by as much', { measured: 0.9, sigma: 0.1 }, false],
    ['no larger than the merges before', { measured: 0.2, shown: [0.1, 0.1, 0.1] }, false],
    ['more than three times the merges before', { measured: 0.35, shown: [0.1, 0.1, 0.1] }, true],
    ['the same after two merges only', { measured: 0.35, shown: [0.1, 0.1] }, false],
    ['few σ, however small the merges were', { measured: 0.11, shown: [0.01, 0.01, 0.01] }, false],
  ])('%s', (_, gain, waits) => {
    expect(suspicionOf(gain) !== undefined).toBe(waits)
  })

  it('names what was shown, and the setting', () => {
    expect(suspicionOf({ measured: 1.2 })).toBe(
      'a gain of 1.2 is beyond everything that this code has shown (nothing was merged yet; set review-above to allow it)',
    )
  })
})

describe('F124 a run that ends far sooner than the baseline', () => {
  it.each([
    ['half the time', { took: 5 }, false],
    ['less than half', { took: 4.9 }, true],
    ['a fraction of a second less', { took: 0.2, usual: 0.6 }, false],
    ['longer', { took: 12 }, false],
    ['half of a run that a busy machine held up', { took: 4, other: 5 }, false],
  ])('%s', (_, times, waits) => {
    expect(suspicionOf(times)?.startsWith('training ended after') ?? false).toBe(waits)
  })
})

it('a short run is no reason to doubt where the metric is the time', () => {
  const timed = (seconds: number) =>
    aTrialResult({ wallSeconds: seconds, value: seconds, crossing: { ...NOTHING_EXCLUDED, seconds } })
  const runs = { baseline: [timed(10), timed(10.1)], candidate: [timed(4), timed(4.1)] }
  const proven = { runs, gain: 0.3, measured: 0.3, sigma: 0.1, baseline: 10, shown: [] }
  expect(findSuspicion(proven, {})).toBeUndefined()
})
