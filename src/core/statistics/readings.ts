// What the runs of one code say, where some runs may be outliers that say nothing, and where its noise may be larger than usual: one
// reading for each number of runs left out and each noise.
import { mean } from './noise.ts'
import { ONE_SPREAD, type Spreads } from './spreads.ts'

/** One way to understand the runs of a candidate. Losses are oriented: lower is better. */
export interface Reading {
  /** Mean of the runs that count. */
  mean: number
  /** The runs that count. */
  kept: readonly number[]
  /** Noise of one of these runs, in σ. */
  spread: number
  /** Relative probability; of all readings together 1. */
  weight: number
}

/** Outliers are spread evenly over this many σ. */
export const OUTLIER_RANGE = 60
/** With a smaller probability, no code fails this often by chance alone. */
const CHANCE = 0.05
/** A reading that is less likely is ignored. */
const MIN_WEIGHT = 5e-4
/** A run counts as at most this much better than the worst that counts: with heavy tails one lucky run could win alone. */
export const MAX_LEAD_SIGMAS = 4

/**
 * The likely readings of a candidate's runs: all of them count, or the worst one does not, or the worst two, as long as equal
 * code fails that often. The weights are those of a normal distribution contaminated by outliers (Tukey, "A survey of sampling from
 * contaminated distributions", 1960).
 *
 * @param sigma usual noise of one run, above 0
 * @param outliers share of outliers among the runs of equal code
 * @param spreads what noise the code may have. Default: σ
 */
export function readRuns(
  losses: readonly number[],
  sigma: number,
  outliers: number,
  spreads: Spreads = ONE_SPREAD,
): Reading[] {
  const sorted = losses.toSorted((a, b) => a - b)
  const logs: number[] = []
  const readings: Reading[] = []
  for (let out = 0; out < sorted.length && mayBeOutliers(out, sorted.length, outliers); out++) {
    const kept = sorted.slice(0, sorted.length - out)
    const center = mean(trimLucky(kept, sigma))
    for (const { times: spread, share } of spreads) {
      if (share === 0) continue
      logs.push(Math.log(share) + logWeight(kept, out, spread, sigma, outliers))
      readings.push({ kept, mean: center, spread, weight: 0 })
    }
  }
  const most = Math.max(...logs)
  const weights = logs.map((log) => Math.exp(log - most))
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  return readings.flatMap((reading, index) => {
    const weight = (weights[index] ?? 0) / total
    return weight < MIN_WEIGHT ? [] : [{ ...reading, weight }]
  })
}

/** Variance of the error of a reading's mean, in σ². */
export function meanVariance({ kept, spread }: Pick<Reading, 'kept' | 'spread'>): number {
  return spread ** 2 / kept.length
}

/** Log density of the runs up to the part that depends on the true level, in σ. */
function logWeight(
  kept: readonly number[],
  out: number,
  spread: number,
  sigma: number,
  outliers: number,
): number {
  const center = mean(kept)
  const squares = kept.reduce((sum, value) => sum + ((value - center) / sigma) ** 2, 0)
  const count = kept.length
  const within = -squares / (2 * spread ** 2) - (count - 1) * Math.log(spread)
  const normal = within - ((count - 1) * Math.log(2 * Math.PI)) / 2 - Math.log(count) / 2
  return normal + count * Math.log(1 - outliers) + out * Math.log(outliers / OUTLIER_RANGE)
}

/** True while so many outliers or more happen to equal code with a probability of at least 5 %. */
function mayBeOutliers(out: number, runs: number, share: number): boolean {
  if (out === 0) return true
  let [fewer, term] = [0, (1 - share) ** runs]
  for (let count = 0; count < out; count++) {
    fewer += term
    term *= ((runs - count) / (count + 1)) * (share / (1 - share))
  }
  return 1 - fewer >= CHANCE
}

function trimLucky(values: readonly number[], sigma: number): number[] {
  const best = Math.max(...values) - MAX_LEAD_SIGMAS * sigma
  return values.map((value) => Math.max(value, best))
}
