// The ledger: an append-only list of everything that happened, one JSON object a line, each line closed by a hash of
// itself and of the line before, so that a torn, edited or reordered ledger is noticed before anything is merged on its
// word.
import { createHash } from 'node:crypto'
import type { Certification, Stretch } from '../certify/stretch.ts'
import type { Verdict } from '../judge/judge.ts'
import type { Wish, WishAnswer } from '../propose/requests.ts'
import type { Assignment } from '../trial/lost.ts'
import type { Candidate, CandidateEnd, Direction, Usage } from './candidate.ts'
import type { TrialResult } from './trial.ts'

export type LedgerEvent =
  /** The first line. `rootSeed` is where every trial's seed comes from. */
  | { kind: 'started'; rootSeed: string }
  /** The baseline branch now points here: at the start, after a merge, or because a person moved it. */
  | { kind: 'baseline'; commit: string; tree: string; cause: 'started' | 'merged' | 'pushed' }
  | { kind: 'proposed'; candidate: Candidate }
  /** A proposer was asked and nothing came of it; recorded because it cost something. `wish`: what a person asked for. */
  | {
      kind: 'no-proposal'
      id: string
      proposer: string
      reason: string
      usage: Usage
      /** What it was asked for; absent in ledgers of before. */
      direction?: Direction
      wish?: string
    }
  /** Insights were written after this many settled ideas, by a proposer or, without one, as a table. */
  | { kind: 'distilled'; settled: number; proposer: string; usage: Usage }
  /** A person asks for something to be tried. */
  | { kind: 'wish'; wish: Wish }
  /** No candidate will take up the wish. */
  | { kind: 'declined'; wish: string; reason: string }
  /** Its asker was told. */
  | { kind: 'answered'; wish: string; answer: WishAnswer }
  | { kind: 'opened'; candidate: string; pullRequest: number }
  /** The baseline moved under a waiting candidate and its change was replayed on the new one. */
  | {
      kind: 'rebased'
      candidate: string
      base: string
      head: string
      tree: string
      /** What it adds to the new baseline, which may contain part of it; absent in ledgers of before. */
      addedLines?: number
    }
  /** The trials that a workflow run has in hand from now on, whatever it had before. */
  | ({ kind: 'assigned'; run: string } & Assignment)
  | { kind: 'trial'; result: TrialResult }
  /** Of these trials, ids, that a workflow run had in hand no result came back. */
  | { kind: 'lost'; run: string; trials: readonly string[] }
  | { kind: 'judged'; candidate: string; head: string; verdict: Verdict }
  | { kind: 'ended'; candidate: string; end: CandidateEnd }
  /** The merges up to this commit are to be certified. */
  | { kind: 'certify'; to: string }
  /** What fresh runs said about a stretch of the baseline: that it holds, or that it does not. */
  | { kind: 'certification'; certification: Certification }
  /** The check run of a certification is on GitHub. */
  | { kind: 'announced'; from: Stretch['from']; to: Stretch['to'] }
  /** A merge that was refuted stays in the baseline, and why. */
  | { kind: 'not-reverted'; commit: string; reason: string }

/** A line without the hash that closes it. */
type LedgerBody = LedgerEvent & { seq: number; at: string }

export type ParsedLedger =
  /** `times` of the events in milliseconds of the epoch, as the machines that wrote them had it; NaN when unreadable. */
  | { kind: 'ledger'; events: LedgerEvent[]; times: number[] }
  | { kind: 'broken'; line: number; problem: string }

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
    events.push(event as LedgerEvent)
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
