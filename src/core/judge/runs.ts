// The recorded runs that may be compared: the same testbed, the same configuration, and no run twice.
import type { ArchivedBelief } from '../record/archive.ts'
import type { State } from '../record/state.ts'
import { measuredValues, type TrialResult } from '../record/trial.ts'
import type { Belief } from '../statistics/belief.ts'
import { estimateNoise, mean, type Noise } from '../statistics/noise.ts'
import type { Metric } from '../trial/metric.ts'
import { isJudgeTrial } from '../trial/protocol.ts'
import { usualSecondsOf } from './counted-runs.ts'
import { type Credits, creditsOf, withinCredits } from './credits.ts'
import type { ResearchYield } from './judge.ts'

/** What two numbers must share to be comparable. */
export interface Conditions extends Pick<Metric, 'direction'> {
  /** Hash of the configuration. */
  config: string
  /** Hardware in words; undefined before the first trial, or while the machine that will train is unknown. */
  testbed: string | undefined
  /** How much longer than usual a run may take and still count, as a share. Default: see policy.ts. */
  allowance?: number
  /** The guard whose values count in place of the metric's; its direction then is `direction`. */
  guard?: string
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
export function unselectedRuns(results: readonly TrialResult[]): TrialResult[] {
  return results.filter((result, index) => result.outcome === 'measured' && isUnselected(result, index))
}

/**
 * Noise of one run, over all code that was run at least twice; undefined before that. The first run of a candidate is
 * excluded: a candidate is run again because that run was good, and selected luck looks like noise.
 *
 * @param except tree of the candidate that is judged: its own luck must not affect the estimate, see `OWN_SHARE`
 */
export function noiseSigma(state: State, conditions: Conditions, except?: string): number | undefined {
  return noiseUnder(state, conditions, except)?.sigma
}

/** A candidate's own runs are left out of the noise when they are more than this part of what tells about it. */
const OWN_SHARE = 0.05

/** The same with what else is known of the noise. */
export function noiseUnder(state: State, conditions: Conditions, except?: string): Noise | undefined {
  const known = runsUnder(state, conditions)
  known.noise ??= { value: noiseOf(known) }
  const all = known.noise.value
  const own = except === undefined ? [] : unselectedValues(known.byTree.get(except) ?? [])
  const isLeftOut = own.length > 1 && own.length - 1 > OWN_SHARE * (all?.degreesOfFreedom ?? 0)
  return isLeftOut ? noiseOf(known, except) : all
}

function noiseOf(known: RunsUnder, except?: string): Noise | undefined {
  return estimateNoise(repeatedValues(known, (tree) => tree !== except))
}

/** Values of code that ran more than once, archived code first and otherwise by the last run. */
export function repeatedValues(
  { byTree, archived, places }: RunsUnder,
  counts: (tree: string) => boolean,
): (readonly number[])[] {
  const groups = [...byTree].filter(([tree, results]) => results.length > 1 && counts(tree))
  const lastOf = ([, results]: (typeof groups)[number]) => placeOf(places, results.at(-1))
  const inOrder = groups.toSorted((one, two) => lastOf(one) - lastOf(two))
  return [...(archived?.repeated ?? []), ...inOrder.map(([, results]) => unselectedValues(results))]
}

/** When a run was recorded, as its place among all. */
export function placeOf(places: RunsUnder['places'], run: TrialResult | undefined): number {
  return (run && places.get(run)) ?? -1
}

/** @param results every run of one tree */
function unselectedValues(results: readonly TrialResult[]): number[] {
  return measuredValues(results.filter(isUnselected))
}

/** False for the first run of a tree under these conditions if it was a candidate's. */
function isUnselected({ trial }: TrialResult, index: number): boolean {
  return index > 0 || trial.candidate === null
}

/**
 * Usual wall time of a run of the first baseline measured under these conditions. Anchored there, because an allowance over the
 * present baseline would let every merge add a few percent of training time to the last.
 */
export function usualSeconds(state: State, conditions: Conditions): number | undefined {
  const { judged: byTree, archived } = runsUnder(state, conditions)
  if (archived?.first) return archived.first.wallSeconds
  for (const { tree } of state.baselines) {
    const runs = unselectedRuns(byTree.get(tree) ?? [])
    if (runs.length > 0) return usualSecondsOf(runs)
  }
  return undefined
}

/** Runs of the baseline that was run most often. */
export function mostBaselineRuns(state: State, conditions: Conditions): number {
  const { archived } = runsUnder(state, conditions)
  return state.baselines.reduce(
    (most, { tree }) => Math.max(most, baselineTrials(state, conditions, tree).length),
    archived?.mostRuns ?? 0,
  )
}

/** Mean of the metric over the runs that measure a tree as the baseline; undefined before the first. */
export function baselineMean(state: State, conditions: Conditions, tree: string): number | undefined {
  const values = measuredValues(baselineTrials(state, conditions, tree))
  return values.length > 0 ? mean(values) : undefined
}

/** Every run under these conditions, those that certify included, in the order of the ledger. */
export function comparableTrials(state: State, conditions: Conditions): readonly TrialResult[] {
  return runsUnder(state, conditions).all
}

/** The runs under one set of conditions, and what was computed from them. */
export interface RunsUnder {
  /** What archived runs told. */
  archived: ArchivedBelief | undefined
  /** Where the metric is a time to target: what may be excluded from it. */
  credits: Credits | undefined
  all: readonly TrialResult[]
  /** By the code that ran, in the order of its first run. */
  byTree: ReadonlyMap<string, TrialResult[]>
  /** The same without runs that certify. */
  judged: ReadonlyMap<string, TrialResult[]>
  /** The place of each run in the ledger. */
  places: ReadonlyMap<TrialResult, number>
  /** Set once it was asked for. */
  noise?: { value: Noise | undefined }
  yield?: ResearchYield
  /** What is believed of baselines, by commit and noise. */
  beliefs: Map<string, Belief & { inherited: boolean }>
}

/** States never change, so a computed result stays valid as long as its state exists. */
const known = new WeakMap<State, Map<string, RunsUnder>>()

/** The same by the object of the conditions: one plan looks hundreds of times with one object. */
const lookups = new WeakMap<State, WeakMap<Conditions, RunsUnder>>()

export function runsUnder(state: State, conditions: Conditions): RunsUnder {
  const byObject = lookups.get(state) ?? new WeakMap<Conditions, RunsUnder>()
  lookups.set(state, byObject)
  const runs = byObject.get(conditions) ?? findRuns(state, conditions)
  byObject.set(conditions, runs)
  return runs
}

function findRuns(state: State, conditions: Conditions): RunsUnder {
  const { config, testbed, direction, guard } = conditions
  const byConditions = known.get(state) ?? new Map<string, RunsUnder>()
  known.set(state, byConditions)
  const key = `${config}\n${testbed}\n${direction}\n${guard}`
  const found = byConditions.get(key)
  if (found) return found
  const compared = [...state.trials.values()].filter(
    (result) =>
      result.config === config &&
      result.trial.protocol.purpose !== 'promote' &&
      (testbed === undefined || result.testbed === testbed),
  )
  const archived = archivedBelief(state, conditions)
  const credits = archived?.first ? archived.first.credits : firstCredits(state, compared)
  const all =
    guard !== undefined
      ? compared.map((result) => valueOfGuard(result, guard))
      : credits
        ? compared.map((result) => withinCredits(result, credits))
        : compared
  const byTree = Map.groupBy(all, ({ trial }) => trial.tree)
  const judging = all.filter(({ trial }) => isJudgeTrial(trial))
  const judged = judging.length === all.length ? byTree : Map.groupBy(judging, ({ trial }) => trial.tree)
  const places = new Map(all.map((run, place) => [run, place]))
  const runs = { archived, credits, all, byTree, judged, places, beliefs: new Map() }
  byConditions.set(key, runs)
  return runs
}

/** Of the first baseline that was measured, see `usualSeconds`. */
function firstCredits(state: State, compared: readonly TrialResult[]): Credits | undefined {
  if (!compared.some(({ crossing }) => crossing)) return undefined
  const byTree = Map.groupBy(
    compared.filter(({ trial }) => isJudgeTrial(trial)),
    ({ trial }) => trial.tree,
  )
  for (const { tree } of state.baselines) {
    const credits = creditsOf(unselectedRuns(byTree.get(tree) ?? []))
    if (credits) return credits
  }
  return undefined
}

/** The same run, measured by one of its guards. */
function valueOfGuard({ value: _, ...result }: TrialResult, guard: string): TrialResult {
  const value = result.guards?.find(({ name }) => name === guard)?.value
  return value === undefined ? result : { ...result, value }
}

/** What is kept of archived runs; without a testbed, of those on all testbeds. */
export function archivedBelief(
  { archive }: State,
  { config, testbed, direction, guard }: Conditions,
): ArchivedBelief | undefined {
  const alike = archive.beliefs.filter(
    (one) => one.config === config && one.direction === direction && one.guard === guard,
  )
  const found = alike.find((one) => one.testbed === (testbed ?? null))
  return found ?? (testbed === undefined && alike.length === 1 ? alike[0] : undefined)
}
