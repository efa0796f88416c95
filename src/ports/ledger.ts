// What is kept on the ledger's branch, and the right to write it.
import type { BranchUpdate } from './repository.ts'

/** The branch that holds the ledger. Each line is returned once: by `read`, or to the next append. */
export interface LedgerStore {
  /** Reads the ledger that is on the remote now; undefined when there is none. */
  read(): Promise<StoredLedger | undefined>
  /**
   * Adds lines and files and moves `branches` in one atomic push: all of it happens or nothing.
   *
   * @param compose makes what to add. `unread` holds lines that other jobs added since the last read or append, and
   *   `curveFile` is the number of the file for curves. Called again when another job writes first.
   * @throws BranchMovedError when a person moved or deleted one of the branches
   * @throws LedgerError when the remote no longer has lines that were already read, or refuses the push
   */
  append(
    compose: (unread: string, curveFile: number) => LedgerAddition,
    branches: readonly BranchUpdate[],
    message: string,
  ): Promise<void>
  /** The contents of these curve files; an empty text for a missing file. */
  readCurves(files: readonly number[]): Promise<string[]>
  /** The content of each of these files of archived ideas, read as they are needed; undefined for a missing file. */
  readArchive(files: readonly number[]): AsyncIterable<string | undefined>
}

export interface StoredLedger {
  /** The file of the newest checkpoint; absent when there is none. */
  checkpoint?: string
  /** The ledger's lines, oldest first, in parts of whole lines, from the line of that checkpoint or from the first. */
  parts(from: 'checkpoint' | 'start'): AsyncIterable<string>
}

/** Whole lines to add to the ledger and to the curve file. */
export interface LedgerAddition {
  lines: string
  curves: string
  /** Follows the lines, in a ledger file of its own. */
  checkpoint?: {
    /** Line of the checkpoint. */
    line: string
    /** File with the state; it replaces that of the checkpoint before. */
    state: string
    /** New files of archived ideas, by their numbers. */
    blocks: readonly { file: number; text: string }[]
  }
}

/** The right to work on the repository, which one job has at a time. */
export interface Lease {
  /**
   * Waits until no other job works on the repository.
   *
   * @throws BusyError when that takes too long
   */
  take(): Promise<void>
  /** @throws BusyError when another job may have taken over */
  confirm(): Promise<void>
  /** Like `confirm`, and asks the remote. @throws BusyError when another job has taken over */
  renew(): Promise<void>
  /** Lets the next job begin. */
  release(): Promise<void>
}

/** The insights, stored beside the ledger. People may edit them. */
export interface InsightsStore {
  read(): Promise<string | undefined>
  /** Replaces the text with the result of `edit`. When someone else writes first, `edit` is called again with their text. */
  update(edit: (text: string | undefined) => string): Promise<void>
}
