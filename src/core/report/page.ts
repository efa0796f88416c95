// The morning report as one self-contained HTML page: no scripts, nothing loaded from anywhere.

import { html, type Markup } from '../text/html.ts'
import { visibleText } from '../text/markdown.ts'
import { formatNumber } from '../text/numbers.ts'
import { PAGE_STYLE } from './page-style.ts'
import type { Links } from './report.ts'
import { renderStaircase } from './staircase.ts'
import { reachesBeyond } from './staircase-scale.ts'
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

/** The page as text. Every word of a candidate in it is escaped. */
export function renderPage(report: Report, found?: Links): string {
  const links = found && /^https?:\/\//.test(found.repository) ? found : undefined
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${titleText(report)}</title>
<style>${{ markup: PAGE_STYLE }}</style>
</head>
<body>
<main>
${renderHeader(report, links)}
${renderFigure({ ...report, rows: shownRows(report).map(({ row }) => row) }, links)}
<dl>${runFigures(report).map(([label, value]) => html`<div><dt>${label}</dt><dd>${value}</dd></div>`)}</dl>
${renderTrust(report)}
${report.rows.length > 0 ? renderRows(report, links) : undefined}
${renderReading(report)}
<footer>Made by Autoresearch Action from the ledger of this repository.</footer>
</main>
</body>
</html>
`
  return page.markup
}

function titleText(report: Report): string {
  const { values, percent } = headline(report)
  return `${report.metric.name} ${values.join(' → ') || 'not measured yet'}${percent === undefined ? '' : ` (${percent})`}`
}

function renderHeader(report: Report, links: Links | undefined): Markup {
  const { values, percent } = headline(report)
  const [before, after] = values
  const name = links?.repository.split('/').slice(-2).join('/')
  const better = report.metric.direction === 'minimize' ? 'lower' : 'higher'
  return html`<header>
<p class="eyebrow">Autoresearch${name === undefined ? undefined : html` · <a href="${links?.repository ?? ''}">${name}</a>`}</p>
<h1><span class="metric">${report.metric.name}, ${better} is better</span>
<span class="values">${before ?? 'not measured yet'}${after === undefined ? undefined : html` <span class="arrow">→</span> ${after}`}</span>
${percent === undefined ? undefined : html`<span class="percent ${improved(report) ? 'better' : 'worse'}">${percent}</span>`}</h1>
<p class="lead">${report.rows.length === 0 ? 'No candidates yet.' : `${countWords(report)}.`}${report.limit === undefined ? undefined : ` No more proposals: ${report.limit}.`}</p>
</header>`
}

function improved({ before = 0, after = 0, metric }: Report): boolean {
  return metric.direction === 'minimize' ? after < before : after > before
}

function renderFigure(report: Report, links: Links | undefined): Markup | undefined {
  const href = (row: ReportRow) => pullRequestAddress(row, links)
  const wide = renderStaircase(report, { width: 976, height: 440, labels: true, href })
  const narrow = renderStaircase(report, { width: 390, height: 320, labels: false, href })
  if (!wide || !narrow) return undefined
  const key = (mark: Markup, words: string) =>
    html`<span><svg viewBox="0 0 14 14" aria-hidden="true">${mark}</svg>${words}</span>`
  return html`<figure>
<div class="wide">${wide}</div><div class="narrow">${narrow}</div>
<figcaption>
${key(html`<path class="stairs" d="M1 4H7V10H13"/>`, 'baseline')}
${report.sigma ? key(html`<rect class="band" y="2" width="14" height="10"/>`, '± σ of one run') : undefined}
${key(html`<circle class="dot merged" cx="7" cy="7" r="5.5"/>`, 'merged')}
${key(html`<circle class="dot" cx="7" cy="7" r="4"/>`, 'rejected')}
${report.counts.parked > 0 ? key(html`<circle class="dot parked" cx="7" cy="7" r="4"/>`, 'parked') : undefined}
${reachesBeyond(report) ? key(html`<path class="dot clipped" d="M3 10L7 3L11 10"/>`, 'worse than the scale') : undefined}
${report.counts.crashed > 0 ? key(html`<path class="cross crashed" d="M3.5 3.5l7 7m0 -7l-7 7"/>`, 'no number') : undefined}
${report.counts.cut > 0 ? key(html`<path class="cross cut" d="M3.5 3.5l7 7m0 -7l-7 7"/>`, 'cut') : undefined}
</figcaption>
</figure>`
}

function renderTrust(report: Report): Markup | undefined {
  const sentences = trustSentences(report)
  if (sentences.length === 0) return undefined
  return html`<section class="reading">
<h2>How far to trust it</h2>
${sentences.map((sentence) => html`<p>${visibleText(sentence, 1000)}</p>`)}
</section>`
}

function renderRows(report: Report, links: Links | undefined): Markup {
  const leftOut = leftOutWords(report)
  return html`<section>
<h2>Every candidate</h2>
<table>
<thead><tr><th>#</th><th>change</th><th class="number optional">runs</th><th class="number optional">${report.metric.name}</th><th class="number">Δ</th><th>verdict</th></tr></thead>
<tbody>
${shownRows(report).map(({ row, position }) => renderRow(report, row, position, links))}</tbody>
</table>
${leftOut === undefined ? undefined : html`<p>${leftOut}</p>`}
</section>`
}

function renderRow(report: Report, row: ReportRow, position: number, links: Links | undefined): Markup {
  const { candidate, standing } = row
  const href = pullRequestAddress(row, links)
  const title = html`<strong>${visibleText(candidate.title, 200)}</strong>`
  return html`<tr class="${standing}">
<td class="index">${position}</td>
<td class="title">${href === undefined ? title : html`<a href="${href}">${title}</a>`}
<small>${candidate.category} · ${visibleText(candidate.proposer, 80)} · ${costWords(row.cost)}</small></td>
<td class="number optional">${row.runs}</td>
<td class="number optional">${row.value === undefined ? '–' : valueFormat(report)(row.value)}</td>
<td class="number delta">${row.delta === undefined ? '–' : deltaFormat(report)(row.delta)}</td>
<td><span class="badge ${standing}" title="${visibleText(candidate.verdict?.reason ?? '', 500)}">${standingWord(row)}</span></td>
</tr>
`
}

function renderReading({ metric, sigma }: Report): Markup {
  const noise =
    sigma === undefined
      ? 'How much one run varies is not known yet.'
      : `The same code, trained again, varies by σ = ${formatNumber(sigma)}.`
  return html`<section class="reading">
<h2>How to read this</h2>
<p>Each dot is <b>one change</b>, trained within the same time budget and placed at its mean ${metric.name}. A change
that holds up in repeated runs is <b>merged</b>, and the line steps to the new baseline, measured without the run that
got the change noticed. Everything else is closed with its number.</p>
<p>${noise} A single run can be lucky by that much, which is why nothing is merged on one run.</p>
</section>`
}

function pullRequestAddress({ candidate }: ReportRow, links: Links | undefined): string | undefined {
  if (!links || candidate.pullRequest === undefined) return undefined
  return `${links.repository}/pull/${candidate.pullRequest}`
}
