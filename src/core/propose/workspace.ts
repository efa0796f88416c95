// The files of one conversation and the agent's edits, in memory: nothing here accesses the disk.
import { pathRule } from '../config/rules.ts'
import { isEditable } from '../gate/gate.ts'
import type { FileEdits } from '../record/candidate.ts'
import { unifiedDiff } from '../text/diff.ts'

export interface Workspace {
  /** All files of the baseline, by path. */
  readonly original: ReadonlyMap<string, string>
  readonly editable: readonly string[]
  /** Globs of the paths at which files may be added. */
  readonly addable: readonly string[]
  /** New contents of the files edited so far; null for a deleted one. */
  readonly edited: FileEdits
}

/** The result of a tool call: text for the model, or the problem with the call. */
export type FileText = { kind: 'text'; text: string } | Refused
export type EditResult = { kind: 'edited'; workspace: Workspace } | Refused
interface Refused {
  kind: 'refused'
  problem: string
}

export const MAX_FILE_BYTES = 256 * 1024
/** Maximum characters shown per call, so that one call cannot fill the model's context. */
const MAX_SHOWN_CHARACTERS = 32_000
const MAX_LISTED_FILES = 500
const MAX_DIFF_CHARACTERS = 24_000

export function openWorkspace(
  files: ReadonlyMap<string, string>,
  editable: readonly string[],
  addable: readonly string[] = [],
): Workspace {
  return { original: files, editable, addable, edited: new Map() }
}

/** Lists all paths, one per line, editable files first. */
export function listFiles(workspace: Workspace): string {
  const { mine = [], others = [] } = Object.groupBy(currentFiles(workspace).keys(), (path) =>
    mayChange(workspace, path) ? 'mine' : 'others',
  )
  const lines = [...mine.map((path) => `${path} (editable)`), ...others]
  const left = lines.length - MAX_LISTED_FILES
  return [...lines.slice(0, MAX_LISTED_FILES), ...(left > 0 ? [`[… ${left} more files …]`] : [])].join('\n')
}

/** A file's text between two lines (1-based, inclusive), cut to `MAX_SHOWN_CHARACTERS`. */
export function readFile(
  workspace: Workspace,
  path: string,
  fromLine = 1,
  toLine = Number.POSITIVE_INFINITY,
): FileText {
  const current = currentText(workspace, path)
  if (current.kind === 'refused') return current
  const lines = current.text.split('\n')
  if (fromLine > lines.length) return refused(`${path} has only ${lines.length} lines`)
  if (toLine < fromLine) return refused(`line ${toLine} is before line ${fromLine}`)
  const rest = lines.slice(fromLine - 1, toLine).join('\n')
  if (rest.length <= MAX_SHOWN_CHARACTERS) return { kind: 'text', text: rest }
  // A line longer than the limit is cut inside.
  const end = rest.lastIndexOf('\n', MAX_SHOWN_CHARACTERS)
  const shown = rest.slice(0, end > 0 ? end : MAX_SHOWN_CHARACTERS)
  const next = fromLine + shown.split('\n').length
  return { kind: 'text', text: `${shown}\n[… cut: continue with from_line ${next} of ${lines.length} …]` }
}

/** Replaces the only occurrence of `search`. A refused edit changes nothing and explains what to do instead. */
export function applyEdit(
  workspace: Workspace,
  { path, search, replace }: { path: string; search: string; replace: string },
): EditResult {
  const current = editableText(workspace, path)
  if (current.kind === 'refused') return current
  if (search === '') return refused('search is empty; give the text to replace')
  if (search === replace) return refused('replace equals search, so nothing would change')
  const [from, to] = [search, replace].map((text) => withLineEndsOf(current.text, text)) as [string, string]
  return replaceOnce(workspace, path, current.text, from, to)
}

/** Replaces the content of a file, or adds one. */
export function writeFile(workspace: Workspace, path: string, content: string): EditResult {
  if (isAddable(workspace, path)) return keep(workspace, path, content)
  const current = editableText(workspace, path)
  if (current.kind === 'refused') return current
  const after = withLineEndsOf(current.text, content)
  return after === current.text ? refused(`${path} already has this content`) : keep(workspace, path, after)
}

export function deleteFile(workspace: Workspace, path: string): EditResult {
  const current = editableText(workspace, path)
  return current.kind === 'refused' ? current : edit(workspace, path, null)
}

