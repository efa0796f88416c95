// A sketch of a change: a short text, kept in the ledger, that tells how alike two changes are without their diffs. What a
// change is called, how it is laid out and where in the file it stands do not matter; what it does and to which number does.
import { createHash } from 'node:crypto'
import type { Change } from './gate.ts'
import { codeTokens } from './source.ts'

/** Tokens that are read as one piece. Longer pieces make an edit in a long line look smaller. */
const SHINGLE_TOKENS = 4
/** Most pieces kept: the share two changes have in common is then off by 0.07 (one standard deviation) at 0.8. */
const MAX_SHINGLES = 32
const MAX_CONSTANTS = 12
/** Four characters of base64: 24 bits, enough to tell 32 pieces from 32 others. */
const HASH_CHARACTERS = 4
/** Hundredths of a natural logarithm, in base 36. */
const VALUE_CHARACTERS = 3
const VALUE_OFFSET = 36 ** VALUE_CHARACTERS / 2
/** Two constants are the same when they differ by less: 10 %, or 10 % of the distance to 1 for those just below it. */
const SAME_CONSTANT = 10
/** Words after which a new name is introduced. */
const INTRODUCES = /^(?:def|class|function|const|let|var|fn|for|struct)$/

/** What a change adds or takes away, of one file. */
interface Pieces {
  shingles: Set<string>
  constants: Set<string>
}

/**
 * Sketches a change by its shingles (Broder, On the resemblance and containment of documents, 1997): the runs of tokens
 * that only one side has, of which those with the smallest hashes are kept. Numbers stand beside them, each with the
 * code it occurs in.
 *
 * @returns at most 220 characters
 */
export function sketchOf(changes: readonly Change[]): string {
  const pieces = changes.map(piecesOf)
  const shingles = smallest(
    pieces.flatMap((piece) => [...piece.shingles]),
    MAX_SHINGLES,
  )
  const constants = smallest(
    pieces.flatMap((piece) => [...piece.constants]),
    MAX_CONSTANTS,
  )
  return `${shingles.join('')}.${constants.join('')}`
}

/** True when nothing but numbers changes. */
export function changesOnlyConstants(changes: readonly Change[]): boolean {
  return changes.every(({ path, mode, before, after }) => {
    if (mode === null || before === undefined || after === undefined) return false
    const [old, young] = [before, after].map((text) => codeTokens(path, text).map(foldNumber).join('\0'))
    return old === young
  })
}

/**
 * How alike a sketched change is to others: the share of their pieces that both have, from 0 to 1. Constants count as
 * one piece each and are compared on a log scale.
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

function piecesOf({ path, before = '', after = '' }: Change): Pieces {
  const old = codeTokens(path, before)
  const known = new Set(old)
  const young = foldNewNames(codeTokens(path, after), known)
  const [removed, added] = [readPieces(old), readPieces(young)]
  const mark = (sign: string, these: Set<string>, those: Set<string>) =>
    [...these].filter((piece) => !those.has(piece)).map((piece) => `${sign}${piece}`)
  return {
    shingles: new Set(
      [...mark('-', removed.shingles, added.shingles), ...mark('+', added.shingles, removed.shingles)].map(
        (piece) => hash(`${path}\0${piece}`),
      ),
    ),
    constants: new Set(
      [
        ...mark('-', removed.constants, added.constants),
        ...mark('+', added.constants, removed.constants),
      ].map((piece) => hashConstant(path, piece)),
    ),
  }
}

/** Every run of tokens and every number of a text. What occurs twice is two pieces. */
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

/** A name that the change itself introduces says nothing: any other would do. Other names lose only their spelling. */
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

/** Inside brackets `name=` is the name of an argument, which belongs to the function that is called. */
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

/** Suffixes do not matter: `1.0f` is 1. */
function numberIn(literal: string): number {
  return /^0[xob]/i.test(literal) ? Number(literal) : Number.parseFloat(literal)
}

/** Above every value below 1, however near to 1 it is, so that 0.5 and 1 are two values. */
const FROM_ONE = 40

/** On the scale that constants are searched on: logarithmic, and below 1 by the distance to 1 as well. */
function logOf(value: number): number {
  if (!(value > 0)) return -100
  return value < 1 ? Math.log(value / (1 - value)) : FROM_ONE + Math.log(value)
}

/** The same pieces are kept of every change that has them, because a hash does not depend on the rest. */
function smallest(pieces: readonly string[], most: number): string[] {
  return [...new Set(pieces)].sort().slice(0, most)
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

/** Of the smallest hashes of both together, how many both have: an unbiased sample of the union. Both are sorted. */
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
  const place = (constant: string) => constant.slice(0, HASH_CHARACTERS)
  const value = (constant: string) => Number.parseInt(constant.slice(HASH_CHARACTERS), 36)
  return place(a) === place(b) && Math.abs(value(a) - value(b)) < SAME_CONSTANT
}
