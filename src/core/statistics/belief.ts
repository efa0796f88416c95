// Estimates from the ledger how good the current baseline is, how certain that is, and what changes to it usually do. Losses
// are oriented: lower is better, whatever the metric's direction.
import {
  clampGain,
  DEFAULT_EFFECTS,
  type Effects,
  judgeEffect,
  learnEffects,
  type MeasuredGain,
  type Observation,
  observeGain,
} from './effects.ts'
import { mean } from './noise.ts'

/**
 * A trial is only cut when it is sure to end at least this far behind the baseline, in σ (see curve.ts). Candidates that
 * change little are trained to the end: they help to estimate the baseline, and would bias it if only the lucky ones ended.
 */
export const HOPELESS_SIGMAS = 2

/** The estimate of a true loss: a normal distribution, in the metric's unit and its square. */
export interface Level {
  mean: number
  variance: number
}

/** The losses that were measured while one commit was the baseline. */
export interface BaselinePeriod {
  /** Runs of the baseline's own code for which it was not selected. */
  measured: readonly number[]
  /** Runs of each candidate that was decided on it and not merged, in the order of proposing. */
  tried: readonly (readonly number[])[]
  /** All runs of the candidate whose merge ended it; absent when a person moved the baseline. */
  merged?: readonly number[]
}

export interface Belief {
  /** Undefined until the current baseline has been measured. */
  level: Level | undefined
  effects: Effects
}

/** What earlier periods contribute. */
export interface CarriedBelief extends Belief {
  observations: readonly Observation[]
  /** Number of observations from which the effects were learned. */
  learnedFrom: number
}

export const NOTHING_CARRIED: CarriedBelief = {
  level: undefined,
  effects: DEFAULT_EFFECTS,
  observations: [],
  learnedFrom: 0,
}

/** Effects are learned again when the observations have grown by a tenth, so that a long ledger takes no longer to read. */
const LEARNING_GROWTH = 1.1

/** Variance, in σ², by which the level becomes less certain with every candidate: machines and their clocks drift. */
const DRIFT_VARIANCE = 0.0005

/**
 * Estimates the current baseline.
 *
 * - Runs of its own code are independent measurements of its level.
 * - Rejected candidates are evidence too: most changes do little, so if no candidate comes near the baseline, it was lucky
 *   when it was measured.
 *
 * @param sigma noise of one run, above 0
 */
export function believe(
  carried: CarriedBelief,
  { measured, tried }: BaselinePeriod,
  sigma: number,
): CarriedBelief {
  let level = measureLevel(carried.level, measured, sigma)
  const observations = [...carried.observations]
  for (const runs of tried) {
    if (!level) break
    observations.push(observeGain(measuredGain(level, runs, sigma)))
    const { baseline } = weigh(level, runs, sigma, carried.effects)
    level = { mean: baseline.mean, variance: baseline.variance + DRIFT_VARIANCE * sigma ** 2 }
  }
  return relearn({ ...carried, level, observations })
}

/**
 * Ends a period. The runs of the merged candidate measure the next baseline. Because the first was selected for being good,
 * all are combined with what changes usually do (Efron, "Tweedie's formula and selection bias", 2011). Dropping the first
 * instead costs more than it saves, see docs/deciding.md.
 */
export function endPeriod(carried: CarriedBelief, period: BaselinePeriod, sigma: number): CarriedBelief {
  const { level, ...learned } = believe(carried, period, sigma)
  if (!level || !period.merged) return { ...learned, level: undefined }
  const { candidate } = weigh(level, period.merged, sigma, learned.effects)
  const gain = observeGain(measuredGain(level, period.merged, sigma))
  return relearn({ ...learned, level: candidate, observations: [...learned.observations, gain] })
}

function relearn(carried: CarriedBelief): CarriedBelief {
  const { observations, effects, learnedFrom } = carried
  if (observations.length < learnedFrom * LEARNING_GROWTH || observations.length === learnedFrom)
    return carried
  return { ...carried, effects: learnEffects(observations, effects), learnedFrom: observations.length }
}

/** Combines the estimate of a level with independent runs. */
function measureLevel(level: Level | undefined, losses: readonly number[], sigma: number): Level | undefined {
  if (losses.length === 0) return level
  const own = { mean: mean(losses), variance: sigma ** 2 / losses.length }
  if (!level) return own
  const share = level.variance / (level.variance + own.variance)
  return { mean: level.mean + share * (own.mean - level.mean), variance: (1 - share) * level.variance }
}

/** The gain of a candidate's runs over the baseline, in σ. */
export function measuredGain(level: Level, losses: readonly number[], sigma: number): MeasuredGain {
  const variance = level.variance / sigma ** 2 + 1 / losses.length
  return { gain: clampGain((level.mean - mean(losses)) / sigma), variance }
}

/**
 * Estimates the levels of baseline and candidate, given what changes usually do. The difference between measured and expected
 * gain is divided between the two in proportion to their variances.
 */
function weigh(
  level: Level,
  losses: readonly number[],
  sigma: number,
  effects: Effects,
): { baseline: Level; candidate: Level } {
  const measured = measuredGain(level, losses, sigma)
  const effect = judgeEffect(effects, measured)
  const ofBaseline = level.variance / sigma ** 2 / measured.variance
  const ofCandidate = 1 - ofBaseline
  const surprise = (measured.gain - effect.mean) * sigma
  const variance = (share: number) => level.variance * ofCandidate + effect.variance * sigma ** 2 * share ** 2
  return {
    baseline: { mean: level.mean - surprise * ofBaseline, variance: variance(ofBaseline) },
    candidate: { mean: mean(losses) + surprise * ofCandidate, variance: variance(ofCandidate) },
  }
}
