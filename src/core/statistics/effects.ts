// What changes to this code usually do, learned from those that were tried, and what a measured gain then tells about one
// change. It is the false discovery rate method of Stephens, "False discovery rates: a new deal" (Biostatistics, 2017):
// the effects come from a mixture of "none", and of uniform pieces on both sides of it. All numbers are in σ, the noise of
// one run; a positive effect is an improvement.
import { normalDensity, truncatedMoments } from './normal.ts'

/** How often a change does what: one weight for each piece of `PIECES`, together 1. */
export type Effects = readonly number[]

/** A measured gain, and the variance of its error (σ²). */
export interface MeasuredGain {
  gain: number
  variance: number
}

/** From, to. The first is no effect at all; the others reach twice as far each. */
const PIECES: readonly (readonly [number, number])[] = [
  [0, 0],
  ...[1, 2, 4, 8, 32].map((size) => [-size, 0] as const),
  ...[1, 2, 4, 8, 32].map((size) => [0, size] as const),
]

/** Larger gains and losses count as this large. No piece reaches much further. */
const MAX_GAIN = 30

/**
 * What is believed before anything was tried: one in three changes does nothing, one in fourteen helps. Deliberately
 * pessimistic: karpathy's published session merged 22 of 124 on one run each.
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
/** How many candidates that belief is worth against what is observed. */
const DEFAULT_CANDIDATES = 16

/** Few, because learning goes on from what was learned before. */
const ITERATIONS = 5
/** Older observations are left out: people and agents change what they try. */
const MAX_OBSERVATIONS = 1000

/** How likely each piece makes one measured gain: all that learning needs to remember of it. */
export type Observation = readonly number[]

export function observeGain(measured: MeasuredGain): Observation {
  return PIECES.map((piece) => momentsOn(piece, piece, measured, 1).mass)
}

/**
 * Learns the mixture from what was observed, by expectation and maximisation (Dempster, Laird & Rubin, 1977), with
 * `DEFAULT_EFFECTS` as its prior.
 */
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

/** Divides one candidate among the pieces its effect may have come from. */
function addShares(counts: number[], effects: Effects, likelihoods: Observation): void {
  let total = 0
  for (let index = 0; index < counts.length; index++)
    total += (effects[index] ?? 0) * (likelihoods[index] ?? 0)
  if (total === 0) return
  for (let index = 0; index < counts.length; index++)
    counts[index] = (counts[index] ?? 0) + ((effects[index] ?? 0) * (likelihoods[index] ?? 0)) / total
}

/** What is known of one effect. */
export interface Posterior {
  mean: number
  variance: number
  /** Probability that the effect is not above the threshold: the risk of merging it. */
  risk: number
  /** Expected gain above the threshold, counting nothing where it is below: what could still be won. */
  promise: number
}

/**
 * What a measured gain tells about the effect.
 *
 * @param threshold what the change has to bring; at 0 a change without effect counts as a mistake
 */
export function judgeEffect(effects: Effects, measured: MeasuredGain, threshold = 0): Posterior {
  let [mass, first, second, below, promise] = [0, 0, 0, 0, 0]
  for (const [index, piece] of PIECES.entries())
    for (const part of splitAt(piece, threshold)) {
      const moments = momentsOn(part, piece, measured, effects[index] ?? 0)
      mass += moments.mass
      first += moments.first
      second += moments.second
      if (part[1] <= threshold) below += moments.mass
      else promise += moments.first - threshold * moments.mass
    }
  const mean = first / mass
  return { mean, variance: second / mass - mean * mean, risk: below / mass, promise: promise / mass }
}

/** What a candidate that nobody has run yet promises: the share of good changes times how good they are. */
export function untriedPromise(effects: Effects, threshold = 0): number {
  return PIECES.reduce((sum, [low, high], index) => {
    if (high <= threshold) return sum
    const from = Math.max(low, threshold)
    return sum + ((effects[index] ?? 0) * (high - from) ** 2) / 2 / (high - low)
  }, 0)
}

/** Moments of the effect on `part` of a piece, given the measured gain; the mass is the density of that gain. */
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

/** A gain as large as the mixture knows. */
export function clampGain(gain: number): number {
  return Math.min(MAX_GAIN, Math.max(-MAX_GAIN, gain))
}

function normalised(weights: readonly number[]): number[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  return weights.map((weight) => weight / total)
}
