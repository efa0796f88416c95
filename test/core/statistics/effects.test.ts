// What changes usually do: learned from what was tried, and what it makes of one measured gain.
import { describe, expect, it } from 'vitest'
import {
  DEFAULT_EFFECTS,
  type Effects,
  effectsOfBundles,
  judgeEffect,
  learnEffects,
  type MeasuredGain,
  observeGain,
  untriedImprovement,
} from '../../../src/core/statistics/effects.ts'
import { normalDensity } from '../../../src/core/statistics/normal.ts'
import { aRandom, gaussian } from '../../factories.ts'
import { integrate } from './integrate.ts'

const SIZES = [1, 2, 4, 8, 32]
const GOOD_EFFECTS: Effects = [0.1, 0.05, 0.05, 0.05, 0.05, 0, 0.1, 0.2, 0.2, 0.1, 0.1]
const SUM = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0)

/** The posterior by brute force: the mixture's density times the likelihood, on a grid. */
function byIntegration(effects: Effects, { gain, variance }: MeasuredGain, threshold: number) {
  const sd = Math.sqrt(variance)
  const likelihood = (effect: number) => normalDensity((gain - effect) / sd) / sd
  const sides = [-1, 1].flatMap((side, half) =>
    SIZES.map((size, index) => ({ side, size, weight: effects[1 + 5 * half + index] ?? 0 })),
  )
  // Every piece, cut at the threshold, so that no step of the density lies inside an interval.
  const over = (f: (effect: number) => number, low = -32, high = 32) =>
    SUM(
      sides.map(({ side, size, weight }) => {
        const [from, to] = side < 0 ? [-size, 0] : [0, size]
        const [start, end] = [Math.max(low, from), Math.min(high, to)]
        return start < end ? (weight / size) * integrate((x) => f(x) * likelihood(x), start, end, 2000) : 0
      }),
    )
  const none = (effects[0] ?? 0) * likelihood(0)
  const mass = over(() => 1) + none
  const mean = over((x) => x) / mass
  return {
    mean,
    variance: over((x) => x * x) / mass - mean * mean,
    risk: (over(() => 1, -32, threshold) + (threshold >= 0 ? none : 0)) / mass,
    expectedImprovement:
      (over((x) => x - threshold, threshold) + (threshold < 0 ? -threshold * none : 0)) / mass,
  }
}

describe('judgeEffect', () => {
  const measured: MeasuredGain[] = [
    { gain: 2.75, variance: 0.667 },
    { gain: 0, variance: 1.2 },
    { gain: -3, variance: 0.4 },
    { gain: 1.2, variance: 0.3 },
    { gain: 9, variance: 1.1 },
  ]
  const named = { usual: DEFAULT_EFFECTS, good: GOOD_EFFECTS }
  const rows = Object.entries(named).flatMap(([name, effects]) =>
    measured.flatMap((gain) =>
      [0, -0.5, 1].map((threshold) => [gain.gain, threshold, name, gain, effects] as const),
    ),
  )
  const title = 'of a gain of %d with threshold %d among %s effects is what numeric integration says'
  it.each(rows)(title, (_gain, threshold, _name, gain, effects) => {
    const { mean, variance, risk, expectedImprovement } = judgeEffect(effects, gain, threshold)
    const expected = byIntegration(effects, gain, threshold)
    expect(mean).toBeCloseTo(expected.mean, 4)
    expect(variance).toBeCloseTo(expected.variance, 3)
    expect(risk).toBeCloseTo(expected.risk, 4)
    expect(expectedImprovement).toBeCloseTo(expected.expectedImprovement, 4)
  })

  it('trusts a larger gain more, and a more certain one', () => {
    for (let gain = 0; gain < 8; gain += 0.25) {
      const risk = (by: number, variance: number) =>
        judgeEffect(DEFAULT_EFFECTS, { gain: gain + by, variance }).risk
      expect(risk(0.25, 0.7)).toBeLessThan(risk(0, 0.7))
      if (gain >= 2) expect(risk(0, 0.3)).toBeLessThan(risk(0, 0.7))
    }
  })

  it.each([-1e6, -100, -31, 31, 100, 1e6])('of a gain beyond all it knows, %d, is still a number', (gain) => {
    for (const variance of [1e-6, 0.2, 5]) {
      const posterior = judgeEffect(DEFAULT_EFFECTS, { gain, variance })
      for (const value of Object.values(posterior)) expect(value).not.toBeNaN()
      expect(posterior.risk).toBeCloseTo(gain > 0 ? 0 : 1, 6)
    }
  })

  it('takes the usual for granted when the measurement says nothing', () => {
    const { expectedImprovement } = judgeEffect(DEFAULT_EFFECTS, { gain: 0, variance: 1e6 })
    expect(expectedImprovement).toBeCloseTo(untriedImprovement(DEFAULT_EFFECTS), 3)
  })
})

