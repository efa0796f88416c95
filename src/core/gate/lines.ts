// How much code a change adds or removes, in lines.
import type { Change } from './gate.ts'
import { lex } from './source.ts'

/** Lines of code added less lines removed; comments and blank lines are none. */
export function addedLines(changes: readonly Change[]): number {
  return changes.reduce(
    (sum, { path, before = '', after = '' }) => sum + codeLines(path, after) - codeLines(path, before),
    0,
  )
}

/** Lines that hold at least part of a token that is neither comment nor layout. */
function codeLines(path: string, text: string): number {
  const lines = new Set<number>()
  let line = 0
  for (const token of lex(path, text)) {
    const last = line + token.text.split('\n').length - 1
    const isCode = token.kind !== 'space' && token.kind !== 'comment'
    for (let at = line; isCode && at <= last; at++) lines.add(at)
    line = last
  }
  return lines.size
}
