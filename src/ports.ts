// Everything the commands need from the outside world, as small interfaces. Adapters implement them; tests use fakes.
import type { Config, EndpointConfig } from './core/config/config.ts'
import type { BranchRules, Permission, Probe, WorkflowState } from './core/doctor/github.ts'
import type { SeenDevices } from './core/doctor/machine.ts'
import type { ModelAnswer } from './core/doctor/models.ts'
import type { Change } from './core/gate/gate.ts'
import type { PastAnswer, PastQuery } from './core/propose/past.ts'
import type { LabelledIssue } from './core/propose/requests.ts'
import type { Direction, FileEdits, Proposal, Usage } from './core/record/candidate.ts'
import type { PastIdea } from './core/record/ideas.ts'
import type { Person, Remark } from './core/record/people.ts'
import type { PullRequest } from './core/record/reconcile.ts'
import type { Trial, TrialResult } from './core/record/trial.ts'
import type { CheckRun } from './core/report/report.ts'
import type { ForeignText } from './core/text/encoding.ts'
import type { CutPlan } from './core/trial/curve.ts'

/** Proposes candidates. A failing model or endpoint is a result of kind `nothing`, not an error. */
export interface Proposer {
  /** The name shown on pull requests and in the ledger, such as `knobs` or `openai gpt-x`. */
  readonly name: string
  /** Set when it only changes numeric constants, whatever direction the request names. */
  readonly constantsOnly?: true
  propose(request: ProposalRequest): Promise<ProposalResult>
  /** Answers one prompt in plain text, without tools. The text is empty on failure. Absent when the proposer has no model. */
  sumUp?(prompt: string, signal: AbortSignal): Promise<{ text: string; usage: Usage }>
}

export interface ProposalRequest {
  /** The first text the agent reads: instructions, source, past candidates, and the direction below in words. */
  brief: string
  /** The kind of change requested this time. */
  direction: Direction
  /** Every text file of the baseline that a proposer may read, by path. */
  files: ReadonlyMap<string, string>
  /** The paths among `files` that may change. */
  editable: readonly string[]
  /** Globs of the paths at which files may be added. */
  addable: readonly string[]
  /** The paths among `files` that are executable. */
  executable: readonly string[]
  /** The command that trains. */
  train: string
  /** Past candidates, oldest first. */
  history: readonly PastIdea[]
  /** Applies the static gate and the novelty rule. Returns the reasons to refuse the change; empty when it passes. */
  review(proposal: Pick<Proposal, 'files'>): readonly string[]
  past: Past
  /** Runs the quick checks on changed files that passed `review`. Absent when no sandbox is available to run them. */
  check?(files: Proposal['files']): Promise<CheckReport>
  /** The commands that `check` runs; empty without it. */
  checks: readonly string[]
  /** The spending limit for this candidate. A proposer that reaches it stops. */
  budget: { tokens: number; dollars: number }
  /** A person's request that this candidate should fulfil; the brief quotes it. A result with the cause `cannot` answers it. */
  personRequest?: string
  signal: AbortSignal
}

/** Look-ups among past candidates. Every answer is short, and quotes text written by candidates as data. */
export interface Past {
  search(query: PastQuery): Promise<PastAnswer>
  /** A candidate's diff, or the end of the output of its failed run; undefined when the ledger does not keep it. */
  read(id: string, part: 'diff' | 'log'): Promise<string | undefined>
}

export interface CheckReport {
  passed: boolean
  /** For the model: command, outcome and the end of the output. */
  text: string
}

/** Runs the configured quick checks in the sandbox. Only the trainer and the checker execute candidate code. */
export interface Checker {
  /** @param files changes to the baseline commit `base` that passed the static gate */
  check(
    config: Pick<Config, 'checks' | 'editable' | 'sandbox'>,
    base: string,
    files: Proposal['files'],
    signal: AbortSignal,
  ): Promise<CheckReport>
}

export type ProposalResult =
  /** `author` names the endpoint that made the proposal, when that was not the proposer's first one. */
  | { kind: 'proposal'; proposal: Proposal; usage: Usage; author?: string }
  /** There is no candidate. `exhausted`: this proposer has nothing more to offer on this baseline. */
  | { kind: 'nothing'; reason: string; usage: Usage; exhausted: boolean; cause?: NothingCause }

/** `cannot`: the proposer explains why a person's request cannot be fulfilled. `unreachable`: no model or agent answered. */
export type NothingCause = 'cannot' | 'unreachable'

