// How much equal code differs from run to run: the standard deviation of one run, and how well it is known.

/** The noise of one run, in the metric's unit. */
export interface Noise {
  /** Standard deviation of one run, or a little more while few runs were repeated; 0 when repeated runs are identical. */
  sigma: number
  /** Repeated runs it was estimated from, less one for every group of equal code. */
  degreesOfFreedom: number
}

/**
 * Estimates the noise from groups of runs of equal code, honestly: with few runs it answers what the noise might well
 * be, since a judge who believes in too little noise merges chance.
 *
 * @returns undefined when no group has two runs
 */
export function estimateNoise(groups: readonly (readonly number[])[]): Noise | undefined {
  const deviations = groups.flatMap(deviationsOf)
  const degreesOfFreedom = groups.reduce((sum, group) => sum + Math.max(0, group.length - 1), 0)
  if (degreesOfFreedom === 0) return undefined
  const sigma = robustScale(deviations, degreesOfFreedom)
  return { sigma: sigma * upperBoundFactor(degreesOfFreedom), degreesOfFreedom }
}

interface Deviation {
  /** From the group's mean, stretched so that it has the variance of one run. */
  size: number
  /** So that a group of n runs counts n − 1 times. */
  weight: number
}

function deviationsOf(group: readonly number[]): Deviation[] {
  if (group.length < 2) return []
  const center = mean(group)
  const weight = (group.length - 1) / group.length
  return group.map((value) => ({ size: Math.abs(value - center) / Math.sqrt(weight), weight }))
}

/** Deviations beyond this many σ count as this many: one lost host must not hide every real gain. */
const CLIP_SIGMAS = 2.5
/** What clipping there leaves of a normal variable's variance: E min(Z², 2.5²). */
const CLIPPED_VARIANCE = 0.97756
const MAX_ITERATIONS = 50

/**
 * Pooled standard deviation √(Σ(nᵢ−1)sᵢ² / Σ(nᵢ−1)) over groups of equal code (Cochran & Cox, Experimental Designs,
 * 1957) while nothing is far out; else the scale at which the clipped deviations are what they are for a normal
 * distribution (Huber, Robust Statistics, 1981, proposal 2).
 */
function robustScale(deviations: readonly Deviation[], degreesOfFreedom: number): number {
  let scale = Number.POSITIVE_INFINITY
  for (let iteration = 0; iteration < MAX_ITERATIONS; iteration++) {
    const bound = CLIP_SIGMAS * scale
    const squares = sumOf(deviations.map(({ size, weight }) => weight * Math.min(size, bound) ** 2))
    const clipped = deviations.some(({ size }) => size > bound)
    const next = Math.sqrt(squares / degreesOfFreedom / (clipped ? CLIPPED_VARIANCE : 1))
    if (next > scale * (1 - 1e-6)) return scale
    scale = next
  }
  return scale
}

/** The quarter of the normal distribution that lies below this is what the bound leaves out. */
const LOWER_QUARTILE = -0.6745

/**
 * By how much σ is raised so that in three of four cases it is not below the true one: √(ν / χ²₀.₂₅(ν)), with the
 * quantile of Wilson & Hilferty, The distribution of chi-square (1931). 1.36 at 5 degrees of freedom, 1.05 at 100.
 */
function upperBoundFactor(degreesOfFreedom: number): number {
  const spread = 2 / (9 * degreesOfFreedom)
  return (1 - spread + LOWER_QUARTILE * Math.sqrt(spread)) ** -1.5
}

/** Summed as differences from the first value, so that equal values have exactly that mean and no spread. NaN for none. */
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
