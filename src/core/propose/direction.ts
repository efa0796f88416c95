// Chooses the next proposer and its direction. A bandit prefers what led to confirmed gains; a floor reserves a share of
// turns for structural changes, however well tuning constants works.
import {
  bundledBy,
  CATEGORIES,
  type Candidate,
  type Category,
  type Direction,
  directionOf,
  isStructural,
  knobsOf,
  type Mode,
  NO_USAGE,
} from '../record/candidate.ts'
import { findCandidate } from '../record/candidates.ts'
import { pastIdeas } from '../record/ideas.ts'
import type { State } from '../record/state.ts'
import { drawArm } from './bandit.ts'
import { drawCombination, drawRefinement, drawRepair, drawSimplification, findConflict } from './sources.ts'

export interface DirectionPolicy {
  /** Minimum share of candidates that change more than numbers, 0 to 1. */
  structuralShare: number
  /** Price of a device hour in dollars, above 0. Converts model dollars into device hours. */
  deviceHourDollars: number
}

export interface ProposerChoice {
  /** Its name in the ledger. */
  name: string
  /** True for a proposer that only tunes constants and takes no direction. */
  constantsOnly: boolean
}

export interface Turn {
  /** Index of the proposer in the configuration. */
  index: number
  direction: Direction
}

/**
 * The arms of the direction bandit: explore a category, tune constants, or continue from past candidates, whose category is
 * then used.
 */
type Line = `explore ${Category}` | 'constants' | Exclude<Mode, 'explore'>

/** The structural share holds in every window of this many consecutive candidates. */
const FLOOR_WINDOW = 20
/** Minimum cost of a candidate: even one that fails at once took a proposal, a pull request and a turn. */
const MIN_DEVICE_HOURS = 0.01
/** Gain in σ that is assumed when σ is 0 because repeated runs are identical. */
const GAIN_WITHOUT_SIGMA = 3

/**
 * Chooses the proposer, then the direction, each with its own bandit: a joint bandit would have too many arms to learn
 * from one ledger.
 *
 * @param exhausted indices of proposers that must not be queried
 * @param random uniform in [0, 1); the only source of randomness
 * @returns undefined when no proposer is left
 */
export function chooseTurn(
  state: State,
  proposers: readonly ProposerChoice[],
  exhausted: ReadonlySet<number>,
  policy: DirectionPolicy,
  random: () => number,
): Turn | undefined {
  const left = proposers.map((_, index) => index).filter((index) => !exhausted.has(index))
  const agents = left.filter((index) => proposers[index]?.constantsOnly === false)
  // The floor never idles a device: if only constants can be tuned, they are.
  const structural = agents.length > 0 && owesStructure(state, policy.structuralShare)
  const decided = decidedIdeas(state)
  const conflict = agents.length > 0 ? findConflict(state) : undefined
  if (conflict) {
    const index = drawProposer(state, decided, proposers, agents, policy, random)
    return index === undefined ? undefined : { index, direction: toCombine(conflict) }
  }
  const able = structural ? agents : left
  const index = drawProposer(state, decided, proposers, able, policy, random)
  if (index === undefined) return undefined
  if (!agents.includes(index)) return { index, direction: CONSTANTS }
  const offers = structuralOffers(state, structural, random)
  if (!structural && agents.length === left.length) offers.set('constants', CONSTANTS)
  const pulls = decided.map(({ candidate, ...pull }) => ({ arm: lineOf(candidate), ...pull }))
  const line = drawArm([...offers.keys()], pulls, random)
  const direction = line && offers.get(line)
  return direction && { index, direction }
}

/** The direction for a person's request: the request says what to change, and may change nothing but numbers. */
export function forRequest({ category }: Direction): Direction {
  return { mode: 'explore', category, structural: false, sources: [] }
}

/** The state as it is once attempts with these directions have ended: each source is then given out. */
export function withDirections(state: State, directions: readonly Direction[]): State {
  if (directions.length === 0) return state
  const underWay = directions.map(
    (direction, index) => [`under way ${index}`, { proposer: '', usage: NO_USAGE, direction }] as const,
  )
  return { ...state, emptyAttempts: new Map([...state.emptyAttempts, ...underWay]) }
}

/** What was lost to a conflict comes first: it looked good already. */
function toCombine(conflict: readonly Candidate[]): Direction {
  const [{ category } = CONSTANTS] = conflict
  return { mode: 'combine', category, structural: false, sources: conflict.map(({ id }) => id) }
}

