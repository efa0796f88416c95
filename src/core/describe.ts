// One line a trial, for whoever watches the job.
import { formatNumber, formatSeconds } from './text.ts'
import type { TrialResult } from './trial.ts'

export function describeTrial(result: TrialResult): string {
  const { trial, outcome, value, wallSeconds } = result
  const subject =
    trial.candidate === null ? `baseline ${trial.base.slice(0, 7)}` : `candidate ${trial.candidate}`
  const found = value === undefined ? outcome : formatNumber(value)
  return `trained ${subject}, run ${trial.replicate}: ${found} in ${formatSeconds(wallSeconds)}`
}
