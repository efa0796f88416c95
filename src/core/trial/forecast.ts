// Forecasts by linear regression on earlier observations, with prediction intervals.
import { mean } from '../statistics/noise.ts'

/** An earlier observation: a value known early (`x`) and the final result (`y`). */
export interface Experience {
  x: number
  y: number
}

/** With fewer observations the spread around the line is itself mostly chance. */
const MIN_EXPERIENCES = 12

/**
 * The smallest `x` from which `y` is almost certainly above a limit: where the lower end of the one-sided prediction
 * interval of a least-squares line crosses the limit,
 *
 *   a + b·x − limit = t · s · √(1 + 1/n + (x − x̄)²/Sxx)
 *
 * solved for x (a quadratic; Fieller 1954, Draper & Smith, Applied Regression Analysis, ch. 3.2: inverse regression).
 *
 * @param chance probability that `y` is nevertheless at or below the limit, above 0 and below 0.5
 * @returns undefined with fewer than 12 observations, or when `x` predicts `y` too weakly for such a point to exist: the
 *   slope must be above 0 with the same certainty
 */
export function certainFrom(
  experiences: readonly Experience[],
  limit: number,
  chance: number,
): number | undefined {
  const n = experiences.length
  if (n < MIN_EXPERIENCES) return undefined
  const meanX = mean(experiences.map(({ x }) => x))
  const meanY = mean(experiences.map(({ y }) => y))
  const sum = (term: (experience: Experience) => number): number =>
    experiences.reduce((total, experience) => total + term(experience), 0)
  const squares = sum(({ x }) => (x - meanX) ** 2)
  const slope = sum(({ x, y }) => (x - meanX) * (y - meanY)) / squares
  if (!(slope > 0)) return undefined
  const variance = sum(({ x, y }) => (y - meanY - slope * (x - meanX)) ** 2) / (n - 2)
  const reach = studentQuantile(chance, n - 2) ** 2 * variance
  // With u = x − x̄ and d = ȳ − limit: (d + b·u)² = reach · (1 + 1/n + u²/Sxx). The larger root is the solution.
  const distance = meanY - limit
  const quadratic = slope ** 2 - reach / squares
  const constant = distance ** 2 - reach * (1 + 1 / n)
  if (quadratic <= 0) return undefined
  const root = Math.sqrt(Math.max(0, (slope * distance) ** 2 - quadratic * constant))
  return meanX + (root - slope * distance) / quadratic
}

/**
 * The value that a t-distributed number exceeds with probability `chance`. Accurate to 0.01 from 8 degrees of freedom and
 * for chances of at least 0.001 (Abramowitz & Stegun, 26.2.23 and 26.7.5).
 */
export function studentQuantile(chance: number, degreesOfFreedom: number): number {
  const z = normalQuantile(chance)
  const corrections = [
    (z ** 3 + z) / 4,
    (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96,
    (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / 384,
    (79 * z ** 9 + 776 * z ** 7 + 1482 * z ** 5 - 1920 * z ** 3 - 945 * z) / 92160,
  ]
  return corrections.reduce((sum, term, index) => sum + term / degreesOfFreedom ** (index + 1), z)
}

function normalQuantile(chance: number): number {
  const t = Math.sqrt(-2 * Math.log(chance))
  return (
    t -
    (2.515517 + 0.802853 * t + 0.010328 * t ** 2) / (1 + 1.432788 * t + 0.189269 * t ** 2 + 0.001308 * t ** 3)
  )
}
