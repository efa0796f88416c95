// Where the baseline's true loss is, as a distribution over a grid of losses and over how steady the machine is: the forward
// filter of a hidden Markov model (Rabiner, "A tutorial on hidden Markov models", 1989) with several models of the machine side by
// side (Magill, "Optimal adaptive estimation of sampled stochastic processes", 1965). What it costs to be wrong about the machine is
// thereby part of every stated risk.
import { type Effects, effectDensity, gainDensities } from './effects.ts'
import {
  HALF_WIDTH,
  type LevelGrid,
  massAt,
  normalised,
  POINTS,
  POINTS_PER_SIGMA,
  pointsOf,
  recentered,
  regridded,
  sumOf,
  totals,
  weighted,
} from './level-grid.ts'
import { MACHINES, STEADY } from './machine-models.ts'
import { normalDensity } from './normal.ts'
import { passRuns } from './passing-runs.ts'
import { meanVariance, OUTLIER_RANGE, type Reading } from './readings.ts'

/** The estimate of a true loss, in the metric's unit and its square. */
export interface Level {
  mean: number
  variance: number
  /** The whole distribution. Absent: a normal distribution, on a machine about which nothing is known. */
  grid?: LevelGrid
}

const OUTLIERS = 0.02

/** The level of code that was run without being selected. */
export function firstLevel(losses: readonly number[], sigma: number): Level {
  const sorted = losses.toSorted((a, b) => a - b)
  const center = sorted[Math.floor(sorted.length / 2)] ?? 0
  const flat = new Float64Array(POINTS).fill(1)
  const grid = {
    step: sigma / POINTS_PER_SIGMA,
    origin: center - HALF_WIDTH * (sigma / POINTS_PER_SIGMA),
    weights: MACHINES.map(({ share }) => flat.map((weight) => weight * share)),
  }
  return levelOf(losses.reduce<LevelGrid>((known, loss) => withBaselineRun(known, loss, sigma), grid))
}

/** Adds a run of the baseline's own code. */
export function addBaselineRun(level: Level, loss: number, sigma: number): Level {
  return levelOf(passRuns(withBaselineRun(gridOf(level, sigma), loss, sigma), 1, sigma))
}

function withBaselineRun(grid: LevelGrid, loss: number, sigma: number): LevelGrid {
  const likelihood = pointsOf(grid).map(
    (at) => ((1 - OUTLIERS) * normalDensity((loss - at) / sigma)) / sigma + OUTLIERS / OUTLIER_RANGE / sigma,
  )
  return weighted(grid, likelihood)
}

/** Adds a candidate that was not merged: most changes do little, so it tells about the baseline, too. */
export function addCandidate(
  level: Level,
  readings: readonly Reading[],
  runs: number,
  sigma: number,
  effects: Effects,
): Level {
  const grid = gridOf(level, sigma)
  const points = pointsOf(grid)
  const likelihood = new Float64Array(POINTS)
  for (const reading of readings) {
    const gains = points.map((at) => (at - reading.mean) / sigma)
    const densities = gainDensities(effects, gains, meanVariance(reading))
    for (let index = 0; index < POINTS; index++)
      likelihood[index] = (likelihood[index] ?? 0) + reading.weight * (densities[index] ?? 0)
  }
  return levelOf(passRuns(weighted(grid, likelihood), runs, sigma))
}

/**
 * The level of the next baseline, from the runs that were merged. Because they were selected for being good, they are combined
 * with what changes usually do (Efron, "Tweedie's formula and selection bias", 2011).
 */
