// The judge: decides from measured numbers alone whether a candidate improves the baseline.
import { measuredValues, type TrialResult } from '../record/trial.ts'
import type { Verdict } from '../record/verdict.ts'
import { type Belief, judgeReadings, likeliest, measuredGain } from '../statistics/belief.ts'
import {
  DEFAULT_EFFECTS,
  effectsOfBundles,
  type Posterior,
  untriedImprovement,
} from '../statistics/effects.ts'
import { mean, standardDeviation } from '../statistics/noise.ts'
import { MAX_LEAD_SIGMAS, readRuns } from '../statistics/readings.ts'
import type { Spreads } from '../statistics/spreads.ts'
import { formatNumber, formatScore, formatShare } from '../text/numbers.ts'
import { countedRuns, describeLongerRuns } from './counted-runs.ts'
import { compareFirst } from './movement.ts'
import { type JudgePolicy, mostDoubtedRuns, type Requirement, requirement } from './policy.ts'
import { findSuspicion } from './suspicion.ts'

/** A decision, or the request for one more run before one can be made: of the candidate, unless `of` says of the baseline. */
export type Judgement = Verdict | { kind: 'replicate'; reason: string; of?: 'baseline' }

/** Runs of a candidate and of the baseline it was built on. */
export interface MeasuredEvidence {
  baseline: readonly TrialResult[]
  /** Every run of the candidate's tree, failed ones included. */
  candidate: readonly TrialResult[]
  /** Standard deviation of one run, in the metric's unit; undefined until some code has run twice. */
  sigma: number | undefined
}

export interface Evidence extends MeasuredEvidence, Belief {
  /** Share of outliers among the runs of equal code, above 0. Default: one in 80. */
  outliers?: number
  /** What noise code may have, as multiples of σ. Default: σ. */
  spreads?: Spreads
  /** What research brought lately. Default: nothing was run. */
  yield?: ResearchYield
  /** Whether the baseline ran after the candidate's first run. Default true. */
  compared?: boolean
}

/** What the latest runs were spent on, and what was merged with them. */
export interface ResearchYield {
  runs: number
  merges: number
  /** Expected gain of these merges, in σ. */
  gain: number
}

/** What the judge knows about a candidate besides its runs. */
export interface JudgedCode {
  /** Lines of code added less lines removed. Default 0. */
  addedLines?: number | undefined
  /** Expected wall time of one run, in seconds. Default: the mean over the baseline's runs. */
  usualSeconds?: number | undefined
  /** Measured gains of the merges of this code so far, in the metric's unit. Default: none. */
  shownGains?: readonly number[]
  /** It removes code that looked like a gain before, so it loses something more often than changes usually do. Default false. */
  removesGain?: boolean
  /** It consists of changes that looked good. Default false. */
  isBundle?: boolean
}

/** Required in addition to a low risk: the prior alone never justifies merging. */
const MERGE_Z = 2
/** The same for a simplification, which only has to stay within its margin. */
export const NOT_WORSE_Z = 1
/** Maximum risk that a simplification loses more than its margin: nothing is gained that could make up for it. */
const SIMPLIFICATION_RISK = 0.03
/** The same where the effects of usual changes promise too much, see `removesGain`; docs/measured.md shows why. */
const REMOVAL_RISK = 0.01
/** A candidate is run again while that promises this many times what an average run brings: a merge takes a few more runs. */
const WORTH_ANOTHER_RUN = 4
/** Before anything is known, research brings per run what half an untried candidate promises, which counts like 50 runs. */
const [PRIOR_RUNS, PRIOR_CANDIDATES] = [50, 25]
/**
 * A merge counts as at most this many σ when it is estimated what further ideas bring, and an untried candidate as at most so many
 * times what it promised before anything was known. A larger gain mended something that was far off: counted in full, it would
 * make every smaller gain look not worth a second run.
 */
export const LESSON_SIGMAS = 4
const MOST_PROMISED = 4
export const DEFAULT_OUTLIERS = 1 / 80
/** A candidate that gets no more runs is rejected above this risk, and parked below it: probably good, but unproven. */
export const PARK_RISK = 0.5

/**
 * Judges one candidate. The measured gain is combined with a prior learned from past candidates (statistics/effects.ts). The
 * candidate is merged when the risk that it falls short of the required gain is low, run again while another run is worth
 * more than a new candidate, and otherwise rejected or parked.
 */
export function judge(evidence: Evidence, policy: JudgePolicy, code: JudgedCode = {}): Judgement {
  const counted = countedRuns(evidence, policy, code.usualSeconds)
  const runs = countRuns(evidence)
  if (counted.kind === 'failure') return { kind: 'reject', ...counted.failure, runs }
  const { inTime, late } = counted
  if (late === undefined) return judgeRuns(evidence, policy, code)
  if (inTime.length > 0) {
    const judgement = judgeRuns({ ...evidence, candidate: inTime }, policy, code)
    return withRuns(judgement, `${judgement.reason}; ${late}, so it does not count`, runs)
  }
  // The machine may be to blame for one long run. If even its number is no improvement, another run is not worth it.
  const judgement = measuredValues(evidence.candidate).length > 0 && judgeRuns(evidence, policy, code)
  if (judgement && judgement.kind === 'reject')
    return withRuns(judgement, `${judgement.reason}; ${late}`, runs)
  return { kind: 'replicate', reason: `${late}, so it is measured again` }
}

