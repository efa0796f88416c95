// Log lines: one per event.
import { type Candidate, isAa } from '../record/candidate.ts'
import type { Certification } from '../record/certification.ts'
import { candidateMergedAs } from '../record/merges.ts'
import type { State } from '../record/state.ts'
import type { TrialResult } from '../record/trial.ts'
import type { Verdict } from '../record/verdict.ts'
import { visibleText } from '../text/markdown.ts'
import { formatNumber, formatSeconds } from '../text/numbers.ts'

export function describeTrial(result: TrialResult): string {
  const { trial, outcome, value, wallSeconds, reason } = result
  const { protocol } = trial
  const subject =
    trial.candidate === null
      ? `${protocol.purpose === 'promote' ? 'stack' : 'baseline'} ${trial.base.slice(0, 7)}`
      : `candidate ${trial.candidate}`
  const found = value === undefined ? outcome : formatNumber(value)
  const purpose =
    protocol.purpose === 'certify'
      ? ' to certify'
      : protocol.purpose === 'promote'
        ? ` at ${protocol.scale}`
        : ''
  const why = reason === undefined ? '' : `: ${visibleText(reason, 200)}`
  return `trained ${subject}, run ${trial.replicate}${purpose}: ${found} in ${formatSeconds(wallSeconds)}${why}`
}

/** A candidate's name in the log: `#3 "Raise LEARNING_RATE"`, with its id until it has a pull request. */
export function describeCandidate(candidate: Candidate): string {
  const name = candidate.pullRequest === undefined ? candidate.id : `#${candidate.pullRequest}`
  return `${name} "${visibleText(candidate.title, 100)}"`
}

/** `#3 "Raise LEARNING_RATE": 1 merge does not hold: …`. Names the baseline commit when several merges are certified. */
export function describeCertification(state: State, { to, merges, reason }: Certification): string {
  const merged = merges === 1 ? candidateMergedAs(state, to) : undefined
  return `${merged ? describeCandidate(merged) : `baseline ${to.slice(0, 7)}`}: ${visibleText(reason, 300)}`
}

/** A merge by its commit: `#3 "Raise LEARNING_RATE"`. */
export function describeMerge(state: State, merge: string): string {
  const candidate = candidateMergedAs(state, merge)
  return candidate ? describeCandidate(candidate) : merge.slice(0, 7)
}

export function describeVerdict(candidate: Candidate, verdict: Verdict): string {
  const kind = isAa(candidate) && verdict.kind === 'merge' ? 'would merge' : verdict.kind
  return `${kind} ${describeCandidate(candidate)}: ${visibleText(verdict.reason, 300)}`
}
