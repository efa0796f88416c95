// The judge: decides from measured numbers alone whether a candidate is better than the baseline.
import type { Direction } from './metric.ts'
import { formatNumber } from './text.ts'
import type { TrialResult } from './trial.ts'

/** A decision about a candidate. All numbers are in the metric's unit; `gain` is positive when the candidate is better. */
export interface Verdict {
  /** `review`: it looks like an improvement, and whether it is one a person has to say. */
  kind: 'merge' | 'reject' | 'park' | 'review'
  /** One sentence that a person reads on the check run. */
  reason: string
  gain?: number
  /** Standard deviation of one run, pooled over repeated runs of equal code. */
  sigma?: number
  /** Absent when σ is 0: a deterministic metric has no standard score. */
  z?: number
  /** How many runs of the candidate and of the baseline were compared. */
  runs: { candidate: number; baseline: number }
}

/** What `judge` answers: a decision, or that one more run is needed first. */
export type Judgement = Verdict | { kind: 'replicate'; reason: string }

/** A gain in standard deviations of one run, or in percent of the baseline's mean; above 0. */
export interface ReviewAbove {
  kind: 'sigmas' | 'percent'
  value: number
}

export interface JudgePolicy {
  direction: Direction
  /** Runs of the baseline before anything is judged. */
  baselineReplicates: number
  /** Most runs of one candidate, at least 2. */
  candidateReplicates: number
  /** After one run a candidate needs this gain, in σ, to be run again. */
  screenSigmas: number
  /** Standard score from which a candidate is merged. */
  mergeZ: number
  /** After two runs or more a mean gain below this, in σ, is a rejection. */
  rejectSigmas: number
  /** A larger gain that the training script itself reported waits for a person. */
  reviewAbove?: ReviewAbove
}

/** Thresholds of the starting rule; measured on public logs at 1.0–1.2 runs per candidate (see docs/deciding.md). */
export const STARTING_THRESHOLDS = { screenSigmas: 1.5, mergeZ: 2.5, rejectSigmas: 0.8 } as const

/**
 * A candidate may take this much longer than a usual run before its number stops counting: 5 % and 2 s,
 * wall time measured from outside. Training longer is not a better model.
 */
export function wallAllowanceSeconds(usualSeconds: number): number {
  return usualSeconds * 1.05 + 2
}

/**
 * Pooled standard deviation of one run: √(Σ(nᵢ−1)sᵢ² / Σ(nᵢ−1)) over groups of runs of equal code (Cochran & Cox,
 * Experimental Designs, 1957). Groups of one run carry no information about noise and are ignored.
 *
 * @returns undefined when no group has two runs.
 */
export function pooledSigma(groups: readonly (readonly number[])[]): number | undefined {
  let squares = 0
  let degreesOfFreedom = 0
  for (const group of groups) {
    const center = mean(group)
    squares += group.reduce((sum, value) => sum + (value - center) ** 2, 0)
    degreesOfFreedom += Math.max(0, group.length - 1)
  }
  return degreesOfFreedom > 0 ? Math.sqrt(squares / degreesOfFreedom) : undefined
}

/**
 * Judges one candidate against the baseline it was built on: screen after one run, replicate, then
 * z = gain / (σ √(1/n + 1/m)).
 *
 * @param baseline measured runs of the baseline on this testbed
 * @param candidate every run of the candidate's tree, in order, failed ones included
 * @param sigma pooled standard deviation of one run, see `pooledSigma`
 * @param usualSeconds wall time a run may be expected to take; by default what the baseline's runs took
 */
export function judge(
  baseline: readonly TrialResult[],
  candidate: readonly TrialResult[],
  sigma: number,
  policy: JudgePolicy,
  usualSeconds: number = mean(baseline.map((result) => result.wallSeconds)),
): Judgement {
  const runs = { candidate: candidate.length, baseline: baseline.length }
  const failure = firstFailure(candidate, usualSeconds)
  if (failure) return { kind: 'reject', reason: failure, runs }
  if (candidate.length === 0) return { kind: 'replicate', reason: 'not trained yet' }

  const sign = policy.direction === 'minimize' ? 1 : -1
  const gain = sign * (mean(measuredValues(baseline)) - mean(measuredValues(candidate)))
  const standardError = sigma * Math.sqrt(1 / runs.candidate + 1 / runs.baseline)
  const z = standardError > 0 ? gain / standardError : undefined
  const facts = { gain, sigma, ...(z === undefined ? {} : { z }), runs }
  const measured = describeGain(gain, standardError, runs.candidate)

  if (runs.candidate === 1) return screen(gain, sigma, measured, facts, policy)
  // Asked this way round, a gain that is not a number is rejected.
  if (!(gain > 0 && gain >= policy.rejectSigmas * sigma))
    return {
      kind: 'reject',
      reason: `${measured}${fallsShort('under', policy.rejectSigmas, sigma)}`,
      ...facts,
    }
  const accept = (proof: string): Verdict => {
    const exceeded = exceededReview(baseline, candidate, gain, sigma, policy)
    if (exceeded === undefined) return { kind: 'merge', reason: `${measured}${proof}`, ...facts }
    return { kind: 'review', reason: `${measured}${proof}: ${exceeded}`, ...facts }
  }
  if (z === undefined) return accept('; repeated runs are identical (σ = 0)')
  const unproven = (kind: 'park' | 'review', reason: string, conclusion: string): Judgement =>
    runs.candidate < policy.candidateReplicates
      ? { kind: 'replicate', reason }
      : { kind, reason: `${reason}: ${conclusion} after ${runs.candidate} runs`, ...facts }
  if (z < policy.mergeZ)
    return unproven('park', `${measured}, z = ${z.toFixed(1)} < ${policy.mergeZ}`, 'promising but unproven')
  if (ignoresSeed(baseline, candidate, sigma))
    return unproven(
      'review',
      `${measured}, but its runs do not vary as the baseline's do`,
      'seed-insensitive',
    )
  return accept(`, z = ${z.toFixed(1)} ≥ ${policy.mergeZ}`)
}

