// The static gate: the rules a candidate's change must meet before it is run. Applied to a proposal, and applied again by
// the judge to the git objects.
import { createHash } from 'node:crypto'
import { matchesGlob } from 'node:path/posix'
import { gainedInvisibleCharacters, invisibleCharacters, quoteVisibly } from './invisible.ts'
import { reviewLiterals } from './literals.ts'
import { maskSeeds } from './seeds.ts'
import { codeTokens, foldTokens, lex } from './source.ts'

/** One path that differs between the baseline and a candidate. */
export interface Change {
  path: string
  /** Git file mode after the change, such as 100644; null when the file was deleted. */
  mode: string | null
  /** Git file mode before the change, where it is not 100644. */
  modeBefore?: string
  /** Content before and after; undefined when the file does not exist on that side or is not UTF-8 text. */
  before?: string
  after?: string
}

const MAX_FILE_KIB = 256
const MAX_TOTAL_KIB = 512
const MAX_PATH_LENGTH = 300
const MAX_FILES = 100

/**
 * Reviews a change without running it.
 *
 * @param editable globs of the paths that may change; those that begin with `!` take paths out again; `*` and `**` do not match names that begin with a dot
 * @param maxLiteralKib how much literal data the change may add, in KiB
 * @returns one sentence per reason to refuse the change; empty when the change passes
 */
export function reviewChanges(
  changes: readonly Change[],
  editable: readonly string[],
  maxLiteralKib?: number,
): string[] {
  if (changes.length === 0) return ['The change is empty: no file differs from the baseline.']
  if (changes.length > MAX_FILES)
    return [`The change touches ${changes.length} files; at most ${MAX_FILES} are allowed.`]
  const reasons = [
    ...changes.flatMap((change) => reviewPath(change.path, editable) ?? reviewContent(change)),
    ...reviewTotalSize(changes),
    ...reviewCollisions(changes.map(({ path }) => path)),
  ]
  if (reasons.length > 0) return reasons
  return [...reviewLiterals(changes, maxLiteralKib), ...reviewSubstance(changes)]
}

/** The globs of `editable`, without the `!` of those that take files out of it again. */
export function splitGlobs(editable: readonly string[]): { included: string[]; excluded: string[] } {
  return {
    included: editable.filter((glob) => !glob.startsWith('!')),
    excluded: editable.filter((glob) => glob.startsWith('!')).map((glob) => glob.slice(1)),
  }
}

/** The globs of `editable` in words; `show` writes one of them. */
export function describeGlobs(editable: readonly string[], show: (glob: string) => string): string {
  const { included, excluded } = splitGlobs(editable)
  const list = (globs: readonly string[]) => globs.map(show).join(', ')
  return excluded.length === 0 ? list(included) : `${list(included)}, but not ${list(excluded)}`
}

/** True when a candidate may change the file at `path`. */
export function isEditable(path: string, editable: readonly string[]): boolean {
  return reviewPath(path, editable) === undefined
}

function reviewPath(path: string, editable: readonly string[]): string[] | undefined {
  const segments = path.split('/')
  if (path === '' || path.length > MAX_PATH_LENGTH)
    return [`The path ${quote(path)} must have 1 to ${MAX_PATH_LENGTH} characters.`]
  if (invisibleCharacters(path).length > 0 || /[\t\n\r]/.test(path))
    return [`The path ${quote(path)} contains control or invisible characters.`]
  if (path.includes('\\')) return [`The path ${quote(path)} contains a backslash.`]
  if (segments[0] === '' || /^[a-z]:/i.test(path)) return [`The path ${quote(path)} is absolute.`]
  if (segments.some((segment) => segment === '' || segment === '.' || segment === '..'))
    return [`The path ${quote(path)} contains an empty, "." or ".." part.`]
  if (segments.some((segment) => foldCase(segment).startsWith('.git')))
    return [`${quote(path)} belongs to git or GitHub and must not change.`]
  const { included, excluded } = splitGlobs(editable)
  if (!included.some((glob) => matchesGlob(path, glob)))
    return [`${quote(path)} is not editable: only ${included.join(', ')} may change.`]
  const exclusion = excluded.find((glob) => matchesGlob(path, glob))
  if (exclusion !== undefined)
    return [`${quote(path)} is not editable: nothing that matches ${exclusion} may change.`]
  return undefined
}

function reviewContent({ path, mode, modeBefore, before, after }: Change): string[] {
  const refusal = reviewMode(path, mode, modeBefore)
  if (refusal !== undefined) return [refusal]
  if (mode === null) return []
  if (after === undefined) return [`${quote(path)} is not UTF-8 text.`]
  if (kibibytes(after) > MAX_FILE_KIB) return [`${quote(path)} is larger than ${MAX_FILE_KIB} KiB.`]
  const gained = gainedInvisibleCharacters(before ?? '', after)
  if (gained.length === 0) return []
  return [`${quote(path)} gains invisible characters: ${gained.slice(0, 5).join(', ')}.`]
}

