// What invents candidates, and what it may ask while it does.
import type { Config } from '../core/config/config.ts'
import type { PastAnswer, PastQuery } from '../core/propose/past.ts'
import type { Direction, Proposal, Usage } from '../core/record/candidate.ts'
import type { PastIdea } from '../core/record/ideas.ts'

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
