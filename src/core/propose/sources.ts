// Selects past candidates that a proposal may start from: near misses to combine, successes to refine, crashes to repair.
import {
  bundledBy,
  type Candidate,
  type Direction,
  directionOf,
  isStructural,
  knobsOf,
  type Mode,
} from '../record/candidate.ts'
import { pastIdeas } from '../record/ideas.ts'
import { candidateMergedAs } from '../record/merges.ts'
import type { State } from '../record/state.ts'
import { best, drawNormal } from './bandit.ts'

/** Minimum gain in σ of a rejected candidate that counts as a near miss. */
const NEAR_MISS_SIGMAS = 0.5
/** Minimum sum in σ of the two drawn effects of a combination: a smaller one would not pass its first run. */
const WORTH_A_RUN_SIGMAS = 1.5
/** Merged structural changes per attempt to simplify one. */
const MERGES_PER_SIMPLIFICATION = 5
/** Sources are drawn from this many latest ideas: results on a very old baseline say little about the current one. */
const MAX_SOURCES = 200
/** How often a candidate may be the source of proposals in one mode, including attempts without a candidate. */
const MAX_USES = 2
/** Only crashes among this many latest ideas are repaired. */
const MAX_CRASH_AGE = 20

/** Draws a merged change or a near miss to refine. Tuned constants are left to the `knobs` proposer. */
export function drawRefinement(state: State, random: () => number): Candidate[] | undefined {
  const uses = countUses(state, 'refine')
  const sources = recentIdeas(state).filter(
    (candidate) =>
      (isNearMiss(candidate) || isMerged(candidate)) &&
      knobsOf(candidate).length === 0 &&
      (uses.get(candidate.id) ?? 0) < MAX_USES,
  )
  const source = best(sources, (candidate) => drawEffect(candidate, random))
  return source && [source]
}

/** Draws two near misses that were never combined: each gain may be real but too small to be proven alone. */
export function drawCombination(state: State, random: () => number): Candidate[] | undefined {
  const tried = directionsOf(state, 'combine')
  const uses = countUses(state, 'combine')
  const bundled = new Set([...state.candidates.values()].flatMap(bundledBy))
  const [first, ...others] = recentIdeas(state)
    .filter(
      (candidate) =>
        isNearMiss(candidate) && !bundled.has(candidate.id) && (uses.get(candidate.id) ?? 0) < MAX_USES,
    )
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

/** The oldest candidate that looked good and conflicts with a merge, and that merge: asked for once, however the attempt ends. */
export function findConflict(state: State): Candidate[] | undefined {
  const tried = directionsOf(state, 'combine')
  for (const candidate of recentIdeas(state)) {
    const { verdict, end } = candidate
    if (verdict?.conflict === undefined || (end !== undefined && end.kind !== 'closed')) continue
    const merged = candidateMergedAs(state, verdict.conflict)
    const isTried = tried.some(
      ({ sources }) => sources.includes(candidate.id) && merged && sources.includes(merged.id),
    )
    if (merged && !isTried) return [candidate, merged]
  }
  return undefined
}

/** Draws a merged structural change to simplify. Rarely, because most merged code is needed. */
export function drawSimplification(state: State, random: () => number): Candidate[] | undefined {
  const uses = countUses(state, 'simplify')
  const merged = pastIdeas(state).filter(
    (candidate) =>
      isMerged(candidate) && isStructural(candidate) && directionOf(candidate)?.mode !== 'simplify',
  )
  const simplified = new Set([...state.archive.simplified, ...uses.keys()])
  if (Math.floor(merged.length / MERGES_PER_SIMPLIFICATION) <= simplified.size) return undefined
  const source = best(
    merged.slice(-MAX_SOURCES).filter(({ id }) => !simplified.has(id)),
    random,
  )
  return source && [source]
}

/** The latest crash without a repair attempt. */
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

/** True when a candidate was better than the baseline but not merged: parked, or rejected with a gain above noise. */
function isNearMiss({ verdict, end }: Candidate): boolean {
  if (end?.kind !== 'closed' || verdict?.gain === undefined || verdict.gain <= 0) return false
  if (verdict.kind === 'park') return true
  return verdict.kind === 'reject' && verdict.gain >= NEAR_MISS_SIGMAS * (verdict.sigma ?? 0)
}

function isMerged({ end, verdict }: Candidate): boolean {
  return end?.kind === 'merged' && verdict?.gain !== undefined
}

/**
 * Draws a candidate's true effect in σ from its posterior, given the mean of n runs and the prior N(0, 1).
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
  for (const { sources } of directionsOf(state, mode))
    for (const id of sources) uses.set(id, (uses.get(id) ?? 0) + 1)
  return uses
}

/** All past directions in this mode, including those of attempts without a candidate. */
function directionsOf(state: State, mode: Mode): Direction[] {
  const proposed = [...state.candidates.values()].map(directionOf)
  const all = [...proposed, ...[...state.emptyAttempts.values()].map(({ direction }) => direction)]
  return all.filter((direction) => direction?.mode === mode) as Direction[]
}
