// Past ideas, in the form from which proposers learn.

import type { CategoryTally } from './archive.ts'
import { CATEGORIES, type Candidate, type Category, isIdea } from './candidate.ts'
import { refutationOf, undoneMerges } from './merges.ts'
import type { State } from './state.ts'

/**
 * The ideas that are known one by one, oldest first, without A/A candidates and reverts: all that are not archived, and of
 * the archived ones the merges and the best others. A reverted merge counts as rejected, with the gain of the fresh runs.
 *
 * @param archived every archived idea, where all are needed
 */
export function pastIdeas(state: State, archived: readonly Candidate[] = keptIdeas(state)): Candidate[] {
  const undone = undoneMerges(state)
  const ideas = [...archived, ...state.candidates.values()].filter(isIdea)
  if (undone.size === 0) return ideas
  return ideas.map((candidate) => {
    const { end } = candidate
    return end?.kind === 'merged' && undone.has(end.commit)
      ? asRejected(state, candidate, end.commit)
      : candidate
  })
}

function keptIdeas({ archive }: State): Candidate[] {
  return [...archive.best, ...archive.kept.map(({ candidate }) => candidate)]
}

/** How many ideas of a category there were and how many failed to run, archived ones included. */
export function tallyCategories(state: State): ReadonlyMap<Category, CategoryTally> {
  const tallies = new Map<Category, CategoryTally>()
  const groups = Map.groupBy(pastIdeas(state, []), ({ category }) => category)
  for (const category of CATEGORIES) {
    const archived = state.archive.categories[category] ?? { tried: 0, failed: 0 }
    const ideas = groups.get(category) ?? []
    const failed = ideas.filter(({ verdict }) => verdict?.kind === 'reject' && verdict.gain === undefined)
    tallies.set(category, { tried: archived.tried + ideas.length, failed: archived.failed + failed.length })
  }
  return tallies
}

/** How many ideas there were, archived ones included. */
export function countIdeas({ archive, candidates }: State): number {
  return archive.ideas + [...candidates.values()].filter(isIdea).length
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
