// The prior over effects of changes, learned from past candidates, and the posterior of one change given its measured gain.
// Method: Stephens, "False discovery rates: a new deal" (Biostatistics, 2017). Effects come from a mixture of "no effect" and
// of uniform distributions on both sides of 0. All numbers are in σ, the noise of one run; a positive effect is an improvement.
import { CutNormal, normalDensity, normalProbability } from './normal.ts'

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

/** The same as arrays of numbers, and the places of each component's bounds among all bounds. */
const LOW = Float64Array.from(PIECES, ([low]) => low)
const HIGH = Float64Array.from(PIECES, ([, high]) => high)
const ENDS = [...new Set(PIECES.flat())]
const FROM = Int32Array.from(LOW, (at) => ENDS.indexOf(at))
const TO = Int32Array.from(HIGH, (at) => ENDS.indexOf(at))
/** The distribution of a measured gain's error, cut at all bounds, and behind them at the threshold. */
const BOUNDS = new Float64Array([...ENDS, 0])
const THRESHOLD = ENDS.length
const CUT = new CutNormal(BOUNDS.length)

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
const DEFAULT_CANDIDATES = 6

/** Few iterations are enough: each estimate starts from the previous one. */
const ITERATIONS = 5
/** Older observations are ignored: people and agents change what they try. */
const MAX_OBSERVATIONS = 1000

/** Likelihood of one measured gain under each component. */
export type Observation = readonly number[]

export function observeGain(measured: MeasuredGain): Observation {
  const gain = clampGain(measured.gain)
  const sd = Math.sqrt(measured.variance)
  CUT.cut(BOUNDS, gain, sd)
  return PIECES.map(([low, high], index) =>
    low === high
      ? normalDensity((gain - low) / sd) / sd
      : CUT.addMoments({ mass: 0, first: 0, second: 0 }, FROM[index] ?? 0, TO[index] ?? 0, 1 / (high - low)),
  )
}

/** What was learned from observations that are not kept any more. */
export interface LearnedEffects {
  effects: Effects
  /** How many of them count, at most `MAX_OBSERVATIONS`. */
  observations: number
}

/** Sums up what was learned from `count` observations, so that these need not be kept. */
export function sumUpEffects(effects: Effects, count: number): LearnedEffects {
  return { effects, observations: Math.min(count, MAX_OBSERVATIONS) }
}

/**
 * Estimates the mixture weights by expectation maximisation (Dempster, Laird & Rubin, 1977) with the prior `DEFAULT_EFFECTS`.
 *
 * @param before earlier observations; their shares of the components stay as they were learned
 */
export function learnEffects(
  observations: readonly Observation[],
  start: Effects,
  before?: LearnedEffects,
): Effects {
  const recent = observations.slice(-MAX_OBSERVATIONS)
  const earlier = before ? earlierShares(before, MAX_OBSERVATIONS - recent.length) : undefined
  let effects = start
  for (let iteration = 0; iteration < ITERATIONS && recent.length > 0; iteration++) {
    const counts = DEFAULT_EFFECTS.map(
      (weight, index) => weight * DEFAULT_CANDIDATES + (earlier?.[index] ?? 0),
    )
    for (const likelihoods of recent) addShares(counts, effects, likelihoods)
    effects = normalised(counts)
  }
  return effects
}

