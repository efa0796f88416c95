// Merges as the record tells them: which candidate made a commit, and which merges were refuted or undone.
import { type Candidate, revertedMerge } from './candidate.ts'
import { type Certification, isRefuted } from './certification.ts'
import type { State } from './state.ts'

/** The candidate that this commit of the baseline merged. */
export function candidateMergedAs(state: State, commit: string): Candidate | undefined {
  return [...state.candidates.values()].find(({ end }) => end?.kind === 'merged' && end.commit === commit)
}

/** The certification that refuted the merge `commit`. */
export function refutationOf(state: State, commit: string): Certification | undefined {
  return [...state.certifications.values()].find((one) => isRefuted(one) && one.to === commit)
}

/** The merges that were undone by us, as commits of the baseline. */
export function undoneMerges(state: State): Set<string> {
  const undone = new Set<string>()
  for (const candidate of state.candidates.values()) {
    const merge = revertedMerge(candidate)
    if (merge !== undefined && candidate.end?.kind === 'merged') undone.add(merge)
  }
  return undone
}
