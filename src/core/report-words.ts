// The words and numbers that the markdown report and the page have in common.
import { formatPercent } from './comparison.ts'
import { type Report, type ReportRow, STANDINGS } from './report.ts'
import { formatNumber, formatSeconds } from './text.ts'

/** `2.6100 → 2.0200`, `−22.6 %`; parts are undefined until measured. */
export function headline(report: Report): { values: string | undefined; percent: string | undefined } {
  const { before, after } = report
  if (before === undefined) return { values: undefined, percent: undefined }
  const format = valueFormat(report)
  if (after === undefined || after === before) return { values: format(before), percent: undefined }
  const percent = before === 0 ? undefined : formatPercent((after - before) / Math.abs(before))
  return { values: `${format(before)} → ${format(after)}`, percent }
}

/** Equal decimals for all values, as many as the noise leaves meaning: two digits of σ. */
export function valueFormat({ sigma, before }: Report): (value: number) => string {
  const unit = sigma || Math.abs(before ?? 1) / 1000 || 1
  const digits = Math.max(0, 1 - Math.floor(Math.log10(unit)))
  return (value) => (digits > 8 || Math.abs(value) >= 1e6 ? formatNumber(value) : value.toFixed(digits))
}

/** A difference with its sign, in the same decimals. */
export function deltaFormat(report: Report): (delta: number) => string {
  const format = valueFormat(report)
  return (delta) => `${delta < 0 ? '−' : '+'}${format(Math.abs(delta))}`
}

/** `3 merged, 7 rejected, 1 crashed`: what there is of each. */
export function countWords({ counts }: Report): string {
  const words = STANDINGS.filter((standing) => counts[standing] > 0)
  return words.map((standing) => `${counts[standing]} ${standing.replace('-', ' ')}`).join(', ')
}

/** How a candidate ended in a word or two: `merged`, `crashed`, `timed-out`. */
export function standingWord({ standing, failure }: ReportRow): string {
  return standing === 'crashed' ? (failure ?? standing) : standing.replace('-', ' ')
}

/** Numbers about the run itself, as label and value. */
export function runFigures({ rows, trials, run, usage }: Report): [label: string, value: string][] {
  const tokens = usage.inputTokens + usage.outputTokens
  const available = run.seconds * (run.devices ?? 1)
  return [
    ['candidates', `${rows.length}`],
    ['trials', `${trials}`],
    ['wall time', formatSeconds(run.seconds)],
    ['device busy', available > 0 ? `${Math.round((100 * run.busySeconds) / available)} %` : '–'],
    ['tokens', formatCount(tokens)],
    ['model cost', `$${usage.dollars.toFixed(2)}`],
  ]
}

function formatCount(count: number): string {
  if (count < 10_000) return `${count}`
  return count < 1_000_000 ? `${Math.round(count / 1000)}k` : `${(count / 1_000_000).toFixed(1)}M`
}
