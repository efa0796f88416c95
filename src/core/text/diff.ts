// Two versions of a file compared line by line: as a unified diff for a model to read, and as counts for people.
import { formatPatch, OMIT_HEADERS, type StructuredPatch, structuredPatch } from 'diff'

export interface LineCounts {
  added: number
  removed: number
}

const CONTEXT_LINES = 3
/** Comparing takes time in proportion to its square; beyond it the whole file counts as replaced. */
const MAX_CHANGED_LINES = 2000

/** The hunks of a change as git shows them, with three lines around each, below the two lines that name the file. */
export function unifiedDiff(path: string, before: string, after: string): string {
  const hunks = formatPatch(compare(before, after, CONTEXT_LINES), OMIT_HEADERS)
  return [`--- a/${path}`, `+++ b/${path}`, hunks].join('\n').replace(/\n$/, '')
}

/** Counts lines as `git diff --numstat` does; an absent side counts as empty. */
export function countLines(before = '', after = ''): LineCounts {
  const lines = compare(before, after, 0).hunks.flatMap((hunk) => hunk.lines)
  const marked = (mark: string) => lines.filter((line) => line.startsWith(mark)).length
  return { added: marked('+'), removed: marked('-') }
}

function compare(before: string, after: string, context: number): StructuredPatch {
  const bound = { context, maxEditLength: MAX_CHANGED_LINES }
  return structuredPatch('', '', before, after, undefined, undefined, bound) ?? replaced(before, after)
}

function replaced(before: string, after: string): StructuredPatch {
  const removed = structuredPatch('', '', before, '', undefined, undefined, { context: 0 }).hunks
  const added = structuredPatch('', '', '', after, undefined, undefined, { context: 0 }).hunks
  const [old, young] = [removed[0], added[0]]
  const hunk = {
    oldStart: 1,
    oldLines: old?.oldLines ?? 0,
    newStart: 1,
    newLines: young?.newLines ?? 0,
    lines: [...(old?.lines ?? []), ...(young?.lines ?? [])],
  }
  return { oldFileName: '', newFileName: '', oldHeader: undefined, newHeader: undefined, hunks: [hunk] }
}
