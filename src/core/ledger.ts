// The ledger: an append-only list of everything that happened, one JSON object a line, each line naming the hash of the
// line before, so that a torn, edited or rewound ledger is noticed before anything is merged on its word.
import { createHash } from 'node:crypto'
import type { Candidate, CandidateEnd, Usage } from './candidate.ts'
import type { TrialResult } from './trial.ts'
import type { Verdict } from './verdict.ts'

export type LedgerEvent =
  /** The first line. `rootSeed` is where every trial's seed comes from. */
  | { kind: 'started'; rootSeed: string }
  /** The baseline branch now points here: at the start, after a merge, or because a person moved it. */
  | { kind: 'baseline'; commit: string; tree: string; cause: 'started' | 'merged' | 'pushed' }
  | { kind: 'proposed'; candidate: Candidate }
  /** A proposer was asked and nothing came of it; recorded because it cost something. */
  | { kind: 'no-proposal'; proposer: string; reason: string; usage: Usage }
  | { kind: 'opened'; candidate: string; pullRequest: number }
  /** The baseline moved under a waiting candidate and its change was replayed on the new one. */
  | { kind: 'rebased'; candidate: string; base: string; head: string; tree: string }
  | { kind: 'trial'; result: TrialResult }
  | { kind: 'judged'; candidate: string; head: string; verdict: Verdict }
  | { kind: 'ended'; candidate: string; end: CandidateEnd }

export type LedgerLine = LedgerEvent & { seq: number; at: string; prev: string }

export type ParsedLedger =
  | { kind: 'ledger'; events: LedgerEvent[] }
  | { kind: 'broken'; line: number; problem: string }

const FIRST_PREV = '0'.repeat(16)

/**
 * Reads a whole ledger and checks its chain.
 *
 * @returns the events in order, or the first line (1-based) that does not follow from the one before.
 */
export function parseLedger(text: string): ParsedLedger {
  const events: LedgerEvent[] = []
  let prev = FIRST_PREV
  const lines = text.split('\n')
  if (lines.pop() !== '') return { kind: 'broken', line: lines.length + 1, problem: 'the last line is torn' }
  for (const [index, line] of lines.entries()) {
    const parsed = parseLine(line)
    if (!parsed) return { kind: 'broken', line: index + 1, problem: 'the line is not a ledger entry' }
    const { seq, at: _, prev: claimed, ...event } = parsed
    if (seq !== index + 1 || claimed !== prev)
      return { kind: 'broken', line: index + 1, problem: 'the line does not follow the one before it' }
    events.push(event as LedgerEvent)
    prev = lineHash(line)
  }
  return { kind: 'ledger', events }
}

/** Adds events to the end of a ledger's text. `at` is display only: order is the order of lines, never the clock's. */
export function appendEvents(text: string, events: readonly LedgerEvent[], at: Date): string {
  const lines = text === '' ? [] : text.trimEnd().split('\n')
  let seq = lines.length
  let prev = lines.length === 0 ? FIRST_PREV : lineHash(lines.at(-1) ?? '')
  let added = ''
  for (const event of events) {
    seq += 1
    const line = JSON.stringify({ seq, at: at.toISOString(), prev, ...event } satisfies LedgerLine)
    added += `${line}\n`
    prev = lineHash(line)
  }
  return text + added
}

function parseLine(line: string): LedgerLine | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null && 'kind' in value ? (value as LedgerLine) : undefined
  } catch {
    return undefined
  }
}

function lineHash(line: string): string {
  return createHash('sha256').update(line).digest('hex').slice(0, 16)
}
