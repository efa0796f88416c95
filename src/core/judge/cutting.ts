// Plans from the ledger when a running trial may be cut: from the curves of baselines, and from the results of earlier
// candidates that were behind them.
import { revertedMerge } from '../record/candidate.ts'
import { openCandidates, type State } from '../record/state.ts'
import type { TrialResult } from '../record/trial.ts'
import { HOPELESS_SIGMAS } from '../statistics/belief.ts'
import { mean, standardDeviation } from '../statistics/noise.ts'
import { type Checkpoint, type CutPlan, levelAt, outlook } from '../trial/curve.ts'
import { certainFrom, type Experience } from '../trial/forecast.ts'
import { isJudgeTrial } from '../trial/protocol.ts'
import { isPromiseKept, lenient, withoutBrokenPromises } from './curve-trust.ts'
import { beliefAt, type Conditions, comparableTrials, noiseSigma, trialsOfTree } from './evidence.ts'
import { noiseUnder, runsUnder } from './runs.ts'

export type FinishedRun = Pick<
  TrialResult,
  'testbed' | 'curve' | 'value' | 'wallSeconds' | 'trainingSeconds' | 'firstPointSeconds'
>

export interface CutPolicy extends Pick<Conditions, 'direction'> {
  /** A trial is cut when the chance that it ends less than `HOPELESS_SIGMAS` behind is below this. */
  chance: number
}

/** Checkpoints as fractions of the run. The first one only shows how the gap changes. */
const FRACTIONS = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]
/** A level is averaged over this fraction of the run. */
const WINDOW_FRACTION = 0.05
/** Fewer runs of the baseline do not show its noise. */
const MIN_BASELINE_RUNS = 3
/** Before this fraction no gap counts as gross, because a long warm-up looks like one. */
const GROSS_FROM = 0.3
/** A gap that noise alone could cause is never gross. */
const GROSS_SIGMAS = 12
/** A gap that is not above this many standard deviations of the baseline's curves is never hopeless. */
const BEHIND_SIGMAS = 3
/** Only the latest candidates are used, because they resemble the next one most. */
const MAX_EXPERIENCES = 200

/** How far a finished candidate was behind: its curve at every checkpoint, and its metric. */
interface Finished {
  gaps: readonly (number | undefined)[]
  lag: number
}

/** What candidates on one baseline are compared with. */
export interface Reference {
  plan: CutPlan
  /** Standard deviation of the baseline's own curves at every checkpoint. */
  spreads: readonly number[]
  /** Mean of the metric. */
  value: number
}

/**
 * @param runs of one baseline
 * @returns undefined when they show no common curve
 */
export function referenceOf(runs: readonly FinishedRun[]): Reference | undefined {
  const drawn = runs.filter(({ curve }) => curve.length >= 2)
  const [first] = drawn
  if (!first || drawn.length < MIN_BASELINE_RUNS) return undefined
  const lastStep = Math.min(...drawn.map(({ curve }) => curve.at(-1)?.step ?? 0))
  const windowSteps = WINDOW_FRACTION * lastStep
  const levels = (fraction: number): number[] =>
    drawn.map(({ curve }) => levelAt(curve, fraction * lastStep, windowSteps) ?? Number.NaN)
  // The curve itself shows whether lower is better, whatever the metric's direction.
  const sign = mean(levels(0.9)) <= mean(levels(0.1)) ? 1 : -1
  const spreads = FRACTIONS.map((fraction) => standardDeviation(levels(fraction)) ?? 0)
  const checkpoints = FRACTIONS.map((fraction, index): Checkpoint => {
    const level = mean(levels(fraction))
    const step = fraction * lastStep
    const seconds = mean(drawn.map((run) => secondsAt(run, step)))
    const place = { fraction, step, seconds, level }
    if (fraction < GROSS_FROM) return place
    const halfway = sign * (mean(levels(fraction / 2)) - level)
    // A baseline whose curve does not improve cannot show that a candidate fails to improve.
    if (halfway <= 0) return place
    return { ...place, gross: Math.max(halfway, GROSS_SIGMAS * (spreads[index] ?? 0)) }
  })
  if (checkpoints.some(({ level, seconds }) => !Number.isFinite(level + seconds))) return undefined
  const { testbed } = first
  return {
    plan: { testbed, sign, windowSteps, checkpoints },
    spreads,
    value: mean(drawn.flatMap(({ value }) => value ?? [])),
  }
}

