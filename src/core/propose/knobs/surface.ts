// A response surface of the constants: the gain of a step is a sum of one parabola per constant on its scale, learned from the
// ledger by Bayesian regression. Parabolas are differences of positions, so that steps from old baselines count as well.
import { best } from '../bandit.ts'
import { type Fit, fitLinear, type Prior, type Row } from './linear.ts'
import type { Move, Observation } from './observations.ts'

/** A parabola: slope and curvature at the present value, per doubling. A step of t gains slope · t − curvature · t². */
export interface Parabola {
  slope: number
  curvature: number
}

export interface Surface {
  /** The parabolas of all constants, drawn from the posterior. `normal` draws from the standard normal distribution. */
  draw(normal: () => number): Parabola[]
  /** The gain of a set of moves, in σ. */
  predict(moves: readonly Move[]): { mean: number; variance: number }
}

/** What is believed of a constant before it was moved, in σ at scale 1: a step of a doubling usually loses a little. */
const SLOPE: Prior = { mean: 0, sd: 2 }
const CURVATURE: Prior = { mean: 1, sd: 1 }
/** How wrongly a baseline is measured: all gains over it are off by the same amount. */
const BASELINE_ERROR: Prior = { mean: 0, sd: 0.5 }
/** How much more or less constants may matter here; the record decides which. */
const SCALES = [0.25, 0.5, 1, 2, 4]
/** What is known of the scale beforehand: the standard deviation of its logarithm. */
const SCALE_SD = 1
const BOUND_ITERATIONS = 3

/** @param positions where the constants are now, by index */
export function learnSurface(observations: readonly Observation[], positions: readonly number[]): Surface {
  const bases = [...new Set(observations.map(({ base }) => base))]
  const rows = rowsOf(observations, positions, bases)
  const scored = SCALES.map((scale) => {
    const { evidence } = fitLinear(rows, priorsAt(scale, positions.length, bases.length))
    return { scale, score: evidence - Math.log(scale) ** 2 / 2 / SCALE_SD ** 2 }
  })
  const scale = best(scored, ({ score }) => score)?.scale ?? 1
  const fit = fitBounded(observations, rows, priorsAt(scale, positions.length, bases.length))
  return {
    draw: (normal) => {
      const weights = fit.draw(normal)
      return positions.map((_, index) => ({
        slope: weights[2 * index] ?? 0,
        curvature: weights[2 * index + 1] ?? 0,
      }))
    },
    predict: (moves) => fit.predict(featuresOf(moves, positions)),
  }
}

/** A bound counts as the value that the surface itself predicts below it, or as the bound where it predicts more. */
function fitBounded(
  observations: readonly Observation[],
  rows: readonly Row[],
  priors: readonly Prior[],
): Fit {
  let fit = fitLinear(rows, priors)
  if (!observations.some(({ atMost }) => atMost)) return fit
  for (let iteration = 0; iteration < BOUND_ITERATIONS; iteration++) {
    const guessed = rows.map((row, index) => {
      const isBound = observations[index]?.atMost === true
      return isBound ? { ...row, target: Math.min(row.target, fit.predict(row.features).mean) } : row
    })
    fit = fitLinear(guessed, priors)
  }
  return fit
}

function priorsAt(scale: number, constants: number, bases: number): Prior[] {
  const parabola = [SLOPE, CURVATURE].map(({ mean, sd }) => ({ mean: scale * mean, sd: scale * sd }))
  return [...Array(constants).fill(parabola).flat(), ...Array(bases).fill(BASELINE_ERROR)]
}

function rowsOf(
  observations: readonly Observation[],
  positions: readonly number[],
  bases: readonly string[],
): Row[] {
  return observations.map(({ moves, base, gain, variance }) => ({
    features: [...featuresOf(moves, positions), [2 * positions.length + bases.indexOf(base), 1]],
    target: gain,
    variance,
  }))
}

function featuresOf(moves: readonly Move[], positions: readonly number[]): Row['features'] {
  return moves.flatMap(({ index, from, to }) => {
    const [before, after] = [from, to].map((position) => position - (positions[index] ?? 0)) as [
      number,
      number,
    ]
    return [
      [2 * index, after - before],
      [2 * index + 1, before ** 2 - after ** 2],
    ] as const
  })
}
