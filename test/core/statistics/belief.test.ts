// What the record tells about the baseline: its runs, the candidates that were held against it, and the merge that made it.
import { describe, expect, it } from 'vitest'
import {
  type BaselinePeriod,
  believe,
  type CarriedBelief,
  endPeriod,
  freeze,
  NOTHING_CARRIED,
  thaw,
} from '../../../src/core/statistics/belief.ts'
import { DEFAULT_EFFECTS } from '../../../src/core/statistics/effects.ts'
import { mean } from '../../../src/core/statistics/noise.ts'
import { aRandom, gaussian } from '../../factories.ts'

const SIGMA = 0.02
const VARIANCE = SIGMA ** 2

const NOISE = { sigma: SIGMA, outliers: 1 / 80 }

/** The baseline's runs first, then the candidates. */
function aPeriod({ measured = [], tried = [], merged }: Runs): BaselinePeriod {
  const observed = [
    ...measured.map((loss) => ({ kind: 'baseline', losses: [loss] }) as const),
    ...tried.map((losses) => ({ kind: 'tried', losses }) as const),
  ]
  return { observed, ...(merged && { merged }) }
}

interface Runs {
  measured?: readonly number[]
  tried?: readonly (readonly number[])[]
  merged?: readonly number[] | undefined
}

function levelOf(runs: Runs, carried: CarriedBelief = NOTHING_CARRIED) {
  return believe(carried, aPeriod(runs), NOISE).level ?? { mean: Number.NaN, variance: Number.NaN }
}

const known = (center: number, variance: number): CarriedBelief => ({
  ...NOTHING_CARRIED,
  level: { mean: center, variance },
})

describe('believe', () => {
  it('knows nothing without runs, whatever candidates there were', () => {
    expect(believe(NOTHING_CARRIED, aPeriod({ tried: [[2.5]] }), NOISE).level).toBeUndefined()
  })

  it('takes the first runs at their word', () => {
    const { mean: center, variance } = levelOf({ measured: [2.5, 2.52, 2.51] })
    expect(center).toBeCloseTo(2.51, 4)
    expect(variance / (VARIANCE / 3)).toBeCloseTo(1, 0)
  })

  it('adds runs to what was known, each by its certainty', () => {
    const { mean: center, variance } = levelOf({ measured: [2.52, 2.54] }, known(2.5, VARIANCE))
    expect(center).toBeCloseTo((2.5 + 2 * 2.53) / 3, 2)
    expect(variance / (VARIANCE / 3)).toBeCloseTo(1, 0)
  })

  it('runs that come in parts tell the same as together', () => {
    const parts = levelOf({ measured: [2.51, 2.49] }, known(2.52, VARIANCE))
    const together = levelOf({ measured: [2.52, 2.51, 2.49] })
    expect(parts.mean).toBeCloseTo(together.mean, 2)
    expect(parts.variance / together.variance).toBeCloseTo(1, 0)
  })

  it('corrects a lucky baseline by the candidates that do not come near it', () => {
    const random = aRandom(2)
    const lucky = [2.48]
    const tried = Array.from({ length: 20 }, () => [2.5 + SIGMA * gaussian(random)])
    const { mean: center, variance } = levelOf({ measured: lucky, tried })
    expect(center).toBeGreaterThan(2.488)
    expect(center).toBeLessThan(2.505)
    expect(variance).toBeLessThan(VARIANCE)
  })

  it('is not moved by a candidate that is gross: that is its own doing', () => {
    const { mean: center } = levelOf({ measured: [2.5, 2.5], tried: [[3]] })
    expect(center).toBeCloseTo(2.5, 3)
  })

  it('becomes less certain with candidates that tell nothing: machines drift', () => {
    const tried = Array.from({ length: 100 }, () => [3])
    expect(levelOf({ measured: [2.5, 2.5], tried }).variance).toBeGreaterThan(VARIANCE / 2)
  })

  it('scales with the metric', () => {
    const period = { measured: [2.5, 2.51], tried: [[2.53], [2.47, 2.5]] }
    const hundred = (values: readonly number[]) => values.map((value) => 100 * value)
    const scaled = { measured: hundred(period.measured), tried: period.tried.map(hundred) }
    const { level, effects } = believe(NOTHING_CARRIED, aPeriod(scaled), { ...NOISE, sigma: 100 * SIGMA })
    const small = believe(NOTHING_CARRIED, aPeriod(period), NOISE)
    expect(level?.mean).toBeCloseTo(100 * (small.level?.mean ?? 0), 8)
    for (const [index, weight] of effects.entries()) expect(weight).toBeCloseTo(small.effects[index] ?? 0, 8)
  })
})

