// What was tried, as those who propose should learn from it.
import { type Candidate, isIdea } from './candidate.ts'
import { isUndone } from './certify/revert.ts'
import type { State } from './state.ts'

/**
 * Every idea, oldest first. A/A candidates and reverts are none. A merge that was undone counts as what it turned out to
 * be: rejected.
 */
export function pastIdeas(state: State): Candidate[] {
  return [...state.candidates.values()]
    .filter(isIdea)
    .map((candidate) => (isUndone(state, candidate) ? asRejected(candidate) : candidate))
}

function asRejected(candidate: Candidate): Candidate {
  const runs = candidate.verdict?.runs ?? { candidate: 0, baseline: 0 }
  const reason = 'merged, and undone when fresh runs did not confirm it'
  return { ...candidate, verdict: { kind: 'reject', reason, runs }, end: { kind: 'closed' } }
}
