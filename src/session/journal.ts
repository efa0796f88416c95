// The ledger as a running command sees it: recorded at once in memory, written to the remote in the background, in order.

import { type Cost, costSince } from '../core/record/cost.ts'
import type { LedgerEvent } from '../core/record/events.ts'
import { appendEvents, type KnownLedger, parseLedger } from '../core/record/ledger.ts'
import { advance, replay, type State, selectNews } from '../core/record/state.ts'
import { LedgerError } from '../errors.ts'
import type { BranchUpdate, Clock, LedgerStore } from '../ports.ts'

interface Entry {
  events: readonly LedgerEvent[]
  branches: readonly BranchUpdate[]
  at: Date
}

/** The remote's ledger as it was last seen. A long one is read once: from then on only what is new. */
interface Written extends KnownLedger {
  state: State
}

export class Journal {
  readonly #store: LedgerStore
  readonly #clock: Clock
  #written: Written
  #pending: Entry[] = []
  #state: State
  #writing: Promise<void> | undefined
  #failure: { error: unknown } | undefined
  #waiters: (() => void)[] = []

  constructor(store: LedgerStore, clock: Clock, text: string) {
    this.#store = store
    this.#clock = clock
    this.#written = readLedger(text)
    this.#state = this.#written.state
  }

  /** What is true now, lines that are still on their way to the remote included. */
  get state(): State {
    return this.#state
  }

  /** What was spent in the seconds before now, lines that are still on their way included. */
  costOfLast(seconds: number): Cost {
    const now = this.#clock.now()
    const since = new Date(now.getTime() - 1000 * seconds)
    const { events, times } = this.#written
    const pending = this.#pending.flatMap((entry) => entry.events.map((event) => ({ event, at: entry.at })))
    return costSince(
      [...events, ...pending.map(({ event }) => event)],
      [...times, ...pending.map(({ at }) => at.getTime())],
      since,
      now,
    )
  }

  /**
   * Adds events, and moves branches in the same push. Returns at once; `flushed` tells when the remote has them.
   * Throws once an earlier write has failed: nothing is done on the word of a ledger that cannot be written.
   * Events that say nothing new are dropped.
   */
  record(events: readonly LedgerEvent[], branches: readonly BranchUpdate[] = []): void {
    if (this.#failure) throw this.#failure.error
    if (events.length === 0 && branches.length === 0) return
    this.#pending.push({ events, branches, at: this.#clock.now() })
    this.#state = advance(this.#state, events)
    this.wake()
    this.#writing ??= this.#writeAll()
    // A failure is thrown by whoever records or waits next; until then it must not end the process.
    this.#writing.catch((error: unknown) => {
      this.#failure = { error }
      this.wake()
    })
  }

  /** Resolves when everything recorded so far is on the remote. */
  async flushed(): Promise<void> {
    while (this.#writing) await this.#writing
  }

  /** Resolves at the next change of the state. */
  changed(): Promise<void> {
    return new Promise((resolve) => this.#waiters.push(resolve))
  }

  /** Wakes everyone who waits for a change, for example because the command is ending. */
  wake(): void {
    for (const resolve of this.#waiters.splice(0)) resolve()
  }

  async #writeAll(): Promise<void> {
    while (this.#pending.length > 0) {
      const batch = takeBatch(this.#pending)
      const events = batch.flatMap((entry) => entry.events)
      const branches = batch.flatMap((entry) => entry.branches)
      const edit = (text: string): string => {
        this.#written = readLedger(text, this.#written)
        return appendEvents(text, selectNews(this.#written.state, events), this.#clock.now())
      }
      const text = await this.#store.update(edit, branches, describe(events))
      this.#written = readLedger(text, this.#written)
      this.#pending.splice(0, batch.length)
      this.#state = advance(
        this.#written.state,
        this.#pending.flatMap((entry) => entry.events),
      )
      this.wake()
    }
    this.#writing = undefined
  }
}

/** Entries that can share one push: all up to, and including, the first that moves a branch. */
function takeBatch(pending: readonly Entry[]): Entry[] {
  const end = pending.findIndex((entry) => entry.branches.length > 0)
  return pending.slice(0, end === -1 ? pending.length : end + 1)
}

function readLedger(text: string, known?: Written): Written {
  const parsed = parseLedger(text, known)
  if (parsed.kind === 'ledger') {
    const { events, times } = parsed
    const state = known ? advance(known.state, events.slice(known.events.length)) : replay(events)
    return { text, events, times, state }
  }
  if (parsed.kind === 'newer')
    throw new LedgerError(
      `line ${parsed.line} of the ledger was written by a newer release: ${parsed.problem}`,
      {
        hint: 'Update the action to the release that wrote it, or a later one.',
      },
    )
  throw new LedgerError(`the ledger is broken at line ${parsed.line}: ${parsed.problem}`, {
    hint: 'Nothing is merged until it is mended: `git log -p autoresearch/ledger` shows who changed it; reset the branch to the last good commit.',
  })
}

function describe(events: readonly LedgerEvent[]): string {
  return events.map((event) => event.kind).join(', ') || 'move branches'
}