const CONSTANTS: Direction = { mode: 'refine', category: 'hyperparameter', structural: false, sources: [] }

/** True when the next candidate must change more than numbers to keep the structural share. */
function owesStructure(state: State, share: number): boolean {
  const recent = pastIdeas(state).slice(1 - FLOOR_WINDOW)
  return recent.filter(isStructural).length < Math.floor(share * (recent.length + 1))
}

function structuralOffers(state: State, structural: boolean, random: () => number): Map<Line, Direction> {
  const offers = new Map<Line, Direction>()
  for (const category of CATEGORIES)
    if (category !== 'hyperparameter')
      offers.set(`explore ${category}`, { mode: 'explore', category, structural, sources: [] })
  const sources = {
    refine: drawRefinement(state, random),
    combine: drawCombination(state, random),
    simplify: drawSimplification(state, random),
    repair: drawRepair(state),
  }
  for (const [mode, candidates] of Object.entries(sources) as [keyof typeof sources, Candidate[]?][]) {
    const category = candidates?.[0]?.category
    if (candidates && category)
      offers.set(mode, { mode, category, structural, sources: candidates.map(({ id }) => id) })
  }
  return offers
}

/** The line that a candidate was proposed for. Ledgers of early versions record no directions. */
function lineOf(candidate: Candidate): Line {
  const { category } = candidate
  const direction = directionOf(candidate)
  const asked = direction?.category ?? category
  if (knobsOf(candidate).length > 0 || (asked === 'hyperparameter' && !direction?.sources.length))
    return 'constants'
  return direction === undefined || direction.mode === 'explore' ? `explore ${asked}` : direction.mode
}

/** Draws a proposer by gain per device hour. Dollars spent on a model count as hours. */
function drawProposer(
  state: State,
  decided: readonly DecidedIdea[],
  proposers: readonly ProposerChoice[],
  able: readonly number[],
  { deviceHourDollars }: DirectionPolicy,
  random: () => number,
): number | undefined {
  if (able.length < 2) return able[0]
  const indexOf = (name: string) => proposers.findIndex((proposer) => proposer.name === name)
  const emptyAttempts = [...state.emptyAttempts.values()].map(({ proposer, usage }) => ({
    arm: indexOf(proposer),
    gain: 0,
    cost: usage.dollars / deviceHourDollars,
  }))
  const ideas = decided.map(({ candidate, gain, cost }) => ({
    arm: indexOf(candidate.standsInFor ?? candidate.proposer),
    gain,
    cost: cost + candidate.usage.dollars / deviceHourDollars,
  }))
  return drawArm(able, [...emptyAttempts, ...ideas], random)
}

interface DecidedIdea {
  candidate: Candidate
  /** Confirmed gain in σ. */
  gain: number
  /** Device hours. */
  cost: number
}

/** Gain and cost of every decided idea, in the order of proposing. Ideas that people decide or decided are excluded. */
function decidedIdeas(state: State): DecidedIdea[] {
  const hours = new Map<string | null, number>()
  for (const { trial, deviceSeconds } of state.trials.values())
    hours.set(trial.candidate, (hours.get(trial.candidate) ?? 0) + deviceSeconds / 3600)
  return pastIdeas(state)
    .filter(({ end }) => end?.kind === 'merged' || end?.kind === 'closed')
    .flatMap((candidate) => {
      const proposed = proposedIn(state, candidate)
      const gain = confirmedGain(candidate) / proposed.length
      const cost = Math.max(MIN_DEVICE_HOURS, hours.get(candidate.id) ?? 0) / proposed.length
      return proposed.map((credited) => ({ candidate: credited, gain, cost }))
    })
}

/** What proposers proposed of a candidate: of a bundle its members, which share gain and cost; nothing of one that removes a member. */
function proposedIn(state: State, candidate: Candidate): Candidate[] {
  if (candidate.origin.kind === 'leave-out') return []
  if (candidate.origin.kind !== 'bundle') return [candidate]
  return bundledBy(candidate).flatMap((id) => {
    const member = findCandidate(state, id)
    return member ? [{ ...member, usage: NO_USAGE }] : []
  })
}

/** The gain of a merged candidate in σ; 0 for others, and for one that a person merged without a measured gain. */
function confirmedGain({ verdict, end }: Candidate): number {
  if (end?.kind !== 'merged' || verdict?.gain === undefined || verdict.gain <= 0) return 0
  return verdict.sigma ? verdict.gain / verdict.sigma : GAIN_WITHOUT_SIGMA
}
