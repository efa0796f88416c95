// A sketch is a short text, kept in the ledger, by which two changes are compared without their diffs. New names, layout and
// the position in the file do not matter; the code and the values of its numbers do.
import { createHash } from 'node:crypto'
import type { Change } from './gate.ts'
import { codeTokens } from './source.ts'

/** Tokens per shingle. With longer shingles an edit in a long line looks smaller. */
const SHINGLE_TOKENS = 4
/** Maximum number of shingles kept. A similarity of 0.8 then has a standard error of 0.07. */
const MAX_SHINGLES = 32
const MAX_CONSTANTS = 12
/** Four base64 characters are 24 bits, enough to tell 32 shingles from 32 others. */
const HASH_CHARACTERS = 4
/** A constant is stored in hundredths of its value on a log scale, in base 36. */
const VALUE_CHARACTERS = 3
const VALUE_OFFSET = 36 ** VALUE_CHARACTERS / 2
/** Constants that differ by less count as equal: 10 %, or 10 % of the distance to 1 for values just below 1. */
const SAME_CONSTANT = 10
/** Keywords that introduce a new name. */
const INTRODUCES = /^(?:def|class|function|const|let|var|fn|for|struct)$/

interface Pieces {
  shingles: Set<string>
  constants: Set<string>
}

/**
 * Sketches a change by its shingles (Broder, On the resemblance and containment of documents, 1997): the token sequences
 * that occur on one side only, of which those with the smallest hashes are kept. Numeric constants are stored
 * separately, each with the code before it.
 *
 * @returns at most 220 characters
 */
export function sketchOf(changes: readonly Change[]): string {
  const pieces = changes.map(changedPieces)
  const shingles = pieces.flatMap((piece) => piece.shingles)
  const constants = pieces.flatMap((piece) => piece.constants)
  return `${smallest(shingles, MAX_SHINGLES)}.${smallest(constants, MAX_CONSTANTS)}`
}

/** True when only numbers change. */
export function changesOnlyConstants(changes: readonly Change[]): boolean {
  return changes.every(({ path, mode, before, after }) => {
    if (mode === null || before === undefined || after === undefined) return false
    const [left, right] = [before, after].map((text) => codeTokens(path, text).map(foldNumber).join('\0'))
    return left === right
  })
}

/**
 * Returns a function that compares other sketches with `sketch`: the share of their pieces that both have, 0 to 1. Each
 * constant counts as one piece, and constants are compared on a log scale.
 */
export function similarityTo(sketch: string): (other: string) => number {
  const [ownShingles, ownConstants] = readSketch(sketch)
  return (other) => {
    const [otherShingles, otherConstants] = readSketch(other)
    const { shared, sampled } = sharedShingles(ownShingles, otherShingles)
    const equal = ownConstants.filter((one) => otherConstants.some((two) => isSameConstant(one, two))).length
    const all = sampled + ownConstants.length + otherConstants.length - equal
    return all === 0 ? 0 : (shared + equal) / all
  }
}

/** What a change adds to one file or removes from it, as hashes. */
function changedPieces({ path, before = '', after = '' }: Change): Record<keyof Pieces, string[]> {
  const old = codeTokens(path, before)
  const current = foldNewNames(codeTokens(path, after), new Set(old))
  const [removed, added] = [readPieces(old), readPieces(current)]
  const changed = (kind: keyof Pieces) => [
    ...[...removed[kind]].filter((piece) => !added[kind].has(piece)).map((piece) => `-${piece}`),
    ...[...added[kind]].filter((piece) => !removed[kind].has(piece)).map((piece) => `+${piece}`),
  ]
  return {
    shingles: changed('shingles').map((piece) => hash(`${path}\0${piece}`)),
    constants: changed('constants').map((piece) => hashConstant(path, piece)),
  }
}

/** Every token sequence and every number of a text. A repeated sequence gives several pieces. */
function readPieces(tokens: readonly string[]): Pieces {
  const times = new Map<string, number>()
  const count = (piece: string) => {
    const time = (times.get(piece) ?? 0) + 1
    times.set(piece, time)
    return `${time} ${piece}`
  }
  const folded = tokens.map(foldNumber)
  const shingles = new Set<string>()
  const constants = new Set<string>()
  for (const [index, token] of tokens.entries()) {
    shingles.add(count(folded.slice(index, index + SHINGLE_TOKENS).join(' ')))
    if (!isNumber(token)) continue
    const place = count(`@ ${folded.slice(Math.max(0, index - SHINGLE_TOKENS), index).join(' ')}`)
    constants.add(`${place}\0${token}`)
  }
  return { shingles, constants }
}

