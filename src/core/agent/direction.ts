// Whose turn it is to propose, and in which direction. A bandit gives more turns to what brought confirmed gain; a floor
// keeps a share of them for changes of structure, however well turning constants goes.
import {
  CATEGORIES,
  type Candidate,
  type Category,
  type Direction,
  ideas,
  isStructural,
  MODES,
  type Mode,
} from '../candidate.ts'
import type { State } from '../state.ts'
import { drawArm, type Pull } from './bandit.ts'
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

/** The floor holds for every so many candidates in a row. */
const FLOOR_WINDOW = 20
/** A trial that fails at once is not free: proposing, a pull request and a turn were spent on it. */
const MIN_DEVICE_HOURS = 0.01
/** What there is no σ for, because repeated runs are identical, counts as this many. */
const GAIN_WITHOUT_SIGMA = 3

/**
 * Chooses proposer, mode and category one after the other, each with a bandit of its own: there are more combinations
 * than a ledger could ever tell apart.
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
  const able = left.filter((index) => proposers[index]?.constantsOnly === false)
  // A device that stands idle helps nobody: when only constants are left, they are turned.
  const structural = able.length > 0 && owesStructure(state, policy.structuralShare)
  const index = drawProposer(state, proposers, structural ? able : left, policy, random)
  const proposer = index === undefined ? undefined : proposers[index]
  if (index === undefined || !proposer) return undefined
  if (proposer.constantsOnly) return { index, direction: CONSTANTS }
  const knobs = left.some((other) => proposers[other]?.constantsOnly)
  return { index, direction: drawDirection(state, { structural, constants: !structural && !knobs }, random) }
}

const CONSTANTS: Direction = { mode: 'refine', category: 'hyperparameter', structural: false, sources: [] }

/** True when the next candidate must change more than numbers for the floor to hold. */
function owesStructure(state: State, share: number): boolean {
  const recent = ideas(state.candidates).slice(1 - FLOOR_WINDOW)
  return recent.filter(isStructural).length < Math.floor(share * (recent.length + 1))
}

/** By gain per hour of the device, in which the dollars for the model count as hours. */
function drawProposer(
  state: State,
  proposers: readonly ProposerChoice[],
  indices: readonly number[],
  { deviceHourDollars }: DirectionPolicy,
  random: () => number,
): number | undefined {
  const settled = settledIdeas(state).map(({ candidate, pull }) => ({
    arm: proposers.findIndex(({ name }) => name === candidate.proposer),
    pull: { ...pull, cost: pull.cost + candidate.usage.dollars / deviceHourDollars },
  }))
  const fruitless = [...state.fruitless.values()].map(({ proposer, usage }) => ({
    arm: proposers.findIndex(({ name }) => name === proposer),
    pull: { gain: 0, cost: usage.dollars / deviceHourDollars },
  }))
  return drawArm(indices, [...fruitless, ...settled], random)
}

/** @param wanted `structural`: numbers alone will not do; `constants`: nobody else turns them */
function drawDirection(
  state: State,
  wanted: { structural: boolean; constants: boolean },
  random: () => number,
): Direction {
  const settled = settledIdeas(state)
  const sources: Record<Mode, () => readonly Candidate[] | undefined> = {
    explore: () => [],
    refine: () => drawRefinement(state, random),
    combine: () => drawCombination(state, random),
    simplify: () => drawSimplification(state, random),
    repair: () => drawRepair(state),
  }
  const offers = new Map(MODES.flatMap((mode) => offer(mode, sources[mode]())))
  const modePulls = settled.map(({ candidate, pull }) => ({ arm: modeOf(candidate), pull }))
  const mode = drawArm([...offers.keys()], modePulls, random) ?? 'explore'
  const from = offers.get(mode) ?? []
  const { structural } = wanted
  const category = from[0]?.category ?? drawCategory(settled, wanted.constants, random)
  return { mode, category, structural, sources: from.map(({ id }) => id) }
}

function offer(mode: Mode, sources: readonly Candidate[] | undefined): [Mode, readonly Candidate[]][] {
  return sources === undefined ? [] : [[mode, sources]]
}

function drawCategory(settled: readonly Settled[], constants: boolean, random: () => number): Category {
  const arms = CATEGORIES.filter((category) => constants || category !== 'hyperparameter')
  const pulls = settled.map(({ candidate, pull }) => ({ arm: candidate.category, pull }))
  return drawArm(arms, pulls, random) ?? 'architecture'
}

/** Ledgers of before know no modes: a turned knob refines, the rest explored. */
function modeOf({ direction, knob }: Candidate): Mode {
  return direction?.mode ?? (knob ? 'refine' : 'explore')
}

interface Settled {
  candidate: Candidate
  pull: Pull
}

/** What every decided idea brought and cost, in the order of proposing. What people have or had to decide is left out. */
function settledIdeas(state: State): Settled[] {
  const hours = new Map<string | null, number>()
  for (const { trial, deviceSeconds } of state.trials.values())
    hours.set(trial.candidate, (hours.get(trial.candidate) ?? 0) + deviceSeconds / 3600)
  return ideas(state.candidates)
    .filter(({ end }) => end?.kind === 'merged' || end?.kind === 'closed')
    .map((candidate) => ({
      candidate,
      pull: {
        gain: confirmedGain(candidate),
        cost: Math.max(MIN_DEVICE_HOURS, hours.get(candidate.id) ?? 0),
      },
    }))
}

/** In σ. What is not merged has confirmed nothing, and a person who merges against the numbers proves nothing either. */
function confirmedGain({ verdict, end }: Candidate): number {
  if (end?.kind !== 'merged' || verdict?.gain === undefined || verdict.gain <= 0) return 0
  return verdict.sigma ? verdict.gain / verdict.sigma : GAIN_WITHOUT_SIGMA
}
