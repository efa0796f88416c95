// The chart of the report: one dot per candidate, and the baseline as a line that steps with every merge.
import { html, type Markup } from '../text/html.ts'
import { visibleText } from '../text/markdown.ts'
import { placeLabels, type Segment } from './staircase-labels.ts'
import { niceTicks, valueDomain } from './staircase-scale.ts'
import type { Report, ReportRow, Standing } from './tally.ts'
import { standingWord, valueFormat } from './words.ts'

/** Standings without a value, drawn as crosses. */
const CROSSED: ReadonlySet<Standing> = new Set(['crashed', 'cut'])

export interface StaircaseLayout {
  width: number
  height: number
  /** Whether there is room for the titles of merged candidates. */
  labels: boolean
  /** Address of the row's pull request, if known. */
  href(row: ReportRow): string | undefined
}

interface Point {
  row: ReportRow
  x: number
  y: number
  /** True when the value is outside the scale, so that the point is drawn at its edge. */
  clipped: boolean
}

interface Step {
  x: number
  level: number
}

/** The chart's contents and its pixel scales, shared by all draw functions. */
interface Chart {
  report: Report
  layout: StaircaseLayout
  left: number
  right: number
  top: number
  bottom: number
  domain: [number, number]
  x(position: number): number
  y(value: number): number
}

/**
 * Draws the chart as SVG.
 *
 * @returns undefined without candidates or without a measured baseline
 */
export function renderStaircase(report: Report, layout: StaircaseLayout): Markup | undefined {
  const { before } = report
  if (before === undefined || report.rows.length === 0) return undefined
  const chart = makeChart(report, layout, before)
  const points = makePoints(chart)
  const steps = makeSteps(chart, before)
  const merged = points.filter(({ row }) => row.standing === 'merged')
  return html`<svg viewBox="0 0 ${layout.width} ${layout.height}" role="img" aria-label="${describe(report)}">
${drawGrid(chart)}${drawBand(chart, steps)}
<path class="stairs" d="${stairsPath(chart, steps)}"/>
${points.filter(({ row }) => row.standing !== 'merged').map((point) => drawPoint(point, chart))}
${report.rows.flatMap((row, index) => (CROSSED.has(row.standing) ? [drawCross(row, index, chart)] : []))}
${merged.map((point) => drawPoint(point, chart))}
${layout.labels ? drawLabels(chart, points, merged, steps) : []}</svg>`
}

function makeChart(report: Report, layout: StaircaseLayout, before: number): Chart {
  const [left, right, top, bottom] = [62, layout.width - 14, 14, layout.height - 44]
  const domain = valueDomain(report, before)
  const [low, high] = domain
  return {
    ...{ report, layout, left, right, top, bottom, domain },
    x: (position) => left + ((right - left) * (position + 0.4)) / (report.rows.length + 0.8),
    y: (value) => bottom - ((bottom - top) * (value - low)) / (high - low),
  }
}

/** Points for candidates with a comparable value: those that the judge refused to compare are omitted. */
function makePoints({ report, domain: [low, high], x, y }: Chart): Point[] {
  return report.rows.flatMap((row, index) => {
    if (row.value === undefined || CROSSED.has(row.standing)) return []
    if (row.delta === undefined && row.standing !== 'merged') return []
    const shown = Math.min(high, Math.max(low, row.value))
    return [{ row, x: x(index + 1), y: y(shown), clipped: shown !== row.value }]
  })
}

function makeSteps(chart: Chart, before: number): Step[] {
  const merges = chart.report.rows.flatMap(({ level }, index) =>
    level === undefined ? [] : [{ x: chart.x(index + 1), level }],
  )
  return [{ x: chart.left, level: before }, ...merges]
}

function stairsPath({ y, right }: Chart, steps: readonly Step[]): string {
  const [first, ...rest] = steps
  if (!first) return ''
  const path = rest.map(({ x, level }) => `H${round(x)}V${round(y(level))}`)
  return `M${round(first.x)} ${round(y(first.level))}${path.join('')}H${round(right)}`
}

/** Draws ± σ of one run around the baseline: a dot inside the band may be noise. */
function drawBand({ report, y, right, top, bottom }: Chart, steps: readonly Step[]): Markup[] {
  const { sigma } = report
  if (!sigma) return []
  return steps.map(({ x, level }, index) => {
    const until = steps[index + 1]?.x ?? right
    const upper = Math.max(top, y(level + sigma))
    const height = Math.max(0, Math.min(bottom, y(level - sigma)) - upper)
    return html`<rect class="band" x="${round(x)}" y="${round(upper)}" width="${round(until - x)}" height="${round(height)}"/>`
  })
}

