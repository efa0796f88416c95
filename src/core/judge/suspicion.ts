// Why a person has to confirm a proven gain: it is too good to be true.
import type { TrialResult } from '../record/trial.ts'
import { mean } from '../statistics/noise.ts'
import { formatNumber } from '../text/numbers.ts'
import { formatGain, inMetric, type JudgePolicy, type Units } from './policy.ts'

interface ProvenGain extends Units {
  runs: { baseline: readonly TrialResult[]; candidate: readonly TrialResult[] }
  /** What can be expected, and what was measured, in the metric's unit. */
  gain: number
  measured: number
  /** Measured gains of the merges of this code so far, in the metric's unit. */
  shown: readonly number[]
}

/** A gain this many times the largest merge so far is beyond everything that the code has shown. */
const BEYOND_SHOWN = 3
/** Merges from which the largest one tells what this code can gain. */
const MIN_SHOWN = 3
/** A gain below this many σ is never too large, once merges were shown. */
const LEAST_SIGMAS = 12
/** Before that, a gain is too large when it exceeds this many σ and this percentage of the baseline. */
const FIRST_SIGMAS = 30
const FIRST_PERCENT = 33
/** A run that takes less than this share of the baseline's time has probably not trained. */
const COLLAPSED_SHARE = 0.5
/** Below this difference, starting the program explains it. */
const COLLAPSED_SECONDS = 0.5

/** @returns the first words of the verdict; undefined when nothing is suspicious */
export function findSuspicion(
  proven: ProvenGain,
  policy: Pick<JudgePolicy, 'reviewAbove'>,
): string | undefined {
  return (
    collapsedTime(proven.runs) ??
    (policy.reviewAbove ? above(proven, policy.reviewAbove) : beyondShown(proven))
  )
}

function above(proven: ProvenGain, reviewAbove: NonNullable<JudgePolicy['reviewAbove']>): string | undefined {
  const limit = inMetric(reviewAbove, proven)
  // The expected gain is cut at as many σ as the belief can express.
  const gain = proven.measured > FIRST_SIGMAS * proven.sigma ? proven.measured : proven.gain
  if (!(gain > limit)) return undefined
  return `the gain is above ${formatGain(reviewAbove)} = ${formatNumber(limit)} (review-above)`
}

function beyondShown(proven: ProvenGain): string | undefined {
  const { measured, sigma, shown } = proven
  const largest = Math.max(0, ...shown)
  const first = Math.max(
    inMetric({ kind: 'sigmas', value: FIRST_SIGMAS }, proven),
    inMetric({ kind: 'percent', value: FIRST_PERCENT }, proven),
  )
  const least = shown.length < MIN_SHOWN ? first : LEAST_SIGMAS * sigma
  const limit = Math.max(least, BEYOND_SHOWN * largest)
  if (!(measured > limit)) return undefined
  const seen =
    shown.length === 0 ? 'nothing was merged yet' : `the largest merge gained ${formatNumber(largest)}`
  return `a gain of ${formatNumber(measured)} is beyond everything that this code has shown (${seen}; set review-above to allow it)`
}

function collapsedTime({ baseline, candidate }: ProvenGain['runs']): string | undefined {
  // Where the metric is the time, a short run is a gain: how large it may be is asked of the gain.
  if (candidate.some(({ crossing }) => crossing)) return undefined
  const seconds = (runs: readonly TrialResult[]) =>
    runs.map(({ trainingSeconds, wallSeconds }) => Math.min(trainingSeconds ?? wallSeconds, wallSeconds))
  // The shortest of the baseline's: a busy machine makes runs longer, and none shorter.
  const [usual, took] = [Math.min(...seconds(baseline)), mean(seconds(candidate))]
  const isCollapsed = took < COLLAPSED_SHARE * usual && usual - took > COLLAPSED_SECONDS
  if (baseline.length === 0 || !isCollapsed) return undefined
  return `training ended after ${took.toFixed(1)} s, and the baseline trains for at least ${usual.toFixed(1)} s`
}
