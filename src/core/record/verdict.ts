// The judge's decision about a candidate, as the ledger keeps it.
import type { Outcome } from './trial.ts'

/** A decision about a candidate. All numbers are in the metric's unit; `gain` is positive when the candidate is better. */
export interface Verdict {
  /** `review`: it looks like an improvement, and whether it is one a person has to say. */
  kind: 'merge' | 'reject' | 'park' | 'review'
  /** One sentence that a person reads on the check run. */
  reason: string
  /** What the candidate can be expected to gain, after allowing for luck. */
  gain?: number
  /** The gain as measured, over the baseline as the whole record places it. Absent when σ is 0: nothing is luck then. */
  measured?: number
  /** Noise of one run that the judge reckoned with. */
  sigma?: number
  /** Measured gain over its standard error. Absent when σ is 0: a deterministic metric has no standard score. */
  z?: number
  /** Probability that the candidate does not bring what it has to, 0 to 1. */
  risk?: number
  /** How many runs of the candidate and of the baseline were compared. */
  runs: { candidate: number; baseline: number }
  /** How the run ended that decided against the candidate; absent when its runs could be compared. */
  failure?: Exclude<Outcome, 'measured'>
  /** Where they were made; absent in ledgers of before, and where numbers play no part. */
  testbed?: string
}