function drawGrid({ report, layout, domain: [low, high], left, right, bottom, x, y }: Chart): Markup[] {
  const values = niceTicks(low, high, layout.height / 60)
  const digits = Math.max(0, ...values.ticks.map((tick) => decimals(tick, values.step)))
  const counts = niceTicks(1, report.rows.length, layout.width / 90).ticks.filter(Number.isInteger)
  return [
    ...values.ticks.map(
      (
        tick,
      ) => html`<line class="grid" x1="${left}" x2="${right}" y1="${round(y(tick))}" y2="${round(y(tick))}"/>
<text class="tick" x="${left - 10}" y="${round(y(tick) + 4)}" text-anchor="end">${tick.toFixed(digits)}</text>`,
    ),
    html`<line class="axis" x1="${left}" x2="${right}" y1="${bottom}" y2="${bottom}"/>`,
    ...counts.map(
      (tick) =>
        html`<text class="tick" x="${round(x(tick))}" y="${bottom + 18}" text-anchor="middle">${tick}</text>`,
    ),
    html`<text class="tick" x="${round((left + right) / 2)}" y="${bottom + 37}" text-anchor="middle">candidate</text>`,
  ]
}

function decimals(tick: number, step: number): number {
  return tick === 0 ? 0 : Math.min(10, Math.max(0, -Math.floor(Math.log10(step) + 1e-9)))
}

function drawPoint({ row, x, y, clipped }: Point, chart: Chart): Markup {
  const merged = row.standing === 'merged'
  const radius = merged ? markSize(chart, 3.5, 5.5) : markSize(chart, 1.8, 4)
  const away = chart.y(0) > chart.y(1) === (chart.report.metric.direction === 'minimize') ? -1 : 1
  const mark = clipped
    ? html`<path class="dot clipped" d="M${round(x - 4)} ${round(y - 4 * away)}L${round(x)} ${round(y + 3 * away)}L${round(x + 4)} ${round(y - 4 * away)}"/>`
    : html`<circle class="dot ${row.standing}" cx="${round(x)}" cy="${round(y)}" r="${radius}"/>`
  return linked(row, mark, chart)
}

/** Draws a candidate without a value as a cross on the x-axis. */
function drawCross(row: ReportRow, index: number, chart: Chart): Markup {
  const [x, y] = [chart.x(index + 1), chart.bottom]
  const size = markSize(chart, 3, 7)
  const d = `M${round(x - size / 2)} ${round(y - size / 2)}l${size} ${size}m0 -${size}l-${size} ${size}`
  return linked(row, html`<path class="cross ${row.standing}" d="${d}"/>`, chart)
}

/** The size of a mark: the distance between candidates, within the given limits. */
function markSize({ report, left, right }: Chart, smallest: number, largest: number): number {
  const distance = (right - left) / (report.rows.length + 1)
  return round(Math.min(largest, Math.max(smallest, distance)))
}

function linked(row: ReportRow, mark: Markup, { report, layout }: Chart): Markup {
  const value = row.value === undefined ? '' : ` ${valueFormat(report)(row.value)}`
  const title = html`<title>${visibleText(row.candidate.title, 100)}: ${standingWord(row)}${value}</title>`
  const href = layout.href(row)
  return href === undefined ? html`<g>${title}${mark}</g>` : html`<a href="${href}">${title}${mark}</a>`
}

function drawLabels(
  { left, right, top, bottom, y, report }: Chart,
  points: readonly Point[],
  merged: readonly Point[],
  steps: readonly Step[],
): Markup[] {
  const lines = steps.flatMap(({ x, level }, index): Segment[] => {
    const next = steps[index + 1]
    const across = { x1: x, x2: next?.x ?? right, y1: y(level), y2: y(level) }
    return next ? [across, { x1: next.x, x2: next.x, y1: y(level), y2: y(next.level) }] : [across]
  })
  const wanted = merged.map((point) => ({ ...point, text: visibleText(point.row.candidate.title, 34) }))
  const side = report.metric.direction === 'minimize' ? 1 : -1
  return placeLabels(wanted, { points, lines, side, left, right, top, bottom }).map(
    ({ text, x, y: baseline, anchor }) =>
      html`<text class="label" x="${round(x)}" y="${round(baseline)}" text-anchor="${anchor}">${text}</text>`,
  )
}

function describe({ metric, candidates, counts }: Report): string {
  return `How ${metric.name} changed: ${candidates} tried, ${counts.merged} merged`
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
