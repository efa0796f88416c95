// One line an event, for whoever watches the job.
import type { Candidate } from '../candidate.ts'
import { formatNumber, formatSeconds } from '../text.ts'
import type { TrialResult } from '../trial.ts'
import type { Verdict } from '../verdict.ts'
import { visibleText } from './markdown.ts'

export function describeTrial(result: TrialResult): string {
  const { trial, outcome, value, wallSeconds } = result
  const subject =
    trial.candidate === null ? `baseline ${trial.base.slice(0, 7)}` : `candidate ${trial.candidate}`
  const found = value === undefined ? outcome : formatNumber(value)
  return `trained ${subject}, run ${trial.replicate}: ${found} in ${formatSeconds(wallSeconds)}`
}

/** A candidate as it is called in the log: `#3 "Raise LEARNING_RATE"`, or by its id before it has a number. */
export function describeCandidate(candidate: Candidate): string {
  const name = candidate.pullRequest === undefined ? candidate.id : `#${candidate.pullRequest}`
  return `${name} "${visibleText(candidate.title, 100)}"`
}

export function describeVerdict(candidate: Candidate, verdict: Verdict): string {
  return `${verdict.kind} ${describeCandidate(candidate)}: ${visibleText(verdict.reason, 300)}`
}
