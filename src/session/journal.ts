// The ledger as a running command sees it: recorded at once in memory, written to the remote in the background, in order.
import { trialsWithNeededCurves } from '../core/judge/cutting.ts'
import type { ArchivedIdea } from '../core/record/archived-ideas.ts'
import { type Cost, costSince, spendingOf } from '../core/record/cost.ts'
import { LEDGER_FORMAT, type LedgerEvent } from '../core/record/events.ts'
import type { PastIdea } from '../core/record/ideas.ts'
import { type Entry, type ReadLines, readCurves, readLines, writeLines } from '../core/record/ledger.ts'
import { advance, type State, selectNews } from '../core/record/state.ts'
import { BranchMovedError, LedgerError } from '../errors.ts'
import type { Clock } from '../ports/job.ts'
import type { LedgerAddition, LedgerStore, StoredLedger } from '../ports/ledger.ts'
import type { BranchUpdate } from '../ports/repository.ts'
import {
  ArchivedIdeas,
  type DueCheckpoints,
  missingCheckpoint,
  readCheckpoint,
  writeCheckpoint,
} from './checkpoints.ts'
import { NOTHING_WRITTEN, takeCurves, takeLines, type Written } from './written.ts'

interface Pending {
  events: readonly LedgerEvent[]
  branches: readonly BranchUpdate[]
  at: Date
}

/** Lines that are taken at once while the ledger is read: the state is copied each time. */
const LINES_AT_ONCE = 20_000

export class Journal {
  readonly #store: LedgerStore
  readonly #clock: Clock
  readonly #archivedIdeas: ArchivedIdeas
  #written = NOTHING_WRITTEN
  #pending: Pending[] = []
  #state = NOTHING_WRITTEN.state
  #dueCheckpoints: DueCheckpoints = () => undefined
  #writing: Promise<void> | undefined
  #failure: { error: unknown } | undefined
  #waiters: (() => void)[] = []

  private constructor(store: LedgerStore, clock: Clock) {
    this.#store = store
    this.#clock = clock
    this.#archivedIdeas = new ArchivedIdeas(store)
  }

