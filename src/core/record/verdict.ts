// The judge's decision about a candidate, as recorded in the ledger.
import type { Outcome } from './trial.ts'

/** What the runs of a candidate said about a guard, in the guard's unit and sign. */
export interface GuardFacts {
  name: string
  /** Estimated level of the baseline, and mean of the candidate's runs. */
  baseline: number
  candidate: number
  /** How much worse it may be. */
  margin: number
  /** Standard deviation of one run. */
  sigma: number
  /** Probability that it is worse by more than the margin, 0 to 1. */
  risk: number
}

/** A decision about a candidate. All numbers are in the metric's unit; `gain` is positive when the candidate is better. */
export interface Verdict {
  /** `review`: it looks like an improvement, and a person has to confirm it. */
  kind: 'merge' | 'reject' | 'park' | 'review'
  /** One sentence for people, shown on the check run. */
  reason: string
  /** Expected gain, after correcting for luck. */
  gain?: number
  /** Measured gain relative to the estimated baseline. Absent when σ is 0, because no correction for luck is needed. */
  measured?: number
  /** Standard deviation of one run that the judge assumed. */
  sigma?: number
  /** Measured gain divided by its standard error. Absent when σ is 0: a deterministic metric has no standard score. */
  z?: number
  /** Probability that the candidate falls short of the required gain, 0 to 1. */
  risk?: number
  /** What the runs said about each guard; absent without guards, and where they were not compared. */
  guards?: GuardFacts[]
  /** The guard that decided against a candidate whose metric might have been good enough. */
  lostGuard?: string
  /** Number of runs that were compared, of the candidate and of the baseline. */
  runs: { candidate: number; baseline: number }
  /** Outcome of the failed run that decided against the candidate; absent when its runs were comparable. */
  failure?: Exclude<Outcome, 'measured'>
  /** The first run equals the baseline's run with the same seed to the last bit, so the change does nothing. */
  noEffect?: true
  /** The merge that the change conflicts with, where proposers are asked to combine the two. */
  conflict?: string
  /** Testbed of the runs; absent in ledgers that did not record it, and where no measurements decided. */
  testbed?: string
}
