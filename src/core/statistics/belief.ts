// Estimates from the ledger how good the current baseline is, how certain that is, and what changes to it usually do. Losses
// are oriented: lower is better, whatever the metric's direction.
import {
  DEFAULT_EFFECTS,
  type Effects,
  judgeEffect,
  type LearnedEffects,
  learnEffects,
  type MeasuredGain,
  type Observation,
  observeGain,
  type Posterior,
  sumUpEffects,
} from './effects.ts'
import {
  addBaselineRun,
  addCandidate,
  type FrozenLevel,
  firstLevel,
  freezeLevel,
  type Level,
  likelyLevels,
  mergedLevel,
  thawLevel,
} from './level.ts'
import { meanVariance, type Reading, readRuns } from './readings.ts'

export type { Level } from './level.ts'

/**
 * A trial is only cut when it is sure to end at least this far behind the baseline, in σ (see curve.ts). Candidates that
 * change little are trained to the end: they help to estimate the baseline, and would bias it if only the lucky ones ended.
 */
export const HOPELESS_SIGMAS = 2

/** Runs that were recorded while one commit was the baseline. */
export interface Observed {
  /**
   * `baseline`: a run of its own code for which it was not selected. `tried`: all runs of a candidate that was decided and not
   * merged. `paired`: the same, with a run that shares its seed, and so its luck, with a run of the baseline; it tells what changes
   * do, but nothing about the level.
   */
  kind: 'baseline' | 'tried' | 'paired'
  losses: readonly number[]
}

/** What was recorded while one commit was the baseline. */
export interface BaselinePeriod {
  /** In the order in which it was known. */
  observed: readonly Observed[]
  /** All runs of the candidate whose merge ended it; absent when a person moved the baseline. */
  merged?: readonly number[]
}

/** The noise of a run, in the metric's unit, and the share of runs that are outliers. */
export interface RunNoise {
  /** Above 0. */
  sigma: number
  outliers: number
}

export interface Belief {
  /** Undefined until the current baseline has been measured. */
  level: Level | undefined
  effects: Effects
}

/** What earlier periods contribute. */
export interface CarriedBelief extends Belief {
  observations: readonly Observation[]
  /** What was learned from observations before them, of candidates that were archived. */
  before?: LearnedEffects
  /** Number of observations from which the effects were learned, those before included. */
  learnedFrom: number
}

/** A belief that no longer changes: the candidates and runs behind it were archived. */
export interface FrozenBelief extends LearnedEffects {
  /** Absent while the baseline is not measured. */
  level?: FrozenLevel
}

export const NOTHING_CARRIED: CarriedBelief = {
  level: undefined,
  effects: DEFAULT_EFFECTS,
  observations: [],
  learnedFrom: 0,
}

/** Effects are learned again when the observations have grown by a tenth, so that a long ledger takes no longer to read. */
const LEARNING_GROWTH = 1.1

/**
 * Estimates the current baseline.
 *
 * - Runs of its own code are independent measurements of its level.
 * - Rejected candidates are evidence too: most changes do little, so if no candidate comes near the baseline, it was lucky
 *   when it was measured.
 */
export function believe(carried: CarriedBelief, period: BaselinePeriod, noise: RunNoise): CarriedBelief {
  return conclude(carried, weighPeriod(carried, period, noise))
}

/** A weighed part of a period, to be continued when more is observed. */
export interface WeighedPeriod {
  /** Undefined while the baseline is not measured. */
  level: Level | undefined
  /** One per candidate. */
  observations: readonly Observation[]
}

/**
 * Weighs what was observed in one period.
 *
 * @param known a weighing of the first `weighed` entries, with the same carried belief
 */
export function weighPeriod(
  carried: CarriedBelief,
  { observed }: BaselinePeriod,
  noise: RunNoise,
  known: WeighedPeriod = { level: carried.level, observations: [] },
  weighed = 0,
): WeighedPeriod {
  let { level } = known
  const observations = [...known.observations]
  const { sigma, outliers } = noise
  const start = level ? weighed : startOf(observed)
  if (!level && start > 0) level = firstLevel(lossesBefore(observed, start), sigma)
  for (const { kind, losses } of observed.slice(start)) {
    if (!level) level = kind === 'baseline' ? firstLevel(losses, sigma) : undefined
    else if (kind === 'baseline') level = addBaselineRun(level, losses[0] ?? level.mean, sigma)
    else {
      const readings = readRuns(losses, sigma, outliers)
      observations.push(observeGain(measuredGain(level, readings, sigma)))
      if (kind === 'tried') level = addCandidate(level, readings, losses.length, sigma, carried.effects)
    }
  }
  return { level, observations }
}

