// A ledger in memory: one text, and one file of curves. Every session has a store of its own, as every job has.
import { LedgerError } from '../../src/errors.ts'
import type { BranchUpdate, LedgerAddition, LedgerStore, StoredLedger } from '../../src/ports.ts'

/** What is on the remote; several stores may share it. */
export interface LedgerText {
  text: string
  curves: string
}

export class MemoryLedgerStore implements LedgerStore {
  readonly remote: LedgerText
  #seen = ''

  constructor(remote: LedgerText) {
    this.remote = remote
  }

  async read(): Promise<StoredLedger | undefined> {
    const { text } = this.remote
    this.#seen = text
    return { parts: partsOf(text) }
  }

  async append(
    compose: (unread: string, curveFile: number) => LedgerAddition,
    _branches: readonly BranchUpdate[] = [],
    _message = '',
  ): Promise<void> {
    const { text } = this.remote
    if (!text.startsWith(this.#seen))
      throw new LedgerError('the ledger was set back or rewritten', { hint: 'Run again.' })
    const { lines, curves } = compose(text.slice(this.#seen.length), 1)
    this.remote.text += lines
    this.remote.curves += curves
    this.#seen = this.remote.text
  }

  async readCurves(files: readonly number[]): Promise<string[]> {
    return files.map((file) => (file === 1 ? this.remote.curves : ''))
  }
}

async function* partsOf(text: string): AsyncGenerator<string> {
  if (text !== '') yield text
}
