// The result of certifying a range of merges, as recorded in the ledger.

/** A range of the baseline's history. Certification tests whether commit `to` is better than commit `from`. */
export interface MergeRange {
  from: string
  to: string
}

/** The result of certifying a range. All numbers are in the metric's unit; `gain` is positive when `to` is better. */
export interface Certification extends MergeRange {
  /** Number of merges in the range. */
  merges: number
  holds: boolean
  /** One sentence for people. */
  reason: string
  gain?: number
  sigma?: number
  /** Total loss that the simplifications may cause; absent when there are none. */
  margin?: number
  /** Standard score of gain plus margin. Absent when σ is 0. */
  z?: number
  /** Number of fresh runs of `to` (candidate) and of `from` (baseline). */
  runs: { candidate: number; baseline: number }
}

export function rangeKey({ from, to }: MergeRange): string {
  return `${from}..${to}`
}

/** True for a single merge that fresh runs did not confirm. */
export function isRefuted({ holds, merges }: Certification): boolean {
  return !holds && merges === 1
}
