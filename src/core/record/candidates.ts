// Every candidate that is still known one by one: those of the state, and the merges and reverts among the archived ones.
import type { Candidate } from './candidate.ts'
import type { State } from './state.ts'

/** Archived merges and reverts, then all that are not archived, each in the order of proposing. */
export function knownCandidates({ archive, candidates }: State): Candidate[] {
  const kept = archive.kept.map(({ candidate }) => candidate)
  return kept.length === 0 ? [...candidates.values()] : [...kept, ...candidates.values()]
}

/** One of them by its id. */
export function findCandidate(state: State, id: string): Candidate | undefined {
  return (
    state.candidates.get(id) ?? state.archive.kept.find(({ candidate }) => candidate.id === id)?.candidate
  )
}