export function mergedLevel(
  level: Level,
  readings: readonly Reading[],
  sigma: number,
  effects: Effects,
): Level {
  const before = gridOf(level, sigma)
  const beforePoints = pointsOf(before)
  const center = readings.reduce((sum, reading) => sum + reading.weight * reading.mean, 0)
  const step = sigma / POINTS_PER_SIGMA
  const origin = center - HALF_WIDTH * step
  const points = pointsOf({ origin, step, weights: before.weights })
  const likelihood = points.map((at) =>
    readings.reduce((sum, reading) => {
      const sd = sigma * Math.sqrt(meanVariance(reading))
      return sum + (reading.weight * normalDensity((reading.mean - at) / sd)) / sd
    }, 0),
  )
  const weights = before.weights.map((masses) =>
    points.map((at, index) => {
      const like = likelihood[index] ?? 0
      if (like < 1e-9) return 0
      // A change without effect leaves the level where it was; any other moves it.
      let density = ((effects[0] ?? 0) * massAt(before, masses, at)) / before.step
      for (let from = 0; from < POINTS; from++) {
        const mass = masses[from] ?? 0
        if (mass > 1e-7)
          density += (mass * effectDensity(effects, ((beforePoints[from] ?? 0) - at) / sigma)) / sigma
      }
      return like * density
    }),
  )
  return levelOf(normalised({ origin, step, weights }))
}

/** Probability that the numbers of this machine jump. Before anything was measured it is a quarter. */
export function jumpProbability({ grid }: Level): number {
  return MACHINES.reduce((sum, { jump, share }, index) => {
    if (jump === 0) return sum
    return sum + (grid ? sumOf(grid.weights[index] ?? new Float64Array()) : share)
  }, 0)
}

/** The level under each way in which the machine may move, as far as that is at least this probable. */
export function levelsIfMoving({ grid }: Level, least: number): Level[] {
  if (!grid) return []
  return MACHINES.flatMap((_, moving) => {
    const masses = grid.weights[moving]
    if (moving === STEADY || !masses || sumOf(masses) < least) return []
    const weights = grid.weights.map((all) => (all === masses ? all : new Float64Array(POINTS)))
    return [levelOf(normalised({ ...grid, weights }))]
  })
}

/** The points that hold nearly all of the probability, with the losses they stand for. */
export function likelyLevels(level: Level, sigma: number): { at: number; weight: number }[] {
  const grid = gridOf(level, sigma)
  const total = totals(grid.weights)
  return [...pointsOf(grid)].flatMap((at, index) => {
    const weight = total[index] ?? 0
    return weight > 1e-4 ? [{ at, weight }] : []
  })
}

/** A level as it is recorded. Weights are rounded to 6 digits. */
export interface FrozenLevel extends Pick<Level, 'mean' | 'variance'> {
  grid?: Omit<LevelGrid, 'weights'> & { weights: readonly (readonly number[])[] }
}

export function freezeLevel({ mean, variance, grid }: Level): FrozenLevel {
  const rounded = (weight: number) => (weight < 1e-12 ? 0 : Number(weight.toPrecision(6)))
  const weights = grid?.weights.map((masses) => Array.from(masses, rounded))
  return { mean, variance, ...(grid && weights && { grid: { ...grid, weights } }) }
}

export function thawLevel({ grid, ...level }: FrozenLevel): Level {
  return grid
    ? { ...level, grid: { ...grid, weights: grid.weights.map((masses) => Float64Array.from(masses)) } }
    : level
}

function levelOf(grid: LevelGrid): Level {
  const centered = recentered(grid)
  const total = totals(centered.weights)
  let [first, second] = [0, 0]
  for (let index = 0; index < POINTS; index++) {
    const [offset, weight] = [index - HALF_WIDTH, total[index] ?? 0]
    first += weight * offset
    second += weight * offset * offset
  }
  const { origin, step } = centered
  const variance = Math.max(0, second - first * first) * step * step
  return { mean: origin + (HALF_WIDTH + first) * step, variance, grid: centered }
}

function gridOf({ mean: center, variance, grid }: Level, sigma: number): LevelGrid {
  if (grid) return regridded(grid, sigma)
  const step = sigma / POINTS_PER_SIGMA
  const origin = center - HALF_WIDTH * step
  // No narrower than the grid can show.
  const sd = Math.max(Math.sqrt(variance), step)
  const normal = pointsOf({ origin, step, weights: [] }).map((at) => normalDensity((at - center) / sd))
  return normalised({ origin, step, weights: MACHINES.map(({ share }) => normal.map((one) => one * share)) })
}
