// A candidate: one proposed change, its hypothesis and its progress.

import { createHash } from 'node:crypto'
import type { Words } from './people.ts'
import type { Verdict } from './verdict.ts'

/** Complete new content by path; null deletes the file. Only these files change. A renamed file is one of each. */
export type FileEdits = ReadonlyMap<string, string | null>

/** A proposer's result: an idea and the files that it adds, changes and deletes. */
export interface Proposal {
  title: string
  hypothesis: string
  category: Category
  /** The proposer's own guess, in the metric's unit and in words; shown, never used to decide. */
  expectedEffect: string
  files: FileEdits
  /** Set when the proposal only changes named constants, so that later steps can continue from them. */
  knobs?: readonly Knob[]
}

export const CATEGORIES = [
  'optimizer',
  'schedule',
  'architecture',
  'regularisation',
  'initialisation',
  'data',
  'numerics',
  'systems',
  'hyperparameter',
] as const
export type Category = (typeof CATEGORIES)[number]

/** The kind of proposal: a new idea, or one that starts from past candidates. */
export type Mode = 'explore' | 'refine' | 'combine' | 'simplify' | 'repair'

/** What a proposer is asked to propose. */
export interface Direction {
  mode: Mode
  /** `hyperparameter` asks only for new constants. */
  category: Category
  /** A change that affects only numbers is refused. */
  structural: boolean
  /** Ids of the candidates to start from: two for `combine`, one for `refine` and `repair`. */
  sources: readonly string[]
}

/** One named constant and the step taken on it. A switch is 0 or 1. */
export interface Knob {
  file: string
  name: string
  from: number
  to: number
  /** Hash of all code that names the constant: what was found about the constant holds as long as this does. */
  context?: string
}

/** Cost of proposing a candidate. Dollars are 0 when no price is configured. */
export interface Usage {
  /** Includes cached tokens. */
  inputTokens: number
  /** The part of `inputTokens` that the endpoint read from its cache; absent when 0. */
  cachedTokens?: number
  outputTokens: number
  dollars: number
  /** Partly estimated from text lengths, because an endpoint did not report its usage. */
  estimated?: true
}

/** Why a candidate exists. */
export type Origin =
  /** A proposer's own idea. `direction`: what it was asked for; absent in ledgers that did not record it. */
  | { kind: 'idea'; direction?: Direction }
  /** A combination of the near misses in `direction.sources`. */
  | { kind: 'combination'; direction: Direction }
  /** A person's request, by its id. */
  | { kind: 'request'; request: string }
  /** An A/A check, which changes nothing and is never merged; numbered from 1. */
  | { kind: 'aa'; number: number }
  /** Reverts a merge that certification refuted. `merge`: the commit of that merge. */
  | { kind: 'revert'; merge: string }
  /** Near misses that git merged into one change; no proposer was asked. `members`: their ids. */
  | { kind: 'bundle'; members: readonly string[] }
  /** Removes one member of a merged bundle, both by id: its lines may bring nothing. */
  | { kind: 'leave-out'; bundle: string; member: string }

/** A candidate as the ledger records it. */
export interface Candidate {
  id: string
  origin: Origin
  title: string
  hypothesis: string
  category: Category
  expectedEffect: string
  /** Name of the proposer, with its model if it has one: `openai gpt-x`. */
  proposer: string
  /** The proposer whose turn it was, when a fallback endpoint answered for it. */
  standsInFor?: string
  /** The constant that changed, when it is only one. */
  knob?: Knob
  /** The constants that changed, when they are several. */
  knobs?: readonly Knob[]
  /** Lines of code added minus lines removed; comments and blank lines do not count. */
  addedLines?: number
  /** Hash of the normalised change, to recognise a repeated idea; see `changeKey` in the gate. */
  changeKey: string
  /** Sketch of the normalised change, to recognise a similar idea; see `sketchOf`. */
  sketch?: string
  /** Present when only numbers change. */
  constantsOnly?: true
  usage: Usage
  /** Commit of the baseline that `head` was built on. */
  base: string
  /** The candidate's commit: exactly one on top of `base`. */
  head: string
  /** Tree of `head`: what is trained. Equal trees are equal code. */
  tree: string
  /** Number of times the change was replayed because the baseline moved. */
  rebases: number
  pullRequest?: number
  /** The judge's decision on `head`; absent while evidence is still being collected. */
  verdict?: Verdict
  /** Why GitHub refused to merge `head`, if it did. */
  refusal?: string
  end?: CandidateEnd
}

