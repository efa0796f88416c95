// The metrics comment on a candidate's pull request: every run compared with the baseline, and the training curves.
import type { MeasuredEvidence } from '../judge/judge.ts'
import type { Candidate } from '../record/candidate.ts'
import { type CostSummary, NO_COST } from '../record/cost.ts'
import type { TrialResult } from '../record/trial.ts'
import { inertText, table, truncateMarkdown } from '../text/markdown.ts'
import { formatNumber } from '../text/numbers.ts'
import type { Metric } from '../trial/metric.ts'
import { aaLines, noiseLine, refusalLines, renderVerdict, type VerdictFacts } from './check.ts'
import { compare, formatChange, formatSpread, guardLines } from './comparison.ts'
import { renderCurveChart } from './curve-chart.ts'
import { MAX_BODY_CHARACTERS } from './pull-request.ts'
import { costWords } from './words.ts'

/** Hidden first line of the metrics comment, used to find and update it. */
export function candidateMarker(candidateId: string): string {
  return `<!-- autoresearch metrics ${candidateId} -->`
}

export interface CommentFacts extends VerdictFacts {
  /** Total cost of the research so far. */
  cost: CostSummary
}

export function renderComment({ candidate, verdict, evidence, config, cost }: CommentFacts): string {
  const chart = renderCurveChart(evidence.baseline, evidence.candidate)
  const body = [
    candidateMarker(candidate.id),
    ...refusalLines(candidate),
    ...aaLines(candidate),
    renderVerdict(verdict),
    metricsTable(config.metric, evidence),
    ...guardLines(verdict),
    noiseLine(verdict.sigma ?? evidence.sigma, config.metric),
    costLines(cost, candidate.id),
    ...(chart === undefined ? [] : [chart, 'Mean training curves. Grey: baseline. Green: this candidate.']),
  ].join('\n\n')
  return truncateMarkdown(body, MAX_BODY_CHARACTERS)
}

/** The comment on a candidate that ended before it was decided, including its marker. */
export function renderEndComment({ id }: Pick<Candidate, 'id'>, reason: string): string {
  return `${candidateMarker(id)}\n\n**Not decided**: ${inertText(reason, 1000)}`
}

function costLines({ byCandidate, total, perMerge }: CostSummary, id: string): string {
  const each = perMerge === undefined ? '' : `; per merge: ${costWords(perMerge)}`
  return `Cost: ${costWords(byCandidate.get(id) ?? NO_COST)}. Research so far: ${costWords(total)}${each}.`
}

function metricsTable(metric: Pick<Metric, 'name'>, evidence: MeasuredEvidence): string {
  const { baseline, candidate, delta } = compare(evidence)
  const change = (value: number | undefined) =>
    value === undefined || !baseline ? '' : formatChange(value - baseline.mean, baseline.mean)
  const run = ({ trial, outcome, value }: TrialResult) => [
    `run ${trial.replicate}`,
    value === undefined ? outcome : formatNumber(value),
    change(value),
  ]
  const summary =
    candidate && candidate.runs > 1 && delta !== undefined
      ? [
          [
            `**candidate**, ${candidate.runs} runs`,
            `**${formatSpread(candidate)}**`,
            `**${change(candidate.mean)}**`,
          ],
        ]
      : []
  return table(
    ['', inertText(metric.name, 80), 'Δ'],
    [
      [`baseline, ${baseline?.runs ?? 0} runs`, formatSpread(baseline), ''],
      ...evidence.candidate.map(run),
      ...summary,
    ],
  )
}
