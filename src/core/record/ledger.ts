// The ledger as text: an append-only list of everything that happened, one JSON object a line, each line closed by a hash
// of itself and of the line before, so that a torn, edited or reordered ledger is noticed before anything is merged on its
// word. Training curves, most of what a run leaves, are lines of their own beside it. docs/ledger.md describes the format.
import { createHash } from 'node:crypto'
import type { LedgerEvent } from './events.ts'
import { formatFrom, migrate } from './migrate.ts'
import type { TrialResult } from './trial.ts'

/** A place in a ledger: behind a line. The hash vouches for every line up to there. */
export interface Mark {
  /** Number of the line, from 1; 0 before the first. */
  seq: number
  /** What closes the line. */
  hash: string
  /** The format of that line, see `migrate.ts`. */
  format: number
}

/** Where the training curve of a trial is kept: a file of curves, and the hash of its line there. */
export interface CurvePlace {
  file: number
  hash: string
}

export interface Entry {
  event: LedgerEvent
  /** When it was written, in milliseconds of the epoch, by the clock of the machine that wrote it; NaN when unreadable. */
  time: number
  /** Of a trial whose curve is not part of the line. */
  curve?: CurvePlace
}

export type ReadLines =
  | { kind: 'lines'; entries: Entry[]; mark: Mark }
  | { kind: 'broken'; line: number; problem: string }
  /** Nothing is wrong with the line, but this release does not know what it means. */
  | { kind: 'newer'; line: number; problem: string }

export type ParsedLedger =
  /** `times` of the events, see `Entry`. */
  { kind: 'ledger'; events: LedgerEvent[]; times: number[] } | Exclude<ReadLines, { kind: 'lines' }>

/** A line without the hash that closes it. `curve` beside a trial tells where its curve is. */
type LedgerBody = { kind: string; seq: number; at: string; curve?: CurvePlace }

const HASH_CHARACTERS = 16
/** Before the first line. */
export const LEDGER_START: Mark = { seq: 0, hash: '0'.repeat(HASH_CHARACTERS), format: 1 }

/**
 * Reads lines and checks that each follows from the one before.
 *
 * @param text whole lines
 * @param mark what they follow
 * @returns the events in order, or the first line (1-based) that is not what was written, does not follow or is not
 *   understood. Lines cut off at the end cannot be told from lines never written: git's history tells.
 */
export function readLines(text: string, mark: Mark = LEDGER_START): ReadLines {
  const entries: Entry[] = []
  let { seq, hash, format } = mark
  for (let start = 0; start < text.length; ) {
    const end = text.indexOf('\n', start)
    const line = text.slice(start, end === -1 ? undefined : end)
    seq += 1
    if (end === -1) return { kind: 'broken', line: seq, problem: 'the last line is torn' }
    const body = parseBody(line)
    if (!body) return { kind: 'broken', line: seq, problem: 'the line is not a ledger entry' }
    if (body.seq !== seq || sealBody(unsealed(line), hash) !== line)
      return { kind: 'broken', line: seq, problem: 'the line was edited or does not follow the one before' }
    const { seq: _, at, curve, ...written } = body
    format = formatFrom(written, format)
    const migrated = migrate(written, format)
    if (migrated.kind === 'unknown') return { kind: 'newer', line: seq, problem: migrated.problem }
    entries.push(entryOf(migrated.event, Date.parse(at), curve))
    hash = hashOf(line)
    start = end + 1
  }
  return { kind: 'lines', entries, mark: { seq, hash, format } }
}

function entryOf(event: LedgerEvent, time: number, curve: CurvePlace | undefined): Entry {
  if (event.kind !== 'trial' || !curve) return { event, time }
  return { event: withCurve(event, []), time, curve }
}

/** Lines to be added to a ledger. */
export interface WrittenLines {
  lines: string
  /** Lines for the file of curves. */
  curves: string
  /** Behind the last line. */
  mark: Mark
}

/**
 * Writes events as the lines that follow a mark. Order is the order of lines, never the clock's: `at` is for people, and
 * for what was spent in a week.
 *
 * @param curveFile number of the file that the curves of trials are added to; without one they stay in the lines
 */
