// The pattern that finds a printed value again.
import type { Segment } from './printed.ts'

/** The number, NaN or infinity that follows, without punctuation. */
const NUMBER = '[-+.\\w]+'

/** `Loss 0.52 (0.49)`: the value of the last batch, and in brackets the mean of all, which counts. */
const MEAN_NEXT = /^\s*\($/

/**
 * The pattern that finds the value printed right after `word`.
 *
 * @param group name of the capture group; empty for the only group of the pattern
 */
export function patternAfter(segments: readonly Segment[], word: RegExp, group = ''): string | undefined {
  for (const [index, segment] of segments.entries()) {
    const found = segment === null ? null : word.exec(segment)
    if (segment === null || !found || segments[index + 1] !== null) continue
    const between = segment.slice(found.index + found[0].length)
    if (/[A-Za-z0-9]/.test(between) || between.length > 20) continue
    const before = segment.slice(0, found.index)
    const isStart = index === 0 && before.trim() === ''
    const start = isStart ? '^\\s*' : '\\b'
    const capture = group === '' ? '(' : `(?<${group}>`
    // A value printed with a width has blanks before it.
    const gap = /\s$/.test(between) ? '' : '\\s*'
    const label = `${isStart && before === '' ? '^' : start}${literal(found[0] + between)}${gap}`
    const [next, second] = segments.slice(index + 2)
    const skipped = MEAN_NEXT.test(next ?? '') && second === null ? `${NUMBER}\\s*\\(` : ''
    return `${label}${skipped}${capture}${valueBefore(skipped === '' ? next : undefined)}`
  }
  return undefined
}

/** Letters right after the value, such as a unit, would be taken for a part of it. */
function valueBefore(next: Segment | undefined): string {
  const unit = /^[A-Za-z_%]+/.exec(next ?? '')?.[0]
  return unit === undefined || unit.startsWith('%') ? `${NUMBER})` : `${NUMBER}?)${literal(unit)}\\b`
}

/** The text as a regular expression in which any white space matches any other. */
function literal(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\/]/g, '\\$&').replaceAll(/\s+/g, '\\s+')
}
