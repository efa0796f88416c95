// Searches the files of a conversation and lists matching lines with file and line number, up to a limit.
import { currentFiles, type FileText, refused, type Workspace } from './workspace.ts'

export interface SearchQuery {
  /** Literal text, or a JavaScript regular expression when `regex` is true. */
  text: string
  regex?: boolean | undefined
  /** A file or folder to search; all files by default. */
  path?: string | undefined
}

const MAX_HITS = 60
/** Lines are searched up to this length: longer ones are usually data. */
const MAX_LINE_CHARACTERS = 2000
const MAX_SHOWN_CHARACTERS = 240

/**
 * Searches the files line by line, including edits. A regular expression may never finish: the caller must limit the time.
 */
export function searchFiles(workspace: Workspace, { text, regex, path }: SearchQuery): FileText {
  const matches = regex ? matcher(text) : (line: string) => line.includes(text)
  if (typeof matches === 'string') return refused(matches)
  const files = [...currentFiles(workspace)].filter(([name]) => isBelow(name, path))
  if (files.length === 0) return refused(`there is no file at ${JSON.stringify(path ?? '')}`)
  const hits = files.flatMap(([name, content]) => hitsIn(name, content, matches))
  if (hits.length === 0) return { kind: 'text', text: `no match in ${files.length} files` }
  const left = hits.length - MAX_HITS
  const notice = left > 0 ? [`[… ${left} more matches: search for rarer text or within a path …]`] : []
  return { kind: 'text', text: [...hits.slice(0, MAX_HITS), ...notice].join('\n') }
}

function isBelow(name: string, path: string | undefined): boolean {
  const place = path?.replace(/^\.\/|\/+$/g, '')
  return !place || place === '.' || name === place || name.startsWith(`${place}/`)
}

function matcher(source: string): ((line: string) => boolean) | string {
  try {
    const pattern = new RegExp(source)
    return (line) => pattern.test(line)
  } catch (error) {
    return `the pattern is not a valid JavaScript regular expression: ${error instanceof Error ? error.message : error}`
  }
}

function hitsIn(name: string, content: string, matches: (line: string) => boolean): string[] {
  return content.split('\n').flatMap((whole, index) => {
    const line = whole.slice(0, MAX_LINE_CHARACTERS)
    return matches(line) ? [`${name}:${index + 1}: ${line.slice(0, MAX_SHOWN_CHARACTERS)}`] : []
  })
}
