// How much code a change adds or removes, in lines.
import type { Change } from './gate.ts'
import { lex } from './source.ts'

/** A line counts as removed only when this much code went with it: joining lines makes nothing simpler. */
const TOKENS_PER_REMOVED_LINE = 3

/** Lines of code added less lines removed; comments and blank lines are none. */
export function addedLines(changes: readonly Change[]): number {
  let [lines, tokens] = [0, 0]
  for (const { path, before = '', after = '' } of changes) {
    const [old, now] = [measureCode(path, before), measureCode(path, after)]
    lines += now.lines - old.lines
    tokens += now.tokens - old.tokens
  }
  if (lines >= 0) return lines
  const gone = Math.floor(Math.max(0, -tokens) / TOKENS_PER_REMOVED_LINE)
  return 0 - Math.min(-lines, gone)
}

/** Tokens that are neither comment nor layout, and the lines that hold at least part of one. */
function measureCode(path: string, text: string): { lines: number; tokens: number } {
  const lines = new Set<number>()
  let [line, tokens] = [0, 0]
  for (const token of lex(path, text)) {
    const last = line + token.text.split('\n').length - 1
    const isCode = token.kind !== 'space' && token.kind !== 'comment'
    tokens += Number(isCode)
    for (let at = line; isCode && at <= last; at++) lines.add(at)
    line = last
  }
  return { lines: lines.size, tokens }
}
