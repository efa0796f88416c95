// Counts the lines of code that a change adds or removes.
import type { Change } from './gate.ts'
import { lex } from './source.ts'

/** A line counts as removed only if this many tokens disappeared per line: joining lines does not simplify code. */
const TOKENS_PER_REMOVED_LINE = 3

/** What a string holds may be a program, encoded perhaps: then it has about this many tokens. */
const TOKEN = /\w{1,3}|[^\w\s]/g

/** Lines of code added minus lines removed. Comments and blank lines do not count. */
export function addedLines(changes: readonly Change[]): number {
  let [lines, tokens, inner] = [0, 0, 0]
  for (const { path, before = '', after = '' } of changes) {
    const [old, now] = [measureCode(path, before), measureCode(path, after)]
    lines += now.lines - old.lines
    tokens += now.tokens - old.tokens
    inner += now.inner - old.inner
  }
  if (lines >= 0) return lines
  // Neither moving code into a string nor shortening a string removes lines elsewhere.
  const removable = Math.floor(Math.max(0, -Math.max(tokens, tokens + inner)) / TOKENS_PER_REMOVED_LINE)
  return 0 - Math.min(-lines, removable)
}

/** Counts the tokens that are neither comments nor layout, those inside strings, and the lines that contain at least part of one. */
function measureCode(path: string, text: string): { lines: number; tokens: number; inner: number } {
  const lines = new Set<number>()
  let [line, tokens, inner] = [0, 0, 0]
  for (const token of lex(path, text)) {
    const last = line + token.text.split('\n').length - 1
    const isCode = token.kind !== 'space' && token.kind !== 'comment'
    tokens += Number(isCode)
    if (token.kind === 'string') inner += token.text.match(TOKEN)?.length ?? 0
    for (let at = line; isCode && at <= last; at++) lines.add(at)
    line = last
  }
  return { lines: lines.size, tokens, inner }
}
