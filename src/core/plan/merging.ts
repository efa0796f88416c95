// Which of several winners is merged next.
import { type Candidate, revertedMerge } from '../record/candidate.ts'
import { openCandidates, type State } from '../record/state.ts'
import { isToBeMerged } from '../record/status.ts'

/** Sorts reverts first, then the winners that are expected to gain most, then other candidates. */
export function byExpectedGain(a: Candidate, b: Candidate): number {
  const [first, second] = [expectedGain(a), expectedGain(b)]
  return first === second ? 0 : second - first
}

function expectedGain(candidate: Candidate): number {
  if (!isToBeMerged(candidate)) return Number.NEGATIVE_INFINITY
  // Other changes should not build on what was refuted.
  if (revertedMerge(candidate) !== undefined) return Number.POSITIVE_INFINITY
  return candidate.verdict?.gain ?? 0
}

/** The winner that is merged next. */
export function nextMerge(state: State): Candidate | undefined {
  return openCandidates(state)
    .filter((candidate) => isAccepted(candidate, state))
    .toSorted(byExpectedGain)[0]
}

/** True when the candidate is built on the current baseline. */
export function isCurrent(candidate: Candidate, state: State): boolean {
  return candidate.base === state.baseline?.commit
}

function isAccepted(candidate: Candidate, state: State): boolean {
  return isToBeMerged(candidate) && candidate.refusal === undefined && isCurrent(candidate, state)
}