/** The runs of the baseline before the first candidate are taken together. */
function startOf(observed: readonly Observed[]): number {
  const first = observed.findIndex(({ kind }) => kind !== 'baseline')
  return first === -1 ? observed.length : first
}

function lossesBefore(observed: readonly Observed[], end: number): number[] {
  return observed.slice(0, end).flatMap(({ losses }) => losses)
}

/** What is believed after a weighed period. */
export function conclude(carried: CarriedBelief, { level, observations }: WeighedPeriod): CarriedBelief {
  return relearn({ ...carried, level, observations: [...carried.observations, ...observations] })
}

/**
 * Ends a period. The runs of the merged candidate measure the next baseline. Dropping the first run, which was selected for being
 * good, costs more than it saves, see docs/measured.md.
 */
export function endPeriod(carried: CarriedBelief, period: BaselinePeriod, noise: RunNoise): CarriedBelief {
  const { level, ...learned } = believe(carried, period, noise)
  if (!level || !period.merged) return { ...learned, level: undefined }
  const readings = readRuns(period.merged, noise.sigma, noise.outliers)
  const gain = observeGain(measuredGain(level, readings, noise.sigma))
  return relearn({
    ...learned,
    level: mergedLevel(level, readings, noise.sigma, learned.effects),
    observations: [...learned.observations, gain],
  })
}

function relearn(carried: CarriedBelief): CarriedBelief {
  const { learnedFrom } = carried
  const count = countObservations(carried)
  return count < learnedFrom * LEARNING_GROWTH || count === learnedFrom ? carried : learnFromAll(carried)
}

function learnFromAll(carried: CarriedBelief): CarriedBelief {
  const { observations, effects, before } = carried
  return {
    ...carried,
    effects: learnEffects(observations, effects, before),
    learnedFrom: countObservations(carried),
  }
}

function countObservations({ observations, before }: CarriedBelief): number {
  return observations.length + (before?.observations ?? 0)
}

/** What is kept of a belief when the candidates and runs behind it are archived. */
export function freeze(carried: CarriedBelief): FrozenBelief {
  const count = countObservations(carried)
  const { effects, level } = count === carried.learnedFrom ? carried : learnFromAll(carried)
  return { ...sumUpEffects(effects, count), ...(level && { level: freezeLevel(level) }) }
}

/** A frozen belief, to be continued with later candidates. */
export function thaw({ level, effects, observations }: FrozenBelief): CarriedBelief {
  const before = { effects, observations }
  return { level: level && thawLevel(level), effects, observations: [], before, learnedFrom: observations }
}

/** The gain of a candidate's runs over the baseline, in σ, as the likeliest reading has it, and its error where the noise is σ. */
export function measuredGain(level: Level, readings: readonly Reading[], sigma: number): MeasuredGain {
  const reading = likeliest(readings)
  const variance = level.variance / sigma ** 2 + 1 / reading.kept.length
  return { gain: (level.mean - reading.mean) / sigma, variance }
}

export function likeliest(readings: readonly Reading[]): Reading {
  const [first, ...others] = readings
  if (!first) throw new Error('no runs to read')
  return others.reduce((best, reading) => (reading.weight > best.weight ? reading : best), first)
}

/**
 * The posterior of a candidate's effect over every likely level of the baseline and every reading of its runs.
 *
 * @param threshold required gain in σ
 */
export function judgeReadings(
  { level, effects }: { level: Level; effects: Effects },
  readings: readonly Reading[],
  sigma: number,
  threshold: number,
): Posterior {
  const levels = likelyLevels(level, sigma)
  const sums = { mass: 0, mean: 0, square: 0, risk: 0, expectedImprovement: 0 }
  for (const reading of readings) {
    const variance = meanVariance(reading)
    for (const { at, weight } of levels) {
      const part = judgeEffect(effects, { gain: (at - reading.mean) / sigma, variance }, threshold)
      const mass = part.mass * reading.weight * weight
      if (!(mass > 0)) continue
      sums.mass += mass
      sums.mean += mass * part.mean
      sums.square += mass * (part.variance + part.mean ** 2)
      sums.risk += mass * part.risk
      sums.expectedImprovement += mass * part.expectedImprovement
    }
  }
  const { mass } = sums
  const mean = sums.mean / mass
  return {
    mean,
    mass,
    variance: sums.square / mass - mean ** 2,
    risk: sums.risk / mass,
    expectedImprovement: sums.expectedImprovement / mass,
  }
}