/** The counts that `room` of the earlier observations add to the components: the learned weights without the prior's part. */
function earlierShares({ effects, observations }: LearnedEffects, room: number): number[] {
  const share = Math.min(observations, room) / observations || 0
  return DEFAULT_EFFECTS.map((weight, index) => {
    const counts = (effects[index] ?? 0) * (observations + DEFAULT_CANDIDATES) - weight * DEFAULT_CANDIDATES
    return share * Math.max(0, counts)
  })
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

/** Part of bundles that help at least, before it is known how the changes in them go together. */
const BUNDLES_THAT_HELP = 2 / 3

/**
 * What bundles do: most of them help, because their members looked good. By how much they help, and the others harm, is what changes usually
 * do.
 *
 * @param effects of usual changes
 */
export function effectsOfBundles(effects: Effects): Effects {
  const helping = (index: number) => (HIGH[index] ?? 0) > 0
  const help = effects.reduce((sum, weight, index) => (helping(index) ? sum + weight : sum), 0)
  if (help >= BUNDLES_THAT_HELP) return effects
  return effects.map(
    (weight, index) =>
      weight * (helping(index) ? BUNDLES_THAT_HELP / help : (1 - BUNDLES_THAT_HELP) / (1 - help)),
  )
}

export interface Posterior {
  mean: number
  /** Density of the measured gain before the effect is known. */
  mass: number
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
  const gain = clampGain(measured.gain)
  const sd = Math.sqrt(measured.variance)
  BOUNDS[THRESHOLD] = threshold
  CUT.cut(BOUNDS, gain, sd)
  const below = { mass: 0, first: 0, second: 0 }
  const above = { mass: 0, first: 0, second: 0 }
  const none = ((effects[0] ?? 0) * normalDensity(gain / sd)) / sd
  if (threshold >= 0) below.mass += none
  else above.mass += none
  for (let index = 1; index < PIECES.length; index++) {
    const low = LOW[index] ?? 0
    const high = HIGH[index] ?? 0
    const from = FROM[index] ?? 0
    const to = TO[index] ?? 0
    const density = (effects[index] ?? 0) / (high - low)
    if (low < threshold && threshold < high) {
      CUT.addMoments(below, from, THRESHOLD, density)
      CUT.addMoments(above, THRESHOLD, to, density)
    } else CUT.addMoments(high <= threshold ? below : above, from, to, density)
  }
  const mass = below.mass + above.mass
  const mean = (below.first + above.first) / mass
  return {
    // What is beyond the range was measured, and is not shrunk.
    mean: mean + measured.gain - gain,
    mass,
    variance: (below.second + above.second) / mass - mean * mean,
    risk: below.mass / mass,
    expectedImprovement: (above.first - threshold * above.mass) / mass,
  }
}

/** Expected improvement of a candidate without runs: the prior's E max(effect − threshold, 0). */
export function untriedImprovement(effects: Effects, threshold = 0): number {
  return PIECES.reduce((sum, [low, high], index) => {
    if (high <= threshold) return sum
    const weight = effects[index] ?? 0
    const from = Math.max(low, threshold)
    const share = low === high ? 1 : (high - from) / (high - low)
    return sum + weight * share * ((from + high) / 2 - threshold)
  }, 0)
}

/** Sizes of the pieces on each side of 0, and the place of the first on each side. */
const SIZES = [1, 2, 4, 8, 32] as const
const [FIRST_HARM, FIRST_HELP] = [1, 1 + SIZES.length]

/** Density of an effect other than "no effect". Nowhere 0, so that nothing measured is impossible. */
export function effectDensity(effects: Effects, effect: number): number {
  const first = effect < 0 ? FIRST_HARM : FIRST_HELP
  return SIZES.reduce<number>(
    (sum, size, index) => (Math.abs(effect) > size ? sum : sum + (effects[first + index] ?? 0) / size),
    MIN_DENSITY,
  )
}
const MIN_DENSITY = 1e-9

/** Density of each of these measured gains, all with the same variance of their error, before the effect is known. */
export function gainDensities(effects: Effects, gains: Float64Array, variance: number): Float64Array {
  const sd = Math.sqrt(variance)
  return gains.map((measured) => {
    const gain = clampGain(measured)
    const above = normalProbability(gain / sd)
    let density = MIN_DENSITY + ((effects[0] ?? 0) * normalDensity(gain / sd)) / sd
    for (const [index, size] of SIZES.entries()) {
      const harm = normalProbability((gain + size) / sd) - above
      const help = above - normalProbability((gain - size) / sd)
      density +=
        ((effects[FIRST_HARM + index] ?? 0) * harm + (effects[FIRST_HELP + index] ?? 0) * help) / size
    }
    return density
  })
}

/** Clips a gain to the range that the mixture covers. */
function clampGain(gain: number): number {
  return Math.min(MAX_GAIN, Math.max(-MAX_GAIN, gain))
}

function normalised(weights: readonly number[]): number[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  return weights.map((weight) => weight / total)
}
