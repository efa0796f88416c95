// How often code has other noise than σ, and what that does to a gain.
import { describe, expect, it } from 'vitest'
import { judgeReadings } from '../../../src/core/statistics/belief.ts'
import { DEFAULT_EFFECTS } from '../../../src/core/statistics/effects.ts'
import { firstLevel } from '../../../src/core/statistics/level.ts'
import { estimateNoise } from '../../../src/core/statistics/noise.ts'
import { readRuns } from '../../../src/core/statistics/readings.ts'
import { DEFAULT_SPREADS, ONE_SPREAD, type Spreads } from '../../../src/core/statistics/spreads.ts'
import { aRandom, gaussian } from '../../factories.ts'

/** Runs of 60 codes, of which every `each`-th has three times the noise. */
function groupsWith(each: number): number[][] {
  const random = aRandom(5)
  return Array.from({ length: 60 }, (_, code) =>
    Array.from({ length: 3 }, () => (code % each === 0 ? 3 : 1) * gaussian(random)),
  )
}

const wide = ([, two = 0, four = 0]: Spreads) => two + four

describe('how often code has more noise', () => {
  it('falls where no code had more', () => {
    const spreads = estimateNoise(groupsWith(Number.POSITIVE_INFINITY))?.spreads ?? DEFAULT_SPREADS
    expect(wide(spreads)).toBeLessThan(wide(DEFAULT_SPREADS))
  })

  it('rises where a sixth of the code has three times as much', () => {
    const spreads = estimateNoise(groupsWith(6))?.spreads ?? ONE_SPREAD
    expect(wide(spreads)).toBeGreaterThan(0.08)
  })

  it('is not told by an outlier', () => {
    const groups = groupsWith(Number.POSITIVE_INFINITY)
    const [clean, hit] = [groups, groups.map((group, code) => (code === 7 ? [...group, 40] : group))].map(
      (all) => wide(estimateNoise(all)?.spreads ?? ONE_SPREAD),
    )
    expect(hit).toBeCloseTo(clean ?? 0, 2)
  })

  it('is as before anything was run where repeated runs are identical', () => {
    expect(estimateNoise([[2, 2, 2]])?.spreads).toEqual(DEFAULT_SPREADS)
  })
})

describe('the risk of two good runs', () => {
  const level = firstLevel([0.4, -0.6, 0.1, 0.9, -0.8, 0], 1)
  const riskOf = (losses: readonly number[], spreads: Spreads) =>
    judgeReadings({ level, effects: DEFAULT_EFFECTS }, readRuns(losses, 1, 0.0125, spreads), 1, 0).risk

  it('is higher where code may have more noise', () => {
    expect(riskOf([-3.2, -3.6], ONE_SPREAD)).toBeLessThan(0.02)
    expect(riskOf([-3.2, -3.6], DEFAULT_SPREADS)).toBeGreaterThan(0.03)
  })

  it('rises further when they differ as runs of such code do', () => {
    expect(riskOf([-5.2, -1.6], DEFAULT_SPREADS)).toBeGreaterThan(2 * riskOf([-3.2, -3.6], DEFAULT_SPREADS))
  })

  it('falls with a third run that agrees', () => {
    expect(riskOf([-3.2, -3.6, -3.4], DEFAULT_SPREADS)).toBeLessThan(
      riskOf([-3.2, -3.6], DEFAULT_SPREADS) / 2,
    )
  })
})
