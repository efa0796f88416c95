// Compares two versions of a file line by line: as a unified diff for models, and as line counts for people.
import { formatPatch, OMIT_HEADERS, type StructuredPatch, structuredPatch } from 'diff'

const CONTEXT_LINES = 3
/** Comparison time grows with the square of the changed lines. Above this limit the whole file counts as replaced. */
const MAX_CHANGED_LINES = 2000

/** A file on two sides. A missing side counts as an empty file. */
interface Versions {
  before?: string | undefined
  after?: string | undefined
}

/** A unified diff as git prints it: two lines that name the file, then hunks with three lines of context. */
export function unifiedDiff({ path, before = '', after = '' }: Versions & { path: string }): string {
  const hunks = formatPatch(compare(before, after, CONTEXT_LINES), OMIT_HEADERS)
  return [`--- a/${path}`, `+++ b/${path}`, hunks].join('\n').replace(/\n$/, '')
}

/** Counts added and removed lines as `git diff --numstat` does. */
export function countLines({ before = '', after = '' }: Versions): { added: number; removed: number } {
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
  const [removal, addition] = [removed[0], added[0]]
  const hunk = {
    oldStart: 1,
    oldLines: removal?.oldLines ?? 0,
    newStart: 1,
    newLines: addition?.newLines ?? 0,
    lines: [...(removal?.lines ?? []), ...(addition?.lines ?? [])],
  }
  return { oldFileName: '', newFileName: '', oldHeader: undefined, newHeader: undefined, hunks: [hunk] }
}
