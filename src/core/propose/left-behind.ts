// Turns the folder that a coding agent left behind into the files of a proposal, or lists what is wrong with them.
import { isEditable } from '../gate/gate.ts'
import type { FileEdits } from '../record/candidate.ts'
import { visibleText } from '../text/markdown.ts'

/** An entry of the folder after the agent has ended. */
export type LeftEntry = { path: string } & (
  | { kind: 'text'; text: string }
  /** Not text; `what` names it: a symbolic link, a folder, … */
  | { kind: 'other'; what: string }
  /** Not read, because too many entries are new. */
  | { kind: 'new' }
)

export interface LeftBehind {
  /** Added, changed and deleted files, all of them editable. */
  files: FileEdits
  /** One sentence per violation. */
  problems: readonly string[]
}

const MAX_PROBLEMS = 5
const MAX_PATH_CHARACTERS = 120

/**
 * @param before all files of the folder before the agent started
 * @param editable the paths among them that may change
 * @param left all entries of the folder after the agent has ended
 * @param addable globs of the paths at which files may be added and deleted
 */
export function takeChanges(
  before: ReadonlyMap<string, string>,
  editable: readonly string[],
  left: readonly LeftEntry[],
  addable: readonly string[] = [],
): LeftBehind {
  if (left.length === 0) return { files: new Map(), problems: ['The folder is empty or cannot be read.'] }
  const files = new Map<string, string | null>()
  const problems: string[] = []
  const mayChange = new Set(editable)
  for (const entry of left) {
    if (entry.kind === 'text' && entry.text === before.get(entry.path)) continue
    const isNew = !before.has(entry.path)
    const isRefused = isNew && !isEditable(entry.path, addable)
    // An agent leaves caches and hidden files. Everything else that it adds must be meant.
    if (isRefused && isLitter(entry.path)) continue
    const problem = isRefused
      ? `${quote(entry.path)} was added, but is not editable.`
      : problemOf(entry, before, isNew || mayChange.has(entry.path))
    if (problem !== undefined) problems.push(problem)
    else if (entry.kind === 'text') files.set(entry.path, entry.text)
  }
  const found = new Set(left.map(({ path }) => path))
  for (const path of before.keys()) {
    if (found.has(path)) continue
    if (isEditable(path, addable)) files.set(path, null)
    else problems.push(`${quote(path)} was deleted, but is not editable.`)
  }
  const more = problems.length - MAX_PROBLEMS
  return { files, problems: [...problems.slice(0, MAX_PROBLEMS), ...(more > 0 ? [`And ${more} more.`] : [])] }
}

function problemOf(
  entry: LeftEntry,
  before: ReadonlyMap<string, string>,
  mayChange: boolean,
): string | undefined {
  const name = quote(entry.path)
  if (entry.kind === 'other') return `${name} is ${entry.what}.`
  if (entry.kind === 'new') return `${name} was added, and too many other files.`
  if (!mayChange) return `${name} was changed, but is not editable.`
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
