// Probabilities over a grid of losses, one row for each model of the machine that is kept side by side.
import { MACHINES } from './machine-models.ts'

export interface LevelGrid {
  /** Loss of the first point, and the distance between two. */
  origin: number
  step: number
  /** Probabilities, for each of `MACHINES` one per point; of all together 1. */
  weights: readonly Float64Array[]
}

export const POINTS_PER_SIGMA = 6
export const HALF_WIDTH = 9 * POINTS_PER_SIGMA
export const POINTS = 2 * HALF_WIDTH + 1
/** The grid is moved when the mean is further from its centre. */
const OFF_CENTER = 3 * POINTS_PER_SIGMA
const NEGLIGIBLE = 1e-100

/** The same distribution in steps for this noise. Only noise that was measured anew since a belief was frozen changes them. */
export function regridded(grid: LevelGrid, sigma: number): LevelGrid {
  const step = sigma / POINTS_PER_SIGMA
  if (Math.abs(Math.log(step / grid.step)) < 0.05) return grid
  const center = grid.origin + HALF_WIDTH * grid.step
  const origin = center - HALF_WIDTH * step
  const points = pointsOf({ origin, step, weights: [] })
  return normalised({
    ...{ origin, step },
    weights: grid.weights.map((masses) => points.map((at) => massAt(grid, masses, at))),
  })
}

/** The losses of a grid's points. */
export function pointsOf({ origin, step }: LevelGrid): Float64Array {
  const points = new Float64Array(POINTS)
  for (let index = 0; index < POINTS; index++) points[index] = origin + index * step
  return points
}

/** Bayes' rule: each point's probability times how likely it makes what was seen, for every model alike. */
export function weighted(grid: LevelGrid, likelihood: Float64Array): LevelGrid {
  return normalised({
    ...grid,
    weights: grid.weights.map((masses) => scaled(masses, (index) => likelihood[index] ?? 0)),
  })
}

/** Moves the grid by whole points when the mean is far from its centre. */
export function recentered(grid: LevelGrid): LevelGrid {
  let center = 0
  for (const [index, weight] of totals(grid.weights).entries()) center += weight * (index - HALF_WIDTH)
  const offset = Math.round(center)
  if (Math.abs(offset) <= OFF_CENTER) return grid
  const weights = grid.weights.map((masses) => masses.map((_, index) => masses[index + offset] ?? 0))
  return normalised({ origin: grid.origin + offset * grid.step, step: grid.step, weights })
}

/** Probability at a loss, on the line between the two points around it; 0 outside the grid. */
export function massAt({ origin, step }: LevelGrid, masses: Float64Array, at: number): number {
  const place = (at - origin) / step
  const left = Math.floor(place)
  return (masses[left] ?? 0) * (1 - (place - left)) + (masses[left + 1] ?? 0) * (place - left)
}

/** Probability of each point, whatever the model. */
export function totals(weights: LevelGrid['weights']): Float64Array {
  const total = new Float64Array(POINTS)
  for (const masses of weights)
    for (let index = 0; index < POINTS; index++) total[index] = (total[index] ?? 0) + (masses[index] ?? 0)
  return total
}

/** So that the sum is 1. Where nothing is left, everything was far outside the grid, and it is flat. */
export function normalised(grid: LevelGrid): LevelGrid {
  const total = grid.weights.reduce((sum, masses) => sum + sumOf(masses), 0)
  if (!(total > 0))
    return { ...grid, weights: MACHINES.map(({ share }) => new Float64Array(POINTS).fill(share / POINTS)) }
  return { ...grid, weights: grid.weights.map((masses) => scaled(masses, () => 1 / total)) }
}

function scaled(masses: Float64Array, factor: (index: number) => number): Float64Array {
  const result = new Float64Array(masses.length)
  for (let index = 0; index < masses.length; index++) {
    const mass = (masses[index] ?? 0) * factor(index)
    // Numbers that are nearly 0 are slow to calculate with.
    result[index] = mass < NEGLIGIBLE ? 0 : mass
  }
  return result
}

export function sumOf(values: Float64Array): number {
  let sum = 0
  for (const value of values) sum += value
  return sum
}
