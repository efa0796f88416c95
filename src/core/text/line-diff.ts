// How many lines a change adds and removes, as `git diff --numstat` would count them.

export interface LineCounts {
  added: number
  removed: number
}

/** Most pairs of lines that are compared; beyond it the whole differing middle counts as replaced. */
const MAX_PAIRS = 4_000_000

/** Counts by the longest common subsequence of lines; an absent side counts as empty. */
export function countLines(before = '', after = ''): LineCounts {
  const [old, young] = trimCommon(splitLines(before), splitLines(after))
  const common = old.length * young.length > MAX_PAIRS ? 0 : commonLength(old, young)
  return { added: young.length - common, removed: old.length - common }
}

function splitLines(text: string): string[] {
  const lines = text.split('\n')
  if (lines.at(-1) === '') lines.pop()
  return lines
}

/** Drops the lines that both begin with and both end with, so that a small change in a long file is quick to count. */
function trimCommon(a: string[], b: string[]): [string[], string[]] {
  const shorter = Math.min(a.length, b.length)
  let start = 0
  while (start < shorter && a[start] === b[start]) start++
  let end = 0
  while (end < shorter - start && a.at(-1 - end) === b.at(-1 - end)) end++
  return [a.slice(start, a.length - end), b.slice(start, b.length - end)]
}

function commonLength(a: readonly string[], b: readonly string[]): number {
  let row = new Array<number>(b.length + 1).fill(0)
  for (const line of a) {
    const next = [0]
    for (const [index, other] of b.entries()) {
      const extended = (row[index] ?? 0) + 1
      next.push(line === other ? extended : Math.max(row[index + 1] ?? 0, next[index] ?? 0))
    }
    row = next
  }
  return row.at(-1) ?? 0
}
