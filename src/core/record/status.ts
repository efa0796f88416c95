// The status of a candidate. This is the only place that derives it.
import { type Candidate, isAa } from './candidate.ts'
import type { Verdict } from './verdict.ts'

/** All statuses. The first three are open; the others are final. */
export const STATUSES = [
  /** Evidence is being collected. */
  'waiting',
  /** The judge accepted it, and its merge is under way. */
  'merging',
  /** The judge leaves the decision to a person, who has not been told yet. */
  'reviewing',
  'merged',
  /** Rejected on comparable runs. */
  'rejected',
  /** Rejected because its run was stopped early as hopeless. */
  'cut',
  /** Rejected because one of its runs failed. */
  'crashed',
  /** Promising but unproven, and closed. */
  'parked',
  /** A person decides: the judge asked for one, or GitHub refused the merge. */
  'handed-over',
  /** A person closed its pull request or pushed to it. */
  'withdrawn',
  /** An A/A check that was judged and closed. */
  'no-op',
] as const
export type Status = (typeof STATUSES)[number]
export type OpenStatus = 'waiting' | 'merging' | 'reviewing'

/** How reports and briefs name each status. */
export const STATUS_WORDS: Record<Status, string> = {
  waiting: 'waiting',
  merging: 'merging',
  reviewing: 'waits for a person',
  merged: 'merged',
  rejected: 'rejected',
  cut: 'stopped early as hopeless',
  crashed: 'failed to run',
  parked: 'parked',
  'handed-over': 'waits for a person',
  withdrawn: 'withdrawn',
  'no-op': 'A/A check',
}

/** How a run failed, in the words of `STATUS_WORDS`. */
const FAILURE_WORDS: Record<NonNullable<Verdict['failure']>, string> = {
  crashed: 'crashed',
  'out-of-memory': 'ran out of memory',
  'timed-out': 'took too long',
  'no-metric': 'printed no metric',
  'invalid-metric': 'printed no valid metric',
  diverged: 'diverged',
  'over-limit': 'exceeded the limit of a guard',
  'not-reached': 'did not reach the target',
  cut: STATUS_WORDS.cut,
}

/** The status of a candidate for those who learn from it: of a failed one, how it failed. */
export function statusWords(candidate: Parameters<typeof statusOf>[0]): string {
  const status = statusOf(candidate)
  const failure = status === 'crashed' ? candidate.verdict?.failure : undefined
  return failure === undefined ? STATUS_WORDS[status] : FAILURE_WORDS[failure]
}

/** Failures of code that runs to its end. */
const RAN: ReadonlySet<NonNullable<Verdict['failure']>> = new Set(['timed-out', 'over-limit', 'not-reached'])

/** True when its code does not run to its end: it did not just take too long or exceed a limit, and was not stopped early. */
export function failedToRun(candidate: Parameters<typeof statusOf>[0]): boolean {
  const { failure } = candidate.verdict ?? {}
  return statusOf(candidate) === 'crashed' && failure !== undefined && !RAN.has(failure)
}

/** Derives the status of a candidate from its verdict and its end, which the ledger records. */
export function statusOf(
  candidate: Pick<Candidate, 'origin' | 'refusal' | 'end'> & { verdict?: Pick<Verdict, 'kind' | 'failure'> },
): Status {
  const { verdict, refusal, end } = candidate
  if (end?.kind === 'closed' && isAa(candidate)) return 'no-op'
  if (end !== undefined && end.kind !== 'closed') return end.kind
  switch (verdict?.kind) {
    case 'reject':
      return verdict.failure === undefined ? 'rejected' : verdict.failure === 'cut' ? 'cut' : 'crashed'
    case 'park':
      return 'parked'
    default:
      if (end !== undefined) return 'rejected'
      if (verdict === undefined) return 'waiting'
      if (verdict.kind !== 'merge') return 'reviewing'
      return refusal === undefined ? 'merging' : 'handed-over'
  }
}

/** True while a candidate has no final status. */
export function isOpenStatus(status: Status): status is OpenStatus {
  return status === 'waiting' || status === 'merging' || status === 'reviewing'
}

/** True when the judge decided against it: rejected, failed or parked. */
export function isTurnedDown(status: Status): boolean {
  return status === 'rejected' || status === 'cut' || status === 'crashed' || status === 'parked'
}

/** True when the judge accepted a candidate for merging. An accepted A/A check is counted but never merged. */
export function isToBeMerged(candidate: Pick<Candidate, 'origin' | 'verdict'>): boolean {
  return !isAa(candidate) && candidate.verdict?.kind === 'merge'
}

/** True when the action closes its pull request after publishing its verdict. */
export function isToBeClosed(candidate: Pick<Candidate, 'origin' | 'verdict'>): boolean {
  const { verdict } = candidate
  if (verdict === undefined) return false
  return isAa(candidate) || verdict.kind === 'reject' || verdict.kind === 'park'
}