/** The first and last step of a run with their times. Its speed is taken to be constant between them. */
function spanOf({ curve, firstPointSeconds = 0, wallSeconds, trainingSeconds = wallSeconds }: FinishedRun) {
  const [first = 0, last = 0] = [curve[0]?.step, curve.at(-1)?.step]
  return { first, last, start: firstPointSeconds, end: trainingSeconds }
}

function secondsAt(run: FinishedRun, step: number): number {
  const { first, last, start, end } = spanOf(run)
  return start + ((step - first) / (last - first)) * (end - start)
}

function stepBy(run: FinishedRun, seconds: number): number {
  const { first, last, start, end } = spanOf(run)
  return first + ((seconds - start) / (end - start)) * (last - first)
}

/** How far a finished run was behind at every checkpoint, as `CutWatch` would have measured it. */
function gapsOf(run: FinishedRun, { sign, windowSteps, checkpoints }: CutPlan): (number | undefined)[] {
  return checkpoints.map(({ step, seconds, level }) => {
    const found = levelAt(run.curve, Math.max(step, stepBy(run, seconds)), windowSteps)
    return found === undefined ? undefined : sign * (found - level)
  })
}

/**
 * Adds to every checkpoint the outlook from which a trial has too little chance. Earlier candidates show how the outlook
 * there (the gap and its change) relates to the metric at the end. Runs that were cut have no end and are excluded; because
 * they were cut for their outlook alone, the line through the others stays much the same.
 *
 * @param earlier finished first runs of candidates, each with the reference of its own baseline
 * @param sigma standard deviation of the metric over repeated runs
 */
export function withForecast(
  { plan, spreads }: Reference,
  earlier: readonly { run: FinishedRun; reference: Reference }[],
  sigma: number,
  { direction, chance }: CutPolicy,
): CutPlan {
  const seen = earlier.flatMap(({ run, reference }) => finishedBehind(run, reference, direction))
  const checkpoints = plan.checkpoints.map((checkpoint, index) => {
    const experiences = seen.flatMap(({ gaps, lag }): Experience[] => {
      const [before, gap] = [gaps[index - 1], gaps[index]]
      return before === undefined || gap === undefined ? [] : [{ x: outlook(gap, before), y: lag }]
    })
    const forecast = certainFrom(withoutBrokenPromises(experiences), HOPELESS_SIGMAS * sigma, chance)
    if (forecast === undefined) return checkpoint
    // Whatever earlier candidates printed, one that is hardly behind is not hopeless.
    return { ...checkpoint, forecast: Math.max(forecast, BEHIND_SIGMAS * (spreads[index] ?? 0)) }
  })
  return { ...plan, checkpoints }
}

/** Includes the first run of a merged candidate: it was selected for its final value, which hardly affects the curve. */
function measuredTrials(state: State, conditions: Conditions, tree: string): TrialResult[] {
  return trialsOfTree(state, conditions, tree).filter(({ outcome }) => outcome === 'measured')
}

function finishedBehind(
  run: FinishedRun,
  { plan, value }: Reference,
  direction: Conditions['direction'],
): Finished[] {
  if (run.value === undefined) return []
  return [{ gaps: gapsOf(run, plan), lag: (direction === 'minimize' ? 1 : -1) * (run.value - value) }]
}

/** The plan for first runs of candidates on the current baseline; undefined while there is nothing to compare with. */
export function planCut(state: State, conditions: Conditions, policy: CutPolicy): CutPlan | undefined {
  const judged = comparableTrials(state, conditions).filter(({ trial }) => isJudgeTrial(trial))
  const runs = Map.groupBy(judged, ({ trial }) => trial.tree)
  // A revert is not trained, and may have the tree of an earlier baseline.
  const trained = [...state.candidates.values()].filter((one) => revertedMerge(one) === undefined)
  const firstRuns = trained.slice(-MAX_EXPERIENCES).flatMap(({ base, tree }) => {
    const [run] = runs.get(tree) ?? []
    return run ? [{ base, run }] : []
  })
  const references = credibleReferences(state, conditions, firstRuns)
  const current = references.get(state.baseline?.commit ?? '')
  const latest = latestCrossing(state, conditions)
  if (!current) return latest
  const earlier = firstRuns.flatMap(({ base, run }) => {
    const reference = references.get(base)
    return reference ? [{ run, reference }] : []
  })
  const plan = withForecast(current, earlier, noiseSigma(state, conditions) ?? 0, policy)
  return latest ? { ...latest, ...plan } : plan
}

