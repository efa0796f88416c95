// The noise of one run: how much runs of equal code differ, and how well that is known.
import { learnCodeShares, likelySpreads, type Repeated, type Spreads } from './spreads.ts'

/** The noise of one run, in the metric's unit. */
export interface Noise {
  /** Upper estimate of the standard deviation of one run; 0 when repeated runs are identical. */
  sigma: number
  /** Runs it was estimated from, minus one for each group of equal code. */
  degreesOfFreedom: number
  /** Share of runs that are outliers, above 0: as if one in 80 runs had been one before the first was seen. */
  outliers: number
  /** By how much the runs of a code may differ, as multiples of σ. */
  spreads: Spreads
}

/** Older groups are ignored from here on: code and machines change, and with them the noise. */
const MAX_DEGREES = 100
/** Runs that count as seen before the first, and outliers among them. */
const [PRIOR_RUNS, PRIOR_OUTLIERS] = [40, 0.5]

/**
 * Estimates the noise from groups of runs of equal code. With few runs it returns a cautious upper value, because a judge
 * that underestimates noise merges chance. The upper value is still too low in 25 % of cases.
 *
 * @param groups the newest last
 * @returns undefined when no group has two runs
 */
export function estimateNoise(groups: readonly (readonly number[])[]): Noise | undefined {
  const { kept, outliers, runs } = withoutOutliers(newestRepeated(groups))
  const degreesOfFreedom = degreesIn(kept)
  if (degreesOfFreedom === 0) return undefined
  const scale = robustScale(kept.flatMap(deviationsOf), degreesOfFreedom)
  const raised = upperBoundFactor(degreesOfFreedom)
  const codeShares = learnCodeShares(scale > 0 ? kept.flatMap((group) => repeatedIn(group, scale)) : [])
  return {
    sigma: scale * raised,
    degreesOfFreedom,
    spreads: likelySpreads(degreesOfFreedom, raised, codeShares),
    outliers: steadied((outliers + PRIOR_OUTLIERS) / (runs + PRIOR_RUNS)),
  }
}

/** In steps of a factor, so that what was worked out with a share can be used again. */
function steadied(share: number): number {
  return Math.exp(Math.round(2 * Math.log(share)) / 2)
}

/** The groups that tell about the noise now: the newest, as many as have `MAX_DEGREES` together, but at least one. */
export function newestRepeated(groups: readonly (readonly number[])[]): (readonly number[])[] {
  const repeated = groups.filter((group) => group.length > 1)
  let degrees = 0
  const old = repeated.findLastIndex((group) => {
    degrees += group.length - 1
    return degrees > MAX_DEGREES
  })
  return repeated.slice(Math.min(old + 1, repeated.length - 1))
}

function degreesIn(groups: readonly (readonly number[])[]): number {
  return sumOf(groups.map((group) => Math.max(0, group.length - 1)))
}

/** The median distance of two runs is this part of σ (Shamos, 1976; Rousseeuw & Croux, JASA 88, 1993): 1 / (√2 Φ⁻¹(3/4)). */
const SHAMOS = 1.0483
/** A run that is further than this from the median of its group, in σ, is an outlier. No normal run is in a billion. */
const OUTLIER_SIGMAS = 7
/** With fewer runs the median distance is too uncertain. */
const MIN_RUNS = 5

/** Leaves out runs that are far from their group; of two that are far apart both, because either may be the outlier. */
function withoutOutliers(repeated: readonly (readonly number[])[]): {
  kept: readonly (readonly number[])[]
  outliers: number
  runs: number
} {
  const runs = sumOf(repeated.map((group) => group.length))
  const limit = OUTLIER_SIGMAS * SHAMOS * median(repeated.flatMap(distancesIn))
  // Where most runs are identical, the metric is coarse, and nothing is known about what is far.
  if (runs < MIN_RUNS || limit === 0) return { kept: repeated, outliers: 0, runs }
  const kept = repeated.map((group) => {
    const center = median(group)
    // Two runs are equally far from their median, which is half of their distance.
    const far = group.length === 2 ? limit / Math.SQRT2 : limit
    return group.filter((value) => Math.abs(value - center) <= far)
  })
  const outliers = sumOf(
    kept.map((group, index) => Math.min(1, (repeated[index]?.length ?? 0) - group.length)),
  )
  return { kept, outliers, runs }
}

