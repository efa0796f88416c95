// The value range of the staircase chart and the positions of its ticks.
import type { Report } from './tally.ts'

/**
 * The range from the best value to the worst baseline, extended towards worse values as far as the steps stay readable: one
 * diverged candidate must not compress all others into a single line.
 *
 * @returns lowest and highest value, which always differ
 */
export function valueDomain(report: Report, before: number): [number, number] {
  const sign = report.metric.direction === 'minimize' ? 1 : -1
  const counted = report.rows.filter(({ standing, delta }) => standing === 'merged' || delta !== undefined)
  const values = counted.flatMap(({ value }) => (value === undefined ? [] : [sign * value]))
  const levels = [before, ...report.rows.flatMap(({ level }) => (level === undefined ? [] : [level]))]
  const costs = levels.map((level) => sign * level)
  const best = Math.min(...values, ...costs)
  const worstLevel = Math.max(...costs)
  const room = Math.max((worstLevel - best) * 0.35, (report.sigma ?? 0) * 5) || Math.abs(before) * 0.05 || 1
  const worst = Math.max(worstLevel, Math.min(Math.max(...values, worstLevel), worstLevel + room))
  const padding = Math.max((worst - best) * 0.07, (report.sigma ?? 0) * 1.5) || room
  const ends = [sign * (best - padding), sign * (worst + padding)] as const
  return [Math.min(...ends), Math.max(...ends)]
}

/** True when a candidate is so much worse that it is drawn at the edge of the chart. */
export function reachesBeyond(report: Report): boolean {
  if (report.before === undefined) return false
  const [low, high] = valueDomain(report, report.before)
  return report.rows.some(
    ({ value, delta }) => value !== undefined && delta !== undefined && (value < low || value > high),
  )
}

/** About `count` evenly spaced round numbers in a range; the spacing is 1, 2 or 5 times a power of ten. */
export function niceTicks(low: number, high: number, count: number): { ticks: number[]; step: number } {
  const raw = (high - low) / Math.max(1, count) || 1
  const power = 10 ** Math.floor(Math.log10(raw))
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= raw) ?? 10)
  const first = Math.ceil(low / step - 1e-9)
  const last = Math.floor(high / step + 1e-9)
  const ticks = Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => (first + index) * step)
  return { ticks, step }
}
