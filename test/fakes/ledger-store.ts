// The ledger's branch in memory. While it is `held`, a push waits for `pass`, so that a test decides what happens meanwhile.
import type { LedgerEvent } from '../../src/core/record/events.ts'
import { appendEvents, parseLedger } from '../../src/core/record/ledger.ts'
import { BranchMovedError, LedgerError } from '../../src/errors.ts'
import type { LedgerStore, StoredLedger } from '../../src/ports/ledger.ts'
import type { BranchUpdate } from '../../src/ports/repository.ts'
import { AT } from './clock.ts'
import { Fuse } from './fuse.ts'

/** Moves a branch; false when it is not where the update says. */
export type Move = (update: BranchUpdate) => boolean

interface Links {
  move?: Move
  fuse?: Fuse
}

export class FakeLedgerStore implements LedgerStore {
  text: string
  curves = ''
  /** The file of the newest checkpoint, and where its line begins. */
  checkpoint: { state: string; start: number } | undefined
  readonly archive = new Map<number, string>()
  held = false
  /** What the next pushes fail with. */
  failure: Error | undefined
  readonly pushes: { message: string; branches: readonly BranchUpdate[] }[] = []
  readonly #waiting: (() => void)[] = []
  readonly #move: Move
  readonly #fuse: Fuse
  /** The lines that were handed out already. A job begins with `read`. */
  #seen = ''

  constructor(events: readonly LedgerEvent[] = [], { move = () => true, fuse = new Fuse() }: Links = {}) {
    this.text = appendEvents('', events, AT)
    this.#move = move
    this.#fuse = fuse
  }

  async read(): Promise<StoredLedger | undefined> {
    const { text } = this
    this.#seen = text
    if (text === '') return undefined
    const { checkpoint } = this
    return {
      ...(checkpoint && { checkpoint: checkpoint.state }),
      parts: (from) => partsOf(from === 'start' ? text : text.slice(checkpoint?.start ?? 0)),
    }
  }

  async append(...[compose, branches, message]: Parameters<LedgerStore['append']>): Promise<void> {
    if (this.held) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    return this.#fuse.effect(() => {
      if (this.failure) throw this.failure
      if (!this.text.startsWith(this.#seen))
        throw new LedgerError('the ledger was set back or rewritten', { hint: 'Run again.' })
      const { lines, curves, checkpoint } = compose(this.text.slice(this.#seen.length), 1)
      for (const update of branches)
        if (!this.#move(update) && update.to !== null)
          throw new BranchMovedError(`branch ${update.branch} is not where the ledger says it is`, {
            hint: '',
          })
      this.pushes.push({ message, branches })
      this.text += lines
      this.curves += curves
      if (checkpoint) {
        this.checkpoint = { state: checkpoint.state, start: this.text.length }
        this.text += checkpoint.line
        for (const { file, text } of checkpoint.blocks) this.archive.set(file, text)
      }
      this.#seen = this.text
    })
  }

  async *readArchive(files: readonly number[]): AsyncGenerator<string | undefined> {
    for (const file of files) yield this.archive.get(file)
  }

  async readCurves(files: readonly number[]): Promise<string[]> {
    return files.map((file) => (file === 1 ? this.curves : ''))
  }

  /** Lets the push that waits go on, and no later one wait. */
  pass(): void {
    this.held = false
    for (const resolve of this.#waiting.splice(0)) resolve()
  }

  /** Appends as another job does. */
  write(...events: LedgerEvent[]): void {
    this.writeAt(AT, ...events)
  }

  writeAt(at: Date, ...events: LedgerEvent[]): void {
    this.text = appendEvents(this.text, events, at)
  }

  get events(): LedgerEvent[] {
    const parsed = parseLedger(this.text)
    if (parsed.kind === 'ledger') return parsed.events
    throw new Error(parsed.problem)
  }

  get kinds(): string[] {
    return this.events.map(({ kind }) => kind)
  }
}

async function* partsOf(text: string): AsyncGenerator<string> {
  yield text
}