describe('endPeriod', () => {
  const measured = [2.5, 2.5, 2.5, 2.5, 2.5, 2.5]
  const period = (merged?: readonly number[]) => aPeriod({ measured, merged })

  it('knows nothing of a baseline that a person made, but remembers what changes do', () => {
    const carried = endPeriod(NOTHING_CARRIED, aPeriod({ measured, tried: [[2.6], [2.7]] }), NOISE)
    expect(carried.level).toBeUndefined()
    expect(carried.observations).toHaveLength(2)
    expect(carried.effects).not.toEqual(NOTHING_CARRIED.effects)
  })

  it('inherits the level of the merged candidate, its runs shrunk towards what changes usually do', () => {
    const runs = [2.44, 2.45]
    const { level } = endPeriod(NOTHING_CARRIED, period(runs), NOISE)
    expect(level?.mean).toBeGreaterThan(mean(runs))
    expect(level?.mean).toBeLessThan(2.5)
    expect(level?.variance).toBeGreaterThan(0)
    expect(level?.variance).toBeLessThan(VARIANCE)
  })

  it('takes more from a small gain than from a large one, which luck cannot make', () => {
    const shrunk = (gain: number) => {
      const runs = [2.5 - gain - 0.005, 2.5 - gain + 0.005]
      return (endPeriod(NOTHING_CARRIED, period(runs), NOISE).level?.mean ?? 0) - mean(runs)
    }
    expect(shrunk(0.05)).toBeGreaterThan(2 * shrunk(0.2))
    expect(shrunk(0.2)).toBeGreaterThan(0)
  })

  it('is nearer to the truth than the runs themselves, over many lucky winners', () => {
    const random = aRandom(9)
    const draw = (center: number) => center + SIGMA * gaussian(random)
    const usual = () => {
      let left = random()
      const piece = DEFAULT_EFFECTS.findIndex((weight) => {
        left -= weight
        return left < 0
      })
      if (piece <= 0) return 0
      return ([1, 2, 4, 8, 32][(piece - 1) % 5] ?? 0) * random() * (piece <= 5 ? -SIGMA : SIGMA)
    }
    let [atTheirWord, inherited] = [0, 0]
    for (let n = 0; n < 2000; n++) {
      const truth = 2.5 - usual()
      const runs = [draw(truth), draw(truth)]
      if (mean(runs) > 2.46) continue
      const level = endPeriod(NOTHING_CARRIED, period(runs), NOISE).level?.mean ?? 0
      atTheirWord += (mean(runs) - truth) ** 2
      inherited += (level - truth) ** 2
    }
    expect(inherited).toBeLessThan(0.9 * atTheirWord)
  })

  it('goes on from period to period', () => {
    const first = endPeriod(NOTHING_CARRIED, period([2.44, 2.45]), NOISE)
    const second = endPeriod(
      first,
      aPeriod({ measured: [2.45], tried: [[2.5]], merged: [2.38, 2.39] }),
      NOISE,
    )
    expect(second.level?.mean).toBeGreaterThan(2.385)
    expect(second.level?.mean).toBeLessThan(2.43)
    expect(second.observations).toHaveLength(3)
  })
})

describe('a frozen belief', () => {
  const first = believe(NOTHING_CARRIED, aPeriod({ measured: [2.5, 2.51, 2.49] }), NOISE)
  // The machine jumps by 5 σ: how steady it is matters from then on.
  const jumped = believe(first, aPeriod({ measured: [2.6, 2.61, 2.59] }), NOISE)
  const read = (carried: CarriedBelief) => thaw(JSON.parse(JSON.stringify(freeze(carried))))
  const continued = (carried: CarriedBelief, noise = NOISE) =>
    believe(carried, aPeriod({ measured: [2.7] }), noise).level ?? { mean: 0, variance: 0 }

  it('continues as if nothing had been frozen', () => {
    const [one, two] = [continued(jumped), continued(read(jumped))]
    expect(two.mean).toBeCloseTo(one.mean, 6)
    expect(two.variance / one.variance).toBeCloseTo(1, 4)
  })

  it('without how steady the machine was continues elsewhere', () => {
    const { mean: center, variance } = jumped.level ?? { mean: 0, variance: 0 }
    const forgetful = continued({ ...jumped, level: { mean: center, variance } })
    expect(Math.abs(forgetful.variance / continued(jumped).variance - 1)).toBeGreaterThan(0.1)
  })

  it.each([0.2, 0.9, 1.1, 2])('keeps its width where the noise is %d times as large since', (factor) => {
    const noise = { ...NOISE, sigma: factor * SIGMA }
    const { mean: center = 0, variance = 0 } = first.level ?? {}
    const normal = known(center, variance)
    const [one, two] = [normal, read(first)].map(
      (carried) => believe(carried, aPeriod({ measured: [center + 0.01] }), noise).level,
    )
    expect(Math.abs((two?.mean ?? 0) - (one?.mean ?? 1))).toBeLessThan(0.05 * SIGMA)
    expect(Math.abs((two?.variance ?? 0) / (one?.variance ?? 1) - 1)).toBeLessThan(0.1)
  })
})