export function writeLines(
  events: readonly LedgerEvent[],
  mark: Mark,
  at: Date,
  curveFile?: number,
): WrittenLines {
  let { seq, hash, format } = mark
  let [lines, curves] = ['', '']
  const write = (content: object): void => {
    seq += 1
    const line = sealBody(JSON.stringify({ seq, at: at.toISOString(), ...content }), hash)
    lines += `${line}\n`
    hash = hashOf(line)
  }
  for (const event of events) {
    format = formatFrom(event, format)
    const curve = event.kind === 'trial' ? curveLine(event.result) : undefined
    if (event.kind !== 'trial' || curve === undefined || curveFile === undefined) write(event)
    else {
      curves += `${curve}\n`
      write({ ...withCurve(event, undefined), curve: { file: curveFile, hash: digest(curve) } })
    }
  }
  return { lines, curves, mark: { seq, hash, format } }
}

type TrialEvent = Extract<LedgerEvent, { kind: 'trial' }>

function withCurve(event: TrialEvent, curve: Curve | undefined): TrialEvent {
  // Without one it is written as absent, and read back as empty.
  return { ...event, result: { ...event.result, curve: curve as TrialResult['curve'] } }
}

type Curve = TrialResult['curve']

function curveLine({ trial, curve }: TrialResult): string | undefined {
  if (curve.length === 0) return undefined
  return JSON.stringify({ trial: trial.id, curve: curve.map(({ step, value }) => [step, value]) })
}

/**
 * The curves in a file of them, by the hash of their lines. A line that was edited has another hash, and no trial names
 * it: a curve that is not what was recorded counts as none.
 *
 * @param trials ids of the trials whose curves are wanted; absent: all
 */
export function readCurves(text: string, trials?: ReadonlySet<string>): Map<string, Curve> {
  const curves = new Map<string, Curve>()
  for (const line of text.split('\n')) {
    const trial = CURVE_OF.exec(line)?.[1]
    // Most lines of a file are not wanted, and parsing them is most of the work.
    if (trial !== undefined && trials?.has(trial) !== false) curves.set(digest(line), parseCurve(line))
  }
  return curves
}

/** The beginning of each line that `curveLine` writes. */
const CURVE_OF = /^\{"trial":"([^"]*)"/

function parseCurve(line: string): Curve {
  try {
    const { curve } = JSON.parse(line) as { curve: [number, number][] }
    return curve.map(([step, value]) => ({ step, value }))
  } catch {
    return []
  }
}

/** Reads a whole ledger as one text, see `readLines`. */
export function parseLedger(text: string): ParsedLedger {
  const read = readLines(text)
  if (read.kind !== 'lines') return read
  return {
    kind: 'ledger',
    events: read.entries.map(({ event }) => event),
    times: read.entries.map(({ time }) => time),
  }
}

/** Adds events to the end of a ledger that is held as one text; curves stay in their lines. */
export function appendEvents(text: string, events: readonly LedgerEvent[], at: Date): string {
  if (text === '') return writeLines(events, LEDGER_START, at).lines
  const last = text.slice(text.lastIndexOf('\n', text.length - 2) + 1, -1)
  const seq = parseBody(last)?.seq ?? Number.NaN
  return text + writeLines(events, { ...LEDGER_START, seq, hash: hashOf(last) }, at).lines
}

function parseBody(line: string): LedgerBody | undefined {
  try {
    const value: unknown = JSON.parse(unsealed(line))
    return typeof value === 'object' && value !== null && 'kind' in value ? (value as LedgerBody) : undefined
  } catch {
    return undefined
  }
}

/** Closes a line with the hash of the one before and of its own body. */
function sealBody(body: string, previous: string): string {
  return `${body.slice(0, -1)}${seal(digest(previous + body))}`
}

/** The body as it was before it was closed. */
function unsealed(line: string): string {
  return `${line.slice(0, -seal(LEDGER_START.hash).length)}}`
}

/** The hash that closes a line. */
function hashOf(line: string): string {
  return line.slice(-2 - HASH_CHARACTERS, -2)
}

function seal(hash: string): string {
  return `,"hash":"${hash}"}`
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, HASH_CHARACTERS)
}
