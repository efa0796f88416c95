// The judge: decides from measured numbers alone whether a candidate is better than the baseline.

import { measuredValues, type TrialResult } from '../record/trial.ts'
import type { Verdict } from '../record/verdict.ts'
import { type Belief, measuredGain } from '../statistics/belief.ts'
import { judgeEffect, type Posterior, untriedPromise } from '../statistics/effects.ts'
import { mean, standardDeviation } from '../statistics/noise.ts'
import { formatNumber, formatScore, formatShare } from '../text/numbers.ts'
import { formatGain, inMetric, type JudgePolicy, type Requirement, requirement } from './policy.ts'

/** What `judge` answers: a decision, or that one more run is needed first. */
export type Judgement = Verdict | { kind: 'replicate'; reason: string }

/** What was measured of a candidate and of the code it was built on. */
export interface MeasuredEvidence {
  baseline: readonly TrialResult[]
  /** Every run of the candidate's tree, failed ones included. */
  candidate: readonly TrialResult[]
  /** Noise of one run; undefined while no code was run twice. */
  sigma: number | undefined
}

/** What a candidate is judged on. */
export interface Evidence extends MeasuredEvidence, Belief {}

/** What the judge knows of a candidate besides its numbers. */
export interface JudgedCode {
  /** Lines of code added less lines removed. Default 0. */
  addedLines?: number | undefined
  /** Wall time a run may be expected to take; by default what the baseline's runs took. */
  usualSeconds?: number | undefined
}

/** Asked for besides the risk, so that no belief about changes in general merges what was hardly measured. */
const MERGE_Z = 2
/** The same for a candidate that removes code and only has to be not worse by more than its margin. */
export const NOT_WORSE_Z = 1
/**
 * A run is spent on a candidate while that promises this much more than one that nobody has tried yet: until a merge it
 * takes two or three of them.
 */
const WORTH_ANOTHER_RUN = 1.75
/** A candidate that was given up is rejected above this risk. Below it is parked: more likely good than not, but unproven. */
const PARK_RISK = 0.5

/**
 * A candidate may take this much longer than a usual run before its number stops counting: 5 % and 2 s,
 * wall time measured from outside. Training longer is not a better model.
 */
export function wallAllowanceSeconds(usualSeconds: number): number {
  return usualSeconds * 1.05 + 2
}

/**
 * Judges one candidate. The measured gain is weighed against what changes usually do (statistics/effects.ts). The
 * candidate is merged when the risk that it does not bring what it has to is small, run again while that promises more
 * than trying something new, and else rejected or parked.
 */
export function judge(evidence: Evidence, policy: JudgePolicy, code: JudgedCode = {}): Judgement {
  const { baseline, candidate, level, sigma } = evidence
  const failure = firstFailure(candidate, code.usualSeconds ?? mean(baseline.map((run) => run.wallSeconds)))
  if (failure) return { kind: 'reject', ...failure, runs: countRuns(evidence) }
  if (candidate.length === 0) return { kind: 'replicate', reason: 'not trained yet' }
  if (sigma === 0) return judgeExact(evidence, policy, code)
  if (level === undefined || sigma === undefined)
    return { kind: 'replicate', reason: 'the baseline is not measured yet' }

  const units = { sigma, baseline: level.mean }
  const need = requirement(policy, code.addedLines ?? 0, units)
  const measured = measuredGain(level, trimLucky(losses(candidate, policy), sigma), sigma)
  const belief = judgeEffect(evidence.effects, measured, need.gain / sigma)
  const z = (measured.gain - need.gain / sigma) / Math.sqrt(measured.variance)
  const [gain, plain] = [belief.mean, measured.gain].map((sigmas) => sigmas * sigma) as [number, number]
  const facts = { gain, measured: plain, sigma, z, risk: belief.risk, runs: countRuns(evidence) }
  const words = describe(facts, Math.sqrt(belief.variance) * sigma, need)
  const least = need.gain < 0 ? NOT_WORSE_Z : MERGE_Z
  const proven = candidate.length >= 2 && belief.risk <= policy.mergeRisk && z >= least
  if (proven) return acceptOrDoubt(evidence, policy, facts, `${words} ≤ ${formatShare(policy.mergeRisk)}`)
  return goOnOrStop(evidence, policy, facts, words, belief)
}

