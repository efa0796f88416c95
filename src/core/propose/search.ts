// Looks for text in the files of a conversation: the lines that match, with their place, as many as a model can use.
import { currentFiles, type FileText, refused, type Workspace } from './workspace.ts'

export interface SearchQuery {
  /** Looked for as it is written, or as a JavaScript regular expression. */
  text: string
  regex?: boolean | undefined
  /** A file, or a folder with all below it. */
  path?: string | undefined
}

const MAX_HITS = 60
/** Longer lines are data; what is behind this is not looked at. */
const MAX_LINE_CHARACTERS = 2000
const MAX_SHOWN_CHARACTERS = 240

/**
 * Searches the files with their edits in them, one line at a time. A regular expression can take for ever: whoever calls
 * this bounds its time.
 */
export function searchFiles(workspace: Workspace, { text, regex, path }: SearchQuery): FileText {
  const matches = regex ? matcher(text) : (line: string) => line.includes(text)
  if (typeof matches === 'string') return refused(matches)
  const files = [...currentFiles(workspace)].filter(([name]) => isBelow(name, path))
  if (files.length === 0) return refused(`there is no file at ${JSON.stringify(path ?? '')}`)
  const hits = files.flatMap(([name, content]) => hitsIn(name, content, matches))
  if (hits.length === 0) return { kind: 'text', text: `no line of ${files.length} files matches` }
  const left = hits.length - MAX_HITS
  const notice = left > 0 ? [`[… ${left} more matches: search for something rarer, or below a path …]`] : []
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
    return `the pattern is no JavaScript regular expression: ${error instanceof Error ? error.message : error}`
  }
}

function hitsIn(name: string, content: string, matches: (line: string) => boolean): string[] {
  return content.split('\n').flatMap((whole, index) => {
    const line = whole.slice(0, MAX_LINE_CHARACTERS)
    return matches(line) ? [`${name}:${index + 1}: ${line.slice(0, MAX_SHOWN_CHARACTERS)}`] : []
  })
}
