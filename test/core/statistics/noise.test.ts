// The noise of one run: pooled over equal code, not fooled by an outlier, and honest while it is known from little.
import { describe, expect, it } from 'vitest'
import { estimateNoise, mean, standardDeviation } from '../../../src/core/statistics/noise.ts'
import { aRandom, gaussian } from '../../factories.ts'

/** √(ν / χ²₀.₂₅(ν)), with the quantiles of a table. */
const UPPER_BOUND = { 1: 3.138, 2: 1.864, 5: 1.367, 10: 1.218, 100: 1.053 } as const

/** As many groups of two, each with a standard deviation of 1: they say what one group of `count` + 1 runs says. */
function pairs(count: number): number[][] {
  return Array.from({ length: count }, (_, index) => [10 * index, 10 * index + Math.SQRT2])
}

describe('estimateNoise', () => {
  it.each([
    ['one group', [[1, 3]], Math.SQRT2],
    [
      'two groups of equal size',
      [
        [1, 3],
        [10, 14],
      ],
      Math.sqrt((2 + 8) / 2),
    ],
    [
      'groups weighted by their degrees of freedom',
      [
        [1, 2, 3],
        [10, 14],
      ],
      Math.sqrt((2 + 8) / 3),
    ],
    ['groups of one run and of none, which say nothing', [[5], [], [1, 3]], Math.SQRT2],
  ] as const)('pools %s while nothing is far out', (_, groups, pooled) => {
    const noise = estimateNoise(groups)
    const raised = estimateNoise(pairs(noise?.degreesOfFreedom ?? 0))?.sigma ?? Number.NaN
    expect(noise?.sigma).toBeCloseTo(pooled * raised, 12)
  })

  it.each([1, 2, 5, 10, 100] as const)(
    'raises it, from %d degrees of freedom, to what it might well be',
    (count) => {
      const noise = estimateNoise(pairs(count))
      expect(noise?.degreesOfFreedom).toBe(count)
      expect(Math.abs((noise?.sigma ?? 0) / UPPER_BOUND[count] - 1)).toBeLessThan(0.025)
    },
  )

  it('at 5 degrees of freedom raises it by 1.36', () => {
    expect(estimateNoise(pairs(5))?.sigma).toBeCloseTo(1.363, 3)
  })

  it.each([[[]], [[[]]], [[[1], [2]]]])('of %j is not known', (groups) =>
    expect(estimateNoise(groups)).toBeUndefined(),
  )

  it('of identical runs is 0, whatever their means and however they round', () => {
    const tenths = Array.from({ length: 100 }, (_, n) => n / 10)
    expect(estimateNoise(tenths.map((value) => Array(7).fill(value)))).toMatchObject({
      sigma: 0,
      degreesOfFreedom: 96,
    })
  })

  it('does not depend on the order of groups and runs', () => {
    const random = aRandom(3)
    const groups = Array.from({ length: 9 }, () => Array.from({ length: 4 }, () => gaussian(random)))
    const turned = groups.toReversed().map((group) => group.toReversed())
    expect(estimateNoise(turned)?.sigma).toBeCloseTo(estimateNoise(groups)?.sigma ?? 0, 12)
  })

  const drawn = (seed: number, draw: (random: () => number) => number) => {
    const random = aRandom(seed)
    return Array.from({ length: 200 }, () => Array.from({ length: 4 }, () => 10 + 0.3 * draw(random)))
  }

  it('comes close to the true spread of many small groups', () => {
    expect(estimateNoise(drawn(7, gaussian))?.sigma).toBeCloseTo(0.3, 1)
    expect(estimateNoise(drawn(8, gaussian))?.sigma).toBeCloseTo(0.3, 1)
  })

  it('is hardly moved by one lost host, which the pooled value is', () => {
    const clean = [1, 2, 3].flatMap((seed) => drawn(seed, gaussian).slice(0, 4))
    const lost = clean.with(0, [...(clean[0] ?? []).slice(1), 40])
    const [before = 0, after = 0] = [clean, lost].map((groups) => estimateNoise(groups)?.sigma ?? 0)
    expect(after / before).toBeLessThan(1.5)
    const pooled = Math.sqrt(mean(lost.map((group) => (standardDeviation(group) ?? 0) ** 2)))
    expect(pooled / before).toBeGreaterThan(10)
  })

  it('in two of three small samples or more it is not below the truth', () => {
    const random = aRandom(11)
    const estimates = Array.from({ length: 2000 }, () =>
      estimateNoise([Array.from({ length: 6 }, () => gaussian(random))]),
    )
    const enough = estimates.filter((noise) => (noise?.sigma ?? 0) >= 1).length / estimates.length
    expect(enough).toBeGreaterThan(0.7)
    expect(enough).toBeLessThan(0.8)
  })
})

describe('standardDeviation', () => {
  it('divides by n − 1', () => expect(standardDeviation([2, 4, 4, 4, 5, 5, 7, 9])).toBeCloseTo(2.13809, 5))
  it('of one value is undefined', () => expect(standardDeviation([3])).toBeUndefined())
})

describe('mean', () => {
  it.each([
    [[1, 2, 6], 3],
    [[-1, 1], 0],
    [[1e9, 1e9 + 1], 1e9 + 0.5],
  ])('of %j is %d', (values, expected) => expect(mean(values)).toBe(expected))

  it('of nothing is not a number', () => expect(mean([])).toBeNaN())

  it('of equal values is exactly their own', () => {
    for (const value of Array.from({ length: 100 }, (_, n) => n / 10))
      expect(mean(Array(6).fill(value))).toBe(value)
  })
})
