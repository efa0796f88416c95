// The normal distribution against tables and against numeric integration.
import { describe, expect, it } from 'vitest'
import { CutNormal, normalDensity, normalProbability } from '../../../src/core/statistics/normal.ts'
import { aRandom } from '../../factories.ts'
import { integrate } from './integrate.ts'

describe('normalDensity', () => {
  it.each([
    [0, 0.3989422804],
    [1, 0.2419707245],
    [-2.5, 0.0175283005],
  ])('of %d is %d', (x, density) => expect(normalDensity(x)).toBeCloseTo(density, 10))
})

describe('normalProbability', () => {
  it.each([
    [0, 0.5],
    [0.5, 0.6914624613],
    [1, 0.8413447461],
    [-1, 0.1586552539],
    [1.959963985, 0.975],
    [-2.326347874, 0.01],
    [3, 0.998650102],
    [-4, 0.0000316712],
    [-6, 0.000000000986588],
    [40, 1],
    [-40, 0],
  ])('of %d is %d, to 1e-7', (x, probability) => {
    expect(Math.abs(normalProbability(x) - probability)).toBeLessThan(1e-7)
  })

  it('rises from 0 to 1, and mirrors', () => {
    for (let x = -8; x < 8; x += 0.01) {
      expect(normalProbability(x + 0.01)).toBeGreaterThanOrEqual(normalProbability(x) - 1e-7)
      expect(normalProbability(x) + normalProbability(-x)).toBeCloseTo(1, 12)
    }
  })
})

/** Moments between two bounds. */
function truncatedMoments(bounds: readonly [number, number], mean: number, sd: number) {
  const normal = new CutNormal(2)
  normal.cut(new Float64Array(bounds), mean, sd)
  const sums = { mass: 0, first: 0, second: 0 }
  normal.addMoments(sums, 0, 1, 1)
  return sums
}

describe('moments between two bounds', () => {
  const moments = ([low, high]: readonly [number, number], mean: number, sd: number) =>
    [0, 1, 2].map((power) => integrate((x) => (x ** power * normalDensity((x - mean) / sd)) / sd, low, high))

  it.each([
    ['around the mean', [-1, 2], 0.3, 1],
    ['on one side of it', [0, 8], -1, 0.7],
    ['far out', [0, 4], -3, 1],
    ['narrow against the noise', [0, 1], 0.5, 4],
    ['wide against the noise', [-32, 0], -12, 0.4],
  ] as const)('%s are those of numeric integration', (_, bounds, mean, sd) => {
    const { mass, first, second } = truncatedMoments(bounds, mean, sd)
    const [expectedMass = 0, expectedFirst = 0, expectedSecond = 0] = moments(bounds, mean, sd)
    expect(mass).toBeCloseTo(expectedMass, 6)
    expect(first).toBeCloseTo(expectedFirst, 5)
    expect(second).toBeCloseTo(expectedSecond, 4)
  })

  it('stay between the bounds, however little is left there', () => {
    const random = aRandom(1)
    for (let n = 0; n < 5000; n++) {
      const low = 20 * random() - 10
      const bounds = [low, low + 10 * random()] as const
      const { mass, first, second } = truncatedMoments(bounds, 40 * random() - 20, 0.05 + 3 * random())
      expect(mass).toBeGreaterThanOrEqual(0)
      if (mass === 0) continue
      expect(first / mass).toBeGreaterThanOrEqual(bounds[0] - 1e-9)
      expect(first / mass).toBeLessThanOrEqual(bounds[1] + 1e-9)
      expect(second / mass).toBeGreaterThanOrEqual((first / mass) ** 2 - 1e-9)
    }
  })
})