type Facts = Omit<Verdict, 'kind' | 'reason'> & { gain: number; sigma: number }

/** A proven gain is merged, unless it cannot be believed: a person has to look then. */
function acceptOrDoubt(evidence: Evidence, policy: JudgePolicy, facts: Facts, words: string): Judgement {
  const { candidate } = evidence
  if (ignoresSeed(evidence, facts.sigma)) {
    const doubt = `${words}, but its runs do not vary as the baseline's do`
    return candidate.length < policy.candidateReplicates
      ? { kind: 'replicate', reason: doubt }
      : { kind: 'review', reason: `${doubt}: seed-insensitive after ${candidate.length} runs`, ...facts }
  }
  if (isScattered(evidence, facts.sigma) && candidate.length < policy.candidateReplicates)
    return { kind: 'replicate', reason: `${words}, but its runs are further apart than noise makes them` }
  const suspicion = exceededReview(evidence, policy, facts)
  return suspicion === undefined
    ? { kind: 'merge', reason: words, ...facts }
    : { kind: 'review', reason: `${words}: ${suspicion}`, ...facts }
}

/** Spends another run while that is worth more than trying something new. */
function goOnOrStop(
  { candidate, effects }: Evidence,
  policy: JudgePolicy,
  facts: Facts,
  words: string,
  { risk, promise }: Posterior,
): Judgement {
  const kind = risk > PARK_RISK ? 'reject' : 'park'
  const price = WORTH_ANOTHER_RUN * untriedPromise(effects)
  if (promise < price) {
    const [got, asked] = [promise, price].map((gain) => formatNumber(gain < 0.001 ? 0 : gain * facts.sigma))
    return { kind, reason: `${words}; more runs promise ${got}, and are worth it from ${asked}`, ...facts }
  }
  if (candidate.length < policy.candidateReplicates)
    return { kind: 'replicate', reason: `${words}: worth another run` }
  const conclusion = kind === 'park' ? 'promising but unproven' : 'no improvement'
  return { kind, reason: `${words}: ${conclusion} after ${candidate.length} runs`, ...facts }
}

/**
 * Repeated runs of equal code are identical, so one run shows the gain. A winner runs once more: if it varies where the
 * baseline does not, it has brought randomness of its own, and its first number was luck.
 */
function judgeExact(evidence: Evidence, policy: JudgePolicy, code: JudgedCode): Judgement {
  const [baseline, candidate] = [evidence.baseline, evidence.candidate].map((runs) => losses(runs, policy))
  const worst = Math.max(...(candidate ?? []))
  const units = { sigma: 0, baseline: mean(baseline ?? []) }
  const gain = units.baseline - worst
  const need = requirement(policy, code.addedLines ?? 0, units)
  const facts = { gain, sigma: 0, runs: countRuns(evidence) }
  const words = `gain ${formatNumber(gain)} over ${countWords(facts.runs.candidate)}${need.why ? `, ${need.why}` : ''}`
  // Asked this way round, a gain that is not a number is rejected. A simplification that is equal is not worse.
  const enough = need.why === undefined ? gain > 0 : gain >= need.gain
  if (!enough) return { kind: 'reject', reason: `${words}: no improvement`, ...facts }
  if (facts.runs.candidate < 2) return { kind: 'replicate', reason: `${words}: worth another run` }
  return acceptOrDoubt(evidence, policy, facts, `${words}; repeated runs are identical (σ = 0)`)
}

