// Novelty: finds the past candidate that a change repeats, from the ledger alone and before any training.
import { type Change, changeKey } from '../gate/gate.ts'
import { similarityTo, sketchOf } from '../gate/sketch.ts'
import type { Direction } from '../record/candidate.ts'
import { allIdeas, type PastIdea } from '../record/ideas.ts'
import type { State } from '../record/state.ts'
import { isTurnedDown, statusOf, statusWords } from '../record/status.ts'
import { visibleText } from '../text/markdown.ts'
import { formatSigned } from '../text/numbers.ts'
import { best } from './bandit.ts'
import { nameOf } from './brief/words.ts'

export interface NoveltyPolicy {
  /** A change repeats a past one if they have at least this share in common, 0 to 1. At 1 only equal changes are refused. */
  similarity: number
  /** A rejected idea may be proposed again after this many merges. */
  retryAfterMerges: number
}

/**
 * Explains which candidate a change repeats; undefined for a new change.
 *
 * @param sources ids of the candidates that the proposal starts from: it may resemble them but not equal them
 * @param archived every archived idea
 */
export function explainRepetition(
  state: State,
  changes: readonly Change[],
  policy: NoveltyPolicy,
  sources: Direction['sources'] = [],
  archived: readonly PastIdea[] = [],
): string | undefined {
  const ages = new Map(state.baselines.toReversed().map(({ commit }, merges) => [commit, merges]))
  const past = allIdeas(state, archived).filter(
    (candidate) => !mayReturn(candidate, ages.get(candidate.base) ?? ages.size, policy),
  )
  const key = changeKey(changes)
  const twin = past.find((candidate) => candidate.changeKey === key)
  if (twin) return `The same change was proposed before: ${describePast(twin)}. Propose a different idea.`
  const likeness = similarityTo(sketchOf(changes))
  const similar = past.flatMap((candidate) => {
    const share = candidate.sketch === undefined ? -1 : likeness(candidate.sketch)
    return share < (sources.includes(candidate.id) ? 1 : policy.similarity) ? [] : [{ candidate, share }]
  })
  const nearest = best(similar, ({ share }) => share)
  if (!nearest) return undefined
  const percent = Math.floor(100 * nearest.share)
  return `The change is ${percent} % similar to an earlier one: ${describePast(nearest.candidate)}. Propose a different idea.`
}

/**
 * Whether an idea may be proposed again. A verdict applies to the baseline it was measured on, so a rejected idea may return
 * after enough merges; one that only conflicted with a merge may return on the next baseline. Ideas that were merged, or
 * withdrawn by a person, may not.
 */
function mayReturn(candidate: PastIdea, mergesSince: number, policy: NoveltyPolicy): boolean {
  const { verdict, end } = candidate
  if (end === undefined || verdict === undefined || !isTurnedDown(statusOf(candidate))) return false
  const wasCompared = verdict.runs.baseline > 0
  return mergesSince >= (wasCompared ? policy.retryAfterMerges : 1)
}

function describePast(candidate: PastIdea): string {
  const { title, verdict } = candidate
  const result = verdict ? (verdict.reason ?? gainWords(candidate)) : 'it is still being tested'
  return `"${visibleText(title, 100)}" (${nameOf(candidate)}): ${visibleText(result, 200)}`
}

/** Of an archived idea the reason is not in memory. */
function gainWords(candidate: PastIdea): string {
  const { gain } = candidate.verdict ?? {}
  return `${statusWords(candidate)}${gain === undefined ? '' : `, gain ${formatSigned(gain)}`}`
}
