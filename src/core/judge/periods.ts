// What is believed of a baseline, worked out period by period. Archived periods count with what was believed of them.
import type { ArchivedBelief } from '../record/archive.ts'
import { type Candidate, isIdea } from '../record/candidate.ts'
import type { BaselineCommit, State } from '../record/state.ts'
import type { TrialResult } from '../record/trial.ts'
import {
  type BaselinePeriod,
  type Belief,
  type CarriedBelief,
  conclude,
  endPeriod,
  NOTHING_CARRIED,
  type Observed,
  type RunNoise,
  thaw,
  type WeighedPeriod,
  weighPeriod,
} from '../statistics/belief.ts'
import { wallAllowanceSeconds } from './counted-runs.ts'
import { losses } from './judge.ts'
import type { JudgePolicy } from './policy.ts'
import {
  baselineTrials,
  type Conditions,
  mostBaselineRuns,
  noiseUnder,
  placeOf,
  runsUnder,
  unselectedRuns,
  usualSeconds,
} from './runs.ts'

/** `inherited`: the level was known before the commit became the baseline. */
type BaselineBelief = Belief & { inherited: boolean }

/** The estimate of a baseline, by its commit. */
export function beliefAt(
  state: State,
  conditions: Conditions,
  base: string,
  noise: RunNoise | undefined,
): BaselineBelief {
  const known = runsUnder(state, conditions)
  const key = JSON.stringify([base, noise?.sigma, noise?.outliers, conditions.allowance])
  const belief = known.beliefs.get(key) ?? believeAt(state, conditions, base, noise)
  known.beliefs.set(key, belief)
  return belief
}

function believeAt(
  state: State,
  conditions: Conditions,
  base: string,
  measured: RunNoise | undefined,
): BaselineBelief {
  const start = startOf(state, conditions)
  const index = state.baselines.findLastIndex(({ commit }) => commit === base)
  const periods = periodsBetween(state, conditions, start, index)
  const last = periods.pop()
  if (!last || !measured?.sigma) return { level: undefined, effects: start.carried.effects, inherited: false }
  const noise = start.archived ? { ...measured, sigma: steadied(measured.sigma) } : measured
  const memory = memoryOf(start, noise)
  const carried = carriedBehind(memory, periods, noise)
  const { level, effects } = conclude(carried, weighLast(memory, carried, last, noise))
  const inherited = periods.length === 0 ? start.inherited : carried.level !== undefined
  return { level, effects, inherited }
}

/** Where the periods begin that are not archived as a whole. */
export interface Start {
  archived: ArchivedBelief | undefined
  /** Place of the first period among the baselines. */
  index: number
  /** How many of its own runs are part of `carried` already. */
  weighed: number
  inherited: boolean
  carried: CarriedBelief
}

export function startOf(state: State, conditions: Conditions): Start {
  const { archived } = runsUnder(state, conditions)
  if (!archived) return { archived, index: 0, weighed: 0, inherited: false, carried: NOTHING_CARRIED }
  const { period: index, weighed, inherited, belief } = archived
  return { archived, index, weighed, inherited, carried: thaw(belief) }
}

/**
 * The noise to one percent. Once candidates are archived it hardly changes from run to run, and what was worked out with it
 * can be used again.
 */
function steadied(sigma: number): number {
  return Math.exp(Math.round(100 * Math.log(sigma)) / 100)
}

/** What was worked out last with one value of the noise. From one line of the ledger to the next only the end changes. */
interface Memory {
  archived: ArchivedBelief | undefined
  noise: RunNoise
  start: CarriedBelief
  periods: BaselinePeriod[]
  /** What is carried behind each period. */
  carried: CarriedBelief[]
  last?: { carried: CarriedBelief; period: BaselinePeriod; weighed: WeighedPeriod }
}

/** Leaving one candidate out changes the noise a little, and each guard has its own, so that a few values alternate. */
const MAX_MEMORIES = 8
let memories: Memory[] = []

function memoryOf({ archived, carried: start }: Start, noise: RunNoise): Memory {
  const isSame = (one: RunNoise) => one.sigma === noise.sigma && one.outliers === noise.outliers
  const known = memories.find((one) => isSame(one.noise) && one.archived === archived)
  const memory = known ?? { archived, noise, start, periods: [], carried: [] }
  memories = [memory, ...memories.filter((one) => one !== memory)].slice(0, MAX_MEMORIES)
  return memory
}

/** What is carried behind these periods: taken from memory as far as they are equal, number by number. */
function carriedBehind(memory: Memory, periods: BaselinePeriod[], noise: RunNoise): CarriedBelief {
  const changed = periods.findIndex((period, index) => !isEqualPeriod(period, memory.periods[index]))
  const carried = memory.carried.slice(0, changed === -1 ? periods.length : changed)
  for (const period of periods.slice(carried.length))
    carried.push(endPeriod(carried.at(-1) ?? memory.start, period, noise))
  // A look at an older baseline forgets nothing.
  if (changed !== -1 || periods.length > memory.periods.length) Object.assign(memory, { periods, carried })
  return carried.at(-1) ?? memory.start
}

