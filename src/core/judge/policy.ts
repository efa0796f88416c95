// The gain a candidate needs before it may be merged.
import { formatNumber } from '../text/numbers.ts'
import type { Metric } from '../trial/metric.ts'

/** A gain of 0 or more, in standard deviations of one run or in percent of the baseline's mean. */
export interface Gain {
  kind: 'sigmas' | 'percent'
  value: number
}

export interface JudgePolicy extends Pick<Metric, 'direction'> {
  /** Runs of a new baseline before the first candidate is judged. */
  baselineReplicates: number
  /** Maximum runs of one candidate, at least 2. */
  candidateReplicates: number
  /** Maximum probability that a merged candidate falls short of the required gain, 0 to 0.5. */
  mergeRisk: number
  /** Minimum gain to merge. Default 0. */
  minGain?: Gain
  simplicity?: Simplicity
  /** How much longer than a run of the baseline a run may take, as a share; see `wallAllowanceSeconds`. Default 0.05. */
  allowance?: number
  /** Equal code always gives the same value, so that identical runs are a proof. Default false. */
  deterministic?: boolean
  /** Numbers that must not get worse by more than a margin. Default: none. */
  guards?: readonly JudgedGuard[]
  /** Maximum probability that any guard is worse by more than its margin. */
  guardRisk?: number
  /** A larger gain waits for a person. Absent: a gain beyond everything that this code has shown does. */
  reviewAbove?: Gain
}

export interface JudgedGuard extends Pick<Metric, 'name' | 'direction'> {
  margin: Gain
}

/** How code size changes the required gain. */
export interface Simplicity {
  /** A candidate that removes at least this many lines may be worse by up to `margin`. */
  removedLines: number
  margin: Gain
  /** A candidate that adds more than this many lines must gain at least `gain`. */
  addedLines: number
  gain: Gain
}

/**
 * Most runs of a candidate whose gain is proven, while something else about it is in doubt. Further runs would not settle that:
 * only those that are asked for because the gain is in doubt are bought as long as they are worth their price.
 */
export function mostDoubtedRuns({ candidateReplicates }: Pick<JudgePolicy, 'candidateReplicates'>): number {
  return Math.min(6, candidateReplicates)
}

/** Default of `allowance`. */
export const DEFAULT_ALLOWANCE = 0.05

/** Default of `merge-risk`; docs/deciding.md shows what other values cost. */
export const DEFAULT_MERGE_RISK = 0.12

/** Default of `guard-risk`; docs/deciding.md shows what other values cost. */
export const DEFAULT_GUARD_RISK = 0.1

/** The noise of one run and the baseline's metric, both in the metric's unit: what `Gain` is relative to. */
export interface Units {
  sigma: number
  baseline: number
}

/** Converts a gain to the metric's unit. */
export function inMetric({ kind, value }: Gain, { sigma, baseline }: Units): number {
  return value * (kind === 'sigmas' ? sigma : Math.abs(baseline) / 100)
}

/** A gain as it is written in the configuration: `8 σ`, `10 %`. */
export function formatGain({ kind, value }: Gain): string {
  return `${value} ${kind === 'sigmas' ? 'σ' : '%'}`
}

/** The gain a candidate needs, in the metric's unit. Below 0: the loss it may cause. */
export interface Requirement {
  gain: number
  /** Why the required gain differs from 0, as part of a sentence. */
  why?: string
}

/**
 * The gain a candidate needs: more than 0, or what the configuration requires.
 *
 * @param addedLines lines of code added minus lines removed; comments and blank lines do not count
 */
export function requirement(
  { minGain, simplicity }: Pick<JudgePolicy, 'minGain' | 'simplicity'>,
  addedLines: number,
  units: Units,
): Requirement {
  const least = minGain === undefined ? 0 : inMetric(minGain, units)
  if (simplicity && isSimplification(simplicity, addedLines)) {
    const margin = inMetric(simplicity.margin, units)
    return { gain: -margin, why: `${-addedLines} fewer lines may cost ${formatNumber(margin)}` }
  }
  if (simplicity && addedLines > simplicity.addedLines) {
    const more = inMetric(simplicity.gain, units)
    if (more > least) return { gain: more, why: `${addedLines} more lines require ${formatNumber(more)}` }
  }
  return least > 0 ? { gain: least, why: `a merge requires ${formatNumber(least)}` } : { gain: 0 }
}

/** True for a candidate that removes enough code to be allowed a loss. */
export function isSimplification({ removedLines }: Simplicity, addedLines: number): boolean {
  return addedLines <= -removedLines
}