  /**
   * Reads the ledger. If there is none, the first record creates it.
   *
   * @throws LedgerError when it is broken, or written by a newer release
   */
  static async open(store: LedgerStore, clock: Clock): Promise<Journal> {
    const journal = new Journal(store, clock)
    const stored = await store.read()
    if (stored) await journal.#readAll(stored)
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

  /** Writes a checkpoint with the next append whenever one is due. */
  writeCheckpointsWhen(due: DueCheckpoints): void {
    this.#dueCheckpoints = due
  }

  /** The archived ideas, oldest first, as far as new ones are compared with them. */
  archivedIdeas(): Promise<readonly PastIdea[]> {
    return this.#archivedIdeas.remembered(this.#state.archive.blocks)
  }

  /** The archived ideas with all that is kept of them, oldest first, in parts. */
  readArchive(): AsyncIterable<Iterable<ArchivedIdea>> {
    return this.#archivedIdeas.read(this.#state.archive.blocks)
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
      let next = this.#written
      const compose = (unread: string, curveFile: number): LedgerAddition => {
        this.#written = this.#after(unread)
        const { addition, written } = this.#compose(events, curveFile)
        next = written
        return addition
      }
      const isDone = await this.#store.append(compose, branches, describe(events)).then(
        () => true,
        (error: unknown) => {
          if (error instanceof BranchMovedError && onlyMoves(batch)) return false
          throw error
        },
      )
      // What a person did to a branch stands: its entry, the last of the batch, is dropped, and whoever looks next at the
      // candidate sees what the person did.
      this.#pending.splice(isDone ? 0 : batch.length - 1, isDone ? batch.length : 1)
      if (isDone) this.#written = next
      await this.#readNeededCurves()
      this.#state = advance(
        this.#written.state,
        this.#pending.flatMap((entry) => entry.events),
      )
      this.wake()
    }
    this.#writing = undefined
  }

  /** What to append to the lines read so far, and what is known then. */
  #compose(
    events: readonly LedgerEvent[],
    curveFile: number,
  ): { addition: LedgerAddition; written: Written } {
    const { state, mark } = this.#written
    const now = this.#clock.now()
    const { lines, curves } = writeLines(selectNews(state, events), mark, now, curveFile)
    const written = this.#after(lines, curves)
    const due = this.#dueCheckpoints(written.state)
    if (!due) return { addition: { lines, curves }, written }
    const checkpoint = writeCheckpoint(written, due, now)
    return { addition: { lines, curves, checkpoint: checkpoint.addition }, written: checkpoint.written }
  }

  /** What is known after these lines, whose curves are in `curves`. */
  #after(lines: string, curves = ''): Written {
    if (lines === '') return this.#written
    const read = readLines(lines, this.#written.mark)
    if (read.kind !== 'lines') throw unreadable(read)
    return takeLines(this.#written, read.entries, read.mark, this.#clock.now(), readCurves(curves))
  }

  async #readAll({ checkpoint, parts }: StoredLedger): Promise<void> {
    if (checkpoint !== undefined && (await this.#readFrom(checkpoint, parts('checkpoint')))) return
    await this.#readParts(parts('start'))
    if (checkpoint === undefined && this.#written.checkpoint !== undefined) throw missingCheckpoint()
  }

  /** @returns false when the checkpoint is of no use to this release */
  async #readFrom(checkpoint: string, parts: AsyncIterable<string>): Promise<boolean> {
    const rest = parts[Symbol.asyncIterator]()
    const first = await rest.next()
    const read = readCheckpoint(checkpoint, first.done ? '' : first.value)
    if (!read) return false
    const { written, entries } = read
    this.#written = takeLines(written, entries, written.mark, this.#clock.now())
    await this.#readParts({ [Symbol.asyncIterator]: () => rest })
    return true
  }

  async #readParts(parts: AsyncIterable<string>): Promise<void> {
    let { mark } = this.#written
    let entries: Entry[] = []
    const take = (): void => {
      this.#written = takeLines(this.#written, entries, mark, this.#clock.now())
      entries = []
    }
    for await (const text of parts) {
      const read = readLines(text, mark)
      if (read.kind !== 'lines') throw unreadable(read)
      for (const entry of read.entries) entries.push(entry)
      mark = read.mark
      if (entries.length > LINES_AT_ONCE) take()
    }
    take()
  }

  /** Reads the curves that decisions need, of trials that other processes recorded. */
  async #readNeededCurves(): Promise<void> {
    const { state, curves: places, loaded } = this.#written
    if (places.size === loaded.size) return
    const wanted = trialsWithNeededCurves(state).flatMap((id) => {
      const place = loaded.has(id) ? undefined : places.get(id)
      return place ? [{ id, ...place }] : []
    })
    if (wanted.length === 0) return
    const texts = await this.#store.readCurves([...new Set(wanted.map(({ file }) => file))])
    const trials = new Set(wanted.map(({ id }) => id))
    const found = new Map(texts.flatMap((text) => [...readCurves(text, trials)]))
    const curves = new Map(wanted.map(({ id, hash }) => [id, found.get(hash) ?? []]))
    this.#written = takeCurves(this.#written, curves)
  }
}

/** Entries that can share one push: all up to, and including, the first that moves a branch. */
function takeBatch(pending: readonly Pending[]): Pending[] {
  const end = pending.findIndex((entry) => entry.branches.length > 0)
  return pending.slice(0, end === -1 ? pending.length : end + 1)
}

/** False when a branch was to be created: then the one that is there belongs to something else. */
function onlyMoves(batch: readonly Pending[]): boolean {
  return batch.every(({ branches }) => branches.every(({ from }) => from !== null))
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

/** The subject of a commit. */
function describe(events: readonly LedgerEvent[]): string {
  const counts = new Map<string, number>()
  for (const { kind } of events) counts.set(kind, (counts.get(kind) ?? 0) + 1)
  const kinds = Array.from(counts, ([kind, count]) => (count === 1 ? kind : `${count} × ${kind}`))
  return kinds.join(', ') || 'move branches'
}
