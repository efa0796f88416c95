// How much the runs of one code may differ, as multiples of σ. There are two doubts. σ itself is an estimate from few runs. And some code
// has several times the noise of all: two lucky runs of such code look like a sure gain to whoever takes its noise for the usual one.

/** One noise that a code may have. */
interface Spread {
  /** Standard deviation of its runs, as a multiple of σ. */
  times: number
  /** How probable that is before its runs are seen. */
  share: number
}

/** All that are likely, with shares that are 1 together. */
export type Spreads = readonly Spread[]

/** Every code has the noise σ, and σ is known. */
export const ONE_SPREAD: Spreads = [{ times: 1, share: 1 }]

/** The noise of a code as a multiple of that of most code. */
export const CODE_SPREADS = [1, 2, 4] as const
/** What is thought before the first code was run again: one in 200 has other noise than most. */
export const DEFAULT_CODE_SHARES: readonly number[] = [0.9955, 0.004, 0.0005]
/** The prior counts as much as this many codes. */
const DEFAULT_CODES = 5

/** What repeated runs of one code show of its noise. */
export interface Repeated {
  /** Sum of the squared distances from their mean, in σ². */
  squares: number
  /** Number of runs less one, at least 1. */
  degreesOfFreedom: number
}

const ITERATIONS = 20

/**
 * Estimates how much of the code has each of `CODE_SPREADS` by expectation maximisation (Dempster, Laird & Rubin, 1977) for a mixture of
 * normal distributions with known standard deviations, with the prior `DEFAULT_CODE_SHARES`.
 *
 * @param codes one entry for each code that ran more than once
 * @returns one share for each, together 1
 */
export function learnCodeShares(codes: readonly Repeated[]): readonly number[] {
  const likelihoods = codes.map((code) => CODE_SPREADS.map((spread) => Math.exp(logLikelihood(code, spread))))
  let shares = DEFAULT_CODE_SHARES
  for (let iteration = 0; iteration < ITERATIONS && codes.length > 0; iteration++) {
    const counts = DEFAULT_CODE_SHARES.map((share) => share * DEFAULT_CODES)
    for (const likely of likelihoods) {
      const parts = likely.map((likelihood, index) => likelihood * (shares[index] ?? 0))
      const total = sumOf(parts)
      for (const [index, part] of parts.entries())
        if (total > 0) counts[index] = (counts[index] ?? 0) + part / total
    }
    const all = sumOf(counts)
    shares = counts.map((count) => count / all)
  }
  return shares
}

/** Log density of repeated runs around their mean, up to what all spreads share. */
function logLikelihood({ squares, degreesOfFreedom }: Repeated, spread: number): number {
  return -squares / (2 * spread ** 2) - degreesOfFreedom * Math.log(spread)
}

/** Where σ may lie, in standard deviations of its logarithm from the estimate. It is more likely far above than far below. */
const PLACES = [-2.4, -1.6, -0.8, 0, 0.8, 1.6, 2.4, 3.2, 4]
/** With so many degrees of freedom, two places give the same chance of a run 3 σ out to 5 %, in a quarter of the time. */
const WELL_KNOWN = 50
const FEW_PLACES = [-0.5, 1.6]

/**
 * The noise that a code may have, given the estimate of σ: the posterior of σ under a flat prior for log σ (Box & Tiao, *Bayesian
 * Inference in Statistical Analysis*, 1973, section 2.3), in a few steps, and for code with more noise than most the estimate itself.
 *
 * @param degreesOfFreedom behind the estimate, above 0
 * @param raised factor by which σ is above the estimate: what is returned are multiples of the raised σ
 * @param codeShares how much code has each of `CODE_SPREADS`
 */
export function likelySpreads(
  degreesOfFreedom: number,
  raised: number,
  [most = 1, ...others]: readonly number[],
): Spreads {
  const step = 1 / Math.sqrt(2 * degreesOfFreedom)
  const places = degreesOfFreedom < WELL_KNOWN ? PLACES : FEW_PLACES
  const steps = places.map((place) => Math.exp(place * step))
  const likely = steps.map((times) =>
    Math.exp(degreesOfFreedom / 2 + logLikelihood({ squares: degreesOfFreedom, degreesOfFreedom }, times)),
  )
  const all = sumOf(likely)
  return [
    ...steps.map((times, index) => ({ times: times / raised, share: (most * (likely[index] ?? 0)) / all })),
    ...others.map((share, index) => ({ times: (CODE_SPREADS[index + 1] ?? 1) / raised, share })),
  ]
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0)
}
