// Which recorded runs may be compared with which: the same testbed, the same configuration, and no run twice.

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
import { estimateNoise, mean, median } from '../statistics/noise.ts'
import type { Metric } from '../trial/metric.ts'
import { isJudgeTrial } from '../trial/protocol.ts'
import { type Evidence, losses } from './judge.ts'

/** What two numbers must share to be comparable. */
export interface Conditions {
  /** Hash of the configuration. */
  config: string
  /** Hardware in words; undefined while nothing has been trained, or when the machine that will train is not known yet. */
  testbed: string | undefined
  /** Which values are better. */
  direction: Metric['direction']
}

/** Every comparable run of this code, in the order of the ledger, without those that certify. */
export function trialsOfTree(state: State, conditions: Conditions, tree: string): TrialResult[] {
  return runsUnder(state, conditions).judged.get(tree) ?? []
}

/**
 * The runs that measure a tree as the baseline. The first run of a merged candidate is left out: it was selected for
 * being good, so that at its word the new baseline would look better than it is. After a change of testbed that is the
 * first one there, whatever its number.
 */
export function baselineTrials(state: State, conditions: Conditions, tree: string): TrialResult[] {
  return unselectedRuns(trialsOfTree(state, conditions, tree))
}

/** @param results every run of one tree */
function unselectedRuns(results: readonly TrialResult[]): TrialResult[] {
  return results.filter((result, index) => result.outcome === 'measured' && isUnselected(result, index))
}

/**
 * Noise of one run, over all code that was run twice or more; undefined before that. The first run of a candidate is left
 * out: whoever is run again was selected by it for being good, and luck that was selected looks like noise.
 *
 * @param except tree of the candidate that is judged: its own luck must not decide how much luck there is
 */
export function noiseSigma(state: State, conditions: Conditions, except?: string): number | undefined {
  const known = runsUnder(state, conditions)
  // A tree that was run once tells nothing about noise, so leaving it out changes nothing.
  const isLeftOut = except !== undefined && (known.byTree.get(except)?.length ?? 0) > 1
  if (isLeftOut) return noiseOf(known, except)
  known.sigma ??= { value: noiseOf(known) }
  return known.sigma.value
}

function noiseOf({ byTree }: RunsUnder, except?: string): number | undefined {
  const groups = [...byTree].filter(([tree, results]) => tree !== except && results.length > 1)
  return estimateNoise(groups.map(([, results]) => measuredValues(results.filter(isUnselected))))?.sigma
}

/** False for the first run of a tree under these conditions when it was made of a candidate. */
function isUnselected({ trial }: TrialResult, index: number): boolean {
  return index > 0 || trial.candidate === null
}

/** What a candidate is judged on. */
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

/** What the record tells about a baseline, by its commit; `inherited` when it was known before it was the baseline. */
export function beliefAt(
  state: State,
  conditions: Conditions,
  base: string,
  sigma: number | undefined,
): Belief & { inherited: boolean } {
  const known = runsUnder(state, conditions)
  const key = `${base} ${sigma}`
  const belief = known.beliefs.get(key) ?? believeAt(state, conditions, base, sigma)
  known.beliefs.set(key, belief)
  return belief
}

function believeAt(
  state: State,
  conditions: Conditions,
  base: string,
  sigma: number | undefined,
): Belief & { inherited: boolean } {
  const periods = periodsUntil(state, conditions, base)
  const last = periods.pop()
  if (!last || !sigma) return { level: undefined, effects: NOTHING_CARRIED.effects, inherited: false }
  const carried = carriedBehind(periods, sigma)
  const { level, effects } = believe(carried, last, sigma)
  return { level, effects, inherited: carried.level !== undefined }
}

/** The latest answer of `carriedBehind`, with what was carried behind each period. */
let latest: { sigma: number; periods: BaselinePeriod[]; carried: CarriedBelief[] } | undefined

/**
 * What is carried behind these periods. From one line of the ledger to the next only the last of them change, so the rest
 * is taken from the latest answer; it is compared number by number.
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
 * Runs of the present baseline that are missing before anything can be judged on it: none once its level is inherited
 * from the candidate whose merge made it. Where repeated runs are identical, one is enough, once that is known: a metric with
 * few digits also repeats by chance.
 *
 * @param deterministic the configuration says that equal code always gives the same value
 */
export function missingBaselineRuns(
  state: State,
  conditions: Conditions,
  { commit, tree }: BaselineCommit,
  replicates: number,
  deterministic = false,
): number {
  const sigma = noiseSigma(state, conditions)
  const isExact = sigma === 0 && (deterministic || mostBaselineRuns(state, conditions) >= replicates)
  const wanted = isExact ? 1 : beliefAt(state, conditions, commit, sigma).inherited ? 0 : replicates
  return Math.max(0, wanted - baselineTrials(state, conditions, tree).length)
}

/** Runs of the baseline that was run most often. */
function mostBaselineRuns(state: State, conditions: Conditions): number {
  return Math.max(0, ...state.baselines.map(({ tree }) => baselineTrials(state, conditions, tree).length))
}

/** The eras up to that of this baseline, oldest first. */
function periodsUntil(state: State, conditions: Conditions, base: string): BaselinePeriod[] {
  const { judged: byTree } = runsUnder(state, conditions)
  // What changes nothing, or undoes a merge, tells nothing about what changes usually do.
  const ideas = [...state.candidates.values()].filter(isIdea)
  const byBase = Map.groupBy(ideas, (candidate) => candidate.base)
  const lossesOf = (results: readonly TrialResult[]) => losses(results, conditions)
  const last = state.baselines.findLastIndex(({ commit }) => commit === base)
  let inherited = false
  return state.baselines.slice(0, last + 1).map(({ commit, tree }) => {
    // Inherited, the runs that were made of this code as a candidate have been weighed already.
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

/** True when merging it made exactly the code that was trained. */
function becameBaseline({ end }: Candidate): boolean {
  return end?.kind === 'merged' && end.asTrained
}

/**
 * Median wall time of a run of the first baseline measured under these conditions. Anchored there, because an allowance over the
 * present baseline would let every merge add a few percent of training time to the last.
 */
export function usualSeconds(state: State, conditions: Conditions): number | undefined {
  const { judged: byTree } = runsUnder(state, conditions)
  for (const { tree } of state.baselines) {
    const runs = unselectedRuns(byTree.get(tree) ?? [])
    if (runs.length > 0) return median(runs.map((result) => result.wallSeconds))
  }
  return undefined
}

/** Mean of the metric over the runs that measure a tree as the baseline; undefined before the first. */
export function baselineMean(state: State, conditions: Conditions, tree: string): number | undefined {
  const values = measuredValues(baselineTrials(state, conditions, tree))
  return values.length > 0 ? mean(values) : undefined
}

/** Every run made under these conditions, whatever it was for, in the order of the ledger. */
export function comparableTrials(state: State, conditions: Conditions): readonly TrialResult[] {
  return runsUnder(state, conditions).all
}

/** The runs made under one set of conditions, and what was worked out from them. */
interface RunsUnder {
  all: readonly TrialResult[]
  /** By the code that ran, in the order of its first run. */
  byTree: ReadonlyMap<string, TrialResult[]>
  /** The same without runs that certify. */
  judged: ReadonlyMap<string, TrialResult[]>
  /** Set once it was asked for. */
  sigma?: { value: number | undefined }
  /** What is believed of baselines, by commit and noise. */
  beliefs: Map<string, Belief & { inherited: boolean }>
}

/** A state never changes, so what was worked out from it once holds as long as it does. */
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
