// Past ideas, in the form from which proposers learn.

import type { CategoryTally } from './archive.ts'
import { CATEGORIES, type Candidate, type Category, isIdea } from './candidate.ts'
import { undoingOf, undoneMerges } from './merges.ts'
import type { State } from './state.ts'
import { failedToRun } from './status.ts'
import type { Verdict } from './verdict.ts'

/** What new ideas are compared with: an archived idea stays in memory as far as this. */
export type PastIdea = Pick<
  Candidate,
  | 'id'
  | 'origin'
  | 'title'
  | 'knob'
  | 'knobs'
  | 'changeKey'
  | 'sketch'
  | 'base'
  | 'pullRequest'
  | 'refusal'
  | 'end'
> & { verdict?: Omit<Verdict, 'reason' | 'z' | 'risk' | 'testbed'> & { reason?: string } }

/**
 * The ideas that are known one by one, oldest first, without A/A candidates and reverts: all that are not archived, and of
 * the archived ones the merges and the best others.
 */
export function pastIdeas(state: State): Candidate[] {
  return asTheyCount(state, [...keptIdeas(state), ...state.candidates.values()])
}

/** Every idea, oldest first. @param archived every archived idea */
export function allIdeas(state: State, archived: readonly PastIdea[]): PastIdea[] {
  return asTheyCount(state, [...archived, ...state.candidates.values()])
}

/** The ideas among these candidates. A reverted merge counts as rejected, with the gain of the fresh runs. */
export function asTheyCount<Idea extends PastIdea>(state: State, candidates: readonly Idea[]): Idea[] {
  const undone = undoneMerges(state)
  const ideas = candidates.filter(isIdea)
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
  const groups = Map.groupBy(asTheyCount(state, [...state.candidates.values()]), ({ category }) => category)
  for (const category of CATEGORIES) {
    const archived = state.archive.categories[category] ?? { tried: 0, failed: 0 }
    const ideas = groups.get(category) ?? []
    const failed = ideas.filter(failedToRun)
    tallies.set(category, { tried: archived.tried + ideas.length, failed: archived.failed + failed.length })
  }
  return tallies
}

/** How many ideas there were, archived ones included. */
export function countIdeas({ archive, candidates }: State): number {
  return archive.ideas + [...candidates.values()].filter(isIdea).length
}

function asRejected<Idea extends PastIdea>(state: State, candidate: Idea, commit: string): Idea {
  const { gain, sigma, scale } = undoingOf(state, commit) ?? {}
  const why = scale === undefined ? 'fresh runs did not confirm it' : `it does not transfer to ${scale}`
  const verdict = {
    kind: 'reject' as const,
    reason: `merged, and reverted because ${why}`,
    ...(gain === undefined ? {} : { gain }),
    ...(sigma === undefined ? {} : { sigma }),
    runs: candidate.verdict?.runs ?? { candidate: 0, baseline: 0 },
  }
  return { ...candidate, verdict, end: { kind: 'closed' as const } }
}
