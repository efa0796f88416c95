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

/** Sums of unnormalised moments about 0. */
export interface MomentSums {
  mass: number
  first: number
  second: number
}

/**
 * A normal distribution that is cut into ranges with common bounds. What it has at a bound is worked out once for all of them, in
 * arrays that are used again: planning for a large fleet does this a million times.
 */
export class CutNormal {
  readonly #at: Float64Array
  readonly #z: Float64Array
  readonly #density: Float64Array
  readonly #below: Float64Array
  #mean = 0
  #sd = 1

  /** @param size number of bounds */
  constructor(size: number) {
    this.#at = new Float64Array(size)
    this.#z = new Float64Array(size)
    this.#density = new Float64Array(size)
    this.#below = new Float64Array(size)
  }

  /**
   * @param bounds in any order
   * @param sd above 0
   */
  cut(bounds: Float64Array, mean: number, sd: number): void {
    this.#mean = mean
    this.#sd = sd
    for (let index = 0; index < bounds.length; index++) {
      const at = bounds[index] ?? 0
      const z = (at - mean) / sd
      this.#at[index] = at
      this.#z[index] = z
      this.#density[index] = normalDensity(z)
      this.#below[index] = normalProbability(z)
    }
  }

  /** Adds `weight` times the moments between two bounds, by their places. Returns the mass that was added. */
  addMoments(sums: MomentSums, low: number, high: number, weight: number): number {
    const mass = (this.#below[high] ?? 0) - (this.#below[low] ?? 0)
    // Below this mass the difference of two probabilities is rounding error.
    if (!(mass >= 1e-9)) return 0
    const a = this.#z[low] ?? 0
    const b = this.#z[high] ?? 0
    const da = this.#density[low] ?? 0
    const db = this.#density[high] ?? 0
    const sd = this.#sd
    const shift = (da - db) / mass
    const center = clamp(this.#mean + sd * shift, this.#at[low] ?? 0, this.#at[high] ?? 0)
    const variance = Math.max(0, sd * sd * (1 + (a * da - b * db) / mass - shift * shift))
    sums.mass += weight * mass
    sums.first += weight * mass * center
    sums.second += weight * mass * (variance + center * center)
    return weight * mass
  }
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value))
}