/** Why a proven gain still waits for a person: too good to believe of a script that reports about itself. */
function exceededReview(
  { baseline, candidate }: Evidence,
  { reviewAbove }: JudgePolicy,
  { gain, sigma }: Facts,
): string | undefined {
  if (!reviewAbove || candidate.every(({ trust }) => trust === 'evaluated')) return undefined
  const limit = inMetric(reviewAbove, { sigma, baseline: mean(measuredValues(baseline)) })
  if (!(gain > limit)) return undefined
  return `self-reported, and above ${formatGain(reviewAbove)} = ${formatNumber(limit)}`
}

/** Replicates that spread less than this part of σ are one run repeated; by chance one pair in 60 does, and no three do. */
const SEED_INSENSITIVE_SHARE = 0.01

/**
 * True when the candidate carries its own randomness, so that one lucky draw would pass every replicate. A baseline
 * that repeats a value too has a coarse metric, and equal values say nothing.
 */
function ignoresSeed({ baseline, candidate }: Evidence, sigma: number): boolean {
  const coarse = new Set(measuredValues(baseline)).size < baseline.length
  const spread = standardDeviation(measuredValues(candidate)) ?? 0
  return !coarse && spread < SEED_INSENSITIVE_SHARE * sigma
}

/** The values, lower is better. */
export function losses(
  results: readonly TrialResult[],
  { direction }: Pick<JudgePolicy, 'direction'>,
): number[] {
  const values = measuredValues(results)
  return direction === 'minimize' ? values : values.map((value) => -value)
}

/** Two runs are rarely further apart than this, one pair in 200; of six runs the best and the worst in one case of 20. */
const MAX_LEAD_SIGMAS = 4

/** True when one lucky run may have carried the others. */
function isScattered({ candidate }: Evidence, sigma: number): boolean {
  const values = measuredValues(candidate)
  return sigma > 0 && Math.max(...values) - Math.min(...values) > MAX_LEAD_SIGMAS * sigma
}

/** Takes the excess from runs far better than the worst one: with heavy tails one of them could win alone. */
function trimLucky(values: readonly number[], sigma: number): number[] {
  const best = Math.max(...values) - MAX_LEAD_SIGMAS * sigma
  return values.map((value) => Math.max(value, best))
}

/** The first reason why the candidate's runs cannot be compared at all: a run without a number, or one that took too long. */
function firstFailure(
  candidate: readonly TrialResult[],
  usualSeconds: number,
): Pick<Verdict, 'reason' | 'failure'> | undefined {
  const allowance = wallAllowanceSeconds(usualSeconds)
  for (const [index, result] of candidate.entries()) {
    const run = `run ${index + 1} of ${candidate.length}`
    const { outcome, wallSeconds } = result
    if (outcome !== 'measured') {
      const why = result.reason ? `: ${result.reason}` : ''
      return { reason: `${run} ended ${outcome}${why}`, failure: outcome }
    }
    if (wallSeconds > allowance) {
      const [took, usual] = [wallSeconds.toFixed(1), usualSeconds.toFixed(1)]
      return { reason: `${run} is over-budget: ${took} s, and a run takes ${usual} s` }
    }
  }
  return undefined
}

function countRuns({ baseline, candidate }: Evidence): Verdict['runs'] {
  return { candidate: candidate.length, baseline: baseline.length }
}

function countWords(runs: number): string {
  return `${runs} ${runs === 1 ? 'run' : 'runs'}`
}

/** `gain 0.0031 ± 0.0009 over 3 runs, z = 3.4, false-merge risk 0.8 %` */
function describe({ gain, z = 0, risk = 1, runs }: Facts, error: number, need: Requirement): string {
  const measured = `gain ${formatNumber(gain)} ± ${formatNumber(error)} over ${countWords(runs.candidate)}`
  const asked = need.why === undefined ? '' : `, ${need.why}`
  // A risk too small for a floating-point number comes out as 0, and is none the less one.
  return `${measured}${asked}, z = ${formatScore(z)}, false-merge risk ${formatShare(risk === 0 ? Number.MIN_VALUE : risk)}`
}
