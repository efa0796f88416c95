// The ledger as a running command sees it: recorded at once in memory, written to the remote in the background, in order.
import { trialsWithNeededCurves } from '../core/judge/cutting.ts'
import { type Cost, costSince, type Spending, spendingOf, spentSince } from '../core/record/cost.ts'
import { LEDGER_FORMAT, type LedgerEvent } from '../core/record/events.ts'
import {
  type CurvePlace,
  type Entry,
  LEDGER_START,
  type Mark,
  type ReadLines,
  readCurves,
  readLines,
  writeLines,
} from '../core/record/ledger.ts'
import { WEEK_SECONDS } from '../core/record/limits.ts'
import { advance, replay, type State, selectNews, withCurves } from '../core/record/state.ts'
import type { TrialResult } from '../core/record/trial.ts'
import { LedgerError } from '../errors.ts'
import type { BranchUpdate, Clock, LedgerAddition, LedgerStore } from '../ports.ts'

interface Pending {
  events: readonly LedgerEvent[]
  branches: readonly BranchUpdate[]
  at: Date
}

/** The remote's ledger as last read. Each line is read once. */
interface Written {
  mark: Mark
  state: State
  /** What was spent in the last week; older lines are dropped at the start. */
  spending: readonly Spending[]
  /** Where to find the curves that the state does not have yet, by trial. */
  curves: ReadonlyMap<string, CurvePlace>
}

const NOTHING: Written = { mark: LEDGER_START, state: replay([]), spending: [], curves: new Map() }

type Curves = ReadonlyMap<string, TrialResult['curve']>

export class Journal {
  readonly #store: LedgerStore
  readonly #clock: Clock
  #written = NOTHING
  #pending: Pending[] = []
  #state = NOTHING.state
  #writing: Promise<void> | undefined
  #failure: { error: unknown } | undefined
  #waiters: (() => void)[] = []

  private constructor(store: LedgerStore, clock: Clock) {
    this.#store = store
    this.#clock = clock
  }

  /**
   * Reads the ledger. If there is none, the first record creates it.
   *
   * @throws LedgerError when it is broken, or written by a newer release
   */
  static async open(store: LedgerStore, clock: Clock): Promise<Journal> {
    const journal = new Journal(store, clock)
    const stored = await store.read()
    if (stored) await journal.#readAll(stored.parts)
    await journal.#readNeededCurves()
    journal.#state = journal.#written.state
    return journal
  }

  /** True while there is no ledger. */
  get isEmpty(): boolean {
    return this.#written.mark.seq === 0
  }

  /** The current state, including lines that are still being written to the remote. */
  get state(): State {
    return this.#state
  }

  /** The cost of the last seconds, at most a week, including lines that are still being written to the remote. */
  costOfLast(seconds: number): Cost {
    const now = this.#clock.now()
    const pending = this.#pending.flatMap(({ events, at }) =>
      events.map((event) => spendingOf(event, at.getTime())),
    )
    const since = new Date(now.getTime() - 1000 * seconds)
    return costSince([...this.#written.spending, ...pending], since, now)
  }

  /**
   * Adds events, and moves branches in the same push. Returns at once; `flushed` tells when the remote has them.
   * Throws once an earlier write has failed: no effect may depend on lines that are not in the ledger.
   * Events that say nothing new are dropped.
   */
  record(events: readonly LedgerEvent[], branches: readonly BranchUpdate[] = []): void {
    if (this.#failure) throw this.#failure.error
    if (events.length === 0 && branches.length === 0) return
    this.#pending.push({ events, branches, at: this.#clock.now() })
    this.#state = advance(this.#state, events)
    this.wake()
    this.#writing ??= this.#writeAll()
    // The next record or wait throws the failure; until then it must not end the process.
    this.#writing.catch((error: unknown) => {
      this.#failure = { error }
      this.wake()
    })
  }

