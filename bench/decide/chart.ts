// The frontier as a picture: what share of its merges a rule gets wrong, against how much it gains.
import type { Row } from './measure.ts'

const [WIDTH, HEIGHT, LEFT, BOTTOM, GAP] = [440, 380, 52, 44, 24]
const MAX_FALSE_PERCENT = 65
const MAX_GAIN_PERCENT = 120
const COLOURS = { ours: '#1a7f37', shipped: '#1a7f37', others: '#57606a' }

type Point = Pick<Row, 'rule' | 'falseMergePercent' | 'percentOfGreedy'> & { mix: string }

/**
 * One panel a mix, side by side; ours are filled, the shipped one is the large one.
 *
 * @param named rules that are written beside their point; the others show their name when pointed at
 */
export function renderFrontier(rows: readonly Point[], named: ReadonlySet<string>): string {
  const panels = [...Map.groupBy(rows, ({ mix }) => mix)]
  const width = panels.length * (WIDTH + GAP)
  const drawn = panels.map(
    ([mix, points], index) =>
      `<g transform="translate(${index * (WIDTH + GAP)} 0)">${axes(mix)}${points.map((point) => mark(point, named)).join('')}</g>`,
  )
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${HEIGHT}" font-family="system-ui, sans-serif" font-size="11" fill="#24292f"><title>False merges against true gain</title><rect width="100%" height="100%" fill="#ffffff"/>${drawn.join('')}</svg>\n`
}

function axes(mix: string): string {
  const ticks = [0, 10, 20, 30, 40, 50, 60].map(
    (percent) =>
      `<text x="${x(percent)}" y="${HEIGHT - BOTTOM + 16}" text-anchor="middle">${percent} %</text><path d="M${x(percent)} 24V${HEIGHT - BOTTOM}" stroke="#d0d7de" stroke-width="0.5"/>`,
  )
  const levels = [0, 20, 40, 60, 80, 100, 120].map(
    (percent) =>
      `<text x="${LEFT - 6}" y="${y(percent) + 4}" text-anchor="end">${percent} %</text><path d="M${LEFT} ${y(percent)}H${WIDTH}" stroke="#d0d7de" stroke-width="0.5"/>`,
  )
  return `${ticks.join('')}${levels.join('')}<text x="${LEFT}" y="14" font-weight="600">${mix}: true gain, in percent of greedy's</text><text x="${WIDTH}" y="${HEIGHT - 8}" text-anchor="end">share of merges that are no improvement</text>`
}

/** Nothing for a rule that merged nothing. */
function mark({ rule, falseMergePercent, percentOfGreedy }: Point, named: ReadonlySet<string>): string {
  if (falseMergePercent === null || percentOfGreedy === null) return ''
  const isOurs = rule.startsWith('ours')
  const shipped = rule === 'ours, as shipped'
  const colour = isOurs ? COLOURS.ours : COLOURS.others
  const radius = shipped ? 6 : 3.5
  const at = `cx="${x(falseMergePercent)}" cy="${y(percentOfGreedy)}" r="${radius}"`
  const label = named.has(rule) ? shortLabel(rule) : ''
  const before = falseMergePercent > MAX_FALSE_PERCENT / 2
  const beside = x(falseMergePercent) + (before ? -1 : 1) * (radius + 3)
  return `<circle ${at} fill="${isOurs ? colour : '#ffffff'}" stroke="${colour}" stroke-width="1.2"><title>${escapeText(rule)}</title></circle>${label && `<text x="${beside}" y="${y(percentOfGreedy) + 3}" font-size="9" fill="${colour}" text-anchor="${before ? 'end' : 'start'}">${escapeText(label)}</text>`}`
}

/** The name without what is in brackets. */
function shortLabel(rule: string): string {
  return rule.replace(/ \(.*\)$/, '').replace(', as shipped', '')
}

function x(percent: number): number {
  const share = Math.min(percent, MAX_FALSE_PERCENT) / MAX_FALSE_PERCENT
  return Number((LEFT + share * (WIDTH - LEFT)).toFixed(1))
}

function y(percent: number): number {
  const share = Math.min(percent, MAX_GAIN_PERCENT) / MAX_GAIN_PERCENT
  return Number((HEIGHT - BOTTOM - share * (HEIGHT - BOTTOM - 24)).toFixed(1))
}

function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
