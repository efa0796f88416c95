// Two versions of a file as a unified diff, for a model to read.

const CONTEXT_LINES = 3
/** Most pairs of lines that are compared; beyond it the whole differing middle counts as replaced. */
const MAX_PAIRS = 4_000_000

interface Edit {
  mark: ' ' | '-' | '+'
  line: string
}

/** The hunks of a change with three lines around them, under the usual two lines that name the file. */
export function unifiedDiff(path: string, before: string, after: string): string {
  const edits = compareLines(before.split('\n'), after.split('\n'))
  return [`--- a/${path}`, `+++ b/${path}`, ...hunksOf(edits)].join('\n')
}

function compareLines(a: readonly string[], b: readonly string[]): Edit[] {
  let start = 0
  while (start < a.length && start < b.length && a[start] === b[start]) start++
  let end = 0
  const shorter = Math.min(a.length, b.length) - start
  while (end < shorter && a.at(-1 - end) === b.at(-1 - end)) end++
  return [
    ...marked(' ', a.slice(0, start)),
    ...compareMiddles(a.slice(start, a.length - end), b.slice(start, b.length - end)),
    ...marked(' ', a.slice(a.length - end)),
  ]
}

function marked(mark: Edit['mark'], lines: readonly string[]): Edit[] {
  return lines.map((line) => ({ mark, line }))
}

/** By the longest common subsequence of lines. */
function compareMiddles(a: readonly string[], b: readonly string[]): Edit[] {
  if (a.length * b.length > MAX_PAIRS) return [...marked('-', a), ...marked('+', b)]
  const common = commonLengths(a, b)
  const at = (i: number, j: number) => common[i]?.[j] ?? 0
  const edits: Edit[] = []
  let [i, j] = [0, 0]
  while (i < a.length || j < b.length) {
    const [old, young] = [a[i], b[j]]
    if (old !== undefined && old === young) {
      edits.push({ mark: ' ', line: old })
      i++
      j++
    } else if (old !== undefined && (young === undefined || at(i + 1, j) >= at(i, j + 1))) {
      edits.push({ mark: '-', line: old })
      i++
    } else {
      edits.push({ mark: '+', line: young ?? '' })
      j++
    }
  }
  return edits
}

/** `[i][j]`: how many lines `a` from i and `b` from j have in common. */
function commonLengths(a: readonly string[], b: readonly string[]): Uint32Array[] {
  const rows = Array.from({ length: a.length + 1 }, () => new Uint32Array(b.length + 1))
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--) {
      const [below, right] = [rows[i + 1]?.[j] ?? 0, rows[i]?.[j + 1] ?? 0]
      const row = rows[i]
      if (row) row[j] = a[i] === b[j] ? (rows[i + 1]?.[j + 1] ?? 0) + 1 : Math.max(below, right)
    }
  return rows
}

function hunksOf(edits: readonly Edit[]): string[] {
  const changed = edits.flatMap(({ mark }, index) => (mark === ' ' ? [] : [index]))
  const lines: string[] = []
  let shown = 0
  for (const index of changed) {
    if (index < shown) continue
    const from = Math.max(shown, index - CONTEXT_LINES)
    shown = endOfHunk(edits, index)
    lines.push(headOf(edits, from, shown))
    lines.push(...edits.slice(from, shown).map(({ mark, line }) => `${mark}${line}`))
  }
  return lines
}

/** The first edit behind a hunk: a hunk ends where more unchanged lines follow than two hunks would show. */
function endOfHunk(edits: readonly Edit[], from: number): number {
  let last = from
  for (let index = from; index < edits.length && index - last <= 2 * CONTEXT_LINES; index++)
    if (edits[index]?.mark !== ' ') last = index
  return Math.min(edits.length, last + 1 + CONTEXT_LINES)
}

function headOf(edits: readonly Edit[], from: number, to: number): string {
  const count = (skipped: Edit['mark'], begin: number, end: number) =>
    edits.slice(begin, end).filter(({ mark }) => mark !== skipped).length
  const range = (skipped: Edit['mark']) => {
    const lines = count(skipped, from, to)
    return `${count(skipped, 0, from) + (lines > 0 ? 1 : 0)},${lines}`
  }
  return `@@ -${range('+')} +${range('-')} @@`
}
