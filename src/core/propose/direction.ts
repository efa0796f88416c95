// Whose turn it is to propose, and in which direction. A bandit gives more turns to what brought confirmed gain; a floor
// keeps a share of them for changes of structure, however well turning constants goes.
import {
  CATEGORIES,
  type Candidate,
  type Category,
  type Direction,
  directionOf,
  isStructural,
  type Mode,
} from '../record/candidate.ts'
import { pastIdeas } from '../record/ideas.ts'
import type { State } from '../record/state.ts'
import { drawArm } from './bandit.ts'
import { drawCombination, drawRefinement, drawRepair, drawSimplification } from './sources.ts'

export interface DirectionPolicy {
  /** Least share of candidates that change more than numbers, 0 to 1. */
  structuralShare: number
  /** What an hour of the device is worth, in dollars, above 0: by it dollars spent on a model are weighed. */
  deviceHourDollars: number
}

/** Someone who can be asked. */
export interface ProposerChoice {
  /** As in the ledger. */
  name: string
  /** Turns constants only, and takes no direction. */
  constantsOnly: boolean
}

export interface Turn {
  /** Of the proposer. */
  index: number
  direction: Direction
}

/**
 * What the bandit chooses from: to explore one of the categories, to turn constants, or to go on from past candidates.
 * Those bring their category with them.
 */
type Line = `explore ${Category}` | 'constants' | Exclude<Mode, 'explore'>

/** The floor holds for every so many candidates in a row. */
const FLOOR_WINDOW = 20
/** A trial that fails at once is not free: proposing, a pull request and a turn were spent on it. */
const MIN_DEVICE_HOURS = 0.01
/** What there is no σ for, because repeated runs are identical, counts as this many. */
const GAIN_WITHOUT_SIGMA = 3

/**
 * Chooses who is asked, then the line of work, each with a bandit of its own: there are more combinations than a ledger
 * could ever tell apart.
 *
 * @param exhausted indices of proposers that have nothing more to offer
 * @param random uniform in [0, 1); the only source of chance
 * @returns undefined when nobody is left
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
  // A device that stands idle helps nobody: when only constants can be turned, they are.
  const structural = agents.length > 0 && owesStructure(state, policy.structuralShare)
  const settled = settledIdeas(state)
  const able = structural ? agents : left
  const index = drawProposer(state, settled, proposers, able, policy, random)
  if (index === undefined) return undefined
  if (!agents.includes(index)) return { index, direction: CONSTANTS }
  const offers = structuralOffers(state, structural, random)
  if (!structural && agents.length === left.length) offers.set('constants', CONSTANTS)
  const pulls = settled.map(({ candidate, ...pull }) => ({ arm: lineOf(candidate), ...pull }))
  const line = drawArm([...offers.keys()], pulls, random)
  const direction = line && offers.get(line)
  return direction && { index, direction }
}

/** When a person asks for something, they say what it is about, and it may be nothing but numbers. */
export function forRequest({ category }: Direction): Direction {
  return { mode: 'explore', category, structural: false, sources: [] }
}

const CONSTANTS: Direction = { mode: 'refine', category: 'hyperparameter', structural: false, sources: [] }

/** True when the next candidate must change more than numbers for the floor to hold. */
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

/** Of what it was asked for; ledgers of before know no directions. */
function lineOf(candidate: Candidate): Line {
  const { knob, category } = candidate
  const direction = directionOf(candidate)
  const asked = direction?.category ?? category
  if (knob || (asked === 'hyperparameter' && !direction?.sources.length)) return 'constants'
  return direction === undefined || direction.mode === 'explore' ? `explore ${asked}` : direction.mode
}

/** By gain per hour of the device, in which the dollars for the model count as hours. */
function drawProposer(
  state: State,
  settled: readonly Settled[],
  proposers: readonly ProposerChoice[],
  able: readonly number[],
  { deviceHourDollars }: DirectionPolicy,
  random: () => number,
): number | undefined {
  if (able.length < 2) return able[0]
  const place = (name: string) => proposers.findIndex((proposer) => proposer.name === name)
  const emptyAttempts = [...state.emptyAttempts.values()].map(({ proposer, usage }) => ({
    arm: place(proposer),
    gain: 0,
    cost: usage.dollars / deviceHourDollars,
  }))
  const fruitful = settled.map(({ candidate, gain, cost }) => ({
    arm: place(candidate.standsInFor ?? candidate.proposer),
    gain,
    cost: cost + candidate.usage.dollars / deviceHourDollars,
  }))
  return drawArm(able, [...emptyAttempts, ...fruitful], random)
}

interface Settled {
  candidate: Candidate
  /** In σ. */
  gain: number
  /** In hours of the device. */
  cost: number
}

/** What every decided idea brought and cost, in the order of proposing. What people have or had to decide is left out. */
function settledIdeas(state: State): Settled[] {
  const hours = new Map<string | null, number>()
  for (const { trial, deviceSeconds } of state.trials.values())
    hours.set(trial.candidate, (hours.get(trial.candidate) ?? 0) + deviceSeconds / 3600)
  return pastIdeas(state)
    .filter(({ end }) => end?.kind === 'merged' || end?.kind === 'closed')
    .map((candidate) => ({
      candidate,
      gain: confirmedGain(candidate),
      cost: Math.max(MIN_DEVICE_HOURS, hours.get(candidate.id) ?? 0),
    }))
}

/** In σ. What is not merged has confirmed nothing, and a person who merges against the numbers proves nothing either. */
function confirmedGain({ verdict, end }: Candidate): number {
  if (end?.kind !== 'merged' || verdict?.gain === undefined || verdict.gain <= 0) return 0
  return verdict.sigma ? verdict.gain / verdict.sigma : GAIN_WITHOUT_SIGMA
}
