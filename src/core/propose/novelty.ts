// Novelty: which past candidate a change repeats, decided from the ledger alone and before it costs any training.

import { type Change, changeKey } from '../gate/gate.ts'
import { similarityTo, sketchOf } from '../gate/sketch.ts'
import type { Candidate, Direction } from '../record/candidate.ts'
import { pastIdeas } from '../record/ideas.ts'
import type { State } from '../record/state.ts'
import { isTurnedDown, statusOf } from '../record/status.ts'
import { visibleText } from '../text/markdown.ts'

export interface NoveltyPolicy {
  /** A change that has at least this share in common with a past one repeats it; 1 refuses only what is equal. */
  similarity: number
  /** An idea that was turned down may come back after this many merges. */
  retryAfterMerges: number
}

/**
 * Why a change is not new, as a sentence that names the candidate it repeats; undefined when it is.
 *
 * @param sources ids of the candidates it was asked to start from: it may be close to them, but not equal
 */
export function explainRepetition(
  state: State,
  changes: readonly Change[],
  policy: NoveltyPolicy,
  sources: Direction['sources'] = [],
): string | undefined {
  const ages = new Map(state.baselines.toReversed().map(({ commit }, merges) => [commit, merges]))
  const past = pastIdeas(state).filter(
    (candidate) => !mayReturn(candidate, ages.get(candidate.base) ?? ages.size, policy),
  )
  const key = changeKey(changes)
  const twin = past.find((candidate) => candidate.changeKey === key)
  if (twin) return `The same change was proposed before as ${describePast(twin)}.`
  const likeness = similarityTo(sketchOf(changes))
  let nearest: { candidate: Candidate; share: number } | undefined
  for (const candidate of past) {
    if (candidate.sketch === undefined) continue
    const share = likeness(candidate.sketch)
    if (share < (sources.includes(candidate.id) ? 1 : policy.similarity)) continue
    if (!nearest || share > nearest.share) nearest = { candidate, share }
  }
  return (
    nearest &&
    `The change is ${percent(nearest.share)} like one that was proposed before, ${describePast(nearest.candidate)}. Do something else.`
  )
}

/**
 * A verdict was about the code of its day. What was turned down may be tried again once much was merged since, and what
 * only conflicted with a merge as soon as there is another baseline. What was merged or withdrawn by a person stays.
 */
function mayReturn(candidate: Candidate, mergesSince: number, policy: NoveltyPolicy): boolean {
  const { verdict, end } = candidate
  if (end === undefined || verdict === undefined || !isTurnedDown(statusOf(candidate))) return false
  const wasCompared = verdict.runs.baseline > 0
  return mergesSince >= (wasCompared ? policy.retryAfterMerges : 1)
}

function describePast({ title, id, pullRequest, verdict }: Candidate): string {
  const place = pullRequest === undefined ? id : `#${pullRequest}`
  const fate = verdict ? verdict.reason : 'it is still being tested'
  return `"${visibleText(title, 100)}" (${place}): ${visibleText(fate, 200)}`
}

function percent(share: number): string {
  return `${Math.floor(100 * share)} %`
}
