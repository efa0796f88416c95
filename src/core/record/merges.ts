// Looks up merges in the record: the candidate of a merge commit, and refuted or reverted merges.
import { type Candidate, revertedMerge } from './candidate.ts'
import { knownCandidates } from './candidates.ts'
import { type Certification, isRefuted } from './certification.ts'
import type { State } from './state.ts'

/** The candidate that was merged by this commit of the baseline. */
export function candidateMergedAs(state: State, commit: string): Candidate | undefined {
  return knownCandidates(state).find(({ end }) => end?.kind === 'merged' && end.commit === commit)
}

/** The certification that refuted the merge `commit`. */
export function refutationOf(state: State, commit: string): Certification | undefined {
  return [...state.certifications.values()].find((one) => isRefuted(one) && one.to === commit)
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