/**
 * How a candidate ended. `withdrawn`: a person closed its pull request or pushed to its branch. `handed-over`: the pull
 * request waits for a person, because GitHub refused the merge or because the gain needs review.
 */
export type CandidateEnd =
  | { kind: 'merged'; commit: string; asTrained: boolean }
  | { kind: 'closed' }
  /** `words`: the last comment of a person with write access on the closed pull request. */
  | { kind: 'withdrawn'; reason: string; words?: Words }
  | { kind: 'handed-over'; reason: string }

/** The origin of a proposal that was requested in this direction. */
export function originOf(direction: Direction): Origin {
  return { kind: direction.mode === 'combine' ? 'combination' : 'idea', direction }
}

/** The direction that the proposer was given; undefined when there was none, as for a person's request. */
export function directionOf({ origin }: Pick<Candidate, 'origin'>): Direction | undefined {
  return origin.kind === 'idea' || origin.kind === 'combination' ? origin.direction : undefined
}

/** The id of the person's request that this candidate implements; undefined when there is none. */
export function requestOf({ origin }: Pick<Candidate, 'origin'>): string | undefined {
  return origin.kind === 'request' ? origin.request : undefined
}

/** The ids of the near misses that this candidate bundles; none for one that is no bundle. */
export function bundledBy({ origin }: Pick<Candidate, 'origin'>): readonly string[] {
  return origin.kind === 'bundle' ? origin.members : []
}

/** True for a change that is tried: neither an A/A check nor a revert. */
export function isIdea({ origin }: Pick<Candidate, 'origin'>): boolean {
  return origin.kind !== 'aa' && origin.kind !== 'revert'
}

/** True for an A/A check. */
export function isAa({ origin }: Pick<Candidate, 'origin'>): boolean {
  return origin.kind === 'aa'
}

/** The commit of the merge that this candidate reverts; undefined when it reverts none. */
export function revertedMerge({ origin }: Pick<Candidate, 'origin'>): string | undefined {
  return origin.kind === 'revert' ? origin.merge : undefined
}

/** The named constants that a candidate changes; none for one that was not made by searching constants. */
export function knobsOf({ knob, knobs }: Pick<Candidate, 'knob' | 'knobs'>): readonly Knob[] {
  return knobs ?? (knob ? [knob] : [])
}

/** False when only numbers change. Older ledgers show that only by the knob or the category. */
export function isStructural(candidate: Candidate): boolean {
  const { constantsOnly, category } = candidate
  return constantsOnly !== true && knobsOf(candidate).length === 0 && category !== 'hyperparameter'
}

export const NO_USAGE: Usage = { inputTokens: 0, outputTokens: 0, dollars: 0 }

export function addUsage(a: Usage, b: Usage): Usage {
  const cachedTokens = (a.cachedTokens ?? 0) + (b.cachedTokens ?? 0)
  return {
    inputTokens: a.inputTokens + b.inputTokens,
    ...(cachedTokens > 0 && { cachedTokens }),
    outputTokens: a.outputTokens + b.outputTokens,
    dollars: a.dollars + b.dollars,
    ...((a.estimated || b.estimated) && { estimated: true }),
  }
}

/**
 * A candidate's id, derived from its baseline and its code: the same change on the same baseline always gets the same id,
 * whoever proposes it and however often a killed job repeats it.
 *
 * @param ledger its root seed: a new ledger uses no id of one that was lost
 */
export function candidateId(base: string, tree: string, ledger = ''): string {
  return createHash('sha256')
    .update(`${base}\n${tree}${ledger && `\n${ledger}`}`)
    .digest('hex')
    .slice(0, 8)
}

export const CANDIDATE_BRANCH_PREFIX = 'autoresearch/c/'

export function candidateBranch(id: string): string {
  return `${CANDIDATE_BRANCH_PREFIX}${id}`
}
