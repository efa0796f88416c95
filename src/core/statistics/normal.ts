// The parts of the normal distribution that the judge uses.

export function normalDensity(x: number): number {
  return Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI)
}

/** Abramowitz & Stegun, Handbook of Mathematical Functions (1964), formula 26.2.17: the error is below 7.5e-8. */
const [T1, T2, T3, T4, T5] = [0.31938153, -0.356563782, 1.781477937, -1.821255978, 1.330274429] as const

/** Cumulative distribution function of the standard normal distribution. */
export function normalProbability(x: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(x))
  const upper = normalDensity(x) * (((((T5 * t + T4) * t + T3) * t + T2) * t + T1) * t)
  return x > 0 ? 1 - upper : upper
}

/**
 * Unnormalised moments of a normal distribution between two bounds.
 *
 * @param mean of the whole distribution
 * @param sd of the whole distribution, above 0
 */
export function truncatedMoments(
  [low, high]: readonly [number, number],
  mean: number,
  sd: number,
): { mass: number; first: number; second: number } {
  const [a, b] = [(low - mean) / sd, (high - mean) / sd]
  const mass = Math.max(0, normalProbability(b) - normalProbability(a))
  const [da, db] = [normalDensity(a), normalDensity(b)]
  // Below this mass the difference of two probabilities is rounding error.
  if (mass < 1e-9) return { mass: 0, first: 0, second: 0 }
  const center = clamp(mean + (sd * (da - db)) / mass, low, high)
  const variance = Math.max(0, sd * sd * (1 + (a * da - b * db) / mass - ((da - db) / mass) ** 2))
  return { mass, first: mass * center, second: mass * (variance + center * center) }
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value))
}
