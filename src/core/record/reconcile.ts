// Reconciles the ledger with what GitHub shows: effects whose answer was lost get their line, and what a person did wins.

import { type Candidate, candidateBranch } from './candidate.ts'
import type { LedgerEvent } from './events.ts'
import type { Words } from './people.ts'
import { type BaselineCommit, openCandidates, type State } from './state.ts'
import { isToBeClosed } from './status.ts'

/** A pull request as GitHub shows it now. */
export interface PullRequest {
  number: number
  branch: string
  head: string
  state: 'open' | 'closed' | 'merged'
  /** The commit on the baseline branch that merging made. */
  mergeCommit?: string
  /** Tree of that commit. */
  mergeTree?: string
  /** What a person with write access said last on one that was closed. */
  words?: Words
}

export interface Observed {
  /** Where the baseline branch points. */
  baseline: BaselineCommit
  /** The newest pull request of every open candidate's branch. */
  pullRequests: readonly PullRequest[]
  /** Commit by branch, as git shows it: the list of pull requests may lag behind a push. */
  branches: ReadonlyMap<string, string>
}

/** The ledger lines that are missing, given what GitHub shows. */
export function reconcile(state: State, observed: Observed): LedgerEvent[] {
  const byBranch = new Map(observed.pullRequests.map((pullRequest) => [pullRequest.branch, pullRequest]))
  const events = openCandidates(state).flatMap((candidate) => {
    const branch = candidateBranch(candidate.id)
    const pullRequest = byBranch.get(branch)
    const commit = observed.branches.get(branch)
    if (pullRequest) return reconcileCandidate(candidate, pullRequest, commit)
    return commit !== undefined ? [] : [withdrawn(candidate, 'a person deleted the branch')]
  })
  return [...events, ...reconcileBaseline(state, observed, events)]
}

/**
 * The lines one candidate lacks, given its pull request.
 *
 * @param branchCommit where its branch points; undefined when the branch is gone
 */
export function reconcileCandidate(
  candidate: Candidate,
  pullRequest: PullRequest,
  branchCommit: string | undefined,
): LedgerEvent[] {
  const opened: LedgerEvent = { kind: 'opened', candidate: candidate.id, pullRequest: pullRequest.number }
  const adopted = candidate.pullRequest === undefined ? [opened] : []
  if (pullRequest.state === 'merged' && pullRequest.mergeCommit) {
    const asTrained = pullRequest.mergeTree === candidate.tree
    const end = { kind: 'merged', commit: pullRequest.mergeCommit, asTrained } as const
    return [...adopted, { kind: 'ended', candidate: candidate.id, end }]
  }
  if (pullRequest.state === 'closed') {
    if (isToBeClosed(candidate))
      return [...adopted, { kind: 'ended', candidate: candidate.id, end: { kind: 'closed' } }]
    return [...adopted, withdrawn(candidate, 'a person closed the pull request', pullRequest.words)]
  }
  if (branchCommit !== candidate.head)
    return [...adopted, withdrawn(candidate, 'a person moved or deleted the branch')]
  return adopted
}

function withdrawn(candidate: Candidate, reason: string, words?: Words): LedgerEvent {
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
  return [{ kind: 'baseline', commit, tree, cause: merged ? 'merged' : 'pushed' }]
}
