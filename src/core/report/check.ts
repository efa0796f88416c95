// The check run on a candidate's commit, during training and after the verdict.
import type { Config } from '../config/config.ts'
import type { MeasuredEvidence } from '../judge/judge.ts'
import type { Simplicity } from '../judge/policy.ts'
import { type Candidate, isAa } from '../record/candidate.ts'
import { isSandboxed, type TrialResult } from '../record/trial.ts'
import type { Verdict } from '../record/verdict.ts'
import { fence, inertText, inertTitle, truncateMarkdown } from '../text/markdown.ts'
import { formatNumber, formatScore, formatSeconds, formatSigned } from '../text/numbers.ts'
import type { Metric } from '../trial/metric.ts'
import { TRUST_WORDS } from '../trial/trust.ts'
import { compare, comparisonTable, crossingLines, guardLines, trialTable } from './comparison.ts'
import type { CheckRun } from './report.ts'
import { IDENTICAL_RUNS } from './words.ts'

/** GitHub's limit for the summary of a check run. */
const MAX_SUMMARY_CHARACTERS = 65_535

export interface VerdictFacts {
  candidate: Candidate
  verdict: Verdict
  evidence: MeasuredEvidence
  config: { metric: Pick<Metric, 'name' | 'deterministic'>; simplicity?: Simplicity }
}

export const CONCLUSIONS = {
  merge: 'success',
  reject: 'failure',
  park: 'neutral',
  review: 'neutral',
} as const

function checkName(metric: Pick<Metric, 'name'>): string {
  return `autoresearch / ${inertTitle(metric.name, 80)}`
}

/**
 * The check of a candidate whose pull request was just opened.
 *
 * @param detailsUrl page of the workflow run
 */
export function startedCheck(
  candidate: Pick<Candidate, 'base'>,
  config: Pick<Config, 'metric' | 'budgetSeconds'>,
  detailsUrl?: string,
): CheckRun {
  const metric = inertText(config.metric.name, 80)
  const summary =
    `A run is meant to take ${formatSeconds(config.budgetSeconds)}. The candidate's ${metric} is compared with baseline ` +
    `${candidate.base.slice(0, 7)}. This check completes automatically.`
  return { ...frame(config, summary, detailsUrl), status: 'in_progress', title: 'Training run 1…' }
}

/** The check after the judge has decided. Success always means merge. */
export function concludedCheck(facts: VerdictFacts, detailsUrl?: string): CheckRun {
  const { evidence, verdict, config } = facts
  const summary = [
    ...refusalLines(facts.candidate),
    ...aaLines(facts.candidate),
    renderVerdict(verdict),
    comparisonTable(config.metric.name, compare(evidence)),
    ...crossingLines(evidence),
    ...guardLines(verdict),
    ...gainLines(verdict),
    noiseLine(verdict.sigma ?? evidence.sigma, config.metric),
    ...sizeLines(facts),
    ...trustLines(evidence),
    ...(evidence.candidate.length > 0 ? ['### Runs of this candidate', trialTable(evidence.candidate)] : []),
    ...evidence.candidate.filter(({ outcome }) => outcome !== 'measured').map(renderFailure),
  ]
  return {
    ...frame(config, summary.join('\n\n'), detailsUrl),
    status: 'completed',
    conclusion: isAa(facts.candidate) ? 'neutral' : CONCLUSIONS[verdict.kind],
    title: `${facts.candidate.refusal === undefined ? '' : 'GitHub refused the merge; '}${isAa(facts.candidate) ? 'A/A, ' : ''}${verdictTitle(config.metric, evidence, verdict)}`,
  }
}

/** Explains the verdict of an A/A candidate. Empty for other candidates. */
export function aaLines(candidate: Pick<Candidate, 'origin' | 'verdict'>): string[] {
  if (!isAa(candidate)) return []
  const not = candidate.verdict?.kind === 'merge' ? '' : ' not'
  return [
    `**A/A**: this candidate changes nothing and is closed whatever the verdict. It would${not} have been merged.`,
  ]
}

/** Why an accepted candidate is not merged. Empty for other candidates. */
export function refusalLines({ refusal }: Pick<Candidate, 'refusal'>): string[] {
  return refusal === undefined ? [] : [`**GitHub refused the merge**: ${inertText(refusal, 1000)}`]
}

/** The check of a candidate that a person ended, or that was replaced, before it was decided. */
export function endedCheck(config: VerdictFacts['config'], reason: string, detailsUrl?: string): CheckRun {
  return {
    ...frame(config, `**Not decided**: ${inertText(reason, 1000)}`, detailsUrl),
    status: 'completed',
    conclusion: 'neutral',
    title: inertTitle(reason, 200),
  }
}

/** The fields that all our checks share: the name, a summary within GitHub's limit, and the link. */
export function frame(config: VerdictFacts['config'], summary: string, detailsUrl: string | undefined) {
  return {
    name: checkName(config.metric),
    summary: truncateMarkdown(summary, MAX_SUMMARY_CHARACTERS),
    ...(detailsUrl === undefined ? {} : { detailsUrl }),
  }
}

