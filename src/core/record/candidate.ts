// A candidate: one proposed change, its hypothesis, and how far it has come.

import { createHash } from 'node:crypto'
import type { Words } from './people.ts'
import type { Verdict } from './verdict.ts'

/** What a proposer invents: an idea and the new contents of the files it changes. */
export interface Proposal {
  title: string
  hypothesis: string
  category: Category
  /** The proposer's own guess, in the metric's unit and in words; shown, never used to decide. */
  expectedEffect: string
  /** Path → whole new content. Only these files change. */
  files: ReadonlyMap<string, string>
  /** Set by proposers that turn one numeric constant, so that later steps can continue in its direction. */
  knob?: Knob
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

/** How a proposal is to come about: something new, or something that starts from candidates there were. */
export type Mode = 'explore' | 'refine' | 'combine' | 'simplify' | 'repair'

/** What a proposer is asked for. */
export interface Direction {
  mode: Mode
  /** `hyperparameter` asks for nothing but new constants. */
  category: Category
  /** A change of nothing but numbers will not do. */
  structural: boolean
  /** Ids of the candidates to start from: two for `combine`, one for `refine` and `repair`. */
  sources: readonly string[]
}

/** One named numeric constant and the step taken on it. */
export interface Knob {
  file: string
  name: string
  from: number
  to: number
}

/** What inventing a candidate cost. Dollars are 0 when no price is configured. */
export interface Usage {
  /** Cached ones included. */
  inputTokens: number
  /** Of `inputTokens`, those the endpoint read from its cache; absent when there were none. */
  cachedTokens?: number
  outputTokens: number
  dollars: number
  /** Some of it is a guess from lengths, because an endpoint did not say. */
  estimated?: true
}

/** Why a candidate exists. */
export type Origin =
  /** A proposer's own idea. `direction`: what it was asked for; absent in ledgers that did not record it. */
  | { kind: 'idea'; direction?: Direction }
  /** Near misses put together, as `direction.sources` names them. */
  | { kind: 'combination'; direction: Direction }
  /** A person's request, by its id. */
  | { kind: 'request'; request: string }
  /** An A/A check, which changes nothing and is never merged; numbered from 1. */
  | { kind: 'aa'; number: number }
  /** Undoes a merge that certification refuted. `merge`: the commit of that merge. */
  | { kind: 'revert'; merge: string }

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
  /** The proposer whose turn it was, when another endpoint of it answered. */
  standsInFor?: string
  knob?: Knob
  /** Lines of code it adds less those it removes; comments and blank lines are none. */
  addedLines?: number
  /** Hash of the normalised change, by which a repeated idea is recognised. */
  changeKey: string
  /** Excerpt of the normalised change, by which a nearly equal idea is recognised; see `sketchOf`. */
  sketch?: string
  /** Present when nothing but numbers changes. */
  constantsOnly?: true
  usage: Usage
  /** Commit of the baseline that `head` was built on. */
  base: string
  /** The candidate's commit: exactly one on top of `base`. */
  head: string
  /** Tree of `head`: what is trained. Equal trees are equal code. */
  tree: string
  /** Times the change was replayed because the baseline moved under it. */
  rebases: number
  pullRequest?: number
  /** The judge's decision on `head`; absent while evidence is still being collected. */
  verdict?: Verdict
  end?: CandidateEnd
}

/**
 * How a candidate's life ended. `withdrawn`: a person closed its pull request or pushed to it. `handed-over`: the pull
 * request waits for a person, because GitHub will not let us merge it or because its gain needs a second opinion.
 */
export type CandidateEnd =
  | { kind: 'merged'; commit: string; asTrained: boolean }
  | { kind: 'closed' }
  /** `words`: what a person with write access said last on a pull request that was closed. */
  | { kind: 'withdrawn'; reason: string; words?: Words }
  | { kind: 'handed-over'; reason: string }

/** The origin of what a proposer invents in a direction. */
export function originOf(direction: Direction): Origin {
  return { kind: direction.mode === 'combine' ? 'combination' : 'idea', direction }
}

/** What the proposer was asked for; undefined when a person asked, or nobody. */
export function directionOf({ origin }: Pick<Candidate, 'origin'>): Direction | undefined {
  return origin.kind === 'idea' || origin.kind === 'combination' ? origin.direction : undefined
}

/** The id of the person's request that this candidate takes up; undefined when it takes up none. */
export function requestOf({ origin }: Pick<Candidate, 'origin'>): string | undefined {
  return origin.kind === 'request' ? origin.request : undefined
}

/** True for what a proposer invented: neither an A/A check nor the revert of a merge. */
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

/** False when nothing but numbers changes. Ledgers of before say so only by the knob or the category. */
export function isStructural({ constantsOnly, knob, category }: Candidate): boolean {
  return constantsOnly !== true && knob === undefined && category !== 'hyperparameter'
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
 * Names a candidate after the code it would train, so that the same change on the same baseline always gets the same
 * id, whoever proposes it and however often a killed job repeats it.
 */
export function candidateId(base: string, tree: string): string {
  return createHash('sha256').update(`${base}\n${tree}`).digest('hex').slice(0, 8)
}

const CANDIDATE_BRANCH_PREFIX = 'autoresearch/c/'

export function candidateBranch(id: string): string {
  return `${CANDIDATE_BRANCH_PREFIX}${id}`
}
