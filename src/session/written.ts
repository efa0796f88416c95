// What the remote's ledger tells, line by line: the state, and what the journal needs besides it.
import { type Spending, spendingOf, spentSince, sumUpSpending } from '../core/record/cost.ts'
import type { LedgerEvent } from '../core/record/events.ts'
import { type CurvePlace, type Entry, LEDGER_START, type Mark } from '../core/record/ledger.ts'
import { WEEK_SECONDS } from '../core/record/limits.ts'
import type { Snapshot } from '../core/record/snapshot.ts'
import { advance, replay, type State, withCurves } from '../core/record/state.ts'
import type { TrialResult } from '../core/record/trial.ts'

export type Curves = ReadonlyMap<string, TrialResult['curve']>

/** The remote's ledger as last read. Each line is read once. */
export interface Written {
  mark: Mark
  state: State
  /** What was spent in the last week; older lines are dropped. */
  spending: readonly Spending[]
  /** Where the curves of the state's trials are, by trial. */
  curves: ReadonlyMap<string, CurvePlace>
  /** The trials among them whose curves are part of the state. */
  loaded: ReadonlySet<string>
  /** The file of the last checkpoint, by its hash. */
  checkpoint: string | undefined
}

export const NOTHING_WRITTEN: Written = {
  mark: LEDGER_START,
  state: replay([]),
  spending: [],
  curves: new Map(),
  loaded: new Set(),
  checkpoint: undefined,
}

/** What is known behind a checkpoint, from its file. */
export function fromSnapshot({ mark, state, curves, spending }: Snapshot, checkpoint: string): Written {
  return { mark, state, curves, spending, loaded: new Set(), checkpoint }
}

/**
 * What is known after more lines.
 *
 * @param mark behind the last of them
 * @param known curves by the hash that lines name them by
 */
export function takeLines(
  written: Written,
  entries: readonly Entry[],
  mark: Mark,
  now: Date,
  known: Curves = new Map(),
): Written {
  let next = written
  for (let start = 0; start < entries.length; ) {
    const found = entries.findIndex(({ event }, index) => index >= start && event.kind === 'checkpoint')
    const end = found === -1 ? entries.length : found + 1
    next = takeSegment(next, entries.slice(start, end), now, known)
    start = end
  }
  return { ...next, mark }
}

/** @param entries at most the last of them is a checkpoint */
function takeSegment(written: Written, entries: readonly Entry[], now: Date, known: Curves): Written {
  const { spending, curves, loaded } = written
  const events: LedgerEvent[] = []
  const places = new Map<string, CurvePlace>()
  const here = new Set<string>()
  for (const { event, curve: place } of entries) {
    const curve = place && known.get(place.hash)
    const isTrial = event.kind === 'trial'
    if (isTrial && place) places.set(event.result.trial.id, place)
    if (isTrial && curve) here.add(event.result.trial.id)
    events.push(isTrial && curve ? { ...event, result: { ...event.result, curve } } : event)
  }
  const spent = entries.map(({ event, time }) => spendingOf(event, time))
  const lastWeek = new Date(now.getTime() - 1000 * WEEK_SECONDS)
  const next = {
    ...written,
    state: advance(written.state, events),
    spending: spentSince([...spending, ...spent], lastWeek, now),
    curves: places.size === 0 ? curves : new Map([...curves, ...places]),
    loaded: here.size === 0 ? loaded : new Set([...loaded, ...here]),
  }
  const last = entries.at(-1)
  return last?.event.kind === 'checkpoint' ? behindCheckpoint(next, last.event.state, last.time) : next
}

/** Drops what belongs to archived trials. */
function behindCheckpoint(written: Written, checkpoint: string, time: number): Written {
  const { state, spending, curves, loaded } = written
  return {
    ...written,
    checkpoint,
    spending: sumUpSpending(spending, time),
    curves: new Map([...curves].filter(([id]) => state.trials.has(id))),
    loaded: new Set([...loaded].filter((id) => state.trials.has(id))),
  }
}

/** With the curves of these trials, by id. */
export function takeCurves(written: Written, curves: Curves): Written {
  return {
    ...written,
    state: withCurves(written.state, curves),
    loaded: new Set([...written.loaded, ...curves.keys()]),
  }
}
