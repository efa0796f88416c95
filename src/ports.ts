// Everything the commands need from the outside world, as small interfaces. Adapters implement them; tests fake them.

import type { Config } from './core/config/config.ts'
import type { Change } from './core/gate/gate.ts'
import type { PastQuery } from './core/propose/past.ts'
import type { LabelledIssue } from './core/propose/requests.ts'
import type { Candidate, Direction, Proposal, Usage } from './core/record/candidate.ts'
import type { Person, Remark } from './core/record/people.ts'
import type { PullRequest } from './core/record/reconcile.ts'
import type { Trial, TrialResult } from './core/record/trial.ts'
import type { CheckRun } from './core/report/report.ts'
import type { CutPlan } from './core/trial/curve.ts'

/** Invents candidates. Never throws for what a model or an endpoint does wrong: that is a `nothing`. */
export interface Proposer {
  /** As shown on pull requests and in the ledger: `knobs`, `openai gpt-x`. */
  readonly name: string
  /** Set when it turns numeric constants and nothing else, whatever it is asked for. */
  readonly constantsOnly?: true
  propose(request: ProposalRequest): Promise<ProposalResult>
  /** Answers one question in plain text, without tools; with an empty one when it cannot. Absent where there is no model. */
  sumUp?(prompt: string, signal: AbortSignal): Promise<{ text: string; usage: Usage }>
}

export interface ProposalRequest {
  /** What the agent reads first: directions, source, what was tried, and in words the direction below. */
  brief: string
  /** What is asked for this time. */
  direction: Direction
  /** Every text file of the baseline a proposer may read, by path. */
  files: ReadonlyMap<string, string>
  /** The paths among `files` that may change. */
  editable: readonly string[]
  /** What was tried before, oldest first. */
  history: readonly Candidate[]
  /** The static gate and the rule of novelty: the reasons why this change would be refused; empty when it passes. */
  review(proposal: Pick<Proposal, 'files'>): readonly string[]
  /** The ledger, for who wants to look something up. */
  past: Past
  /** Runs the quick checks on changed files that passed `review`. Absent where nothing could hold what they execute. */
  check?(files: Proposal['files']): Promise<CheckReport>
  /** What this candidate may cost. A proposer that has spent it stops, whatever it was about to find. */
  budget: { tokens: number; dollars: number }
  /** A request of a person that is to be taken up; the brief quotes it. `cannot` is an answer to it. */
  personRequest?: string
  signal: AbortSignal
}

/** What was tried before. Every answer is short, and the words of candidates in it are quoted as data. */
export interface Past {
  search(query: PastQuery): string
  /** What a candidate changed, or the end of the output of its failed run; undefined when that is not kept. */
  read(id: string, part: 'diff' | 'log'): Promise<string | undefined>
}

/** What quick checks came to. */
export interface CheckReport {
  passed: boolean
  /** For the model: command, outcome and the end of the output. */
  text: string
}

/** Runs the configured quick checks in the sandbox. Besides the trainer, the only place where candidate code executes. */
export interface Checker {
  /** @param files changed ones of the baseline commit `base`; they passed the static gate */
  check(
    config: Pick<Config, 'checks' | 'editable' | 'sandbox'>,
    base: string,
    files: Proposal['files'],
    signal: AbortSignal,
  ): Promise<CheckReport>
}

export type ProposalResult =
  /** `author` names who made it, where that is not the proposer's own name: an endpoint that stood in. */
  | { kind: 'proposal'; proposal: Proposal; usage: Usage; author?: string }
  /** No candidate came of it. `exhausted`: asking this proposer again on this baseline is pointless. */
  | { kind: 'nothing'; reason: string; usage: Usage; exhausted: boolean; cause?: NothingCause }

/** `cannot`: it says that what a person asked for cannot be done, and why. `unreachable`: nobody was there to ask. */
export type NothingCause = 'cannot' | 'unreachable'

/** Runs training commands: with the checker, the only place where candidate code executes. */
export interface Trainer {
  /** What must be equal for two numbers to be comparable: accelerator, driver, processor. */
  readonly testbed: string
  /**
   * Trains one trial within the budget. A crash, a timeout or a missing metric is a result, not an error.
   *
   * @param cut when the first run of a candidate is to be ended early
   */
  run(trial: Trial, signal: AbortSignal, cut?: CutPlan): Promise<TrialResult>
}

/** The pull requests and check runs of the repository. Every call may be repeated without doing anything twice. */
export interface Forge {
  /** Opens the candidate's pull request, or adopts the open one with the same head commit. */
  openPullRequest(request: {
    branch: string
    head: string
    base: string
    title: string
    body: string
  }): Promise<OpenedPullRequest>
  /** Every open pull request into `base`, all pages. */
  openPullRequests(base: string): Promise<PullRequest[]>
  pullRequest(number: number): Promise<PullRequest>
  /** Creates or updates the check run of this name on `head`. */
  putCheckRun(head: string, check: CheckRun): Promise<void>
  /** Creates the comment, or updates the one that carries the same marker. */
  putComment(pullRequest: number, marker: string, body: string): Promise<void>
  /** Merges exactly `head`; the answer says what GitHub made of it. */
  merge(request: { pullRequest: number; head: string; title: string; message: string }): Promise<MergeResult>
  close(pullRequest: number): Promise<void>
}