describe('untriedPromise', () => {
  it.each([
    ['nothing', [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], 0, 0],
    ['harm', [0, 0.2, 0.2, 0.2, 0.2, 0.2, 0, 0, 0, 0, 0], 0, 0],
    ['half of them gain 0 to 2', [0.5, 0, 0, 0, 0, 0, 0, 0.5, 0, 0, 0], 0, 0.5],
    ['the same, above 1', [0.5, 0, 0, 0, 0, 0, 0, 0.5, 0, 0, 0], 1, 0.125],
    ['the same, above 2', [0.5, 0, 0, 0, 0, 0, 0, 0.5, 0, 0, 0], 2, 0],
  ])('where changes do %s: %j above %d: %d', (_, effects, threshold, expectedImprovement) => {
    expect(untriedImprovement(effects, threshold)).toBeCloseTo(expectedImprovement, 12)
  })
})

describe('learnEffects', () => {
  const tried = (count: number, draw: (random: () => number) => number, seed = 5) => {
    const random = aRandom(seed)
    return Array.from({ length: count }, () => {
      const variance = 0.3 + random()
      return observeGain({ gain: draw(random) + Math.sqrt(variance) * gaussian(random), variance })
    })
  }
  const learned = (...args: Parameters<typeof tried>) => {
    let effects = DEFAULT_EFFECTS
    for (let round = 0; round < 10; round++) effects = learnEffects(tried(...args), effects)
    return effects
  }
  const shareOfGood = (effects: Effects) => SUM(effects.slice(6))

  it('from nothing learns nothing', () => {
    expect(learnEffects([], DEFAULT_EFFECTS)).toEqual(DEFAULT_EFFECTS)
  })

  it('of bundles, most help; how much does not change', () => {
    const bundles = effectsOfBundles(DEFAULT_EFFECTS)
    expect(shareOfGood(bundles)).toBeCloseTo(2 / 3)
    expect(SUM(bundles)).toBeCloseTo(1)
    for (const part of [bundles, DEFAULT_EFFECTS])
      expect((part[6] ?? 0) / shareOfGood(part)).toBeCloseTo(0.02 / 0.052)
  })

  it('of bundles, as many help as of all changes where that is more', () => {
    const good = DEFAULT_EFFECTS.map((_, index) => (index === 6 ? 0.9 : 0.01))
    expect(effectsOfBundles(good)).toBe(good)
  })

  it('from little stays near what is believed before', () => {
    const effects = learnEffects(
      tried(1, () => 4),
      DEFAULT_EFFECTS,
    )
    expect(shareOfGood(effects) - shareOfGood(DEFAULT_EFFECTS)).toBeLessThan(0.2)
    expect(shareOfGood(effects)).toBeGreaterThan(shareOfGood(DEFAULT_EFFECTS))
  })

  it('is a probability whatever it saw', () => {
    for (const effects of [learned(50, () => 0), learned(500, () => -20), learned(20, () => 5)]) {
      expect(SUM(effects)).toBeCloseTo(1, 12)
      for (const weight of effects) expect(weight).toBeGreaterThan(0)
    }
  })

  it('finds how often changes help, roughly', () => {
    const mixed = (random: () => number) => {
      const kind = random()
      if (kind < 0.3) return 4 * random()
      return kind < 0.5 ? 0 : -8 * random()
    }
    const effects = learned(1000, mixed)
    expect(shareOfGood(effects)).toBeGreaterThan(0.2)
    expect(shareOfGood(effects)).toBeLessThan(0.4)
    expect(untriedImprovement(effects)).toBeGreaterThan(0.45)
    expect(untriedImprovement(effects)).toBeLessThan(0.75)
  })

  it('finds that nothing helps', () => {
    const effects = learned(1000, (random) => -4 * random())
    expect(shareOfGood(effects)).toBeLessThan(0.04)
  })

  it('does not depend on the order of what was tried', () => {
    const all = tried(200, (random) => 6 * random() - 4)
    const [forth, back] = [all, all.toReversed()].map((some) => learnEffects(some, DEFAULT_EFFECTS))
    for (const [index, weight] of (forth ?? []).entries()) expect(back?.[index]).toBeCloseTo(weight, 12)
  })

  it('forgets what is older than a thousand', () => {
    const old = tried(1000, () => 8)
    const recent = tried(1000, () => -4)
    expect(learnEffects([...old, ...recent], DEFAULT_EFFECTS)).toEqual(learnEffects(recent, DEFAULT_EFFECTS))
  })
})