function withRuns(judgement: Judgement, reason: string, runs: Verdict['runs']): Judgement {
  return judgement.kind === 'replicate' ? { ...judgement, reason } : { ...judgement, reason, runs }
}

/** Judges runs that may be compared. */
function judgeRuns(evidence: Evidence, policy: JudgePolicy, code: JudgedCode): Judgement {
  const { candidate, level, sigma } = evidence
  if (candidate.length === 0) return { kind: 'replicate', reason: 'not trained yet' }
  if (sigma === 0) return judgeExact(evidence, policy, code)
  if (level === undefined || sigma === undefined)
    return { kind: 'replicate', reason: 'the baseline is not measured yet' }

  const units = { sigma, baseline: level.mean }
  const need = requirement(policy, code.addedLines ?? 0, units)
  const { outliers = DEFAULT_OUTLIERS, spreads } = evidence
  const readings = readRuns(losses(candidate, policy), sigma, outliers, spreads)
  const measured = measuredGain(level, readings, sigma)
  const effects = code.isBundle ? effectsOfBundles(evidence.effects) : evidence.effects
  const belief = judgeReadings({ effects, level }, readings, sigma, need.gain / sigma)
  const z = (measured.gain - need.gain / sigma) / Math.sqrt(measured.variance)
  const [gain, plain] = [belief.mean, measured.gain].map((sigmas) => sigmas * sigma) as [number, number]
  const { risk } = belief
  const facts = { gain, measured: plain, sigma, z, risk, runs: countRuns(evidence) }
  const longer = describeLongerRuns(evidence, code.usualSeconds)
  const words = describe(facts, Math.sqrt(belief.variance) * sigma, need)
  const least = need.gain < 0 ? NOT_WORSE_Z : MERGE_Z
  const ofSimpler = code.removesGain ? REMOVAL_RISK : SIMPLIFICATION_RISK
  const highest = need.gain < 0 ? Math.min(policy.mergeRisk, ofSimpler) : policy.mergeRisk
  const proven = candidate.length >= 2 && risk <= highest && z >= least
  if (proven) {
    const proof = `${words} ≤ ${formatShare(highest)}${longer}`
    const { compared = true } = evidence
    const wait = compared
      ? undefined
      : compareFirst(proof, { level, effects }, readings, sigma, need.gain / sigma, policy.mergeRisk)
    return wait ?? acceptOrDoubt(evidence, policy, facts, code, proof)
  }
  return goOnOrStop(evidence, policy, facts, `${words}${longer}`, {
    ...belief,
    needed: need.gain / sigma,
  })
}

type Facts = Omit<Verdict, 'kind' | 'reason'> & { gain: number; sigma: number }

/** Merges a proven gain, unless something makes it implausible: then a person decides. */
function acceptOrDoubt(
  evidence: Evidence,
  policy: JudgePolicy,
  facts: Facts,
  { shownGains: shown = [] }: JudgedCode,
  words: string,
): Judgement {
  const { candidate } = evidence
  if (ignoresSeed(evidence, facts.sigma)) {
    const doubt = `${words}, but its runs vary less than the baseline's`
    return candidate.length < mostDoubtedRuns(policy)
      ? { kind: 'replicate', reason: doubt }
      : { kind: 'review', reason: `${doubt}: seed-insensitive after ${candidate.length} runs`, ...facts }
  }
  if (
    facts.sigma > 0 &&
    isScattered(evidence, policy, facts.sigma) &&
    candidate.length < mostDoubtedRuns(policy)
  )
    return { kind: 'replicate', reason: `${words}, but its runs differ by more than noise explains` }
  const { gain, sigma } = facts
  const before = mean(losses(evidence.baseline, policy))
  const measured = (evidence.level?.mean ?? before) - mean(losses(candidate, policy))
  const proven = { runs: evidence, gain, measured, sigma, baseline: before, shown }
  const suspicion = findSuspicion(proven, policy)
  return suspicion === undefined
    ? { kind: 'merge', reason: words, ...facts }
    : { kind: 'review', reason: `${suspicion}; ${words}`, ...facts }
}

/** Requests another run while it is worth more than a new candidate. */
function goOnOrStop(
  evidence: Evidence,
  policy: JudgePolicy,
  facts: Facts,
  words: string,
  { risk, expectedImprovement, needed }: Posterior & { needed: number },
): Judgement {
  const kind = risk > PARK_RISK ? 'reject' : 'park'
  const { candidate } = evidence
  const price = WORTH_ANOTHER_RUN * yieldPerRun(evidence, needed)
  if (expectedImprovement < price) {
    const [got, asked] = [expectedImprovement, price].map((gain) =>
      formatNumber(gain < 0.001 ? 0 : gain * facts.sigma),
    )
    return { kind, reason: `${words}; expected further gain ${got}, below threshold ${asked}`, ...facts }
  }
  if (candidate.length < policy.candidateReplicates)
    return { kind: 'replicate', reason: `${words}: worth another run` }
  const conclusion = kind === 'park' ? 'promising but unproven' : 'no improvement'
  return { kind, reason: `${words}: ${conclusion} after ${candidate.length} runs`, ...facts }
}

