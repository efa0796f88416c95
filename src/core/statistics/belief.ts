// Estimates from the ledger how good the current baseline is, how certain that is, and what changes to it usually do. Losses
// are oriented: lower is better, whatever the metric's direction.
import {
  clampGain,
  DEFAULT_EFFECTS,
  type Effects,
  judgeEffect,
  type LearnedEffects,
  learnEffects,
  type MeasuredGain,
  type Observation,
  observeGain,
  sumUpEffects,
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
  /**
   * Places among `tried` of candidates with a run that shares its seed, and so its luck, with a run of the baseline. They
   * tell what changes do, but nothing about the level.
   */
  sharing?: readonly number[]
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
  /** What was learned from observations before them, of candidates that were archived. */
  before?: LearnedEffects
  /** Number of observations from which the effects were learned, those before included. */
  learnedFrom: number
}

/** A belief that no longer changes: the candidates and runs behind it were archived. */
export interface FrozenBelief extends LearnedEffects {
  /** Absent while the baseline is not measured. */
  level?: Level
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
export function believe(carried: CarriedBelief, period: BaselinePeriod, sigma: number): CarriedBelief {
  return conclude(carried, weighPeriod(carried, period, sigma))
}

/** A period weighed candidate by candidate, so that it can be continued when candidates are added. */
export interface WeighedPeriod {
  /** The level before the first candidate and after each; empty while the baseline is not measured. */
  levels: readonly Level[]
  /** One per candidate. */
  observations: readonly Observation[]
}

/**
 * Weighs the runs and candidates of one period.
 *
 * @param known a weighing of the same carried belief and own runs, which is continued
 * @param same how many candidates it has in common with this period, from the first
 */
export function weighPeriod(
  carried: CarriedBelief,
  { measured, tried, sharing = [] }: BaselinePeriod,
  sigma: number,
  known?: WeighedPeriod,
  same = 0,
): WeighedPeriod {
  const observations = known?.observations.slice(0, same) ?? []
  const levels = known?.levels.slice(0, same + 1) ?? []
  const first = levels.length > 0 ? undefined : measureLevel(carried.level, measured, sigma)
  if (first) levels.push(first)
  for (const runs of tried.slice(observations.length)) {
    const level = levels.at(-1)
    if (!level) break
    const place = observations.push(observeGain(measuredGain(level, runs, sigma))) - 1
    if (sharing.includes(place)) {
      levels.push(level)
      continue
    }
    const { baseline } = weigh(level, runs, sigma, carried.effects)
    levels.push({ mean: baseline.mean, variance: baseline.variance + DRIFT_VARIANCE * sigma ** 2 })
  }
  return { levels, observations }
}

/** What is believed after a weighed period. */
export function conclude(carried: CarriedBelief, { levels, observations }: WeighedPeriod): CarriedBelief {
  const all = [...carried.observations, ...observations]
  return relearn({ ...carried, level: levels.at(-1), observations: all })
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
  return { ...sumUpEffects(effects, count), ...(level && { level }) }
}

/** A frozen belief, to be continued with later candidates. */
export function thaw({ level, effects, observations }: FrozenBelief): CarriedBelief {
  const before = { effects, observations }
  return { level, effects, observations: [], before, learnedFrom: observations }
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
