// Selects the recorded runs that may be compared: the same testbed, the same configuration, and no run twice.
import { type Candidate, isIdea } from '../record/candidate.ts'
import type { BaselineCommit, State } from '../record/state.ts'
import { measuredValues, type TrialResult } from '../record/trial.ts'
import {
  type BaselinePeriod,
  type Belief,
  believe,
  type CarriedBelief,
  endPeriod,
  NOTHING_CARRIED,
} from '../statistics/belief.ts'
import { estimateNoise, mean } from '../statistics/noise.ts'
import type { Metric } from '../trial/metric.ts'
import { isJudgeTrial } from '../trial/protocol.ts'
import { type Evidence, losses } from './judge.ts'
import type { JudgePolicy } from './policy.ts'

/** What two numbers must share to be comparable. */
export interface Conditions extends Pick<Metric, 'direction'> {
  /** Hash of the configuration. */
  config: string
  /** Hardware in words; undefined before the first trial, or while the machine that will train is unknown. */
  testbed: string | undefined
}

/** Every comparable run of this code, in the order of the ledger, without certifying runs. */
export function trialsOfTree(state: State, conditions: Conditions, tree: string): TrialResult[] {
  return runsUnder(state, conditions).judged.get(tree) ?? []
}

/**
 * The runs that measure a tree as the baseline. The first run of a merged candidate is excluded: it was selected for its
 * score (winner's curse). After a change of testbed that is the first one there, whatever its number.
 */
export function baselineTrials(state: State, conditions: Conditions, tree: string): TrialResult[] {
  return unselectedRuns(trialsOfTree(state, conditions, tree))
}

/** @param results every run of one tree */
function unselectedRuns(results: readonly TrialResult[]): TrialResult[] {
  return results.filter((result, index) => result.outcome === 'measured' && isUnselected(result, index))
}

/**
 * Noise of one run, over all code that was run at least twice; undefined before that. The first run of a candidate is
 * excluded: a candidate is run again because that run was good, and selected luck looks like noise.
 *
 * @param except tree of the candidate that is judged: its own luck must not affect the estimate
 */
export function noiseSigma(state: State, conditions: Conditions, except?: string): number | undefined {
  const known = runsUnder(state, conditions)
  // A tree that was run once says nothing about noise, so excluding it changes nothing.
  const isLeftOut = except !== undefined && (known.byTree.get(except)?.length ?? 0) > 1
  if (isLeftOut) return noiseOf(known, except)
  known.sigma ??= { value: noiseOf(known) }
  return known.sigma.value
}

function noiseOf({ byTree }: RunsUnder, except?: string): number | undefined {
  const groups = [...byTree].filter(([tree, results]) => tree !== except && results.length > 1)
  return estimateNoise(groups.map(([, results]) => measuredValues(results.filter(isUnselected))))?.sigma
}

/** False for the first run of a tree under these conditions if it was a candidate's. */
function isUnselected({ trial }: TrialResult, index: number): boolean {
  return index > 0 || trial.candidate === null
}

export function evidenceFor(
  state: State,
  conditions: Conditions,
  { base, tree }: Pick<Candidate, 'base' | 'tree'>,
): Evidence {
  const commit = state.baselines.find((baseline) => baseline.commit === base)
  const sigma = noiseSigma(state, conditions, tree)
  return {
    ...beliefAt(state, conditions, base, sigma),
    baseline: commit ? baselineTrials(state, conditions, commit.tree) : [],
    candidate: trialsOfTree(state, conditions, tree),
    sigma,
  }
}

/** `inherited`: the level was known before the commit became the baseline. */
type BaselineBelief = Belief & { inherited: boolean }

export function beliefAt(
  state: State,
  conditions: Conditions,
  base: string,
  sigma: number | undefined,
): BaselineBelief {
  const { beliefs } = runsUnder(state, conditions)
  const key = `${base} ${sigma}`
  const belief = beliefs.get(key) ?? believeIn(periodsUntil(state, conditions, base), sigma)
  beliefs.set(key, belief)
  return belief
}

function believeIn(periods: BaselinePeriod[], sigma: number | undefined): BaselineBelief {
  const last = periods.pop()
  if (!last || !sigma) return { level: undefined, effects: NOTHING_CARRIED.effects, inherited: false }
  const carried = carriedBehind(periods, sigma)
  const { level, effects } = believe(carried, last, sigma)
  return { level, effects, inherited: carried.level !== undefined }
}

/** The latest result of `carriedBehind`, with what was carried behind each period. */
let latest: { sigma: number; periods: BaselinePeriod[]; carried: CarriedBelief[] } | undefined

/**
 * What is carried behind these periods. From one line of the ledger to the next only the last periods change, so the rest is
 * reused from the latest result after comparing every number.
 */
function carriedBehind(periods: BaselinePeriod[], sigma: number): CarriedBelief {
  const known = latest?.sigma === sigma ? latest : { periods: [], carried: [] }
  const changed = periods.findIndex((period, index) => !isEqualPeriod(period, known.periods[index]))
  const carried = known.carried.slice(0, changed === -1 ? periods.length : changed)
  for (const period of periods.slice(carried.length))
    carried.push(endPeriod(carried.at(-1) ?? NOTHING_CARRIED, period, sigma))
  latest = { sigma, periods, carried }
  return carried.at(-1) ?? NOTHING_CARRIED
}

