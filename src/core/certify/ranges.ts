// Certification as a walk along the baseline: which merges are not certified yet, and which range of them is next. When
// a range does not hold, its first half is next, until the merge that does not hold stands alone.

import { type Candidate, isIdea } from '../record/candidate.ts'
import { type Certification, isRefuted } from '../record/certification.ts'
import type { BaselineCommit, State } from '../record/state.ts'

/** A range that is to be measured next. */
export interface NextRange {
  from: BaselineCommit
  to: BaselineCommit
  merges: number
  /** Lines of code that each of them added less those it removed. */
  addedLines: readonly number[]
}

/** A baseline and what made it: a merge of ours, another merge of a candidate, or a person. */
interface Link extends BaselineCommit {
  cause: 'ours' | 'followed' | 'pushed'
  candidate: Candidate | undefined
}

interface Frontier {
  /** The last commit whose merges are all settled. */
  from: BaselineCommit | undefined
  /** The merges that follow it with nothing in between. */
  merges: readonly Link[]
  /** Every merge of ours that is not settled yet. */
  pending: readonly BaselineCommit[]
}

/** Merges that the judge decided and no fresh run has settled yet, oldest first. */
export function pendingMerges(state: State): readonly BaselineCommit[] {
  return frontier(state).pending
}

/** True when certification was asked for and some of those merges are not settled. */
export function isCertifying(state: State): boolean {
  return pendingMerges(state).some(({ commit }) => state.certifyRequests.has(commit))
}

/** The range to measure now; undefined when nothing was asked for, or all of it is settled. */
export function nextRange(state: State): NextRange | undefined {
  const { from, merges } = frontier(state)
  if (!from || !isCertifying(state)) return undefined
  const position = (commit: string) => merges.findIndex((merge) => merge.commit === commit) + 1
  const asked = [...state.certifyRequests].map(position)
  const failed = unexplainedFailures(state).map(({ to }) => position(to))
  const halves = failed.filter((size) => size > 0).map((size) => Math.max(1, Math.floor(size / 2)))
  const size = Math.min(merges.length, ...asked.filter((end) => end > 0), ...halves)
  const to = merges[size - 1]
  return to && { from, to, merges: size, addedLines: merges.slice(0, size).map(addedBy) }
}

/** Stretches that did not hold and in which no merge was found yet that explains it. */
function unexplainedFailures(state: State): Certification[] {
  const order = new Map(state.baselines.map(({ commit }, index) => [commit, index]))
  const place = (commit: string) => order.get(commit) ?? -1
  const refuted = [...state.certifications.values()].filter(isRefuted).map(({ to }) => place(to))
  return [...state.certifications.values()].filter(
    ({ holds, from, to }) => !holds && !refuted.some((index) => index > place(from) && index <= place(to)),
  )
}

function frontier(state: State): Frontier {
  const links = linksOf(state)
  // A push may bring another configuration or evaluator: numbers before and after it are no longer comparable, so the
  // proof begins anew there.
  let last = links.findLastIndex(({ cause }) => cause === 'pushed')
  for (const certification of state.certifications.values()) {
    if (!certification.holds && !isRefuted(certification)) continue
    last = Math.max(
      last,
      links.findIndex(({ commit }, index) => index > last && commit === certification.to),
    )
  }
  const pending = links.slice(last + 1).filter(({ cause }) => cause === 'ours')
  const first = links.findIndex(({ cause }, index) => index > last && cause === 'ours')
  const start = first === -1 ? links.length : first
  const end = links.findIndex(({ cause }, index) => index > start && cause !== 'ours')
  return { from: links[start - 1], merges: links.slice(start, end === -1 ? links.length : end), pending }
}

function linksOf(state: State): Link[] {
  const merged = new Map<string, Candidate>()
  for (const candidate of state.candidates.values())
    if (candidate.end?.kind === 'merged') merged.set(candidate.end.commit, candidate)
  return state.baselines.map((baseline) => {
    const candidate = merged.get(baseline.commit)
    return { ...baseline, cause: causeOf(candidate), candidate }
  })
}

function addedBy({ candidate }: Link): number {
  return candidate?.addedLines ?? 0
}

/** A merge that a person made against our word, or into a tree that was not trained, is not ours to prove. */
function causeOf(candidate: Candidate | undefined): Link['cause'] {
  if (candidate?.end?.kind !== 'merged' || !candidate.end.asTrained) return 'pushed'
  return isIdea(candidate) && candidate.verdict?.kind === 'merge' ? 'ours' : 'followed'
}