/** The mode of a file, and of an executable one. */
const FILE_MODES = ['100644', '100755']

/** A file keeps the mode that it has in the baseline; a new one is not executable. */
function reviewMode(path: string, mode: string | null, modeBefore = '100644'): string | undefined {
  const found = FILE_MODES.includes(modeBefore) ? mode : modeBefore
  if (found === null || (found === modeBefore && FILE_MODES.includes(found))) return undefined
  const kept = FILE_MODES.includes(modeBefore) ? `, not ${modeBefore}` : ''
  return `${quote(path)} has mode ${found}${MODE_NAMES[found] ?? ''}${kept}: only plain files may change, and they keep their mode.`
}

const MODE_NAMES: Readonly<Record<string, string>> = {
  '120000': ' (symlink)',
  '160000': ' (submodule)',
  '100755': ' (executable)',
}

function reviewTotalSize(changes: readonly Change[]): string[] {
  const total = changes.reduce((sum, { after }) => sum + kibibytes(after ?? ''), 0)
  return total > MAX_TOTAL_KIB ? [`The changed files are larger than ${MAX_TOTAL_KIB} KiB in total.`] : []
}

/** Finds file or folder names that are equal on some file systems, where one would silently replace the other. */
function reviewCollisions(paths: readonly string[]): string[] {
  const listed = new Set<string>()
  const seen = new Map<string, string>()
  return paths.flatMap((path) => {
    if (listed.has(path)) return [`The path ${quote(path)} is listed twice.`]
    listed.add(path)
    for (let end = path.indexOf('/'); ; end = path.indexOf('/', end + 1)) {
      const name = end < 0 ? path : path.slice(0, end)
      const other = seen.get(foldCase(name)) ?? name
      if (other !== name)
        return [`The paths ${quote(other)} and ${quote(name)} differ only in case or Unicode form.`]
      seen.set(foldCase(name), name)
      if (end < 0) return []
    }
  })
}

const NO_SUBSTANCE = [
  'The change is empty: the content of the files is the same as before.',
  'The change affects only white space.',
  'The change affects only comments, white space or the notation of numbers.',
  'The change affects only random seeds: the harness sets the seeds, so the same code would be trained.',
]

/** Refuses a change that trains the same code: it would only be another random sample of the same result. */
function reviewSubstance(changes: readonly Change[]): string[] {
  const reason = NO_SUBSTANCE[Math.max(...changes.map(substance))]
  return reason === undefined ? [] : [reason]
}

/** What a change affects: 0 nothing, 1 white space, 2 comments, 3 seeds, 4 code. */
function substance({ path, mode, before = '', after = '' }: Change): number {
  if (mode === null && before === '') return 4
  if (before === after) return 0
  const isSame = (read: (text: string) => string[]) => read(before).join('\0') === read(after).join('\0')
  if (isSame((text) => codeTokens(path, text)))
    return before.replaceAll(/\s/g, '') === after.replaceAll(/\s/g, '') ? 1 : 2
  return isSame((text) => foldTokens(path, maskSeeds(lex(path, text)))) ? 3 : 4
}

/** Tokens of context kept around a difference, so that the same step on two different constants gives two keys. */
const CONTEXT_TOKENS = 16

/**
 * Identifies the idea of a change: the replaced tokens, their replacement and a little surrounding code. Comments, layout
 * and distant code do not matter, so the same idea on a later baseline has the same key.
 *
 * @returns 16 hex digits
 */
export function changeKey(changes: readonly Change[]): string {
  const parts = changes.map(({ path, mode, before = '', after = '' }) =>
    JSON.stringify([path, mode === null, ...difference(codeTokens(path, before), codeTokens(path, after))]),
  )
  return createHash('sha256').update(parts.sort().join('\n')).digest('hex').slice(0, 16)
}

function difference(before: readonly string[], after: readonly string[]): string[][] {
  const shorter = Math.min(before.length, after.length)
  let start = 0
  while (start < shorter && before[start] === after[start]) start++
  let end = 0
  while (end < shorter - start && before.at(-1 - end) === after.at(-1 - end)) end++
  const from = Math.max(0, start - CONTEXT_TOKENS)
  const rest = Math.max(0, end - CONTEXT_TOKENS)
  return [before, after].map((tokens) => tokens.slice(from, tokens.length - rest))
}

function foldCase(name: string): string {
  return name.normalize('NFKC').toUpperCase().toLowerCase()
}

function kibibytes(text: string): number {
  return Buffer.byteLength(text) / 1024
}

/** Quotes a path for a message. A path is candidate text. */
function quote(path: string): string {
  return quoteVisibly(path.slice(0, MAX_PATH_LENGTH))
}
