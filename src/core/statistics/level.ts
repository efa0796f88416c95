// Where the baseline's true loss is, as a distribution over a grid of losses and over how steady the machine is: the forward
// filter of a hidden Markov model (Rabiner, "A tutorial on hidden Markov models", 1989) with several models of the machine side by
// side (Magill, "Optimal adaptive estimation of sampled stochastic processes", 1965). What it costs to be wrong about the machine is
// thereby part of every stated risk.
import { type Effects, effectDensity, gainDensities } from './effects.ts'
import { normalDensity } from './normal.ts'
import { OUTLIER_RANGE, type Reading } from './readings.ts'

/** The estimate of a true loss, in the metric's unit and its square. */
export interface Level {
  mean: number
  variance: number
  /** The whole distribution. Absent: a normal distribution, on a machine about which nothing is known. */
  grid?: LevelGrid
}

interface LevelGrid {
  /** Loss of the first point, and the distance between two. */
  origin: number
  step: number
  /** Probabilities, for each of `MACHINES` one per point; of all together 1. */
  weights: readonly Float64Array[]
}

/** How the numbers of a machine may move. Variance of the drift in σ², and probability of a jump, per run. */
const MACHINES = [
  { share: 0.65, drift: 0.0005, jump: 0 },
  { share: 0.1, drift: 0.01, jump: 0 },
  { share: 0.25, drift: 0.0005, jump: 0.01 },
] as const
/** Probability per run that the machine becomes another of these. */
const CHANGE = 0.0005
/** Standard deviation of a jump, in σ. Its distribution is Laplace's, with heavy tails. */
const JUMP_SD = 2
const OUTLIERS = 0.02
const NEGLIGIBLE = 1e-100

const POINTS_PER_SIGMA = 6
const HALF_WIDTH = 9 * POINTS_PER_SIGMA
const POINTS = 2 * HALF_WIDTH + 1
/** Part of a point's mass that a jump leaves at the next point, see `spread`. */
const JUMP_DECAY = Math.exp(-Math.SQRT2 / (JUMP_SD * POINTS_PER_SIGMA))
/** The grid is moved when the mean is further from its centre. */
const OFF_CENTER = 3 * POINTS_PER_SIGMA

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
    const densities = gainDensities(effects, gains, 1 / reading.kept.length)
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
    readings.reduce((sum, { mean: value, kept, weight }) => {
      const sd = sigma / Math.sqrt(kept.length)
      return sum + (weight * normalDensity((value - at) / sd)) / sd
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

/** The same distribution in steps for this noise. Only noise that was measured anew since a belief was frozen changes them. */
function regridded(grid: LevelGrid, sigma: number): LevelGrid {
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

function pointsOf({ origin, step }: LevelGrid): Float64Array {
  const points = new Float64Array(POINTS)
  for (let index = 0; index < POINTS; index++) points[index] = origin + index * step
  return points
}

function weighted(grid: LevelGrid, likelihood: Float64Array): LevelGrid {
  return normalised({
    ...grid,
    weights: grid.weights.map((masses) => scaled(masses, (index) => likelihood[index] ?? 0)),
  })
}

/** What may have happened to the machine meanwhile. */
function passRuns(grid: LevelGrid, runs: number, sigma: number): LevelGrid {
  let { weights } = grid
  for (let run = 0; run < runs; run++) {
    const all = totals(weights)
    weights = MACHINES.map((machine, index) =>
      passRun(machine, weights[index] ?? all, all, sigma / grid.step),
    )
  }
  return { ...grid, weights }
}

/** @param perSigma points per σ */
function passRun(
  { share, drift, jump }: (typeof MACHINES)[number],
  masses: Float64Array,
  all: Float64Array,
  perSigma: number,
): Float64Array {
  // A normal step as one to a neighbour, with the same variance.
  const aside = Math.min(0.25, (drift * perSigma ** 2) / 2)
  const jumped = jump > 0 ? spread(masses) : masses
  const next = new Float64Array(POINTS)
  for (let at = 0; at < POINTS; at++) {
    const mass = masses[at] ?? 0
    const drifted = (1 - 2 * aside) * mass + aside * ((masses[at - 1] ?? mass) + (masses[at + 1] ?? mass))
    const moved = (1 - jump) * drifted + jump * (jumped[at] ?? 0)
    next[at] = (1 - CHANGE) * moved + CHANGE * share * (all[at] ?? 0)
  }
  return next
}

/** Spreads probabilities by the Laplace distribution of a jump, in one pass each way. */
function spread(masses: Float64Array): Float64Array {
  const scale = (1 - JUMP_DECAY) / (1 + JUMP_DECAY)
  const result = new Float64Array(POINTS)
  let carry = 0
  for (let index = 0; index < POINTS; index++) {
    carry = JUMP_DECAY * carry + (masses[index] ?? 0)
    result[index] = carry
  }
  carry = 0
  for (let index = POINTS - 1; index >= 0; index--) {
    result[index] = scale * ((result[index] ?? 0) + carry)
    carry = JUMP_DECAY * (carry + (masses[index] ?? 0))
  }
  return result
}

/** Moves the grid by whole points when the mean is far from its centre. */
function recentered(grid: LevelGrid): LevelGrid {
  let center = 0
  for (const [index, weight] of totals(grid.weights).entries()) center += weight * (index - HALF_WIDTH)
  const offset = Math.round(center)
  if (Math.abs(offset) <= OFF_CENTER) return grid
  const weights = grid.weights.map((masses) => masses.map((_, index) => masses[index + offset] ?? 0))
  return normalised({ origin: grid.origin + offset * grid.step, step: grid.step, weights })
}

function massAt({ origin, step }: LevelGrid, masses: Float64Array, at: number): number {
  const place = (at - origin) / step
  const left = Math.floor(place)
  return (masses[left] ?? 0) * (1 - (place - left)) + (masses[left + 1] ?? 0) * (place - left)
}

function totals(weights: LevelGrid['weights']): Float64Array {
  const total = new Float64Array(POINTS)
  for (const masses of weights)
    for (let index = 0; index < POINTS; index++) total[index] = (total[index] ?? 0) + (masses[index] ?? 0)
  return total
}

/** So that the sum is 1. Where nothing is left, everything was far outside the grid, and it is flat. */
function normalised(grid: LevelGrid): LevelGrid {
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

function sumOf(values: Float64Array): number {
  let sum = 0
  for (const value of values) sum += value
  return sum
}
