// What the record tells about the present baseline: how good it is, how well that is known, and what changes to it usually
// do. Losses are oriented: lower is better, whatever the metric's direction.
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
 * change little are trained to the end: they tell where the baseline is, and would tell it wrong if only the lucky ones
 * among them ended.
 */
export const HOPELESS_SIGMAS = 2

/** Where the baseline's true loss is: a normal distribution, in the metric's unit and its square. */
export interface Level {
  mean: number
  variance: number
}

/** Runs of one candidate that was decided. */
type Tried = readonly number[]

/** The time during which one baseline stood. */
export interface BaselinePeriod {
  /** Runs of the baseline's own code that nobody selected it for. */
  measured: readonly number[]
  /** Candidates that were decided on it and not merged, in the order they were proposed. */
  tried: readonly Tried[]
  /** All runs of the candidate whose merge ended it; absent when a person moved the baseline. */
  merged?: Tried
}

export interface Belief {
  /** Undefined until the present baseline was measured. */
  level: Level | undefined
  effects: Effects
}

/** What is left of the eras that are over. */
export interface CarriedBelief extends Belief {
  observations: readonly Observation[]
  /** How many of them the effects were learned from. */
  learnedFrom: number
}

export const NOTHING_CARRIED: CarriedBelief = {
  level: undefined,
  effects: DEFAULT_EFFECTS,
  observations: [],
  learnedFrom: 0,
}

/** Effects are learned anew when the observations have grown by a tenth, so that a long record costs no more to read. */
const LEARNING_GROWTH = 1.1

/** Variance, in σ², by which the level becomes less certain with every candidate: machines and their clocks drift. */
const DRIFT_VARIANCE = 0.0005

/**
 * What is believed of the baseline that stands now.
 *
 * - Runs of its own code narrow its level down, as independent measurements do.
 * - Rejected candidates tell about it, too: most changes do little, so a baseline that nothing comes near was lucky
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
 * Ends an era. The runs of the merged candidate measure the next baseline. The first was selected for being good, so none
 * is taken at its word: all are weighed against what changes usually do (Efron, "Tweedie's formula and selection bias",
 * 2011). Dropping the first instead costs more than it saves, see docs/deciding.md.
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

/** Adds independent runs to what is known of a level. */
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
 * Where the baseline and the candidate are, given what changes usually do. What the measured gain is off its expectation
 * by is divided between the two as their variances are.
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
