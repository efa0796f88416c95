// What fresh runs said about a range of merges, as the ledger keeps it.

/** The baseline from one commit to a later one: what is proven is that `to` is better than `from`. */
export interface MergeRange {
  from: string
  to: string
}

/** What fresh runs said about a range. All numbers are in the metric's unit; `gain` is positive when `to` is better. */
export interface Certification extends MergeRange {
  /** How many merges it spans. */
  merges: number
  holds: boolean
  /** One sentence that a person reads. */
  reason: string
  gain?: number
  sigma?: number
  /** What the simplifications among the merges may cost together; absent when there are none. */
  margin?: number
  /** Of the gain and the margin. Absent when σ is 0. */
  z?: number
  /** Fresh runs of `to` and of `from`. */
  runs: { candidate: number; baseline: number }
}

export function rangeKey({ from, to }: MergeRange): string {
  return `${from}..${to}`
}

/** One merge that fresh runs did not confirm. */
export function isRefuted({ holds, merges }: Certification): boolean {
  return !holds && merges === 1
}
