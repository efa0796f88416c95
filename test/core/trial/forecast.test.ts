// Forecasts: the point from which a regression line is almost certainly above a limit.
import { describe, expect, it } from 'vitest'
import { certainFrom, type Experience, studentQuantile } from '../../../src/core/trial/forecast.ts'
import { aRandom, gaussian } from '../../factories.ts'

/** `y = slope·x + noise`, x from 0 up. */
function line(slope: number, noise: number, count = 30, seed = 1): Experience[] {
  const random = aRandom(seed)
  return Array.from({ length: count }, (_, x) => ({ x, y: slope * x + noise * gaussian(random) }))
}

describe('certainFrom', () => {
  it('is the intersection itself when observations have no spread', () => {
    expect(certainFrom(line(2, 0), 10, 0.02)).toBeCloseTo(5)
  })

  it('is further out with more spread and with higher certainty', () => {
    const [calm, wild] = [certainFrom(line(2, 0.5), 10, 0.02), certainFrom(line(2, 2), 10, 0.02)]
    expect(calm).toBeGreaterThan(5)
    expect(wild).toBeGreaterThan(calm ?? Number.NaN)
    expect(certainFrom(line(2, 2), 10, 0.002)).toBeGreaterThan(wild ?? Number.NaN)
  })

  it('moves with the limit and turns with the scale of x', () => {
    const experiences = line(2, 1)
    const from = certainFrom(experiences, 10, 0.02) ?? Number.NaN
    const scaled = experiences.map(({ x, y }) => ({ x: 1000 * x, y }))
    const shifted = experiences.map(({ x, y }) => ({ x, y: y + 7 }))
    expect(certainFrom(scaled, 10, 0.02)).toBeCloseTo(1000 * from, 6)
    expect(certainFrom(shifted, 17, 0.02)).toBeCloseTo(from, 6)
  })

  it.each([
    ['there are fewer than twelve experiences', line(2, 0.5, 11)],
    ['x tells nothing about y', line(0, 1)],
    ['y falls as x rises', line(-2, 0.1)],
    ['all x are equal', line(2, 1).map(({ y }) => ({ x: 3, y }))],
    ['there are none', []],
  ])('finds no such point when %s', (_why, experiences) => {
    expect(certainFrom(experiences, 10, 0.02)).toBeUndefined()
  })

  it('is exceeded by the truth no more often than the chance it was asked for', () => {
    const random = aRandom(7)
    let wrong = 0
    const rounds = 4000
    for (let round = 0; round < rounds; round += 1) {
      const from = certainFrom(line(1, 3, 20, round), 10, 0.05) ?? Number.POSITIVE_INFINITY
      // The worst case: a new one that sits exactly on the point.
      if (from < 100 && from + 3 * gaussian(random) <= 10) wrong += 1
    }
    expect(wrong / rounds).toBeLessThan(0.06)
    expect(wrong / rounds).toBeGreaterThan(0.03)
  })
})

describe('studentQuantile agrees with the tables', () => {
  it.each([
    [0.05, 10, 1.812],
    [0.02, 10, 2.359],
    [0.01, 10, 2.764],
    [0.001, 10, 4.144],
    [0.01, 30, 2.457],
    [0.2, 10, 0.879],
    [0.02, 200, 2.067],
  ])('chance %d, %d degrees of freedom', (chance, degreesOfFreedom, expected) => {
    expect(Math.abs(studentQuantile(chance, degreesOfFreedom) - expected)).toBeLessThan(0.01)
  })
})
