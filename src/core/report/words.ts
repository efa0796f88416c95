// Words and numbers shared by the markdown report and the HTML page.
import type { Usage } from '../record/candidate.ts'
import { type Cost, tokensOf } from '../record/cost.ts'
import { visibleText } from '../text/markdown.ts'
import { formatNumber, formatSeconds } from '../text/numbers.ts'
import { certificationWords, certifiedShare } from './certification.ts'
import { formatPercent } from './comparison.ts'
import { busyFraction, type Report, type ReportRow, STANDINGS } from './tally.ts'

/** `2.61 → 2.04` and `−21.8 %`. No values before the first measurement; no percentage while nothing has changed. */
export function headline(report: Report): { values: string[]; percent: string | undefined } {
  const { before, after } = report
  if (before === undefined) return { values: [], percent: undefined }
  if (after === undefined || after === before)
    return { values: formatAlike(report, [before]), percent: undefined }
  const percent = before === 0 ? undefined : formatPercent((after - before) / Math.abs(before))
  return { values: formatAlike(report, [before, after]), percent }
}

/** Formats with one digit of σ, which is enough for a headline, and without zeros that all values end in. */
function formatAlike(report: Report, values: readonly number[]): string[] {
  let texts = values.map(valueFormat(report, 1))
  while (texts.every((text) => /\.\d+0$/.test(text))) texts = texts.map((text) => text.slice(0, -1))
  return texts
}

/** Formats values with equal decimals, as many as are significant given the noise: by default two digits of σ. */
export function valueFormat({ sigma, before }: Report, sigmaDigits = 2): (value: number) => string {
  const unit = sigma || Math.abs(before ?? 1) / 1000 || 1
  const digits = Math.max(0, sigmaDigits - 1 - Math.floor(Math.log10(unit)))
  return (value) => (digits > 8 || Math.abs(value) >= 1e6 ? formatNumber(value) : value.toFixed(digits))
}

/** Formats differences with their sign and the same decimals. */
export function deltaFormat(report: Report): (delta: number) => string {
  const format = valueFormat(report)
  return (delta) => `${delta < 0 ? '−' : '+'}${format(Math.abs(delta))}`
}

/** `3 merged, 7 rejected, 1 crashed`. Counts of 0 are omitted. */
export function countWords({ counts }: Pick<Report, 'counts'>): string {
  const words = STANDINGS.filter((standing) => counts[standing] > 0)
  return words.map((standing) => `${counts[standing]} ${standing.replace('-', ' ')}`).join(', ')
}

/** How reliable the decisions are, one sentence each: certification results and the false-accept rate. */
export function trustSentences(report: Report): string[] {
  return [...certificationWords(report.certification), ...aaWords(report), ...identicalWords(report)]
}

function identicalWords({ sigma, metric }: Report): string[] {
  return sigma === 0 && !metric.deterministic ? [IDENTICAL_RUNS] : []
}

/** What to do when repeated runs of equal code give the same value, although nobody says that the metric cannot vary. */
export const IDENTICAL_RUNS =
  'Repeated runs of equal code gave exactly the same value (σ = 0), so seeds have no effect on it and a gain may be luck: ' +
  'candidates that look better wait for a person. Take the seeds of the training script from AUTORESEARCH_SEED (random, ' +
  'numpy, torch and jax of Python do so already), or print more digits of the metric. If the value cannot vary, such as ' +
  'the size of a file, write "deterministic: true" under "metric" in the configuration.'

/** `A/A: 1 of 12 no-op candidates would have been merged (false-accept rate 8 %, 95 % interval 0–38 %).` */
function aaWords({ aa }: Report): string[] {
  if (!aa) return []
  const { judged, accepted, low, high } = aa
  const percent = (share: number) => Math.round(100 * share)
  const candidates = judged === 1 ? 'candidate' : 'candidates'
  return [
    `A/A: ${accepted} of ${judged} no-op ${candidates} would have been merged (false-accept rate ` +
      `${percent(accepted / judged)} %, 95 % interval ${percent(low)}–${percent(high)} %).`,
  ]
}

/** How a candidate ended, in one or two words: `merged`, `crashed`, `timed-out`, `cut`. */
export function standingWord({ standing, failure, candidate }: ReportRow): string {
  const guard = candidate.verdict?.lostGuard
  if (guard !== undefined) return `${standing.replace('-', ' ')}: guard ${visibleText(guard, 64)}`
  return standing === 'crashed' ? (failure ?? standing) : standing.replace('-', ' ')
}

/** The figures above the table: counts, times and costs. */
export function runFigures({ candidates, trials, run, cost, certification }: Report): [string, string][] {
  const { total, perMerge } = cost
  const figures: [label: string, value: string | undefined][] = [
    ['candidates', `${candidates}`],
    ['merges certified', certifiedShare(certification)],
    ['trials', `${trials}`],
    ['wall time', run && formatSeconds(run.seconds)],
    ['device busy', run && `${Math.round(100 * busyFraction(run))} %`],
    ['device time', formatSeconds(total.deviceSeconds)],
    ['tokens', tokenWords(total.usage)],
    ['model cost', dollarWords(total.usage)],
    ['device time per merge', perMerge && formatSeconds(perMerge.deviceSeconds)],
    ['tokens per merge', perMerge && tokenWords(perMerge.usage)],
    ['cost per merge', perMerge && dollarWords(perMerge.usage)],
  ]
  return figures.flatMap(([label, value]) => (value === undefined ? [] : [[label, value]]))
}

/** `31k tokens, 12k of them cached, $0.21, 12m device time`. Zeros are omitted. */
export function costWords({ usage, deviceSeconds }: Cost): string {
  const parts = [
    tokensOf(usage) > 0 && tokenWords(usage, ' tokens'),
    dollarWords(usage),
    deviceSeconds > 0 && `${formatSeconds(deviceSeconds)} device time`,
  ]
  return parts.filter(Boolean).join(', ') || '–'
}

function tokenWords(usage: Usage, unit = ''): string {
  const { cachedTokens = 0, estimated } = usage
  const tokens = `${estimated ? '≈ ' : ''}${formatCount(tokensOf(usage))}${unit}`
  return cachedTokens > 0 ? `${tokens}, ${formatCount(cachedTokens)} of them cached` : tokens
}

/** Undefined without a known price, where $0 would be wrong. */
function dollarWords({ dollars }: Usage): string | undefined {
  return dollars > 0 ? `$${dollars.toFixed(dollars < 0.1 ? 3 : 2)}` : undefined
}

function formatCount(count: number): string {
  if (count < 10_000) return `${count}`
  return count < 1_000_000 ? `${Math.round(count / 1000)}k` : `${(count / 1_000_000).toFixed(1)}M`
}