  /** Resolves when everything recorded so far is on the remote. */
  async flushed(): Promise<void> {
    while (this.#writing) await this.#writing
  }

  /**
   * Resolves at the next change of the state.
   *
   * @throws what a write to the remote failed with: nothing would wake whoever waits after that
   */
  async changed(): Promise<void> {
    if (!this.#failure) await new Promise<void>((resolve) => this.#waiters.push(resolve))
    if (this.#failure) throw this.#failure.error
  }

  /** Wakes everything that waits for a change, for example because the command is ending. */
  wake(): void {
    for (const resolve of this.#waiters.splice(0)) resolve()
  }

  async #writeAll(): Promise<void> {
    while (this.#pending.length > 0) {
      const batch = takeBatch(this.#pending)
      const events = batch.flatMap((entry) => entry.events)
      const branches = batch.flatMap((entry) => entry.branches)
      let ours: LedgerAddition = { lines: '', curves: '' }
      const compose = (unread: string, curveFile: number): LedgerAddition => {
        this.#readOn(unread)
        const { state, mark } = this.#written
        ours = writeLines(selectNews(state, events), mark, this.#clock.now(), curveFile)
        return ours
      }
      await this.#store.append(compose, branches, describe(events))
      this.#readOn(ours.lines, readCurves(ours.curves))
      await this.#readNeededCurves()
      this.#pending.splice(0, batch.length)
      this.#state = advance(
        this.#written.state,
        this.#pending.flatMap((entry) => entry.events),
      )
      this.wake()
    }
    this.#writing = undefined
  }

  async #readAll(parts: AsyncIterable<string>): Promise<void> {
    let { mark } = this.#written
    const entries: Entry[] = []
    for await (const text of parts) {
      const read = readLines(text, mark)
      if (read.kind !== 'lines') throw unreadable(read)
      for (const entry of read.entries) entries.push(entry)
      mark = read.mark
    }
    this.#take(entries, mark)
  }

  /** @param known curves by the hash that lines name them by */
  #readOn(text: string, known?: Curves): void {
    if (text === '') return
    const read = readLines(text, this.#written.mark)
    if (read.kind !== 'lines') throw unreadable(read)
    this.#take(read.entries, read.mark, known)
  }

  #take(entries: readonly Entry[], mark: Mark, known: Curves = new Map()): void {
    const { state, spending, curves } = this.#written
    const events: LedgerEvent[] = []
    const unread = new Map<string, CurvePlace>()
    for (const { event, curve: place } of entries) {
      const curve = place && known.get(place.hash)
      const isTrial = event.kind === 'trial'
      if (isTrial && place && !curve) unread.set(event.result.trial.id, place)
      events.push(isTrial && curve ? { ...event, result: { ...event.result, curve } } : event)
    }
    const now = this.#clock.now()
    const spent = entries.map(({ event, time }) => spendingOf(event, time))
    const lastWeek = new Date(now.getTime() - 1000 * WEEK_SECONDS)
    this.#written = {
      mark,
      state: advance(state, events),
      spending: spentSince([...spending, ...spent], lastWeek, now),
      curves: unread.size === 0 ? curves : new Map([...curves, ...unread]),
    }
  }

  /** Reads the curves that decisions need, of trials that other processes recorded. */
  async #readNeededCurves(): Promise<void> {
    const { state, curves: places } = this.#written
    if (places.size === 0) return
    const wanted = trialsWithNeededCurves(state).flatMap((id) => {
      const place = places.get(id)
      return place ? [{ id, ...place }] : []
    })
    if (wanted.length === 0) return
    const texts = await this.#store.readCurves([...new Set(wanted.map(({ file }) => file))])
    const found = new Map(texts.flatMap((text) => [...readCurves(text)]))
    const curves = new Map(wanted.map(({ id, hash }) => [id, found.get(hash) ?? []]))
    const left = new Map(places)
    for (const { id } of wanted) left.delete(id)
    this.#written = { ...this.#written, state: withCurves(state, curves), curves: left }
  }
}

/** Entries that can share one push: all up to, and including, the first that moves a branch. */
function takeBatch(pending: readonly Pending[]): Pending[] {
  const end = pending.findIndex((entry) => entry.branches.length > 0)
  return pending.slice(0, end === -1 ? pending.length : end + 1)
}

function unreadable({ kind, line, problem }: Exclude<ReadLines, { kind: 'lines' }>): LedgerError {
  if (kind === 'newer')
    return new LedgerError(
      `the ledger was written by a newer release of Autoresearch Action: line ${line} is ${problem}`,
      {
        hint: `This release reads format ${LEDGER_FORMAT} and older. Update the action in every workflow of the repository.`,
      },
    )
  return new LedgerError(`the ledger is broken at line ${line}: ${problem}`, {
    hint: 'Nothing is merged until it is repaired. `git log -p autoresearch/ledger` shows who changed it. Reset the branch to the last good commit.',
  })
}

function describe(events: readonly LedgerEvent[]): string {
  return events.map((event) => event.kind).join(', ') || 'move branches'
}