function distancesIn(group: readonly number[]): number[] {
  return group.flatMap((one, index) => group.slice(index + 1).map((other) => Math.abs(one - other)))
}

/** What the runs of one code show of its noise, in this σ; nothing where there is one run. */
export function repeatedIn(group: readonly number[], sigma: number): Repeated[] {
  if (group.length < 2) return []
  const center = mean(group)
  const squares = sumOf(group.map((value) => ((value - center) / sigma) ** 2))
  return [{ squares, degreesOfFreedom: group.length - 1 }]
}

interface Deviation {
  /** Distance from the group's mean, scaled to the variance of one run. */
  size: number
  /** (n − 1) / n for each of n runs, so that the group counts n − 1 times. */
  weight: number
}

function deviationsOf(group: readonly number[]): Deviation[] {
  if (group.length < 2) return []
  const center = mean(group)
  const weight = (group.length - 1) / group.length
  return group.map((value) => ({ size: Math.abs(value - center) / Math.sqrt(weight), weight }))
}

/** Deviations are clipped at this many σ: one outlier must not hide every real gain. */
const CLIP_SIGMAS = 2.5
/** Variance of a standard normal variable clipped there: E min(Z², 2.5²). */
const CLIPPED_VARIANCE = 0.97756
const MAX_ITERATIONS = 50

/**
 * Pooled standard deviation √(Σ(nᵢ−1)sᵢ² / Σ(nᵢ−1)) over groups of equal code (Cochran & Cox, Experimental Designs,
 * 1957) while no deviation is clipped; otherwise the scale at which the clipped deviations match those of a normal
 * distribution (Huber, Robust Statistics, 1981, proposal 2).
 */
function robustScale(deviations: readonly Deviation[], degreesOfFreedom: number): number {
  let scale = Number.POSITIVE_INFINITY
  for (let iteration = 0; iteration < MAX_ITERATIONS; iteration++) {
    const bound = CLIP_SIGMAS * scale
    const squares = sumOf(deviations.map(({ size, weight }) => weight * Math.min(size, bound) ** 2))
    const clipped = deviations.some(({ size }) => size > bound)
    const variance = squares / degreesOfFreedom / (clipped ? CLIPPED_VARIANCE : 1)
    const next = Math.sqrt(variance)
    if (next > scale * (1 - 1e-6)) return scale
    scale = next
  }
  return scale
}

/** Lower quartile of the standard normal distribution. */
const LOWER_QUARTILE = -0.6745

/**
 * The factor that makes σ an upper bound in 75 % of cases: √(ν / χ²₀.₂₅(ν)), with the quantile of Wilson & Hilferty, The distribution of chi-square (1931). 1.36 at 5 degrees of freedom, 1.05 at 100.
 */
export function upperBoundFactor(degreesOfFreedom: number): number {
  const spread = 2 / (9 * degreesOfFreedom)
  return (1 - spread + LOWER_QUARTILE * Math.sqrt(spread)) ** -1.5
}

/** NaN without a value. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  return mean(sorted.slice(Math.ceil(middle) - 1, Math.floor(middle) + 1))
}

/** Arithmetic mean, summed as differences from the first value so that equal values have exactly that mean. NaN for none. */
export function mean(values: readonly number[]): number {
  const [first = Number.NaN] = values
  return first + sumOf(values.map((value) => value - first)) / values.length
}

/** Sample standard deviation; undefined for fewer than two values. */
export function standardDeviation(values: readonly number[]): number | undefined {
  if (values.length < 2) return undefined
  const center = mean(values)
  return Math.sqrt(sumOf(values.map((value) => (value - center) ** 2)) / (values.length - 1))
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0)
}