/** Trains trials. Only the trainer and the checker execute candidate code. */
export interface Trainer {
  /** Accelerator, driver, processor and frameworks, in words. Only results with the same testbed are comparable. */
  readonly testbed: string
  /** Number of trials that it runs side by side, at least 1. */
  readonly slots: number
  /**
   * Trains one trial within the budget. A crash, a timeout or a missing metric is a result, not an error.
   *
   * @param cut when to end the first run of a candidate early
   */
  run(trial: Trial, signal: AbortSignal, cut?: CutPlan): Promise<TrialResult>
}

/** The pull requests and check runs of the repository. Every call is idempotent. */
export interface Forge {
  /** Opens the candidate's pull request, or adopts the open one with the same head commit. */
  openPullRequest(request: {
    branch: string
    head: string
    base: string
    title: string
    body: string
    /** This job made `head`, so that there is no pull request to look for. */
    isNew?: boolean
  }): Promise<OpenedPullRequest>
  /** Opens a pull request, or gives the open one of this branch the title and body. */
  putPullRequest(request: {
    branch: string
    base: string
    title: string
    body: string
  }): Promise<OpenedPullRequest>
  /** Every open pull request into `base`, from all pages. */
  openPullRequests(base: string): Promise<PullRequest[]>
  pullRequest(number: number): Promise<PullRequest>
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

/** The repository's git data: reads commits and creates candidate commits. Never executes repository content. */
export interface Repository {
  remoteBranches(): Promise<RemoteBranches>
  treeOf(commit: string): Promise<string>
  /** Every file of a commit, with its git mode and the name of its content. */
  listFiles(commit: string): Promise<readonly TreeFile[]>
  /** Text files at a commit, by path, without binary and very large files. */
  readFiles(commit: string): Promise<ReadonlyMap<string, string>>
  /** Text files at a commit that are not in UTF-8, by path; `readFiles` leaves them out. */
  foreignTexts(commit: string): Promise<ReadonlyMap<string, ForeignText>>
  /** One file at a commit, or undefined. */
  readFile(commit: string, path: string): Promise<string | undefined>
  /** The differences between two commits. */
  changes(from: string, to: string): Promise<Change[]>
  /** Creates a commit that makes these edits on top of `base`; files keep their modes. It stays local until a branch is pushed to it. */
  commit(request: {
    base: string
    files: FileEdits
    message: string
  }): Promise<{ commit: string; tree: string }>
  /**
   * Replays the change of the commit `head` on `onto`.
   *
   * @param branch the branch that will move from `head` to the result, as its rules allow
   */
  rebase(head: string, onto: string, branch?: string): Promise<Replayed | Forbidden>
  /** Creates a commit on top of `onto` with the change that leads from one commit to another; `to` gives it its message. */
  reapply(request: { from: string; to: string; onto: string }): Promise<Replayed>
  /** Creates a commit on top of `onto` that undoes what `commit` changed relative to its first parent. */
  revert(request: { commit: string; onto: string; message: string }): Promise<Replayed>
}

export interface TreeFile {
  path: string
  /** 100644 for a plain file, 100755 for an executable one. */
  mode: string
  object: string
}

export type Replayed = { kind: 'rebased'; commit: string; tree: string } | { kind: 'conflict' }

/** The rules on the branch allow it to move to no replayed commit. */
export interface Forbidden {
  kind: 'forbidden'
  explanation: string
}

export interface RemoteBranches {
  defaultBranch: string
  /** Commit by branch name. */
  commits: ReadonlyMap<string, string>
  /** Object by name, of the tags below `autoresearch/`. */
  tags: ReadonlyMap<string, string>
}

/** The branch that holds the ledger. Each line is returned once: by `read`, or to the next append. */
export interface LedgerStore {
  /** Reads the ledger that is on the remote now; undefined when there is none. */
  read(): Promise<StoredLedger | undefined>
  /**
   * Adds lines and files and moves `branches` in one atomic push: all of it happens or nothing.
   *
   * @param compose makes what to add. `unread` holds lines that other jobs added since the last read or append, and
   *   `curveFile` is the number of the file for curves. Called again when another job writes first.
   * @throws BranchMovedError when a person moved or deleted one of the branches
   * @throws LedgerError when the remote no longer has lines that were already read, or refuses the push
   */
  append(
    compose: (unread: string, curveFile: number) => LedgerAddition,
    branches: readonly BranchUpdate[],
    message: string,
  ): Promise<void>
  /** The contents of these curve files; an empty text for a missing file. */
  readCurves(files: readonly number[]): Promise<string[]>
  /** The content of each of these files of archived ideas, read as they are needed; undefined for a missing file. */
  readArchive(files: readonly number[]): AsyncIterable<string | undefined>
}

export interface StoredLedger {
  /** The file of the newest checkpoint; absent when there is none. */
  checkpoint?: string
  /** The ledger's lines, oldest first, in parts of whole lines, from the line of that checkpoint or from the first. */
  parts(from: 'checkpoint' | 'start'): AsyncIterable<string>
}

/** Whole lines to add to the ledger and to the curve file. */
export interface LedgerAddition {
  lines: string
  curves: string
  /** Follows the lines, in a ledger file of its own. */
  checkpoint?: {
    /** Line of the checkpoint. */
    line: string
    /** File with the state; it replaces that of the checkpoint before. */
    state: string
    /** New files of archived ideas, by their numbers. */
    blocks: readonly { file: number; text: string }[]
  }
}

/** The right to work on the repository, which one job has at a time. */
export interface Lease {
  /**
   * Waits until no other job works on the repository.
   *
   * @throws BusyError when that takes too long
   */
  take(): Promise<void>
  /** @throws BusyError when another job may have taken over */
  confirm(): Promise<void>
  /** Like `confirm`, and asks the remote. @throws BusyError when another job has taken over */
  renew(): Promise<void>
  /** Lets the next job begin. */
  release(): Promise<void>
}

/** The insights, stored beside the ledger. People may edit them. */
export interface InsightsStore {
  read(): Promise<string | undefined>
  /** Replaces the text with the result of `edit`. When someone else writes first, `edit` is called again with their text. */
  update(edit: (text: string | undefined) => string): Promise<void>
}

/** Moves a branch or a tag from a known commit to another one; null means that it does not exist. */
export interface BranchUpdate {
  branch: string
  /** `branch` is the name of a tag. */
  isTag?: true
  from: string | null
  to: string | null
}

/** The result files that train jobs uploaded: untrusted input. */
export interface Results {
  read(): Promise<ResultFile[]>
}

export type ResultFile = { name: string } & (
  | { kind: 'result'; result: TrialResult }
  | { kind: 'unreadable'; problem: string }
)

export interface Clock {
  now(): Date
  /** Seconds since an arbitrary start; never decreases. */
  monotonicSeconds(): number
  /** Resolves after this time, or immediately when aborted. */
  pause(seconds: number, signal: AbortSignal): Promise<void>
}

/** The job log, for the person who watches it. */
export interface Log {
  info(message: string): void
  warn(message: string): void
}

/** The pull request in which `init` proposes its files. */
export interface OnboardingRemote {
  /** Whether this action made the commit. */
  isOurs(commit: string): Promise<boolean>
  /** Moves the branch when it is where we expect it. `workflow-refused`: the token may not push workflow files. */
  push(move: BranchUpdate): Promise<'pushed' | 'workflow-refused'>
  propose: Forge['putPullRequest']
}

/** What `doctor` asks GitHub. No call changes anything. */
export interface GitHubProbe {
  permission(permission: Permission): Promise<Probe>
  mayOpenPullRequests(): Promise<'yes' | 'no' | 'unknown'>
  /** The workflows on the default branch; undefined when the token may not read them. */
  workflows(): Promise<readonly WorkflowState[] | undefined>
  /** The rules in force on the branch, which need not exist. */
  branchRules(branch: string): Promise<BranchRules>
}

/** What `doctor` asks this machine. */
export interface MachineProbe {
  /** What `git --version` prints; undefined when there is no git. */
  gitVersion(): Promise<string | undefined>
  /** Opens the sandbox and describes it. @throws SandboxError when it cannot be opened */
  sandbox(kind: Config['sandbox']['kind']): Promise<string>
  /** The devices outside and inside of bubblewrap. */
  devices(): Promise<SeenDevices>
  /** Sends later requests through the proxy that the environment names. @throws ConfigError when that is no proxy */
  useProxy(): { names: string[]; warning?: string }
}

/** Asks an endpoint to call a tool. */
export type AskModel = (endpoint: EndpointConfig, key: string) => Promise<ModelAnswer>
