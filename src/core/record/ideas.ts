// Past ideas, in the form from which proposers learn.

import { type Candidate, isIdea } from './candidate.ts'
import { refutationOf, undoneMerges } from './merges.ts'
import type { State } from './state.ts'

/**
 * Every idea, oldest first, without A/A candidates and reverts. A reverted merge counts as rejected, with the gain of the
 * fresh runs.
 */
export function pastIdeas(state: State): Candidate[] {
  const undone = undoneMerges(state)
  const ideas = [...state.candidates.values()].filter(isIdea)
  if (undone.size === 0) return ideas
  return ideas.map((candidate) => {
    const { end } = candidate
    return end?.kind === 'merged' && undone.has(end.commit)
      ? asRejected(state, candidate, end.commit)
      : candidate
  })
}

function asRejected(state: State, candidate: Candidate, commit: string): Candidate {
  const { gain, sigma } = refutationOf(state, commit) ?? {}
  const verdict = {
    kind: 'reject' as const,
    reason: 'merged, and reverted because fresh runs did not confirm it',
    ...(gain === undefined ? {} : { gain }),
    ...(sigma === undefined ? {} : { sigma }),
    runs: candidate.verdict?.runs ?? { candidate: 0, baseline: 0 },
  }
  return { ...candidate, verdict, end: { kind: 'closed' } }
}
