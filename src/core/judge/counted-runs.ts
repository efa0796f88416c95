// Which runs of a candidate can be compared with the baseline: those with a number, in the usual time, from as many values.
import type { TrialResult } from '../record/trial.ts'
import type { Verdict } from '../record/verdict.ts'
import { mean, median } from '../statistics/noise.ts'
import { DEFAULT_ALLOWANCE, type JudgePolicy } from './policy.ts'

interface Runs {
  baseline: readonly TrialResult[]
  candidate: readonly TrialResult[]
}

type Failure = Pick<Verdict, 'reason' | 'failure'>

export type CountedRuns =
  /** The candidate has to be rejected. */
  | { kind: 'failure'; failure: Failure }
  /** `late`: a sentence about the only run that took too long, or so long that it was killed. */
  | { kind: 'counted'; inTime: TrialResult[]; late?: string }

/** Longer runs are mentioned from this share on: a smaller difference is usual on a shared machine. */
const MENTIONED_SHARE = 0.05

/**
 * Wall time that one run of a candidate may take before its number stops counting: the usual time, plus a share of it and
 * 2 s, measured from outside. Training longer does not make a better model.
 */
export function wallAllowanceSeconds(usualSeconds: number, allowance = DEFAULT_ALLOWANCE): number {
  return usualSeconds * (1 + allowance) + 2
}

/** Mean wall time of runs, without those that took more than the allowance over the median: there the machine was slow. */
export function usualSecondsOf(runs: readonly TrialResult[]): number {
  const seconds = runs.map(({ wallSeconds }) => wallSeconds)
  const limit = wallAllowanceSeconds(median(seconds))
  return mean(seconds.filter((one) => one <= limit))
}

/** @param usualSeconds default: that of the baseline's runs */
export function countedRuns(
  runs: Runs,
  { allowance }: Pick<JudgePolicy, 'allowance'>,
  usualSeconds = usualSecondsOf(runs.baseline),
): CountedRuns {
  const limit = wallAllowanceSeconds(usualSeconds, allowance)
  const late = runs.candidate.filter(
    (run) => (run.outcome === 'measured' || isTimedOut(run)) && run.wallSeconds > limit,
  )
  const inTime = runs.candidate.filter((run) => !late.includes(run))
  const failure = firstFailure(runs, inTime) ?? repeatedlyLate(runs, late, usualSeconds)
  if (failure) return { kind: 'failure', failure }
  const [run] = late
  return {
    kind: 'counted',
    inTime,
    ...(run && { late: describeLate(runs, run, usualSeconds) }),
  }
}

function firstFailure({ baseline, candidate }: Runs, inTime: readonly TrialResult[]): Failure | undefined {
  const most = Math.max(...baseline.map(({ metricLines }) => metricLines ?? Number.POSITIVE_INFINITY))
  for (const result of inTime) {
    const run = nameRun(candidate, result)
    const { outcome, metricLines = 0 } = result
    if (outcome !== 'measured') {
      const why = result.reason ? `: ${result.reason}` : ''
      return { reason: `${run} ended ${outcome}${why}`, failure: outcome }
    }
    // Choosing among more values gives a better one by luck.
    if (baseline.length > 0 && metricLines > most)
      return {
        reason: `${run} printed the metric ${metricLines} times, more often than the baseline (${most})`,
        failure: 'invalid-metric',
      }
  }
  return undefined
}

/** A second run that takes too long is the code's fault. And no candidate may discard its bad runs by taking longer. */
function repeatedlyLate(runs: Runs, late: readonly TrialResult[], usualSeconds: number): Failure | undefined {
  const last = late.at(-1)
  if (last === undefined || late.length < 2) return undefined
  const reason = `${describeLate(runs, last, usualSeconds)}; ${isTimedOut(last) ? 'an earlier run took too long, too' : 'an earlier run was too'}`
  return { reason, ...(late.every(isTimedOut) && { failure: 'timed-out' }) }
}

function describeLate({ candidate }: Runs, result: TrialResult, usualSeconds: number): string {
  const [took, usual] = [result.wallSeconds.toFixed(1), usualSeconds.toFixed(1)]
  const how = isTimedOut(result) ? 'timed out' : 'is over-budget'
  return `${nameRun(candidate, result)} ${how}: ${took} s, and a run takes ${usual} s`
}

function isTimedOut({ outcome }: TrialResult): boolean {
  return outcome === 'timed-out'
}

function nameRun(candidate: readonly TrialResult[], result: TrialResult): string {
  return `run ${candidate.indexOf(result) + 1} of ${candidate.length}`
}

/** Mentions that a candidate takes longer, as the end of a sentence: with fixed steps, that alone may have made it better. */
export function describeLongerRuns(
  { baseline, candidate }: Runs,
  usualSeconds = usualSecondsOf(baseline),
): string {
  const longer = meanSeconds(candidate) / usualSeconds - 1
  if (!(longer > MENTIONED_SHARE)) return ''
  return `, runs ${Math.round(100 * longer)} % longer than the baseline's`
}

function meanSeconds(runs: readonly TrialResult[]): number {
  return mean(runs.map(({ wallSeconds }) => wallSeconds))
}