function isEqualPeriod(one: BaselinePeriod, two: BaselinePeriod | undefined): boolean {
  if (two === undefined || one.tried.length !== two.tried.length) return false
  if (!areEqual(one.measured, two.measured) || (one.merged === undefined) !== (two.merged === undefined))
    return false
  if (one.merged && !areEqual(one.merged, two.merged ?? [])) return false
  return one.tried.every((runs, index) => areEqual(runs, two.tried[index] ?? []))
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
  const sigma = noiseSigma(state, conditions)
  const isExact = sigma === 0 && (deterministic || mostBaselineRuns(state, conditions) >= baselineReplicates)
  const wanted = isExact ? 1 : beliefAt(state, conditions, commit, sigma).inherited ? 0 : baselineReplicates
  return Math.max(0, wanted - baselineTrials(state, conditions, tree).length)
}

/** Runs of the baseline that was run most often. */
function mostBaselineRuns(state: State, conditions: Conditions): number {
  return Math.max(0, ...state.baselines.map(({ tree }) => baselineTrials(state, conditions, tree).length))
}

/** The periods up to that of this baseline, oldest first. */
function periodsUntil(state: State, conditions: Conditions, base: string): BaselinePeriod[] {
  const { judged: byTree } = runsUnder(state, conditions)
  // A/A candidates and reverts say nothing about what changes usually do.
  const ideas = [...state.candidates.values()].filter(isIdea)
  const byBase = Map.groupBy(ideas, (candidate) => candidate.base)
  const lossesOf = (results: readonly TrialResult[]) => losses(results, conditions)
  const last = state.baselines.findLastIndex(({ commit }) => commit === base)
  let inherited = false
  return state.baselines.slice(0, last + 1).map(({ commit, tree }) => {
    // If the level is inherited, the runs of this code as a candidate are part of it already.
    const own = unselectedRuns(byTree.get(tree) ?? []).filter(
      ({ trial }) => !inherited || trial.candidate === null,
    )
    const candidates = (byBase.get(commit) ?? []).map((candidate) => ({
      candidate,
      runs: lossesOf(byTree.get(candidate.tree) ?? []),
    }))
    const tried = candidates.filter(({ candidate, runs }) => runs.length > 0 && isDecided(candidate))
    const merged = candidates.find(({ candidate, runs }) => runs.length > 0 && becameBaseline(candidate))
    inherited = merged !== undefined
    return {
      measured: lossesOf(own),
      tried: tried.map(({ runs }) => runs),
      ...(merged && { merged: merged.runs }),
    }
  })
}

function isDecided({ verdict }: Candidate): boolean {
  return verdict !== undefined && verdict.kind !== 'merge'
}

/** True when merging it created exactly the code that was trained. */
function becameBaseline({ end }: Candidate): boolean {
  return end?.kind === 'merged' && end.asTrained
}

/**
 * Mean wall time of a run of the first baseline measured under these conditions. Anchored there, because an allowance over the
 * present baseline would let every merge add a few percent of training time to the last.
 */
export function usualSeconds(state: State, conditions: Conditions): number | undefined {
  const { judged: byTree } = runsUnder(state, conditions)
  for (const { tree } of state.baselines) {
    const runs = unselectedRuns(byTree.get(tree) ?? [])
    if (runs.length > 0) return mean(runs.map((result) => result.wallSeconds))
  }
  return undefined
}

/** Mean of the metric over the runs that measure a tree as the baseline; undefined before the first. */
export function baselineMean(state: State, conditions: Conditions, tree: string): number | undefined {
  const values = measuredValues(baselineTrials(state, conditions, tree))
  return values.length > 0 ? mean(values) : undefined
}

/** Every run under these conditions, whatever its purpose, in the order of the ledger. */
export function comparableTrials(state: State, conditions: Conditions): readonly TrialResult[] {
  return runsUnder(state, conditions).all
}

/** The runs under one set of conditions, and what was computed from them. */
interface RunsUnder {
  all: readonly TrialResult[]
  /** By the code that ran, in the order of its first run. */
  byTree: ReadonlyMap<string, TrialResult[]>
  /** The same without runs that certify. */
  judged: ReadonlyMap<string, TrialResult[]>
  sigma?: { value: number | undefined }
  /** By commit and noise. */
  beliefs: Map<string, BaselineBelief>
}

/** States never change, so a computed result stays valid as long as its state exists. */
const known = new WeakMap<State, Map<string, RunsUnder>>()

function runsUnder(state: State, { config, testbed, direction }: Conditions): RunsUnder {
  const byConditions = known.get(state) ?? new Map<string, RunsUnder>()
  known.set(state, byConditions)
  const key = JSON.stringify([config, testbed, direction])
  const found = byConditions.get(key)
  if (found) return found
  const all = [...state.trials.values()].filter(
    (result) => result.config === config && (testbed === undefined || result.testbed === testbed),
  )
  const byTree = Map.groupBy(all, ({ trial }) => trial.tree)
  const judging = all.filter(({ trial }) => isJudgeTrial(trial))
  const judged = judging.length === all.length ? byTree : Map.groupBy(judging, ({ trial }) => trial.tree)
  const runs = { all, byTree, judged, beliefs: new Map() }
  byConditions.set(key, runs)
  return runs
}