export type OpenedPullRequest =
  | { kind: 'opened'; number: number }
  /** A setting or rule of the repository forbids it; `explanation` says which and links to it. */
  | { kind: 'refused'; explanation: string }

export type MergeResult =
  | { kind: 'merged'; commit: string }
  /** The head is not the commit we trained. */
  | { kind: 'head-moved' }
  /** A rule, a setting or a conflict forbids it; `explanation` is GitHub's own. */
  | { kind: 'refused'; explanation: string }

/** What people say on GitHub. Nothing in it is believed before their permission was asked. */
export interface Discussion {
  /** Open issues with this label, oldest first, all pages; pull requests are left out. */
  labelledIssues(label: string): Promise<LabelledIssues>
  /** Who put the label on the issue last. */
  labeller(issue: number, label: string): Promise<Person | undefined>
  /** The comments on an issue or pull request, oldest first. */
  remarks(number: number): Promise<Remark[]>
  /** Whether this person may write to the repository now. False when GitHub does not say. */
  mayWrite(login: string): Promise<boolean>
  /** Creates the comment on an issue, or updates the one that carries the same marker. */
  answer(issue: number, marker: string, body: string): Promise<Answered>
}

export type LabelledIssues =
  | { kind: 'issues'; issues: readonly LabelledIssue[] }
  /** The token may not read issues; `explanation` says what it lacks. */
  | { kind: 'refused'; explanation: string }

export type Answered = { kind: 'answered' } | { kind: 'refused'; explanation: string }

/** The repository's git data: reading commits, and making the candidate's. Nothing here executes repository content. */
export interface Repository {
  /** The remote's branches as they are now. */
  remoteBranches(): Promise<RemoteBranches>
  treeOf(commit: string): Promise<string>
  /** Text files at a commit, by path; binary and very large ones are left out. */
  readFiles(commit: string): Promise<ReadonlyMap<string, string>>
  /** One file at a commit, or undefined. */
  readFile(commit: string, path: string): Promise<string | undefined>
  /** What differs between two commits, from git objects. */
  changes(from: string, to: string): Promise<Change[]>
  /** A commit that puts `files` on top of `base`; it exists only here until a branch is moved to it. */
  commit(request: {
    base: string
    files: ReadonlyMap<string, string>
    message: string
  }): Promise<{ commit: string; tree: string }>
  /** Replays the one commit `head` on another base. */
  rebase(head: string, onto: string): Promise<Replayed>
  /** A commit on top of `onto` that undoes what `commit` changed with respect to its first parent. */
  revert(request: { commit: string; onto: string; message: string }): Promise<Replayed>
}

export type Replayed = { kind: 'rebased'; commit: string; tree: string } | { kind: 'conflict' }

export interface RemoteBranches {
  /** Name of the default branch. */
  defaultBranch: string
  /** Commit by branch name. */
  commits: ReadonlyMap<string, string>
}

/** The branch that holds the ledger. Each line is handed out once: in `read`, or to the append that comes after it. */
export interface LedgerStore {
  /** Reads the ledger as it is on the remote now; undefined when there is none. */
  read(): Promise<StoredLedger | undefined>
  /**
   * Adds lines, and moves `branches` in the same atomic push: both happen or neither.
   *
   * @param compose makes the lines out of those that others have written meanwhile, empty when nobody has, and the number
   *   of the file that curves go to. When someone else writes first, it is called again with their lines.
   * @throws LedgerError when lines that were handed out are no longer there, or the remote refuses
   */
  append(
    compose: (unread: string, curveFile: number) => LedgerAddition,
    branches: readonly BranchUpdate[],
    message: string,
  ): Promise<void>
  /** The lines of these files of curves; an empty text for a file that is not there. */
  readCurves(files: readonly number[]): Promise<string[]>
}

export interface StoredLedger {
  /** Its lines, oldest first, in parts that end with a line. */
  parts: AsyncIterable<string>
}

/** Whole lines that are added to the ledger, and to the file of curves. */
export interface LedgerAddition {
  lines: string
  curves: string
}

/** What was learned, beside the ledger. People may edit it. */
export interface InsightsStore {
  read(): Promise<string | undefined>
  /** Replaces the text by `edit` of it. When someone else wrote first, `edit` is called again with their text. */
  update(edit: (text: string | undefined) => string): Promise<void>
}

/** Moves a branch from a commit we know to another one; null means that it does not exist. */
export interface BranchUpdate {
  branch: string
  from: string | null
  to: string | null
}

/** The files in which train jobs left their results: hostile input. */
export interface Results {
  read(): Promise<ResultFile[]>
}

export type ResultFile = { name: string } & (
  | { kind: 'result'; result: TrialResult }
  | { kind: 'unreadable'; problem: string }
)

export interface Clock {
  now(): Date
  /** Seconds from an arbitrary start, never going back. */
  monotonicSeconds(): number
  /** Resolves after this time, or at once when aborted. */
  pause(seconds: number, signal: AbortSignal): Promise<void>
}

/** Tells a person who watches the job what is going on. */
export interface Log {
  info(message: string): void
  warn(message: string): void
}
