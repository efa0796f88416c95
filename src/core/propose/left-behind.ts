// Turns the folder that a coding agent left behind into the files of a proposal, or lists what is wrong with them.
import { visibleText } from '../text/markdown.ts'

/** An entry of the folder after the agent has ended. */
export type LeftEntry = { path: string } & (
  | { kind: 'text'; text: string }
  /** Neither text nor new; `what` names it: a symbolic link, a folder, … */
  | { kind: 'other'; what: string }
  /** No entry of this name existed before. */
  | { kind: 'new' }
)

export interface LeftBehind {
  /** Changed files by path, all of them editable. */
  files: ReadonlyMap<string, string>
  problems: readonly string[]
}

const MAX_PROBLEMS = 5
const MAX_PATH_CHARACTERS = 120

/**
 * @param before all files of the folder before the agent started
 * @param editable the paths among them that may change
 * @param left all entries of the folder after the agent has ended
 */
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
    return isLitter(entry.path) ? undefined : `${name} was added, but a candidate must not add files.`
  if (!mayChange.has(entry.path)) return `${name} was changed, but is not editable.`
  const gainedBroken = entry.text.includes('\uFFFD') && !before.get(entry.path)?.includes('\uFFFD')
  return gainedBroken ? `${name} is not UTF-8 text.` : undefined
}

/** True for hidden files and caches, which agents and interpreters leave behind and training cannot need. */
export function isLitter(path: string): boolean {
  return path.split('/').some((part) => part.startsWith('.') || part === '__pycache__')
}

function quote(path: string): string {
  return JSON.stringify(visibleText(path, MAX_PATH_CHARACTERS))
}
