// Which past candidates a proposal may start from: near misses to combine, successes to refine, crashes to repair.
import { type Candidate, type Direction, directionOf, isStructural, type Mode } from '../record/candidate.ts'
import { pastIdeas } from '../record/ideas.ts'
import type { State } from '../record/state.ts'
import { best, drawNormal } from './bandit.ts'

/** Below this many σ a gain that was not merged is not worth coming back to. */
const NEAR_MISS_SIGMAS = 0.5
/** What a combination must be worth by the draw of its parts: less would not pass its first run. */
const WORTH_A_RUN_SIGMAS = 1.5
/** Merges of structure after which there may be something to clear away. */
const MERGES_PER_SIMPLIFICATION = 5
/** Sources are drawn from the latest so many: what was tried on a very old baseline says little. */
const MAX_SOURCES = 200
/** Times one candidate is a source of the same mode, with or without result. */
const MAX_USES = 2
/** A crash is repaired while it is fresh. */
const MAX_CRASH_AGE = 20

/** A merged change or a near miss to take further. Turned constants are left to who turns them. */
export function drawRefinement(state: State, random: () => number): Candidate[] | undefined {
  const uses = countUses(state, 'refine')
  const sources = recentIdeas(state).filter(
    (candidate) =>
      (isNearMiss(candidate) || isMerged(candidate)) &&
      !candidate.knob &&
      (uses.get(candidate.id) ?? 0) < MAX_USES,
  )
  const source = best(sources, (candidate) => drawEffect(candidate, random))
  return source && [source]
}

/** Two near misses that were never tried together: each may be real and too small to be proven alone. */
export function drawCombination(state: State, random: () => number): Candidate[] | undefined {
  const tried = askings(state, 'combine')
  const uses = countUses(state, 'combine')
  const [first, ...others] = recentIdeas(state)
    .filter((candidate) => isNearMiss(candidate) && (uses.get(candidate.id) ?? 0) < MAX_USES)
    .map((candidate) => ({ candidate, effect: drawEffect(candidate, random) }))
    .toSorted((a, b) => b.effect - a.effect)
  const second = others.find(
    ({ candidate: { id, changeKey } }) =>
      changeKey !== first?.candidate.changeKey &&
      !tried.some(({ sources }) => sources.includes(first?.candidate.id ?? '') && sources.includes(id)),
  )
  if (!first || !second || first.effect + second.effect < WORTH_A_RUN_SIGMAS) return undefined
  return [first.candidate, second.candidate]
}

/** A merged change of structure to be had for less code, now and then: most of what was proven is needed. */
export function drawSimplification(state: State, random: () => number): Candidate[] | undefined {
  const uses = countUses(state, 'simplify')
  const merged = pastIdeas(state).filter(
    (candidate) =>
      isMerged(candidate) && isStructural(candidate) && directionOf(candidate)?.mode !== 'simplify',
  )
  if (Math.floor(merged.length / MERGES_PER_SIMPLIFICATION) <= uses.size) return undefined
  const source = best(
    merged.slice(-MAX_SOURCES).filter(({ id }) => !uses.has(id)),
    random,
  )
  return source && [source]
}

/** The latest crash that nobody has tried to repair. */
export function drawRepair(state: State): Candidate[] | undefined {
  const uses = countUses(state, 'repair')
  const failed = new Set(
    [...state.trials.values()].flatMap(({ trial, outcome }) =>
      outcome === 'crashed' || outcome === 'out-of-memory' ? [trial.tree] : [],
    ),
  )
  const crash = pastIdeas(state)
    .slice(-MAX_CRASH_AGE)
    .findLast(
      (candidate) =>
        candidate.end?.kind === 'closed' &&
        failed.has(candidate.tree) &&
        !uses.has(candidate.id) &&
        directionOf(candidate)?.mode !== 'repair',
    )
  return crash && [crash]
}

/** Measured better than the baseline, but not merged: parked, or rejected with a gain that may be more than noise. */
function isNearMiss({ verdict, end }: Candidate): boolean {
  if (end?.kind !== 'closed' || verdict?.gain === undefined || verdict.gain <= 0) return false
  if (verdict.kind === 'park') return true
  return verdict.kind === 'reject' && verdict.gain >= NEAR_MISS_SIGMAS * (verdict.sigma ?? 0)
}

function isMerged({ end, verdict }: Candidate): boolean {
  return end?.kind === 'merged' && verdict?.gain !== undefined
}

/**
 * What a candidate may truly be worth, in σ: a draw from the posterior of its effect given the mean of n runs, with
 * N(0, 1) in σ as the prior.
 */
function drawEffect({ verdict }: Candidate, random: () => number): number {
  const { gain = 0, sigma = 0, runs } = verdict ?? { runs: { candidate: 0 } }
  const weight = runs.candidate / (runs.candidate + 1)
  const effect = sigma > 0 ? weight * (gain / sigma) : Math.sign(gain)
  return effect + drawNormal(random) / Math.sqrt(runs.candidate + 1)
}

function recentIdeas(state: State): Candidate[] {
  return pastIdeas(state).slice(-MAX_SOURCES)
}

function countUses(state: State, mode: Mode): Map<string, number> {
  const uses = new Map<string, number>()
  for (const { sources } of askings(state, mode))
    for (const id of sources) uses.set(id, (uses.get(id) ?? 0) + 1)
  return uses
}

/** Everything that was asked for in this mode, whether or not a candidate came of it. */
function askings(state: State, mode: Mode): Direction[] {
  const proposed = [...state.candidates.values()].map(directionOf)
  const asked = [...proposed, ...[...state.emptyAttempts.values()].map(({ direction }) => direction)]
  return asked.filter((direction) => direction?.mode === mode) as Direction[]
}
