// Plans from the ledger when a running trial may be cut: from the baseline's curves, and from the results of earlier
// candidates that were behind them.
import { revertedMerge } from '../record/candidate.ts'
import { openCandidates, type State } from '../record/state.ts'
import type { TrialResult } from '../record/trial.ts'
import { HOPELESS_SIGMAS } from '../statistics/belief.ts'
import { mean, standardDeviation } from '../statistics/noise.ts'
import { type Checkpoint, type CutPlan, levelAt, outlook } from '../trial/curve.ts'
import { certainFrom, type Experience } from '../trial/forecast.ts'
import { isJudgeTrial } from '../trial/protocol.ts'
import { type Conditions, comparableTrials, noiseSigma, trialsOfTree } from './evidence.ts'

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
/** Only the latest candidates are used, because they resemble the next one most. */
const MAX_EXPERIENCES = 200

/** What candidates on one baseline are compared with. */
export interface Reference {
  plan: CutPlan
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
  const checkpoints = FRACTIONS.map((fraction): Checkpoint => {
    const level = mean(levels(fraction))
    const step = fraction * lastStep
    const seconds = mean(drawn.map((run) => secondsAt(run, step)))
    const place = { fraction, step, seconds, level }
    if (fraction < GROSS_FROM) return place
    const halfway = sign * (mean(levels(fraction / 2)) - level)
    // A baseline whose curve does not improve cannot show that a candidate fails to improve.
    if (halfway <= 0) return place
    return { ...place, gross: Math.max(halfway, GROSS_SIGMAS * (standardDeviation(levels(fraction)) ?? 0)) }
  })
  if (checkpoints.some(({ level, seconds }) => !Number.isFinite(level + seconds))) return undefined
  const { testbed } = first
  return {
    plan: { testbed, sign, windowSteps, checkpoints },
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
  { plan }: Reference,
  earlier: readonly { run: FinishedRun; reference: Reference }[],
  sigma: number,
  { direction, chance }: CutPolicy,
): CutPlan {
  const direct = direction === 'minimize' ? 1 : -1
  const seen = earlier.flatMap(({ run, reference }) =>
    run.value === undefined
      ? []
      : [{ gaps: gapsOf(run, reference.plan), lag: direct * (run.value - reference.value) }],
  )
  const checkpoints = plan.checkpoints.map((checkpoint, index) => {
    const experiences = seen.flatMap(({ gaps, lag }): Experience[] => {
      const [before, gap] = [gaps[index - 1], gaps[index]]
      return before === undefined || gap === undefined ? [] : [{ x: outlook(gap, before), y: lag }]
    })
    const forecast = certainFrom(experiences, HOPELESS_SIGMAS * sigma, chance)
    return forecast === undefined ? checkpoint : { ...checkpoint, forecast }
  })
  return { ...plan, checkpoints }
}

/** Includes the first run of a merged candidate: it was selected for its final value, which hardly affects the curve. */
function measuredTrials(state: State, conditions: Conditions, tree: string): TrialResult[] {
  return trialsOfTree(state, conditions, tree).filter(({ outcome }) => outcome === 'measured')
}

/** The plan for first runs of candidates on the current baseline; undefined while there is nothing to compare with. */
export function planCut(state: State, conditions: Conditions, policy: CutPolicy): CutPlan | undefined {
  const references = new Map<string, Reference | undefined>()
  const referenceAt = (commit: string | undefined): Reference | undefined => {
    const baseline = state.baselines.find((known) => known.commit === commit)
    if (baseline === undefined) return undefined
    if (!references.has(baseline.commit))
      references.set(baseline.commit, referenceOf(measuredTrials(state, conditions, baseline.tree)))
    return references.get(baseline.commit)
  }
  const current = referenceAt(state.baseline?.commit)
  if (!current) return undefined
  const judged = comparableTrials(state, conditions).filter(({ trial }) => isJudgeTrial(trial))
  const runs = Map.groupBy(judged, ({ trial }) => trial.tree)
  // A revert is not trained, and may have the tree of an earlier baseline.
  const trained = [...state.candidates.values()].filter((one) => revertedMerge(one) === undefined)
  const earlier = trained.slice(-MAX_EXPERIENCES).flatMap(({ base, tree }) => {
    const [run] = runs.get(tree) ?? []
    const reference = run && referenceAt(base)
    return run && reference ? [{ run, reference }] : []
  })
  return withForecast(current, earlier, noiseSigma(state, conditions) ?? 0, policy)
}

/** The trials whose curves may be needed: those that `planCut` learns from, and those that a comment draws. */
export function trialsWithNeededCurves(state: State): string[] {
  const latest = [...state.candidates.values()].slice(-2 * MAX_EXPERIENCES)
  const candidates = [...latest, ...openCandidates(state)]
  const bases = new Set([state.baseline?.commit, ...candidates.map(({ base }) => base)])
  const baselines = state.baselines.filter(({ commit }) => bases.has(commit))
  const trees = new Set([...candidates, ...baselines].map(({ tree }) => tree))
  return [...state.trials].flatMap(([id, { trial }]) => (trees.has(trial.tree) ? [id] : []))
}
