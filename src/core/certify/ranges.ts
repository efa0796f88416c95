// Which merges are not certified yet, and which range of them is tested next. When a range does not hold, its first half is
// tested next, until the merge that does not hold is isolated.
import { type Candidate, isIdea } from '../record/candidate.ts'
import { knownCandidates } from '../record/candidates.ts'
import { type Certification, isRefuted } from '../record/certification.ts'
import type { BaselineCommit, State } from '../record/state.ts'

export interface NextRange {
  from: BaselineCommit
  to: BaselineCommit
  merges: number
  /** Per merge: lines of code added minus lines removed. */
  addedLines: readonly number[]
}

/**
 * A baseline commit and its cause. `ours`: the action merged an idea as trained. `followed`: another merge of a candidate as
 * trained, such as a revert. `pushed`: a person changed the baseline.
 */
export interface BaselineStep extends BaselineCommit {
  cause: 'ours' | 'followed' | 'pushed'
  candidate: Candidate | undefined
}

interface Frontier {
  /** The commit before the first pending merge. */
  from: BaselineCommit | undefined
  /** The uninterrupted sequence of pending merges that follows it. */
  merges: readonly BaselineStep[]
  /** Every merge by the action that is neither certified nor refuted. */
  pending: readonly BaselineCommit[]
}

/** Merges that the judge decided and certification has not, oldest first. */
export function pendingMerges(state: State): readonly BaselineCommit[] {
  return frontier(state).pending
}

/** True when certification was requested and some of the requested merges are still pending. */
export function isCertifying(state: State): boolean {
  return pendingMerges(state).some(({ commit }) => state.certifyRequests.has(commit))
}

/** The range to measure next; undefined when nothing was requested, or all of it is decided. */
export function nextRange(state: State): NextRange | undefined {
  const { from, merges } = frontier(state)
  if (!from || !isCertifying(state)) return undefined
  const position = (commit: string) => merges.findIndex((merge) => merge.commit === commit) + 1
  const requested = [...state.certifyRequests].map(position)
  const failed = unexplainedFailures(state).map(({ to }) => position(to))
  const halves = failed.filter((size) => size > 0).map((size) => Math.max(1, Math.floor(size / 2)))
  const size = Math.min(merges.length, ...requested.filter((end) => end > 0), ...halves)
  const to = merges[size - 1]
  return to && { from, to, merges: size, addedLines: merges.slice(0, size).map(addedBy) }
}

/** Ranges that did not hold and in which no refuted merge has been found yet. */
function unexplainedFailures(state: State): Certification[] {
  const order = new Map(state.baselines.map(({ commit }, index) => [commit, index]))
  const place = (commit: string) => order.get(commit) ?? -1
  const refuted = [...state.certifications.values()].filter(isRefuted).map(({ to }) => place(to))
  return [...state.certifications.values()].filter(
    ({ holds, from, to }) => !holds && !refuted.some((index) => index > place(from) && index <= place(to)),
  )
}

function frontier(state: State): Frontier {
  const steps = baselineSteps(state)
  // A push may change the configuration or the evaluator, so numbers before and after it are not comparable. Certification
  // restarts there.
  let last = steps.findLastIndex(({ cause }) => cause === 'pushed')
  for (const certification of state.certifications.values()) {
    if (!certification.holds && !isRefuted(certification)) continue
    last = Math.max(
      last,
      steps.findIndex(({ commit }, index) => index > last && commit === certification.to),
    )
  }
  const pending = steps.slice(last + 1).filter(({ cause }) => cause === 'ours')
  const first = steps.findIndex(({ cause }, index) => index > last && cause === 'ours')
  const start = first === -1 ? steps.length : first
  const end = steps.findIndex(({ cause }, index) => index > start && cause !== 'ours')
  return { from: steps[start - 1], merges: steps.slice(start, end === -1 ? steps.length : end), pending }
}

/** Every baseline there was, oldest first, and why it came to be. */
export function baselineSteps(state: State): BaselineStep[] {
  const merged = new Map<string, Candidate>()
  for (const candidate of knownCandidates(state))
    if (candidate.end?.kind === 'merged') merged.set(candidate.end.commit, candidate)
  return state.baselines.map((baseline) => {
    const candidate = merged.get(baseline.commit)
    return { ...baseline, cause: causeOf(candidate), candidate }
  })
}

function addedBy({ candidate }: BaselineStep): number {
  return candidate?.addedLines ?? 0
}

/** Not to be certified: a merge that a person made against the verdict, or whose tree was not trained. */
function causeOf(candidate: Candidate | undefined): BaselineStep['cause'] {
  if (candidate?.end?.kind !== 'merged' || !candidate.end.asTrained) return 'pushed'
  return isIdea(candidate) && candidate.verdict?.kind === 'merge' ? 'ours' : 'followed'
}
