// The ledger: an append-only list of everything that happened, one JSON object a line, each line closed by a hash of
// itself and of the line before, so that a torn, edited or reordered ledger is noticed before anything is merged on its
// word.

import { createHash } from 'node:crypto'
import type { LedgerEvent } from './events.ts'
import { formatFrom, migrate } from './migrate.ts'

/** A line without the hash that closes it. */
type LedgerBody = LedgerEvent & { seq: number; at: string }

export type ParsedLedger =
  /** `times` of the events in milliseconds of the epoch, as the machines that wrote them had it; NaN when unreadable. */
  | { kind: 'ledger'; events: LedgerEvent[]; times: number[] }
  | { kind: 'broken'; line: number; problem: string }
  /** Written by a newer release. */
  | { kind: 'newer'; line: number; problem: string }

const HASH_CHARACTERS = 16
/** What the first line follows. */
const FIRST_HASH = '0'.repeat(HASH_CHARACTERS)

/** A ledger that was read. */
export interface KnownLedger {
  text: string
  events: readonly LedgerEvent[]
  times: readonly number[]
}

const NOTHING_KNOWN: KnownLedger = { text: '', events: [], times: [] }

/**
 * Reads a whole ledger and checks its chain.
 *
 * @param known what was read of it before and has to be there still: only the lines after it are read
 * @returns the events in order, or the first line (1-based) that is not what was written or does not follow from the one
 *   before. Lines cut off at the end cannot be told from lines never written: git's history tells.
 */
export function parseLedger(text: string, known = NOTHING_KNOWN): ParsedLedger {
  if (!text.startsWith(known.text))
    return { kind: 'broken', line: firstChange(known.text, text), problem: 'it was set back or rewritten' }
  const events = [...known.events]
  let format = known.events.reduce((before, event) => formatFrom(event, before), 1)
  const times = [...known.times]
  let hash = hashOf(lastLine(known.text))
  const lines = text.slice(known.text.length).split('\n')
  const torn = lines.pop() !== ''
  for (const line of lines) {
    const seq = events.length + 1
    const body = parseBody(line)
    if (!body) return { kind: 'broken', line: seq, problem: 'the line is not a ledger entry' }
    const { seq: written, at, ...event } = body
    if (written !== seq || sealBody(unsealed(line), hash) !== line)
      return { kind: 'broken', line: seq, problem: 'the line was edited or does not follow the one before' }
    format = formatFrom(event, format)
    const migrated = migrate(event, format)
    if (migrated.kind === 'unknown') return { kind: 'newer', line: seq, problem: migrated.problem }
    events.push(migrated.event)
    times.push(Date.parse(at))
    hash = hashOf(line)
  }
  if (torn) return { kind: 'broken', line: events.length + 1, problem: 'the last line is torn' }
  return { kind: 'ledger', events, times }
}

/**
 * Adds events to the end of a ledger's text. Order is the order of lines, never the clock's: `at` is for people, and for
 * what was spent in a week.
 */
export function appendEvents(text: string, events: readonly LedgerEvent[], at: Date): string {
  const last = lastLine(text)
  let seq = last === undefined ? 0 : (parseBody(last)?.seq ?? Number.NaN)
  let hash = hashOf(last)
  let added = ''
  for (const event of events) {
    seq += 1
    const body = JSON.stringify({ seq, at: at.toISOString(), ...event } satisfies LedgerBody)
    const line = sealBody(body, hash)
    added += `${line}\n`
    hash = hashOf(line)
  }
  return text + added
}

/** The first line (1-based) that is not what it was. */
function firstChange(before: string, now: string): number {
  const [old, present] = [before.split('\n'), now.split('\n')]
  return old.findIndex((line, index) => line !== present[index]) + 1
}

/** The last line of a text whose lines are ended; undefined when it has none. */
function lastLine(text: string): string | undefined {
  return text === '' ? undefined : text.slice(text.lastIndexOf('\n', text.length - 2) + 1, -1)
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
  const hash = createHash('sha256').update(previous).update(body).digest('hex').slice(0, HASH_CHARACTERS)
  return `${body.slice(0, -1)}${seal(hash)}`
}

/** The body as it was before it was closed. */
function unsealed(line: string): string {
  return `${line.slice(0, -seal(FIRST_HASH).length)}}`
}

/** The hash that closes a line. */
function hashOf(line: string | undefined): string {
  return line === undefined ? FIRST_HASH : line.slice(-2 - HASH_CHARACTERS, -2)
}

function seal(hash: string): string {
  return `,"hash":"${hash}"}`
}
