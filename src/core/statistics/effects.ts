// The prior over effects of changes, learned from past candidates, and the posterior of one change given its measured gain.
// Method: Stephens, "False discovery rates: a new deal" (Biostatistics, 2017). Effects come from a mixture of "no effect" and
// of uniform distributions on both sides of 0. All numbers are in σ, the noise of one run; a positive effect is an improvement.
import { normalDensity, truncatedMoments } from './normal.ts'

/** Mixture weights: one for each of `PIECES`, with sum 1. */
export type Effects = readonly number[]

/** A measured gain, and the variance of its error (σ²). */
export interface MeasuredGain {
  gain: number
  variance: number
}

/** Bounds of each mixture component. The first is "no effect"; the others widen from 1 to 32 σ. */
const PIECES: readonly (readonly [number, number])[] = [
  [0, 0],
  ...[1, 2, 4, 8, 32].map((size) => [-size, 0] as const),
  ...[1, 2, 4, 8, 32].map((size) => [0, size] as const),
]

/** Larger gains and losses are clipped to this many σ: no component reaches much further. */
const MAX_GAIN = 30

/**
 * The prior before the first candidate: about 36 % of changes do nothing, 6.1 % (one in sixteen) help. Deliberately pessimistic:
 * karpathy's published session merged 22 of 124 candidates on one run each.
 */
export const DEFAULT_EFFECTS: Effects = normalised([
  0.3,
  ...Array(5).fill(0.1),
  0.02,
  0.015,
  0.01,
  0.006,
  0.001,
])
/** Weight of that prior, in observed candidates. */
const DEFAULT_CANDIDATES = 16

/** Few iterations are enough: each estimate starts from the previous one. */
const ITERATIONS = 5
/** Older observations are ignored: people and agents change what they try. */
const MAX_OBSERVATIONS = 1000

/** Likelihood of one measured gain under each component. */
export type Observation = readonly number[]

export function observeGain(measured: MeasuredGain): Observation {
  return PIECES.map((piece) => momentsOn(piece, piece, measured, 1).mass)
}

/** Estimates the mixture weights by expectation maximisation (Dempster, Laird & Rubin, 1977) with the prior `DEFAULT_EFFECTS`. */
export function learnEffects(observations: readonly Observation[], start: Effects): Effects {
  const recent = observations.slice(-MAX_OBSERVATIONS)
  let effects = start
  for (let iteration = 0; iteration < ITERATIONS && recent.length > 0; iteration++) {
    const counts = DEFAULT_EFFECTS.map((weight) => weight * DEFAULT_CANDIDATES)
    for (const likelihoods of recent) addShares(counts, effects, likelihoods)
    effects = normalised(counts)
  }
  return effects
}

/** Adds one candidate's posterior share of each component to the counts. */
function addShares(counts: number[], effects: Effects, likelihoods: Observation): void {
  let total = 0
  for (let index = 0; index < counts.length; index++)
    total += (effects[index] ?? 0) * (likelihoods[index] ?? 0)
  if (total === 0) return
  for (let index = 0; index < counts.length; index++)
    counts[index] = (counts[index] ?? 0) + ((effects[index] ?? 0) * (likelihoods[index] ?? 0)) / total
}

export interface Posterior {
  mean: number
  variance: number
  /** Probability that the effect is not above the threshold: the risk of merging it. */
  risk: number
  /** Expected improvement E max(effect − threshold, 0): what another run could still confirm. */
  expectedImprovement: number
}

/**
 * The posterior of an effect, given its measured gain.
 *
 * @param threshold required gain in σ; at 0, a change without effect counts as a mistake
 */
export function judgeEffect(effects: Effects, measured: MeasuredGain, threshold = 0): Posterior {
  let [mass, first, second, below, expectedImprovement] = [0, 0, 0, 0, 0]
  for (const [index, piece] of PIECES.entries())
    for (const part of splitAt(piece, threshold)) {
      const moments = momentsOn(part, piece, measured, effects[index] ?? 0)
      mass += moments.mass
      first += moments.first
      second += moments.second
      if (part[1] <= threshold) below += moments.mass
      else expectedImprovement += moments.first - threshold * moments.mass
    }
  const mean = first / mass
  return {
    mean,
    variance: second / mass - mean * mean,
    risk: below / mass,
    expectedImprovement: expectedImprovement / mass,
  }
}

/** Expected improvement of a candidate without runs: the prior's E max(effect − threshold, 0). */
export function untriedImprovement(effects: Effects, threshold = 0): number {
  return PIECES.reduce((sum, [low, high], index) => {
    if (high <= threshold) return sum
    const from = Math.max(low, threshold)
    return sum + ((effects[index] ?? 0) * (high - from) ** 2) / 2 / (high - low)
  }, 0)
}

/** Unnormalised moments of the effect on `part` of a component, given the measured gain. */
function momentsOn(
  part: readonly [number, number],
  [low, high]: readonly [number, number],
  measured: MeasuredGain,
  weight: number,
): { mass: number; first: number; second: number } {
  const gain = clampGain(measured.gain)
  const sd = Math.sqrt(measured.variance)
  if (low === high) {
    const mass = (weight * normalDensity((gain - low) / sd)) / sd
    return { mass, first: mass * low, second: mass * low * low }
  }
  const { mass, first, second } = truncatedMoments(part, gain, sd)
  const density = weight / (high - low)
  return { mass: density * mass, first: density * first, second: density * second }
}

function splitAt(piece: readonly [number, number], threshold: number): (readonly [number, number])[] {
  const [low, high] = piece
  if (threshold <= low || threshold >= high) return [piece]
  return [
    [low, threshold],
    [threshold, high],
  ]
}

/** Clips a gain to the range that the mixture covers. */
export function clampGain(gain: number): number {
  return Math.min(MAX_GAIN, Math.max(-MAX_GAIN, gain))
}

function normalised(weights: readonly number[]): number[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  return weights.map((weight) => weight / total)
}
