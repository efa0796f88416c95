// Brings events of older ledger formats to the present one: one function for each format, applied to the events in memory.
// The lines on the branch stay as they were written.
import type { Direction } from './candidate.ts'
import { LEDGER_FORMAT, type LedgerEvent } from './events.ts'
import { BASE_SCALE } from './trial.ts'

/** An event as an older format wrote it: known by its kind, everything else is looked at when it is migrated. */
type Written = { kind: string } & Record<string, unknown>

/** By format: from it to the next one. */
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
  'ended',
  'certify',
  'certification',
  'announced',
  'not-reverted',
])

export type Migrated =
  | { kind: 'event'; event: LedgerEvent }
  /** Written by a newer release, or no event at all: nothing may be decided without it. */
  | { kind: 'unknown'; problem: string }

/** The format of the lines after this event, itself included; ledgers of format 1 do not name it. */
export function formatFrom(event: { kind: string; format?: unknown }, before: number): number {
  if (event.kind !== 'started' && event.kind !== 'format') return before
  return typeof event.format === 'number' ? event.format : 1
}

/** Brings one event, written in `format`, to the present format. */
export function migrate(event: Written, format: number): Migrated {
  if (format > LEDGER_FORMAT)
    return {
      kind: 'unknown',
      problem: `it is in format ${format}, and this release reads up to ${LEDGER_FORMAT}`,
    }
  let present = event
  for (let from = format; from < LEDGER_FORMAT; from += 1) present = MIGRATIONS[from]?.(present) ?? present
  if (KINDS.has(present.kind)) return { kind: 'event', event: present as unknown as LedgerEvent }
  return { kind: 'unknown', problem: `this release knows no event "${present.kind.slice(0, 40)}"` }
}

/**
 * Format 1 told a candidate's origin by optional fields (`aa`, `reverts`, `wish`, `direction`), a trial's protocol by
 * `scale` and `certifies`, called requests wishes, and did not say in a verdict how the deciding run failed.
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

/** The reason began with how the run ended: `run 1 of 2 ended crashed: …`. */
function verdictFrom1(verdict: Record<string, unknown>) {
  const [, failure] = /^run \d+ of \d+ ended ([a-z-]+)/.exec(String(verdict.reason)) ?? []
  return failure === undefined ? verdict : { ...verdict, failure }
}
