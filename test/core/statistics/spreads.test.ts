// How often code has other noise than σ, and what that does to a gain.
import { describe, expect, it } from 'vitest'
import { judgeReadings } from '../../../src/core/statistics/belief.ts'
import { DEFAULT_EFFECTS } from '../../../src/core/statistics/effects.ts'
import { firstLevel } from '../../../src/core/statistics/level.ts'
import { estimateNoise } from '../../../src/core/statistics/noise.ts'
import { readRuns } from '../../../src/core/statistics/readings.ts'
import {
  DEFAULT_CODE_SHARES,
  likelySpreads,
  ONE_SPREAD,
  type Spreads,
} from '../../../src/core/statistics/spreads.ts'
import { aRandom, gaussian } from '../../factories.ts'

/** Runs of 60 codes, of which every `each`-th has three times the noise. */
function groupsWith(each: number): number[][] {
  const random = aRandom(5)
  return Array.from({ length: 60 }, (_, code) =>
    Array.from({ length: 3 }, () => (code % each === 0 ? 3 : 1) * gaussian(random)),
  )
}

/** How much code is thought to have more noise than σ can be by mistake: more than its estimate from 120 degrees of freedom allows. */
const wide = (spreads: Spreads) =>
  spreads.reduce((sum, { times, share }) => (times > 1.5 ? sum + share : sum), 0)
const [, two = 0, four = 0] = DEFAULT_CODE_SHARES
/** σ is known from many runs, and nothing of the noise of single codes. */
const WELL_KNOWN = likelySpreads(1000, 1, DEFAULT_CODE_SHARES)

describe('how often code has more noise', () => {
  it('falls where no code had more', () => {
    const spreads = estimateNoise(groupsWith(Number.POSITIVE_INFINITY))?.spreads ?? WELL_KNOWN
    expect(wide(spreads)).toBeLessThan(two + four)
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
    const spreads = estimateNoise([[2, 2, 2]])?.spreads ?? ONE_SPREAD
    expect(spreads.slice(-2).map(({ share }) => share)).toEqual([two, four])
  })
})

describe('the risk of two good runs', () => {
  const level = firstLevel([0.4, -0.6, 0.1, 0.9, -0.8, 0], 1)
  const riskOf = (losses: readonly number[], spreads: Spreads) =>
    judgeReadings({ level, effects: DEFAULT_EFFECTS }, readRuns(losses, 1, 0.0125, spreads), 1, 0).risk

  it('is higher where code may have more noise', () => {
    expect(riskOf([-3.2, -3.6], WELL_KNOWN)).toBeGreaterThan(1.3 * riskOf([-3.2, -3.6], ONE_SPREAD))
  })

  it('is higher where σ rests on few runs', () => {
    const [few, many] = [5, 1000].map((degrees) => likelySpreads(degrees, 1, [1, 0, 0]))
    expect(riskOf([-3.2, -3.6], few ?? [])).toBeGreaterThan(3 * riskOf([-3.2, -3.6], many ?? []))
  })

  it('rises further when they differ as runs of such code do', () => {
    expect(riskOf([-5.2, -1.6], WELL_KNOWN)).toBeGreaterThan(2 * riskOf([-3.2, -3.6], WELL_KNOWN))
  })

  it('falls with a third run that agrees', () => {
    expect(riskOf([-3.2, -3.6, -3.4], WELL_KNOWN)).toBeLessThan(riskOf([-3.2, -3.6], WELL_KNOWN) / 2)
  })
})
