// Compares a candidate's runs with the baseline's, as numbers and as the tables used in checks and comments.
import type { MeasuredEvidence } from '../judge/judge.ts'
import { measuredValues, type TrialResult } from '../record/trial.ts'
import type { Verdict } from '../record/verdict.ts'
import { mean, standardDeviation } from '../statistics/noise.ts'
import { inertText, table } from '../text/markdown.ts'
import { formatNumber, formatSeconds, formatShare, formatSigned } from '../text/numbers.ts'
import { claimedSeconds } from '../trial/target.ts'

/** Statistics of repeated runs of equal code, in the metric's unit. */
export interface Spread {
  mean: number
  /** Sample standard deviation; undefined for one run. */
  sd: number | undefined
  runs: number
}

export interface Comparison {
  baseline: Spread | undefined
  candidate: Spread | undefined
  /** Candidate mean minus baseline mean, in the metric's own sign whichever direction is better. */
  delta: number | undefined
}

/** Compares the measured runs. Fields are undefined where nothing was measured. */
export function compare(evidence: Pick<MeasuredEvidence, 'baseline' | 'candidate'>): Comparison {
  const baseline = spread(evidence.baseline)
  const candidate = spread(evidence.candidate)
  return { baseline, candidate, delta: baseline && candidate && candidate.mean - baseline.mean }
}

function spread(results: readonly TrialResult[]): Spread | undefined {
  const values = measuredValues(results)
  if (values.length === 0) return undefined
  return { mean: mean(values), sd: standardDeviation(values), runs: values.length }
}

/** `2.3412 ± 0.0093`, or `–` without measured runs. */
export function formatSpread(spread: Spread | undefined): string {
  if (!spread) return '–'
  return formatNumber(spread.mean) + (spread.sd === undefined ? '' : ` ± ${formatNumber(spread.sd)}`)
}

/** `−0.0312 (−1.3 %)`; without the percentage when `from` is 0. */
export function formatChange(delta: number, from: number): string {
  return formatSigned(delta) + (from === 0 ? '' : ` (${formatPercent(delta / Math.abs(from))})`)
}

/** A signed share in percent: −0.0132 → `−1.3 %`. */
export function formatPercent(share: number): string {
  const percent = Math.abs(share * 100)
  const digits = percent < 0.1 ? 3 : percent < 1 ? 2 : 1
  return `${share < 0 ? '−' : '+'}${percent.toFixed(digits)} %`
}

/** A table of baseline, candidate and difference, as mean ± sd over runs. */
export function comparisonTable(metric: string, comparison: Comparison): string {
  const { baseline, candidate, delta } = comparison
  const row = (name: string, spread: Spread | undefined) => [
    name,
    formatSpread(spread),
    `${spread?.runs ?? 0}`,
  ]
  const change =
    delta !== undefined && baseline ? [['Δ', `**${formatChange(delta, baseline.mean)}**`, '']] : []
  return table(
    ['', inertText(metric, 80), 'runs'],
    [row('baseline', baseline), row('candidate', candidate), ...change],
  )
}

/** A table of the guards. Empty without any. */
export function guardLines({ guards = [] }: Pick<Verdict, 'guards'>): string[] {
  if (guards.length === 0) return []
  const rows = guards.map(({ name, baseline, candidate, margin, risk }) => [
    inertText(name, 80),
    formatNumber(baseline),
    formatNumber(candidate),
    formatChange(candidate - baseline, baseline),
    formatNumber(margin),
    formatShare(risk),
  ])
  return [table(['guard', 'baseline', 'candidate', 'Δ', 'may be worse by', 'risk that it is'], rows)]
}

/** Where the metric is a time to target: what it does not count. Empty for other metrics. */
export function crossingLines({
  baseline,
  candidate,
}: Pick<MeasuredEvidence, 'baseline' | 'candidate'>): string[] {
  const [before, own] = [baseline, candidate].map(describeCrossings)
  if (before === undefined || own === undefined) return []
  const claimed = candidate.map(({ crossing, value = 0 }) =>
    crossing ? value - claimedSeconds(crossing) : 0,
  )
  const added = mean(claimed)
  const beyond =
    added > 0
      ? ` ${formatNumber(added)} s per run that the candidate marked or printed beyond what the runs of the first baseline take count as training.`
      : ''
  return [`Clock at the target: candidate ${own}; baseline ${before}.${beyond}`]
}

/** `70.2 s, 10.1 s of it marked as pauses`, as means. */
function describeCrossings(results: readonly TrialResult[]): string | undefined {
  const crossings = results.flatMap(({ crossing }) => crossing ?? [])
  if (crossings.length === 0) return undefined
  const meanOf = (key: 'seconds' | 'pausedSeconds') => formatNumber(mean(crossings.map((one) => one[key])))
  return `${meanOf('seconds')} s, ${meanOf('pausedSeconds')} s of it marked as pauses`
}

/** A table of all runs with seed, outcome, value and wall time. */
export function trialTable(results: readonly TrialResult[]): string {
  return table(
    ['run', 'seed', 'outcome', 'value', 'wall time'],
    results.map(({ trial, outcome, value, wallSeconds }) => [
      `${trial.replicate}`,
      `${trial.seed}`,
      outcome,
      value === undefined ? '–' : formatNumber(value),
      formatSeconds(wallSeconds),
    ]),
  )
}