/** Why a proven gain still waits for a person: too good to believe of a script that reports about itself. */
function exceededReview(
  baseline: readonly TrialResult[],
  candidate: readonly TrialResult[],
  gain: number,
  sigma: number,
  { reviewAbove }: JudgePolicy,
): string | undefined {
  if (!reviewAbove || candidate.every(({ trust }) => trust === 'evaluated')) return undefined
  const { kind, value } = reviewAbove
  const unit = kind === 'sigmas' ? sigma : Math.abs(mean(measuredValues(baseline))) / 100
  if (!(gain > value * unit)) return undefined
  return `self-reported, and above ${value}${kind === 'sigmas' ? ' σ' : ' %'} = ${formatNumber(value * unit)}`
}

/** Replicates that spread less than this part of σ are one run repeated; by chance under 1 % of pairs do. */
const SEED_INSENSITIVE_SHARE = 0.01

/**
 * True when the candidate carries its own randomness, so that one lucky draw would pass every replicate. A baseline
 * that repeats a value too has a coarse metric, and equal values say nothing.
 */
function ignoresSeed(
  baseline: readonly TrialResult[],
  candidate: readonly TrialResult[],
  sigma: number,
): boolean {
  const coarse = new Set(measuredValues(baseline)).size < baseline.length
  const spread = standardDeviation(measuredValues(candidate)) ?? 0
  return !coarse && spread < SEED_INSENSITIVE_SHARE * sigma
}

function screen(
  gain: number,
  sigma: number,
  measured: string,
  facts: Omit<Verdict, 'kind' | 'reason'>,
  policy: JudgePolicy,
): Judgement {
  const passed = gain > 0 && gain >= policy.screenSigmas * sigma
  if (passed) return { kind: 'replicate', reason: `${measured}: worth another run` }
  const short = fallsShort('and one run must gain at least', policy.screenSigmas, sigma)
  return { kind: 'reject', reason: `${measured}${short}`, ...facts }
}

/** Why a gain is not enough: what was asked of it, or that there is none when any would do. */
function fallsShort(words: string, sigmas: number, sigma: number): string {
  return sigma > 0 ? `, ${words} ${sigmas} σ = ${formatNumber(sigmas * sigma)}` : ': no improvement'
}

/** The first reason why the candidate's runs cannot be compared at all: a run without a number, or one that took too long. */
function firstFailure(candidate: readonly TrialResult[], usualSeconds: number): string | undefined {
  const allowance = wallAllowanceSeconds(usualSeconds)
  for (const [index, result] of candidate.entries()) {
    const run = `run ${index + 1} of ${candidate.length}`
    if (result.outcome !== 'measured')
      return `${run} ended ${result.outcome}${result.reason ? `: ${result.reason}` : ''}`
    if (result.wallSeconds > allowance)
      return `${run} is over-budget: ${result.wallSeconds.toFixed(1)} s, and a run takes ${usualSeconds.toFixed(1)} s`
  }
  return undefined
}

function describeGain(gain: number, standardError: number, runs: number): string {
  const error = standardError > 0 ? ` ± ${formatNumber(standardError)}` : ''
  return `gain ${formatNumber(gain)}${error} over ${runs} ${runs === 1 ? 'run' : 'runs'}`
}

export function measuredValues(results: readonly TrialResult[]): number[] {
  return results.flatMap((result) => (result.value === undefined ? [] : [result.value]))
}

/** Summed as differences from the first value, so that equal values have exactly that mean and no spread. NaN for none. */
export function mean(values: readonly number[]): number {
  const [first = Number.NaN] = values
  return first + values.reduce((sum, value) => sum + (value - first), 0) / values.length
}

/** Sample standard deviation; undefined for fewer than two values. */
export function standardDeviation(values: readonly number[]): number | undefined {
  return pooledSigma([values])
}
