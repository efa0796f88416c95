// The ledger as a running command sees it: recorded at once in memory, written to the remote in the background, in order.
import { type Cost, costSince } from '../core/cost.ts'
import { appendEvents, type LedgerEvent, parseLedger } from '../core/ledger.ts'
import { replay, type State, selectNews } from '../core/state.ts'
import { LedgerError } from '../errors.ts'
import type { BranchUpdate, Clock, LedgerStore } from '../ports.ts'

interface Entry {
  events: readonly LedgerEvent[]
  branches: readonly BranchUpdate[]
  at: Date
}

interface Written {
  events: readonly LedgerEvent[]
  times: readonly number[]
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
    this.#state = replay(this.#written.events)
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
    this.#refresh()
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
      const edit = (text: string): string =>
        appendEvents(text, selectNews(readLedger(text).events, events), this.#clock.now())
      const text = await this.#store.update(edit, branches, describe(events))
      this.#written = readLedger(text)
      this.#pending.splice(0, batch.length)
      this.#refresh()
    }
    this.#writing = undefined
  }

  #refresh(): void {
    this.#state = replay([...this.#written.events, ...this.#pending.flatMap((entry) => entry.events)])
    this.wake()
  }
}

/** Entries that can share one push: all up to, and including, the first that moves a branch. */
function takeBatch(pending: readonly Entry[]): Entry[] {
  const end = pending.findIndex((entry) => entry.branches.length > 0)
  return pending.slice(0, end === -1 ? pending.length : end + 1)
}

function readLedger(text: string): Written {
  const parsed = parseLedger(text)
  if (parsed.kind === 'ledger') return parsed
  throw new LedgerError(`the ledger is broken at line ${parsed.line}: ${parsed.problem}`, {
    hint: 'Nothing is merged until it is mended: `git log -p autoresearch/ledger` shows who changed it; reset the branch to the last good commit.',
  })
}

function describe(events: readonly LedgerEvent[]): string {
  return events.map((event) => event.kind).join(', ') || 'move branches'
}
