// A/A candidates: they change nothing that is trained and go through the whole pipeline, so that the share of them that
// would have been merged is the rate of false merges, measured instead of assumed.
import type { Change } from '../gate/gate.ts'
import { type Candidate, isAa, type Proposal, revertedMerge } from '../record/candidate.ts'
import type { State } from '../record/state.ts'

/** The proposer that the ledger and pull requests name. */
export const AA_PROPOSER = 'aa'

/**
 * The only file an A/A candidate changes. Nothing below `.github/` is ever editable, so the sealed tree has exactly the
 * baseline's code, while the commit has a git tree, and with it seeds and runs, of its own.
 */
export const AA_PATH = '.github/autoresearch-aa'

/** @param number of the A/A candidate, from 1 */
export function aaContent(number: number): string {
  return `A/A candidate ${number} of Autoresearch Action. It changes nothing that is trained and is never merged.\n`
}

export function aaProposal(number: number): Proposal {
  return {
    title: `[A/A] Change nothing, ${number}`,
    hypothesis:
      'This candidate trains the code of the baseline with other seeds, and is judged like any other. It is closed ' +
      'whatever the verdict. The share of such candidates that would have been merged is the rate of false merges.',
    category: 'systems',
    expectedEffect: 'none',
    files: new Map([[AA_PATH, aaContent(number)]]),
  }
}

/**
 * The number of the next A/A candidate, when one is due.
 *
 * @param every ideas between two of them; 0 for never
 */
export function dueAa(state: State, every: number): number | undefined {
  const candidates = [...state.candidates.values()]
  const last = candidates.findLastIndex(isAa)
  const since = candidates.slice(last + 1).filter((one) => revertedMerge(one) === undefined).length
  if (every === 0 || since < every) return undefined
  return candidates.filter(isAa).length + 1
}

/** Why a change is not that of this A/A candidate; undefined when it is. */
export function reviewAa(changes: readonly Change[], number: number): string | undefined {
  const [change] = changes
  const exact =
    changes.length === 1 &&
    change?.path === AA_PATH &&
    change.mode === '100644' &&
    change.after === aaContent(number)
  return exact ? undefined : `An A/A candidate may only write its own text to ${AA_PATH}.`
}

export interface AaTally {
  /** A/A candidates that were decided. */
  judged: number
  /** Those that would have been merged. */
  accepted: number
  /** Confidence interval of the rate, 0 to 1. */
  low: number
  high: number
}

/** The measured rate of false merges; undefined before the first A/A candidate is decided. */
export function tallyAa(candidates: Iterable<Candidate>): AaTally | undefined {
  const verdicts = [...candidates].filter(isAa).flatMap(({ verdict }) => verdict ?? [])
  if (verdicts.length === 0) return undefined
  const accepted = verdicts.filter(({ kind }) => kind === 'merge').length
  return { judged: verdicts.length, accepted, ...exactInterval(accepted, verdicts.length) }
}

/** Probability in each tail of a 95 % interval. */
const TAIL = 0.025

/**
 * The exact 95 % interval of a share (Clopper & Pearson, Biometrika 26, 1934): the rates under which `count` or more, and
 * `count` or fewer, of `total` happen with a probability of 2.5 %.
 */
export function exactInterval(count: number, total: number): { low: number; high: number } {
  return {
    low: count === 0 ? 0 : rateWhere((rate) => 1 - atMost(count - 1, total, rate) >= TAIL),
    high: count === total ? 1 : rateWhere((rate) => atMost(count, total, rate) <= TAIL),
  }
}

/** The smallest rate from which `holds` is true, by bisection. */
function rateWhere(holds: (rate: number) => boolean): number {
  let [low, high] = [0, 1]
  for (let step = 0; step < 50; step++) {
    const middle = (low + high) / 2
    if (holds(middle)) high = middle
    else low = middle
  }
  return high
}

/** Probability of at most `count` of `total`, summed in logarithms so that large totals do not underflow. */
function atMost(count: number, total: number, rate: number): number {
  const odds = Math.log(rate) - Math.log1p(-rate)
  let log = total * Math.log1p(-rate)
  let sum = Math.exp(log)
  for (let k = 1; k <= count; k++) {
    log += Math.log((total - k + 1) / k) + odds
    sum += Math.exp(log)
  }
  return Math.min(1, sum)
}
