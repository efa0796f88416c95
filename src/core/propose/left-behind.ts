// From the folder that a coding agent left behind to the files of a proposal, or to what is wrong with them.
import { visibleText } from '../text/markdown.ts'

/** Something in the folder when the agent had ended. */
export type LeftEntry = { path: string } & (
  | { kind: 'text'; text: string }
  /** `what`: a symbolic link, a folder, … */
  | { kind: 'other'; what: string }
  /** There was nothing of this name before. */
  | { kind: 'new' }
)

export interface LeftBehind {
  /** Changed files by path; they are all editable. */
  files: ReadonlyMap<string, string>
  /** One sentence for each thing that must not be. */
  problems: readonly string[]
}

const MAX_PROBLEMS = 5
const MAX_PATH_CHARACTERS = 120

/** @param before every file that was in the folder, of which `editable` may change */
export function takeChanges(
  before: ReadonlyMap<string, string>,
  editable: readonly string[],
  left: readonly LeftEntry[],
): LeftBehind {
  const files = new Map<string, string>()
  const problems: string[] = []
  const mayChange = new Set(editable)
  for (const entry of left) {
    if (entry.kind === 'text' && entry.text === before.get(entry.path)) continue
    const problem = problemOf(entry, before, mayChange)
    if (problem !== undefined) problems.push(problem)
    else if (entry.kind === 'text') files.set(entry.path, entry.text)
  }
  const found = new Set(left.map(({ path }) => path))
  for (const path of before.keys()) if (!found.has(path)) problems.push(`${quote(path)} was deleted.`)
  const more = problems.length - MAX_PROBLEMS
  return { files, problems: [...problems.slice(0, MAX_PROBLEMS), ...(more > 0 ? [`And ${more} more.`] : [])] }
}

function problemOf(
  entry: LeftEntry,
  before: ReadonlyMap<string, string>,
  mayChange: ReadonlySet<string>,
): string | undefined {
  const name = quote(entry.path)
  if (entry.kind === 'other') return `${name} is ${entry.what}.`
  if (entry.kind === 'new')
    return isLitter(entry.path) ? undefined : `${name} was added; a candidate adds no files.`
  if (!mayChange.has(entry.path)) return `${name} was changed and is not editable.`
  const gainedBroken = entry.text.includes('\uFFFD') && !before.get(entry.path)?.includes('\uFFFD')
  return gainedBroken ? `${name} is not UTF-8 text.` : undefined
}

/** What agents and interpreters leave wherever they are, and nothing that training could need. */
export function isLitter(path: string): boolean {
  return path.split('/').some((part) => part.startsWith('.') || part === '__pycache__')
}

function quote(path: string): string {
  return JSON.stringify(visibleText(path, MAX_PATH_CHARACTERS))
}
