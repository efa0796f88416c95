// How much the runs of one code differ, as a multiple of σ: most code has the noise of all, and some has several times as much.
// Two lucky runs of such code look like a sure gain to whoever takes its noise for the usual one.

/** The multiples of σ that a code's noise may be. */
export const SPREADS = [1, 2, 4] as const

/** Shares of code with each of `SPREADS`; together 1. */
export type Spreads = readonly number[]

/** What is thought before the first code was run again: one in 25 has other noise. */
export const DEFAULT_SPREADS: Spreads = [0.96, 0.03, 0.01]
/** The prior counts as much as this many codes. */
const DEFAULT_CODES = 10
/** All code has the same noise. */
export const ONE_SPREAD: Spreads = [1, 0, 0]

/** What repeated runs of one code show of its noise. */
export interface Repeated {
  /** Sum of the squared distances from their mean, in σ². */
  squares: number
  /** Number of runs less one, at least 1. */
  degreesOfFreedom: number
}

const ITERATIONS = 20

/**
 * Estimates the shares by expectation maximisation (Dempster, Laird & Rubin, 1977) for a mixture of normal distributions with known
 * standard deviations, with the prior `DEFAULT_SPREADS`.
 *
 * @param codes one entry for each code that ran more than once
 */
export function learnSpreads(codes: readonly Repeated[]): Spreads {
  const likelihoods = codes.map((code) => SPREADS.map((spread) => Math.exp(logLikelihood(code, spread))))
  let shares: Spreads = DEFAULT_SPREADS
  for (let iteration = 0; iteration < ITERATIONS && codes.length > 0; iteration++) {
    const counts = DEFAULT_SPREADS.map((share) => share * DEFAULT_CODES)
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

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0)
}