/** Where the metric is a time to target: a run that has trained much longer than the baseline needs can only be worse. */
function latestCrossing(state: State, conditions: Conditions): CutPlan | undefined {
  const { baseline } = state
  const { credits, all } = runsUnder(state, conditions)
  const noise = noiseUnder(state, conditions)
  const testbed = conditions.testbed ?? all[0]?.testbed
  if (!baseline || !credits || !noise?.sigma || testbed === undefined) return undefined
  const { level } = beliefAt(state, conditions, baseline.commit, noise)
  if (!level) return undefined
  const behind = BEHIND_SIGMAS * Math.sqrt(noise.sigma ** 2 + level.variance)
  const { pausedSeconds, intervalSeconds } = credits
  const latest = { seconds: level.mean + behind + intervalSeconds, pausedSeconds, usualSeconds: level.mean }
  return { testbed, sign: 1, windowSteps: 1, checkpoints: [], latest }
}

/**
 * The references of all baselines, by commit. The first one is what a person wrote. A later one may print better curves than it
 * deserves: it counts as far as its metric keeps what its curve promises, and otherwise the more lenient of the two does.
 */
function credibleReferences(
  state: State,
  conditions: Conditions,
  firstRuns: readonly { base: string; run: FinishedRun }[],
): Map<string, Reference> {
  const references = new Map<string, Reference>()
  const byBase = Map.groupBy(firstRuns, ({ base }) => base)
  const seen: Finished[] = []
  let before: Reference | undefined
  for (const { commit, tree } of state.baselines) {
    const own = references.has(commit) ? undefined : referenceOf(measuredTrials(state, conditions, tree))
    if (!own || (before && own.plan.sign !== before.plan.sign)) continue
    const reference = before ? credible(own, before, seen, conditions.direction) : own
    references.set(commit, reference)
    before = reference
    for (const { run } of byBase.get(commit) ?? [])
      seen.push(...finishedBehind(run, reference, conditions.direction))
  }
  return references
}

function credible(
  own: Reference,
  before: Reference,
  seen: readonly Finished[],
  direction: Conditions['direction'],
): Reference {
  const { sign } = own.plan
  const lag = (direction === 'minimize' ? 1 : -1) * (own.value - before.value)
  const checkpoints = own.plan.checkpoints.map((mine, index) => {
    const known = before.plan.checkpoints[index]
    if (!known) return mine
    const witnesses = seen.flatMap(({ gaps, lag: y }) => {
      const x = gaps[index]
      return x === undefined ? [] : [{ x, y }]
    })
    const promise = { x: sign * (mine.level - known.level), y: lag }
    return isPromiseKept(promise, witnesses) ? mine : lenient(mine, known, sign)
  })
  const spreads = own.spreads.map((spread, index) => Math.max(spread, before.spreads[index] ?? 0))
  return { ...own, spreads, plan: { ...own.plan, checkpoints } }
}

/** The trials whose curves may be needed: those that `planCut` learns from, and those that a comment draws. */
export function trialsWithNeededCurves(state: State): string[] {
  const latest = [...state.candidates.values()].slice(-2 * MAX_EXPERIENCES)
  const candidates = [...latest, ...openCandidates(state)]
  const bases = new Set([
    state.baseline?.commit,
    // What a person wrote, by which curves of later baselines are judged.
    state.baselines[0]?.commit,
    ...candidates.map(({ base }) => base),
  ])
  const baselines = state.baselines.filter(({ commit }) => bases.has(commit))
  const trees = new Set([...candidates, ...baselines].map(({ tree }) => tree))
  return [...state.trials].flatMap(([id, { trial }]) => (trees.has(trial.tree) ? [id] : []))
}