/** Renames a file, or moves it to another folder. */
export function moveFile(workspace: Workspace, path: string, to: string): EditResult {
  const current = editableText(workspace, path)
  if (current.kind === 'refused') return current
  if (!isAddable(workspace, to))
    return refused(`${JSON.stringify(to)} exists already or is not editable; choose another path`)
  const moved = keep(workspace, to, current.text)
  return moved.kind === 'refused' ? moved : edit(moved.workspace, path, null)
}

/** True for a path at which no file is and one may be. */
function isAddable(workspace: Workspace, path: string): boolean {
  return (
    pathRule(path) === undefined && !currentFiles(workspace).has(path) && isEditable(path, workspace.addable)
  )
}

function mayChange({ editable, addable }: Workspace, path: string): boolean {
  return editable.includes(path) || isEditable(path, addable)
}

/** Converts line ends to those of the file: models write "\n" whatever the file uses. */
function withLineEndsOf(file: string, text: string): string {
  return text.replace(/\r?\n/g, file.includes('\r\n') ? '\r\n' : '\n')
}

function replaceOnce(workspace: Workspace, path: string, text: string, from: string, to: string): EditResult {
  const count = occurrences(text, from)
  if (count === 0)
    return refused(`the search text is not in ${path}; copy it from read_file with its exact indentation`)
  if (count > 1)
    return refused(
      `the search text occurs ${count} times in ${path}; add surrounding lines until it is unique`,
    )
  const at = text.indexOf(from)
  return keep(workspace, path, text.slice(0, at) + to + text.slice(at + from.length))
}

function keep(workspace: Workspace, path: string, after: string): EditResult {
  if (!after.isWellFormed())
    return refused('the new text contains half a surrogate pair, which is not valid text')
  if (Buffer.byteLength(after) > MAX_FILE_BYTES)
    return refused(`${path} would be larger than ${MAX_FILE_BYTES / 1024} KiB`)
  return edit(workspace, path, after)
}

function edit(workspace: Workspace, path: string, after: string | null): EditResult {
  return { kind: 'edited', workspace: { ...workspace, edited: new Map(workspace.edited).set(path, after) } }
}

/** Counts overlapping occurrences too, because either could be meant. */
function occurrences(text: string, search: string): number {
  let count = 0
  for (let at = text.indexOf(search); at >= 0; at = text.indexOf(search, at + 1)) count += 1
  return count
}

/** The files whose content differs from the baseline. Edits that were undone do not count. */
export function changedFiles({ original, edited }: Workspace): FileEdits {
  return new Map([...edited].filter(([path, text]) => (original.get(path) ?? null) !== text))
}

/** All edits so far as unified diffs, cut to `MAX_DIFF_CHARACTERS`. */
export function showDiff(workspace: Workspace): string {
  const diffs = [...changedFiles(workspace)].map(([path, after]) =>
    unifiedDiff({ path, before: workspace.original.get(path) ?? '', after: after ?? '' }),
  )
  if (diffs.length === 0) return 'no edits yet'
  const text = diffs.join('\n')
  if (text.length <= MAX_DIFF_CHARACTERS) return text
  return `${text.slice(0, MAX_DIFF_CHARACTERS)}\n[… cut: ${text.length - MAX_DIFF_CHARACTERS} more characters …]`
}

export function currentFiles({ original, edited }: Workspace): ReadonlyMap<string, string> {
  const current = new Map(original)
  for (const [path, text] of edited)
    if (text === null) current.delete(path)
    else current.set(path, text)
  return current
}

function editableText(workspace: Workspace, path: string): FileText {
  const current = currentText(workspace, path)
  if (current.kind === 'refused' || mayChange(workspace, path)) return current
  return refused(`${path} is not editable; editable files: ${workspace.editable.slice(0, 20).join(', ')}`)
}

function currentText(workspace: Workspace, path: string): FileText {
  const refusal = pathRule(path)
  if (refusal) return refused(`${JSON.stringify(path)} is not ${refusal.expected}: ${refusal.hint}`)
  const text = currentFiles(workspace).get(path)
  return text === undefined
    ? refused(`there is no file ${JSON.stringify(path)}; call list_files`)
    : { kind: 'text', text }
}

export function refused(problem: string): Refused {
  return { kind: 'refused', problem }
}