/** The decision and its reason, in one line of markdown. */
export function renderVerdict(verdict: Verdict): string {
  const name = { merge: 'Merge', reject: 'Reject', park: 'Park', review: 'Review' }[verdict.kind]
  const action = verdict.kind === 'review' ? '. A person decides: merge this pull request or close it.' : ''
  return `**${name}**: ${inertText(verdict.reason, 1000)}${action}`
}

/** How far the numbers can be trusted: who reported them, and which sandbox isolated the code. Empty without runs. */
export function trustLines({ baseline, candidate }: MeasuredEvidence): string[] {
  const results = [...baseline, ...candidate]
  if (results.length === 0) return []
  const sources = distinct(results.map(trustWords))
  const sandboxes = distinct(
    results.map((result) => (isSandboxed(result) ? inertText(result.sandbox, 200) : '**no sandbox**')),
  )
  return [`Metric: ${sources.join(', ')}. Sandbox: ${sandboxes.join(', ')}.`]
}

/** Without a sandbox, who measured a value says little: the code could change any file and process. */
function trustWords(result: Pick<TrialResult, 'trust' | 'sandbox'>): string {
  return isSandboxed(result) ? TRUST_WORDS[result.trust] : `**unprotected** (${TRUST_WORDS[result.trust]})`
}

function distinct(texts: readonly string[]): string[] {
  return [...new Set(texts)]
}

/** Explains why the verdict's gain differs from the difference of the means. */
function gainLines({ gain, measured }: Verdict): string[] {
  if (gain === undefined || measured === undefined) return []
  return [
    `Measured gain relative to the estimated baseline: ${formatNumber(measured)}. ` +
      `Expected gain after correction for luck: ${formatNumber(gain)}.`,
  ]
}

/** `Code: 12 fewer lines.` Empty unless the configuration values simplicity. */
function sizeLines({ candidate: { addedLines = 0 }, config }: VerdictFacts): string[] {
  if (config.simplicity === undefined || addedLines === 0) return []
  const count = Math.abs(addedLines)
  return [`Code: ${count} ${addedLines < 0 ? 'fewer' : 'more'} ${count === 1 ? 'line' : 'lines'}.`]
}

/** The noise of one run, so that readers can tell whether a difference is real. */
export function noiseLine(
  sigma: number | undefined,
  { deterministic }: Pick<Metric, 'deterministic'>,
): string {
  if (sigma === undefined) return 'The noise of one run is not known yet.'
  if (sigma === 0)
    return deterministic
      ? 'Repeated runs of equal code are identical (σ = 0).'
      : inertText(IDENTICAL_RUNS, 1000)
  return `One run varies by σ = ${formatNumber(sigma)}, pooled over repeated runs of equal code.`
}

/** `val_bpb 2.3412 (−0.0312, z = 3.4): merge`, or what went wrong: `run 1 crashed: reject`. */
function verdictTitle(metric: Pick<Metric, 'name'>, evidence: MeasuredEvidence, verdict: Verdict): string {
  const failed = evidence.candidate.findIndex(({ outcome }) => outcome !== 'measured')
  const decision = verdict.kind === 'review' ? 'a person decides' : verdict.kind
  const outcome = evidence.candidate[failed]?.outcome
  if (outcome)
    return `run ${failed + 1} ${outcome === 'cut' ? 'was cut early' : `ended ${outcome}`}: ${decision}`
  const { candidate, delta } = compare(evidence)
  if (!candidate) return `${inertTitle(verdict.reason, 150)}: ${decision}`
  const value = `${inertTitle(metric.name, 80)} ${formatNumber(candidate.mean)}`
  if (verdict.noEffect) return `${value} (no effect): ${decision}`
  const change = delta === undefined ? [] : [formatSigned(delta)]
  // A measured candidate without a gain: the judge refused to compare it, and the reason says why.
  const score = verdict.gain === undefined && !verdict.lostGuard ? ['not comparable'] : zScore(verdict)
  const guard = verdict.lostGuard === undefined ? [] : [`guard ${inertTitle(verdict.lostGuard, 64)} lost`]
  const facts = [...change, ...score, ...guard].join(', ')
  return `${value}${facts && ` (${facts})`}: ${decision}`
}

function zScore({ z }: Verdict): string[] {
  return z === undefined ? [] : [`z = ${formatScore(z).replace('-', '−')}`]
}

function renderFailure({ trial, outcome, reason, tail }: TrialResult): string {
  const ended = outcome === 'cut' ? 'was **cut** early' : `ended **${outcome}**`
  const why = `Run ${trial.replicate} ${ended}${reason ? `: ${inertText(reason, 600)}` : '.'}`
  if (!tail) return why
  return `${why}\n\n<details><summary>End of its output</summary>\n\n${fence(tail, 'text')}\n\n</details>`
}
