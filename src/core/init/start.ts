// How a script of Python is started: by what a document shows, and with the arguments without which it stops.
import { posix } from 'node:path'
import { type Evidence, evidenceOfLine, type Layout, linesOf, plainPaths } from './layout.ts'
import type { Finding } from './plan.ts'

/** Lines of one declaration that are read. */
const MAX_LINES = 8
const DECLARES = /add_argument\(|\bclick\.option\(|\bDEFINE_\w+\(|\bmark_flags?_as_required\(/

/** Arguments without which the script stops at once, as argparse, click and absl declare them. */
export function requiredArguments(layout: Layout, script: string): Finding[] {
  const lines = linesOf(layout, script)
  return lines.flatMap((line, index) => {
    if (!DECLARES.test(line) || /^\s*#/.test(line)) return []
    const rest = [line.slice(line.search(DECLARES)), ...lines.slice(index + 1, index + MAX_LINES)].join(' ')
    const [declaration = ''] = rest
      .split(/(?:add_argument|option|DEFINE_\w+|mark_flags?_as_required)\(/)
      .slice(1)
    return requiredIn(line, declaration).map((what) => ({
      what,
      evidence: { path: script, line: index + 1 },
    }))
  })
}

/** @param declaration what follows the opening bracket, up to the next declaration */
function requiredIn(line: string, declaration: string): string[] {
  const strings = [...declaration.matchAll(/["']([\w-]+)["']/g)].map(([, text = '']) => text)
  if (line.includes('as_required('))
    return [...(/^[^)]*/.exec(declaration)?.[0] ?? '').matchAll(/["']([\w-]+)["']/g)].map(
      ([, name]) => `--${name}`,
    )
  const [first] = strings
  if (first === undefined || /nargs\s*=\s*["'][?*]["']/.test(declaration)) return []
  const isRequired = /required\s*=\s*True/.test(declaration)
  if (line.includes('DEFINE_')) return isRequired ? [`--${first}`] : []
  const long = strings.find((text) => text.startsWith('--')) ?? first
  const isPositional = line.includes('add_argument') && !first.startsWith('-')
  return isPositional || isRequired ? [isPositional ? first : long] : []
}

/** A word of a command that the shell takes as it is written. */
const PLAIN_WORD = /^[\w./=:,+@%-]+$/
const STARTS =
  /^(?:\$\s*)?(?:[A-Z_]+=\S+\s+)*((?:uv run |python3? |torchrun |accelerate launch |\.\/|bash |sh ).*)$/
/** What a reader has to replace. */
const PLACEHOLDER =
  /\bpath[/_-]?to\b|\byour[_-]|_name\.\w+$|^[a-z]+_(?:name|id|path|dir)$|\bx{3,}\b|\bmy[_-]/i
const DOCUMENTS = /^(?:Makefile|README\.(?:md|rst)|[\w-]+\.sh|(?:scripts|runs)\/[\w-]+\.sh)$/i

/** The line with those that a backslash at its end adds. */
function continued(lines: readonly string[], index: number): string {
  let text = lines[index] ?? ''
  for (let next = index + 1; text.endsWith('\\') && next < index + MAX_CONTINUED; next++)
    text = `${text.slice(0, -1)} ${(lines[next] ?? '').trim()}`
  return text
}
const MAX_CONTINUED = 20

interface DocumentedCommand {
  words: string[]
  /** The folder that a reader changes into before; empty for the root of the repository. */
  folder: string
  evidence: Evidence
}

/**
 * The commands in documents and shell scripts that start `script`. Documents are data: only commands of plain words are
 * taken, so that nothing in them can become another command.
 */
function documentedCommands(layout: Layout, script: string): DocumentedCommand[] {
  return plainPaths(layout, DOCUMENTS).flatMap((path) =>
    linesOf(layout, path).flatMap((line, index, lines) => {
      const { folder, command } = withoutChange(plainCommand(continued(lines, index)), lines.slice(0, index))
      const words = STARTS.exec(command)?.[1]?.trim().replace(/`$/, '').split(/\s+/) ?? []
      const isPlain = words.every((word) => PLAIN_WORD.test(word) && !PLACEHOLDER.test(word))
      const evidence = evidenceOfLine(path, index + 1, line)
      if (!isPlain) return []
      if (words.some((word) => word === script || word === moduleOf(script)))
        return [{ words, folder: '', evidence }]
      const isThere = folder === posix.dirname(script) && words.includes(posix.basename(script))
      return isThere ? [{ words, folder, evidence }] : []
    }),
  )
}

/** A command without the sign of a list, a prompt or a quotation before it. */
function plainCommand(line: string): string {
  return line
    .trim()
    .replace(/^(?:[-+*]|\d+\.)\s+(?=`)/, '')
    .replace(/^`(.*)`$/, '$1')
    .replace(/^[@-]/, '')
    .replace(/^\$\s+/, '')
}

const CHANGES = /^cd\s+(?:\.\/)?([\w./-]*\w)\/?\s*(?:(?:&&|;)\s*(.*))?$/
/** Lines above a command in which the folder is changed. */
const MAX_ABOVE = 3

/** The folder that a command changes into, or that one of the lines just above does, and what is left of the command. */
function withoutChange(command: string, above: readonly string[]): { folder: string; command: string } {
  const [, folder, rest] = CHANGES.exec(command) ?? []
  if (folder !== undefined) return { folder, command: rest ?? '' }
  for (const line of above.slice(-MAX_ABOVE).reverse()) {
    const [, before, then] = CHANGES.exec(plainCommand(line)) ?? []
    if (before !== undefined && then === undefined) return { folder: before, command }
    if (/^\s*(?:```.*)?$/.test(line)) break
  }
  return { folder: '', command }
}

/** How the first document that starts `script` does it. */
export function documentedStart(
  layout: Layout,
  script: string,
):
  | { distributed: string[]; words: string[]; folder: string; asModule: boolean; evidence: Evidence }
  | undefined {
  const [first] = documentedCommands(layout, script)
  if (!first) return undefined
  const { words, folder, evidence } = first
  const names = [script, moduleOf(script), posix.basename(script)]
  const at = words.findIndex((word) => names.includes(word))
  const before = words.slice(1, at).filter((word) => word !== '-m')
  const distributed = words[0] === 'torchrun' ? before : []
  const asModule = words[at] === moduleOf(script) && words[at - 1] === '-m'
  return { distributed, words: words.slice(at + 1), folder, asModule, evidence }
}

/**
 * The scripts in the order in which documents name them, with or without a command that could be taken; those that no document
 * names come last.
 */
export function documentedFirst(layout: Layout, scripts: readonly string[]): string[] {
  const words = documentWords(layout)
  const placeOfName = (name: string) => words.get(name) ?? Infinity
  const isOnly = (name: string) => scripts.filter((script) => posix.basename(script) === name).length === 1
  const places = new Map(
    scripts.map((script) => {
      const name = posix.basename(script)
      const names = [script, moduleOf(script), ...(isOnly(name) ? [name] : [])]
      return [script, Math.min(...names.map(placeOfName))]
    }),
  )
  const place = (script: string): number => places.get(script) ?? Infinity
  return scripts.toSorted((a, b) => (place(a) === place(b) ? 0 : place(a) - place(b)))
}

/** Every word of the documents with its first place: words of commands before those of prose, README before the others. */
function documentWords(layout: Layout): ReadonlyMap<string, number> {
  const isReadme = (path: string) => Number(/^readme/i.test(path))
  const lines = plainPaths(layout, DOCUMENTS)
    .toSorted((a, b) => isReadme(b) - isReadme(a))
    .flatMap((path) => linesOf(layout, path))
  const words = new Map<string, number>()
  for (const line of [...lines.filter((line) => INTERPRETER.test(line)), ...lines])
    for (const [word] of line.matchAll(/[\w./-]*\w/g)) {
      const name = word.replace(/^\.\//, '')
      if (!words.has(name)) words.set(name, words.size)
    }
  return words
}
const INTERPRETER = /\b(?:python3?|torchrun|accelerate launch|deepspeed|uv run|lightning run)\s/

/** `scripts/base_train.py` as `scripts.base_train`. */
export function moduleOf(script: string): string {
  return script.replace(/\.py$/, '').replaceAll('/', '.')
}
