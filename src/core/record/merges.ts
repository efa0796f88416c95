// Looks up merges in the record: the candidate of a merge commit, and refuted or reverted merges.

import { formatNumber, formatShare } from '../text/numbers.ts'
import { type Candidate, revertedMerge } from './candidate.ts'
import { knownCandidates } from './candidates.ts'
import { type Certification, isRefuted } from './certification.ts'
import type { KnownPromotion } from './promotion.ts'
import type { State } from './state.ts'

/** The candidate that was merged by this commit of the baseline. */
export function candidateMergedAs(state: State, commit: string): Candidate | undefined {
  return knownCandidates(state).find(({ end }) => end?.kind === 'merged' && end.commit === commit)
}

/** The certification that refuted the merge `commit`. */
export function refutationOf(state: State, commit: string): Certification | undefined {
  return [...state.certifications.values()].find((one) => isRefuted(one) && one.to === commit)
}

/** Why a merge has to be reverted. */
export interface Undoing {
  merge: string
  /** The larger scale to which it does not transfer; absent when certification refuted it. */
  scale?: string
  reason: string
  /** In the metric's unit, as certification measured it. */
  gain?: number
  sigma?: number
  runs: { candidate: number; baseline: number }
}

/** Every merge that has to be reverted, whether that was done or not: what certification refuted, then what does not transfer. */
export function undoings(state: State): Undoing[] {
  const refuted = [...state.certifications.values()].filter(isRefuted).map(asUndoing)
  const known = new Set(refuted.map(({ merge }) => merge))
  return [
    ...refuted,
    ...[...state.promotions.values()].flatMap(undoneBy).filter(({ merge }) => !known.has(merge)),
  ]
}

function asUndoing({ to, reason, gain, sigma, runs }: Certification): Undoing {
  return {
    merge: to,
    reason,
    ...(gain !== undefined && { gain }),
    ...(sigma !== undefined && { sigma }),
    runs,
  }
}

function undoneBy({ scale, outcome }: KnownPromotion): Undoing[] {
  if (!outcome?.undo) return []
  const count = (merge: string, has: boolean) =>
    outcome.runs
      .filter(({ members }) => members.includes(merge) === has)
      .reduce((sum, { losses }) => sum + losses.length, 0)
  return outcome.members
    .filter(({ promoted }) => !promoted)
    .map(({ merge, gain, positive }) => ({
      merge,
      scale,
      reason: `does not transfer to ${scale}: expected gain ${formatNumber(gain)}, chance of a gain ${formatShare(positive)}`,
      runs: { candidate: count(merge, true), baseline: count(merge, false) },
    }))
}

/** Why the merge `commit` has to be reverted. */
export function undoingOf(state: State, commit: string): Undoing | undefined {
  return undoings(state).find(({ merge }) => merge === commit)
}

/** The commits of all merges that the action reverted. */
export function undoneMerges(state: State): Set<string> {
  const undone = new Set<string>()
  for (const candidate of knownCandidates(state)) {
    const merge = revertedMerge(candidate)
    if (merge !== undefined && candidate.end?.kind === 'merged') undone.add(merge)
  }
  return undone
}