/**
 * What an average run brings, in σ above the needed gain: what merges gained lately, and before that what the prior promises.
 */
function yieldPerRun({ effects, yield: known }: Evidence, needed: number): number {
  const { runs = 0, merges = 0, gain = 0 } = known ?? {}
  const gained = Math.max(0, gain - merges * Math.max(0, needed))
  const promised = Math.min(
    untriedImprovement(effects, needed),
    MOST_PROMISED * untriedImprovement(DEFAULT_EFFECTS, needed),
  )
  return (PRIOR_CANDIDATES * promised + gained) / (PRIOR_RUNS + runs)
}

/** Why several identical runs do not prove a gain. */
const SEEDS_WITHOUT_EFFECT =
  'repeated runs are identical (σ = 0), so they show no more than one run, and a person has to decide'

/**
 * Judges a candidate where repeated runs of equal code are identical. If that is in the nature of the metric, one run shows
 * the gain, and a winner runs once more: if it varies where the baseline does not, it brought its own randomness. Otherwise
 * all runs share one seed, whose luck no number of runs can show, so a person decides.
 */
function judgeExact(evidence: Evidence, policy: JudgePolicy, code: JudgedCode): Judgement {
  const [baseline, candidate] = [evidence.baseline, evidence.candidate].map((runs) => losses(runs, policy))
  const worst = Math.max(...(candidate ?? []))
  const units = { sigma: 0, baseline: mean(baseline ?? []) }
  const gain = units.baseline - worst
  const need = requirement(policy, code.addedLines ?? 0, units)
  const facts = { gain, sigma: 0, runs: countRuns(evidence) }
  const words = `gain ${formatNumber(gain)} over ${inWords(facts.runs.candidate)}${need.why ? `, ${need.why}` : ''}`
  // Written so that a gain that is not a number is rejected. An equal simplification is not worse.
  const enough = need.why === undefined ? gain > 0 : gain >= need.gain
  if (!enough) return { kind: 'reject', reason: `${words}: no improvement`, ...facts }
  if (facts.runs.candidate < 2) return { kind: 'replicate', reason: `${words}: worth another run` }
  if (policy.deterministic)
    return acceptOrDoubt(evidence, policy, facts, code, `${words}; repeated runs are identical (σ = 0)`)
  return { kind: 'review', reason: `${words}; ${SEEDS_WITHOUT_EFFECT}`, ...facts }
}

/**
 * Replicates whose spread is below this share of σ count as one run repeated. By chance one pair in 600 does that. A change that
 * makes training steadier, on a machine that is busy enough to make σ large, comes to a hundredth.
 */
const SEED_INSENSITIVE_SHARE = 0.002

/**
 * True when a candidate ignores the harness's seed, so that one lucky draw would repeat in every replicate. Where the
 * baseline's own runs repeat values, the metric is coarse, and equal values prove nothing.
 */
function ignoresSeed({ baseline, candidate }: Evidence, sigma: number): boolean {
  const coarse = new Set(measuredValues(baseline)).size < baseline.length
  const spread = standardDeviation(measuredValues(candidate)) ?? 0
  return !coarse && spread < SEED_INSENSITIVE_SHARE * sigma
}

/** The measured values as losses: lower is better. */
export function losses(
  results: readonly TrialResult[],
  { direction }: Pick<JudgePolicy, 'direction'>,
): number[] {
  const values = measuredValues(results)
  return direction === 'minimize' ? values : values.map((value) => -value)
}

/** True when a single lucky run may explain the gain. */
function isScattered(
  { candidate, outliers = DEFAULT_OUTLIERS }: Evidence,
  policy: JudgePolicy,
  sigma: number,
): boolean {
  const { kept } = likeliest(readRuns(losses(candidate, policy), sigma, outliers))
  return Math.max(...kept) - Math.min(...kept) > MAX_LEAD_SIGMAS * sigma
}

function countRuns({ baseline, candidate }: Evidence): Verdict['runs'] {
  return { candidate: candidate.length, baseline: baseline.length }
}

function inWords(runs: number): string {
  return `${runs} ${runs === 1 ? 'run' : 'runs'}`
}

/** `gain 0.0031 ± 0.0009 over 3 runs, z = 3.4, false-merge risk 0.8 %` */
function describe({ gain, z = 0, risk = 1, runs }: Facts, error: number, need: Requirement): string {
  const measured = `gain ${formatNumber(gain)} ± ${formatNumber(error)} over ${inWords(runs.candidate)}`
  const asked = need.why === undefined ? '' : `, ${need.why}`
  return `${measured}${asked}, z = ${formatScore(z)}, false-merge risk ${formatShare(risk)}`
}
