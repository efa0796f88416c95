// Which merges wait to be promoted to a scale, on which code, and what else has happened to the baseline since that code.
import { type BaselineStep, baselineSteps } from '../certify/ranges.ts'
import { type Candidate, knobsOf, revertedMerge } from '../record/candidate.ts'
import type { KnownPromotion, StackMember } from '../record/promotion.ts'
import type { State } from '../record/state.ts'

/** At most so many merges are tested together: the oldest. */
const MAX_MEMBERS = 16

export interface Waiting {
  /** Commit of the code that was promoted last, or of the first baseline. */
  base: string
  /** Oldest first. */
  members: readonly StackMember[]
  /** Commits of the baseline that every stack has, see `Promotion.follows`. */
  follows: readonly string[]
}

/**
 * @param scale the scale to promote to
 * @param below the larger scale before it, whose promoted merges wait; undefined when merges of the research do
 * @param merges how many start a promotion
 */
export function waitingAt(
  state: State,
  { scale, below, merges }: { scale: string; below: string | undefined; merges: number },
): Waiting {
  const decided = decidedAt(state, scale)
  const allowed = below === undefined ? undefined : promotedAt(state, below)
  const there = codeAt(state, scale)
  const steps = baselineSteps(state).slice(1)
  // A revert is applied to what was promoted before; what was not is left out together with its revert.
  const undone = new Set(steps.flatMap(({ candidate }) => (candidate && revertedMerge(candidate)) ?? []))
  const waiting = steps.filter(
    ({ commit, cause }) =>
      cause === 'ours' && !decided.has(commit) && !undone.has(commit) && (allowed?.has(commit) ?? true),
  )
  const follows = steps.filter(({ commit, cause, candidate }) => {
    if (cause === 'ours' || there.has(commit)) return false
    const reverted = candidate && revertedMerge(candidate)
    return reverted === undefined || there.has(reverted)
  })
  const members = waiting.slice(0, Math.max(MAX_MEMBERS, merges)).map(memberOf)
  return { base: baseAt(state, scale), members, follows: follows.map(({ commit }) => commit) }
}

/** Promotions to a scale, oldest first. */
export function promotionsTo(state: State, scale: string): KnownPromotion[] {
  return [...state.promotions.values()].filter((promotion) => promotion.scale === scale)
}

function baseAt(state: State, scale: string): string {
  const last = promotionsTo(state, scale).findLast(({ outcome }) => outcome?.promoted)
  return last?.outcome?.promoted?.commit ?? state.baselines[0]?.commit ?? ''
}

/** The merges that were promoted to a scale. */
function promotedAt(state: State, scale: string): Set<string> {
  const outcomes = promotionsTo(state, scale).flatMap(({ outcome }) => outcome?.members ?? [])
  return new Set(outcomes.flatMap(({ merge, promoted }) => (promoted ? [merge] : [])))
}

/** The commits of the baseline whose changes are in the promoted code of a scale. */
function codeAt(state: State, scale: string): Set<string> {
  const followed = promotionsTo(state, scale).flatMap(({ outcome, follows }) =>
    outcome?.promoted ? follows : [],
  )
  return new Set([...promotedAt(state, scale), ...followed])
}

function decidedAt(state: State, scale: string): Set<string> {
  const ended = promotionsTo(state, scale).filter(({ outcome }) => outcome !== undefined)
  return new Set(ended.flatMap(({ members, aside }) => [...members, ...aside].map(({ merge }) => merge)))
}

function memberOf({ commit, candidate }: BaselineStep): StackMember {
  return {
    merge: commit,
    ...posteriorOf(candidate),
    ...(candidate && isScaleDependent(candidate) && { scaleDependent: true }),
  }
}

/**
 * The posterior of a merge's gain at the small scale. The verdict has its mean; its variance is that of a normal prior and a
 * normal measurement with the standard error s: shrinking the measured gain to its share k leaves the variance k·s².
 */
function posteriorOf(candidate: Candidate | undefined): { gain: number; deviation: number } {
  const { gain = 0, measured = gain, z, sigma = 0, runs } = candidate?.verdict ?? {}
  const error =
    z !== undefined && z !== 0
      ? Math.abs(measured / z)
      : sigma * Math.sqrt(1 / Math.max(1, runs?.candidate ?? 1) + 1 / Math.max(1, runs?.baseline ?? 1))
  const kept = measured === 0 ? 1 : Math.min(1, Math.abs(gain / measured))
  return { gain, deviation: Math.sqrt(kept) * error }
}

const SCALE_WORDS = /rate|\blr\b|_lr\b|width|depth|dim|layers?|heads?|warm|decay|schedule|batch|init/i

/** Widths, schedules and rates are tuned to a size of model. */
function isScaleDependent(candidate: Candidate): boolean {
  const { category, constantsOnly } = candidate
  return (
    category === 'schedule' ||
    category === 'hyperparameter' ||
    constantsOnly === true ||
    knobsOf(candidate).some(({ name }) => SCALE_WORDS.test(name))
  )
}
