// What is asked of a candidate before it may be merged, as the configuration says it.

import { formatNumber } from '../text/numbers.ts'
import type { Metric } from '../trial/metric.ts'

/** A gain in standard deviations of one run, or in percent of the baseline's mean; 0 or more. */
export interface Gain {
  kind: 'sigmas' | 'percent'
  value: number
}

export interface JudgePolicy extends Pick<Metric, 'direction'> {
  /** Runs of a baseline about which nothing is known yet, before anything is judged. */
  baselineReplicates: number
  /** Most runs of one candidate, at least 2. */
  candidateReplicates: number
  /** A candidate is merged when the probability that it does not bring what it has to is at most this; 0 to 0.5. */
  mergeRisk: number
  /** What a merge has to bring at least. */
  minGain?: Gain
  simplicity?: Simplicity
  /** A larger gain that the training script itself reported waits for a person. */
  reviewAbove?: Gain
}

/** What lines of code are worth. */
export interface Simplicity {
  /** A candidate with at least this many lines fewer may be worse by up to `margin`. */
  removedLines: number
  margin: Gain
  /** A candidate with more than this many lines more has to bring at least `gain`. */
  addedLines: number
  gain: Gain
}

/** Shipped defaults; docs/deciding.md shows what other choices cost. */
export const DEFAULT_MERGE_RISK = 0.18

/** What gains are measured in: the noise of one run and the size of the baseline's metric, both in the metric's unit. */
export interface Units {
  sigma: number
  baseline: number
}

export function inMetric({ kind, value }: Gain, { sigma, baseline }: Units): number {
  return value * (kind === 'sigmas' ? sigma : Math.abs(baseline) / 100)
}

/** A gain as it is written in the configuration: `8 σ`, `10 %`. */
export function formatGain({ kind, value }: Gain): string {
  return `${value} ${kind === 'sigmas' ? 'σ' : '%'}`
}

/** What a candidate has to bring, in the metric's unit: below 0, it may be worse by that. */
export interface Requirement {
  gain: number
  /** Why it is not simply more than nothing. */
  why?: string
}

/**
 * What a candidate has to bring: more than nothing, or more than that where the configuration asks for it.
 *
 * @param addedLines lines of code added less lines removed; comments and blank lines are none
 */
export function requirement(
  { minGain, simplicity }: Pick<JudgePolicy, 'minGain' | 'simplicity'>,
  addedLines: number,
  units: Units,
): Requirement {
  const least = minGain === undefined ? 0 : inMetric(minGain, units)
  if (simplicity && isSimplification(simplicity, addedLines)) {
    const margin = inMetric(simplicity.margin, units)
    return { gain: -margin, why: `${-addedLines} lines fewer may be worse by ${formatNumber(margin)}` }
  }
  if (simplicity && addedLines > simplicity.addedLines) {
    const more = inMetric(simplicity.gain, units)
    if (more > least)
      return { gain: more, why: `${addedLines} lines more have to bring ${formatNumber(more)}` }
  }
  return least > 0 ? { gain: least, why: `a merge has to bring ${formatNumber(least)}` } : { gain: 0 }
}

/** True for a candidate that only has to be not worse by more than its margin. */
export function isSimplification({ removedLines }: Simplicity, addedLines: number): boolean {
  return addedLines <= -removedLines
}
