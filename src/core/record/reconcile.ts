// Reconciles the ledger with GitHub: records effects whose response was lost, and lets the actions of people take precedence.

import { type Candidate, candidateBranch } from './candidate.ts'
import type { LedgerEvent } from './events.ts'
import type { Words } from './people.ts'
import { type BaselineCommit, openCandidates, type State } from './state.ts'
import { isToBeClosed, isToBeMerged } from './status.ts'

/** The current state of a pull request on GitHub. */
export interface PullRequest {
  number: number
  branch: string
  head: string
  state: 'open' | 'closed' | 'merged'
  /** The merge commit on the baseline branch. */
  mergeCommit?: string
  /** Tree of that commit. */
  mergeTree?: string
  /** Login of who merged it, where GitHub tells. */
  mergedBy?: string
  /** The branch that it would be merged into. */
  base?: string
  /** The last comment of a person with write access, if the pull request is closed. */
  words?: Words
}

export interface Observed {
  /** Name of the baseline branch. Default: not compared. */
  branch?: string
  /** Where the baseline branch points. */
  baseline: BaselineCommit
  /** The newest pull request of every open candidate's branch, and of others that a person may have merged. */
  pullRequests: readonly PullRequest[]
  /** Commits by branch, read from git, because GitHub's list of pull requests may lag behind a push. */
  branches: ReadonlyMap<string, string>
}

/** The events that the ledger lacks, given the state on GitHub. */
export function reconcile(state: State, observed: Observed): LedgerEvent[] {
  const byBranch = new Map(observed.pullRequests.map((pullRequest) => [pullRequest.branch, pullRequest]))
  const events = openCandidates(state).flatMap((candidate) => {
    const branch = candidateBranch(candidate.id)
    const pullRequest = byBranch.get(branch)
    const commit = observed.branches.get(branch)
    if (pullRequest?.state !== 'merged' && isMergedByGit(state, candidate, observed.baseline))
      return [...adoption(candidate, pullRequest), mergedAs(candidate, observed.baseline)]
    if (pullRequest) return reconcileCandidate(candidate, pullRequest, commit, observed.branch)
    return commit !== undefined ? [] : [withdrawn(candidate, { reason: 'a person deleted the branch' })]
  })
  return [...events, ...reconcileBaseline(state, observed, events)]
}

/**
 * True when the baseline went from where the candidate was built to the candidate's tree: our merge, which GitHub's list of
 * pull requests may not show yet.
 */
function isMergedByGit(state: State, candidate: Candidate, { commit, tree }: BaselineCommit): boolean {
  const isNext = candidate.base === state.baseline?.commit && commit !== candidate.base
  return isToBeMerged(candidate) && isNext && tree === candidate.tree
}

function mergedAs(candidate: Candidate, { commit }: BaselineCommit): LedgerEvent {
  return { kind: 'ended', candidate: candidate.id, end: { kind: 'merged', commit, asTrained: true } }
}

function adoption(candidate: Candidate, pullRequest: PullRequest | undefined): LedgerEvent[] {
  if (candidate.pullRequest !== undefined || !pullRequest) return []
  return [{ kind: 'opened', candidate: candidate.id, pullRequest: pullRequest.number }]
}

/** Why a candidate is withdrawn whose branch has another commit than ours. */
export const PUSHED = 'a person pushed to the branch, or pressed "Update branch"'

/** Why a candidate is withdrawn whose pull request was merged somewhere else. */
export const ELSEWHERE = 'it was merged into another branch than the baseline'

/**
 * The events that the ledger lacks for one candidate, given its pull request.
 *
 * @param branchCommit commit of its branch; undefined when the branch does not exist
 * @param baseline name of the baseline branch. Default: not compared
 */
export function reconcileCandidate(
  candidate: Candidate,
  pullRequest: PullRequest,
  branchCommit: string | undefined,
  baseline = pullRequest.base,
): LedgerEvent[] {
  const adopted = adoption(candidate, pullRequest)
  const isElsewhere = (pullRequest.base ?? baseline) !== baseline
  if (pullRequest.state === 'merged' && isElsewhere)
    return [...adopted, withdrawn(candidate, { reason: ELSEWHERE })]
  if (pullRequest.state === 'merged' && pullRequest.mergeCommit) {
    const asTrained = pullRequest.mergeTree === candidate.tree
    const end = { kind: 'merged', commit: pullRequest.mergeCommit, asTrained } as const
    return [...adopted, { kind: 'ended', candidate: candidate.id, end }]
  }
  if (pullRequest.state === 'closed') {
    if (isToBeClosed(candidate))
      return [...adopted, { kind: 'ended', candidate: candidate.id, end: { kind: 'closed' } }]
    return [
      ...adopted,
      withdrawn(candidate, { reason: 'a person closed the pull request', words: pullRequest.words }),
    ]
  }
  if (branchCommit === undefined)
    return [...adopted, withdrawn(candidate, { reason: 'a person deleted the branch' })]
  if (branchCommit !== candidate.head) return [...adopted, withdrawn(candidate, { reason: PUSHED })]
  if (isElsewhere)
    return [
      ...adopted,
      withdrawn(candidate, { reason: 'a person changed the base branch of the pull request' }),
    ]
  return adopted
}

function withdrawn(
  candidate: Candidate,
  { reason, words }: { reason: string; words?: Words | undefined },
): LedgerEvent {
  return {
    kind: 'ended',
    candidate: candidate.id,
    end: { kind: 'withdrawn', reason, ...(words && { words }) },
  }
}

function reconcileBaseline(state: State, observed: Observed, events: readonly LedgerEvent[]): LedgerEvent[] {
  const { commit, tree } = observed.baseline
  if (state.baseline?.commit === commit) return []
  const merged = events.some(
    (event) => event.kind === 'ended' && event.end.kind === 'merged' && event.end.commit === commit,
  )
  const pullRequest = observed.pullRequests.find(({ mergeCommit }) => mergeCommit === commit)
  const merge = pullRequest?.mergedBy && { pullRequest: pullRequest.number, by: pullRequest.mergedBy }
  return [{ kind: 'baseline', commit, tree, cause: merged ? 'merged' : 'pushed', ...(merge && { merge }) }]
}
