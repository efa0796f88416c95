// The report as markdown, for the step summary of a workflow run.
import type { ProposerTally } from '../propose/proposer-tally.ts'
import { inertText, table, truncateMarkdown } from '../text/markdown.ts'
import { MACHINE_COLUMNS, machineCells, machineWords } from './machines.ts'
import { climbedCells, LADDER_COLUMNS } from './promotion.ts'
import { FAILURE_COLUMNS, proposerFailures } from './proposer-failures.ts'
import { leftOutWords, type Report, type ReportRow, shownRows } from './tally.ts'
import {
  costWords,
  countWords,
  deltaFormat,
  headline,
  runFigures,
  standingWord,
  trustSentences,
  valueFormat,
} from './words.ts'

export { buildReport, type Report, type RunTimes } from './tally.ts'

export interface CheckRun {
  name: string
  status: 'in_progress' | 'completed'
  conclusion?: 'success' | 'neutral' | 'failure'
  title: string
  summary: string
  detailsUrl?: string
}

/** A third of GitHub's limit of 1 MiB, because a character may take three bytes. */
const MAX_SUMMARY_CHARACTERS = 349_000

export interface Links {
  /** Address of the repository: `https://github.com/owner/name`. */
  repository: string
}

/** Headline, figures and one row per candidate, newest last. */
export function renderReport(report: Report, links?: Links): string {
  const { values, percent } = headline(report)
  const name = inertText(report.metric.name, 80)
  const title = `${name} ${values.join(' → ') || 'not measured yet'}`
  const { rows } = report
  const leftOut = leftOutWords(report)
  const parts = [
    `# ${title}${percent === undefined ? '' : ` (${percent})`}`,
    ...renderFailures(report.proposers),
    ...(rows.length > 0 ? [`${countWords(report)}.`] : ['No candidates yet.']),
    runFigures(report)
      .map(([label, value]) => `${label} **${value}**`)
      .join(' · '),
    ...trustSentences(report).map((sentence) => inertText(sentence, 1000)),
    ...(report.limit ? [`No more proposals: ${report.limit}.`] : []),
    ...(leftOut === undefined ? [] : [leftOut]),
    ...(rows.length > 0 ? [rowTable(report, shownRows(report), links)] : []),
    ...renderMachines(report),
    ...renderLadder(report),
  ]
  return truncateMarkdown(parts.join('\n\n'), MAX_SUMMARY_CHARACTERS)
}

/** A warning and a table of reasons, when all attempts of a proposer failed in this job. */
export function renderFailures(proposers: readonly ProposerTally[]): string[] {
  const failures = proposerFailures(proposers)
  if (!failures) return []
  const rows = failures.rows.map(({ proposer, attempts, reason, times }) => [
    inertText(proposer, 80),
    `${attempts}`,
    inertText(reason, 300),
    `${times}`,
  ])
  return [`**Warning: ${inertText(failures.warning, 500)}**`, table(FAILURE_COLUMNS, rows)]
}

function renderMachines({ machines }: Report): string[] {
  if (!machines) return []
  const rows = machineCells(machines).map((cells) => cells.map((cell) => inertText(cell, 200)))
  return ['## Machines', inertText(machineWords(machines), 500), table(MACHINE_COLUMNS, rows)]
}

function renderLadder({ ladder }: Report): string[] {
  if (!ladder) return []
  const rows = ladder.rows.length > 0 ? [table(LADDER_COLUMNS, climbedCells(ladder.rows))] : []
  return ['## Larger scales', ladder.sentences.map((sentence) => inertText(sentence, 500)).join(' '), ...rows]
}

function rowTable(report: Report, rows: readonly ReportRow[], links: Links | undefined): string {
  const value = valueFormat(report)
  const delta = deltaFormat(report)
  return table(
    ['PR', 'change', 'proposer', inertText(report.metric.name, 80), 'Δ', 'verdict', 'cost'],
    rows.map((row) => [
      pullRequestLink(row, links),
      inertText(row.candidate.title, 150),
      inertText(row.candidate.proposer, 80),
      row.value === undefined ? '–' : value(row.value),
      row.delta === undefined ? '–' : delta(row.delta),
      row.standing === 'merged' ? '**merged**' : standingWord(row),
      costWords(row.cost),
    ]),
  )
}

function pullRequestLink({ candidate }: ReportRow, links: Links | undefined): string {
  if (candidate.pullRequest === undefined) return '–'
  const number = `#${candidate.pullRequest}`
  return links ? `[${number}](${links.repository}/pull/${candidate.pullRequest})` : number
}
