// Migrates events of older ledger formats to the current format, in memory, with one function per format. The lines on the
// ledger branch stay unchanged.
import type { Direction } from './candidate.ts'
import { LEDGER_FORMAT, type LedgerEvent } from './events.ts'
import { BASE_SCALE } from './trial.ts'

/** An event in any format. Only its kind is known; migration checks everything else. */
type Written = { kind: string } & Record<string, unknown>

/**
 * The migration from each format to the next. Format 3 only adds origins of candidates (`bundle`, `leave-out`), which a release that
 * reads format 2 would take for ideas.
 */
const MIGRATIONS: Readonly<Record<number, (event: Written) => Written>> = { 1: fromFormat1 }

const KINDS: ReadonlySet<string> = new Set<LedgerEvent['kind']>([
  'started',
  'format',
  'baseline',
  'proposed',
  'no-proposal',
  'insights',
  'requested',
  'declined',
  'answered',
  'opened',
  'rebased',
  'assigned',
  'trial',
  'lost',
  'judged',
  'refused',
  'ended',
  'certify',
  'certification',
  'announced',
  'not-reverted',
  'promote',
  'promotion',
  'stack',
  'promoted',
  'published',
  'checkpoint',
])

export type Migrated =
  | { kind: 'event'; event: LedgerEvent }
  /** Written by a newer release, or not an event. Without it, no decision is possible. */
  | { kind: 'unknown'; problem: string }

/** The format of this event and of the following lines. Ledgers of format 1 do not state their format. */
export function formatFrom(event: { kind: string; format?: unknown }, before: number): number {
  if (event.kind !== 'started' && event.kind !== 'format') return before
  return typeof event.format === 'number' ? event.format : 1
}

/** Migrates one event from `format` to the current format. */
export function migrate(event: Written, format: number): Migrated {
  if (format > LEDGER_FORMAT)
    return {
      kind: 'unknown',
      problem: `it is in format ${format}, and this release reads up to ${LEDGER_FORMAT}`,
    }
  let current = event
  for (let from = format; from < LEDGER_FORMAT; from += 1) current = MIGRATIONS[from]?.(current) ?? current
  if (KINDS.has(current.kind)) return { kind: 'event', event: current as unknown as LedgerEvent }
  return { kind: 'unknown', problem: `this release does not know the event "${current.kind.slice(0, 40)}"` }
}

/**
 * Format 1 stored a candidate's origin in optional fields (`aa`, `reverts`, `wish`, `direction`) and a trial's protocol in
 * `scale` and `certifies`. It called requests wishes, and its verdicts did not record how the deciding run failed.
 */
function fromFormat1(event: Written): Written {
  switch (event.kind) {
    case 'started':
      return { ...event, format: 1 }
    case 'proposed':
      return { ...event, candidate: candidateFrom1(event.candidate as Record<string, unknown>) }
    case 'no-proposal':
      return renamed(event, 'wish', 'request')
    case 'distilled':
      return { ...renamed(event, 'settled', 'decided'), kind: 'insights' }
    case 'wish':
      return { ...renamed(event, 'wish', 'request'), kind: 'requested' }
    case 'declined':
    case 'answered':
      return renamed(event, 'wish', 'request')
    case 'trial':
      return { ...event, result: resultFrom1(event.result as Record<string, unknown>) }
    case 'judged':
      return { ...event, verdict: verdictFrom1(event.verdict as Record<string, unknown>) }
    default:
      return event
  }
}

function renamed(event: Written, from: string, to: string): Written {
  const { [from]: value, kind, ...rest } = event
  return value === undefined ? event : { kind, ...rest, [to]: value }
}

function candidateFrom1({ aa, reverts, wish, direction, ...rest }: Record<string, unknown>) {
  return { ...rest, origin: originFrom1({ aa, reverts, wish, direction }) }
}

function originFrom1({ aa, reverts, wish, direction }: Record<string, unknown>) {
  if (aa !== undefined) return { kind: 'aa', number: aa }
  if (reverts !== undefined) return { kind: 'revert', merge: reverts }
  if (wish !== undefined) return { kind: 'request', request: wish }
  if (direction === undefined) return { kind: 'idea' }
  return { kind: (direction as Direction).mode === 'combine' ? 'combination' : 'idea', direction }
}

function resultFrom1({ trial, ...rest }: Record<string, unknown>) {
  const { scale = BASE_SCALE, certifies, ...others } = trial as Record<string, unknown>
  const protocol =
    certifies === undefined ? { purpose: 'judge', scale } : { purpose: 'certify', scale, range: certifies }
  return { ...rest, trial: { ...others, protocol } }
}

/** In format 1, the reason started with the outcome of the run: `run 1 of 2 ended crashed: …`. */
function verdictFrom1(verdict: Record<string, unknown>) {
  const [, failure] = /^run \d+ of \d+ ended ([a-z-]+)/.exec(String(verdict.reason)) ?? []
  return failure === undefined ? verdict : { ...verdict, failure }
}
