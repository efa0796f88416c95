// The pull requests, check runs, issues and comments of the repository.
import type { LabelledIssue } from '../core/propose/requests.ts'
import type { Person, Remark } from '../core/record/people.ts'
import type { PullRequest } from '../core/record/reconcile.ts'
import type { CheckRun } from '../core/report/report.ts'
import type { BranchUpdate } from './repository.ts'

/** The pull requests and check runs of the repository. Every call is idempotent. */
export interface Forge {
  /** Opens the candidate's pull request, or adopts the open one with the same head commit. */
  openPullRequest(request: {
    branch: string
    head: string
    base: string
    title: string
    body: string
    /** This job created the branch, so that there is no pull request to look for. */
    isNew?: boolean
  }): Promise<OpenedPullRequest>
  /** Opens a pull request, or gives the open one of this branch the title and body. */
  putPullRequest(request: {
    branch: string
    base: string
    title: string
    body: string
  }): Promise<OpenedPullRequest>
  /** Every open pull request into `base`, or into any branch, from all pages. */
  openPullRequests(base?: string): Promise<PullRequest[]>
  /** Those of these branches that no open pull request has. Waits until GitHub's reads show what people did before the call. */
  unusedBranches(branches: readonly string[]): Promise<string[]>
  pullRequest(number: number): Promise<PullRequest>
  /** The pull request of this branch with this head commit, whatever became of it; undefined when there is none. */
  pullRequestOf(request: { branch: string; head: string }): Promise<PullRequest | undefined>
  /**
   * Creates or updates the check run of this name on `head`.
   *
   * @param isNew this job made `head`, so that there is no check run that this job did not write
   */
  putCheckRun(head: string, check: CheckRun, isNew?: boolean): Promise<void>
  /** Creates the comment, or updates the one that carries the same marker. */
  putComment(pullRequest: number, marker: string, body: string): Promise<void>
  /** Merges exactly `head` into `base`, or reports why GitHub did not. */
  merge(request: {
    pullRequest: number
    head: string
    base: string
    title: string
    message: string
  }): Promise<MergeResult>
  /** The branch that a pull request was merged into. Waits until GitHub's reads show the merge. */
  baseOfMerged(pullRequest: number): Promise<string>
  /** Closes it, unless somebody merged it before. @returns what it is afterwards */
  close(pullRequest: number): Promise<PullRequest>
  /** Moves a branch to a commit that contains where it is now. */
  fastForward(request: { branch: string; commit: string }): Promise<Moved>
}

export type Moved =
  | { kind: 'moved' }
  /** It is no fast-forward, or a rule forbids it; `explanation` is GitHub's message. */
  | { kind: 'refused'; explanation: string }

export type OpenedPullRequest =
  | { kind: 'opened'; number: number }
  /** A repository setting or rule forbids it; `explanation` names it and links to it. */
  | { kind: 'refused'; explanation: string }
  /** The branch is gone, or has nothing that the base lacks; `explanation` is GitHub's message. */
  | { kind: 'impossible'; explanation: string }

export type MergeResult =
  | { kind: 'merged'; commit: string }
  /** The head is no longer the commit that was trained. */
  | { kind: 'head-moved' }
  /** A rule, a setting or a conflict prevents it; `explanation` is GitHub's message and what a person can do. */
  | { kind: 'refused'; explanation: string }

/** What people write on GitHub. Callers must check an author's permission before they act on the text. */
export interface Discussion {
  /** Open issues with this label, oldest first, from all pages, without pull requests. */
  labelledIssues(label: string): Promise<LabelledIssues>
  /** Who last added the label to the issue. */
  labeller(issue: number, label: string): Promise<Person | undefined>
  /** The comments on an issue or pull request, oldest first. */
  remarks(number: number): Promise<Remark[]>
  /** Whether this person may currently write to the repository. False when GitHub does not tell. */
  mayWrite(login: string): Promise<boolean>
  /** Creates the comment on an issue, or updates the one that carries the same marker. */
  answer(issue: number, marker: string, body: string): Promise<Answered>
}

export type LabelledIssues =
  | { kind: 'issues'; issues: readonly LabelledIssue[] }
  /** The token may not read issues; `explanation` names the missing permission. */
  | { kind: 'refused'; explanation: string }

export type Answered = { kind: 'answered' } | { kind: 'refused'; explanation: string }

/** The pull request in which `init` proposes its files. */
export interface OnboardingRemote {
  /** Whether this action made the commit. */
  isOurs(commit: string): Promise<boolean>
  /** Moves the branch when it is where we expect it. `workflow-refused`: the token may not push workflow files. */
  push(move: BranchUpdate): Promise<'pushed' | 'workflow-refused'>
  propose: Forge['putPullRequest']
}