function weighLast(
  memory: Memory,
  carried: CarriedBelief,
  period: BaselinePeriod,
  noise: RunNoise,
): WeighedPeriod {
  const { last } = memory
  const before = last?.period.observed ?? []
  const isContinued =
    last !== undefined &&
    last.carried === carried &&
    before.every((one, index) => isEqual(one, period.observed[index]))
  const weighed = isContinued
    ? weighPeriod(carried, period, noise, last.weighed, before.length)
    : weighPeriod(carried, period, noise)
  memory.last = { carried, period, weighed }
  return weighed
}

function isEqualPeriod(one: BaselinePeriod, two: BaselinePeriod | undefined): boolean {
  if (two === undefined || one.observed.length !== two.observed.length) return false
  if ((one.merged === undefined) !== (two.merged === undefined)) return false
  if (one.merged && !areEqual(one.merged, two.merged ?? [])) return false
  return one.observed.every((observed, index) => isEqual(observed, two.observed[index]))
}

function isEqual(one: Observed, two: Observed | undefined): boolean {
  return one.kind === two?.kind && areEqual(one.losses, two.losses)
}

function areEqual(one: readonly number[], two: readonly number[]): boolean {
  return one.length === two.length && one.every((value, index) => Object.is(value, two[index]))
}

/**
 * Number of runs of the current baseline that are missing before candidates can be judged: 0 once its level is inherited from
 * the candidate whose merge created it. Where repeated runs are identical, one is enough, once that is known: a metric with
 * few digits also repeats by chance.
 */
export function missingBaselineRuns(
  state: State,
  conditions: Conditions,
  { commit, tree }: BaselineCommit,
  { baselineReplicates, deterministic = false }: Pick<JudgePolicy, 'baselineReplicates' | 'deterministic'>,
): number {
  const noise = noiseUnder(state, conditions)
  const isExact =
    noise?.sigma === 0 && (deterministic || mostBaselineRuns(state, conditions) >= baselineReplicates)
  const wanted = isExact ? 1 : beliefAt(state, conditions, commit, noise).inherited ? 0 : baselineReplicates
  return Math.max(0, wanted - baselineTrials(state, conditions, tree).length)
}

/**
 * The periods from `start` to the baseline with this index, oldest first.
 *
 * @param counts false for candidates to leave out
 */
export function periodsBetween(
  state: State,
  conditions: Conditions,
  start: Start,
  last: number,
  counts: (candidate: Candidate, index: number) => boolean = () => true,
): BaselinePeriod[] {
  const { judged: byTree, places } = runsUnder(state, conditions)
  const isInTime = timeLimit(state, conditions)
  // A/A candidates and reverts say nothing about what changes usually do.
  const ideas = [...state.candidates.values()].filter(isIdea)
  const byBase = Map.groupBy(ideas, (candidate) => candidate.base)
  const lossesOf = (results: readonly TrialResult[]) => losses(results, conditions)
  let { inherited } = start
  return state.baselines.slice(start.index, last + 1).map(({ commit, tree }, place) => {
    const ofBaseline = byTree.get(tree) ?? []
    // If the level is inherited, the runs of this code as a candidate are part of it already.
    const own = unselectedRuns(ofBaseline)
      .filter(({ trial }) => !inherited || trial.candidate === null)
      .slice(place === 0 ? start.weighed : 0)
    const candidates = (byBase.get(commit) ?? [])
      .filter((candidate) => counts(candidate, start.index + place))
      .map((candidate) => ({ candidate, results: (byTree.get(candidate.tree) ?? []).filter(isInTime) }))
      .filter(({ results }) => lossesOf(results).length > 0)
    const merged = candidates.find(({ candidate }) => becameBaseline(candidate))
    const tried = candidates.filter(({ candidate }) => isDecided(candidate) && !becameBaseline(candidate))
    inherited = merged !== undefined
    const observed = [
      ...own.map((run) => ({ kind: 'baseline' as const, runs: [run] })),
      ...tried.map(({ results }) => ({
        kind: shareSeed(results, ofBaseline) ? ('paired' as const) : ('tried' as const),
        runs: results,
      })),
    ]
    const inOrder = observed.toSorted(
      (one, two) => placeOf(places, one.runs.at(-1)) - placeOf(places, two.runs.at(-1)),
    )
    return {
      observed: inOrder.map(({ kind, runs }) => ({ kind, losses: lossesOf(runs) })),
      ...(merged && { merged: lossesOf(merged.results) }),
    }
  })
}

/** Whether a run took no longer than it may: the number of a longer one is not compared with the baseline's. */
function timeLimit(state: State, conditions: Conditions): (run: TrialResult) => boolean {
  const usual = usualSeconds(state, conditions)
  const limit =
    usual === undefined ? Number.POSITIVE_INFINITY : wallAllowanceSeconds(usual, conditions.allowance)
  return ({ wallSeconds }) => wallSeconds <= limit
}

/** True when two trees ran with the same seed. */
function shareSeed(one: readonly TrialResult[], two: readonly TrialResult[]): boolean {
  return one.some(({ trial }) => two.some((other) => other.trial.seed === trial.seed))
}

/** A change without effect is the baseline's own run once more, and tells nothing about what changes do. */
function isDecided({ verdict }: Candidate): boolean {
  return verdict !== undefined && verdict.kind !== 'merge' && !verdict.noEffect
}

/** True when merging it created exactly the code that was trained. */
export function becameBaseline({ end }: Candidate): boolean {
  return end?.kind === 'merged' && end.asTrained
}