/** Replaces names that the change itself introduces, because any other name would do as well. */
function foldNewNames(tokens: readonly string[], known: ReadonlySet<string>): string[] {
  const introduced = new Set<string>()
  let depth = 0
  for (const [index, token] of tokens.entries()) {
    if (/^[([{]$/.test(token)) depth += 1
    else if (/^[)\]}]$/.test(token)) depth -= 1
    else if (/^[\p{L}_$]/u.test(token) && !known.has(token) && isIntroduced(tokens, index, depth))
      introduced.add(token)
  }
  return tokens.map((token) => (introduced.has(token) ? '<name>' : token))
}

/** Inside brackets, `name=` names an argument of the called function and does not introduce a name. */
function isIntroduced(tokens: readonly string[], index: number, depth: number): boolean {
  if (INTRODUCES.test(tokens[index - 1] ?? '')) return true
  return depth === 0 && tokens[index - 1] !== '.' && tokens[index + 1] === '=' && tokens[index + 2] !== '='
}

function isNumber(token: string): boolean {
  return /^\.?\d/.test(token)
}

function foldNumber(token: string): string {
  if (isNumber(token)) return '#'
  return /^[\p{L}_$]/u.test(token) ? token.toLowerCase().replaceAll('_', '') : token
}

function hash(piece: string): string {
  return createHash('sha256').update(piece).digest('base64').slice(0, HASH_CHARACTERS)
}

function hashConstant(path: string, piece: string): string {
  const [place = '', literal = ''] = piece.split('\0')
  const scaled = Math.round(100 * logOf(numberIn(literal))) + VALUE_OFFSET
  const value = Math.min(36 ** VALUE_CHARACTERS - 1, Math.max(0, scaled))
  return hash(`${path}\0${place}`) + value.toString(36).padStart(VALUE_CHARACTERS, '0')
}

/** The value of a literal without its suffix: `1.0f` is 1. */
function numberIn(literal: string): number {
  return /^0[xob]/i.test(literal) ? Number(literal) : Number.parseFloat(literal)
}

/** Offset of 1 and above, higher than every value below 1 however close to 1, so that 0.5 and 1 differ. */
const FROM_ONE = 40

/** A constant on the scale that searches use: logarithmic, and below 1 also logarithmic in the distance to 1. */
function logOf(value: number): number {
  if (!(value > 0)) return -100
  return value < 1 ? Math.log(value / (1 - value)) : FROM_ONE + Math.log(value)
}

/** Keeps the pieces with the smallest hashes: changes that share pieces then also keep the same ones. */
function smallest(pieces: readonly string[], max: number): string {
  return [...new Set(pieces)].sort().slice(0, max).join('')
}

function readSketch(sketch: string): [string[], string[]] {
  const [shingles = '', constants = ''] = sketch.split('.')
  return [chunks(shingles, HASH_CHARACTERS), chunks(constants, HASH_CHARACTERS + VALUE_CHARACTERS)]
}

function chunks(text: string, size: number): string[] {
  return Array.from({ length: text.length / size }, (_, index) =>
    text.slice(index * size, (index + 1) * size),
  )
}

/**
 * How many of the smallest hashes in the union of `a` and `b` occur in both: an unbiased sample of the union.
 * Both lists must be sorted.
 */
function sharedShingles(a: readonly string[], b: readonly string[]): { shared: number; sampled: number } {
  let [shared, sampled, atA, atB] = [0, 0, 0, 0]
  while (sampled < MAX_SHINGLES && (atA < a.length || atB < b.length)) {
    const [one, two] = [a[atA] ?? '~', b[atB] ?? '~']
    if (one === two) shared += 1
    if (one <= two) atA += 1
    if (two <= one) atB += 1
    sampled += 1
  }
  return { shared, sampled }
}

function isSameConstant(a: string, b: string): boolean {
  const value = (constant: string) => Number.parseInt(constant.slice(HASH_CHARACTERS), 36)
  return a.startsWith(b.slice(0, HASH_CHARACTERS)) && Math.abs(value(a) - value(b)) < SAME_CONSTANT
}
