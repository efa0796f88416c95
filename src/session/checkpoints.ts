// Writes and reads checkpoints, and the archived ideas that they left beside the ledger.
import type { DueCheckpoint } from '../core/judge/checkpoint.ts'
import type { Block } from '../core/record/archive.ts'
import { type ArchivedIdea, IdeaMemory, readBlock } from '../core/record/archived-ideas.ts'
import type { PastIdea } from '../core/record/ideas.ts'
import { type Entry, readLines, writeLines } from '../core/record/ledger.ts'
import { contentHash, readSnapshot, writeSnapshot } from '../core/record/snapshot.ts'
import type { State } from '../core/record/state.ts'
import { LedgerError } from '../errors.ts'
import type { LedgerAddition, LedgerStore } from '../ports/ledger.ts'
import { fromSnapshot, takeLines, type Written } from './written.ts'

/** Tells the checkpoint that is due in a state; undefined while none is. */
export type DueCheckpoints = (state: State) => DueCheckpoint | undefined

/** The checkpoint's line and files, and what is known behind it. */
export function writeCheckpoint(
  written: Written,
  { checkpoint: due, blocks: contents }: DueCheckpoint,
  at: Date,
): { addition: NonNullable<LedgerAddition['checkpoint']>; written: Written } {
  const before = written.state.archive.blocks.at(-1)?.file ?? 0
  const blocks = contents.map((text, index) => ({ file: before + index + 1, text }))
  const named = blocks.map(({ file, text }) => ({ file, hash: contentHash(text) }))
  const entryNaming = (state: string): Entry => ({
    event: { kind: 'checkpoint', state, ...due, blocks: named },
    time: at.getTime(),
  })
  // The state behind the line does not depend on the name of its own file.
  const behind = takeLines(written, [entryNaming('')], written.mark, at)
  const state = writeSnapshot({ ...behind, mark: written.mark })
  const { event } = entryNaming(contentHash(state))
  const { lines: line, mark } = writeLines([event], written.mark, at)
  const checkpoint = contentHash(state)
  return { addition: { line, state, blocks }, written: { ...behind, mark, checkpoint } }
}

/**
 * What is known from the file of a checkpoint and the lines from there on.
 *
 * @param file content of the file
 * @param text whole lines, the first of which is that of the checkpoint
 * @returns undefined when a newer release wrote the file: the ledger is then read from its first line
 * @throws LedgerError when the file is not the one that the line names
 */
export function readCheckpoint(
  file: string,
  text: string,
): { written: Written; entries: Entry[] } | undefined {
  const hash = contentHash(file)
  if (namedState(text) !== hash) throw changedFile('the file of the newest checkpoint')
  const snapshot = readSnapshot(file)
  if (!snapshot) return undefined
  const read = readLines(text, snapshot.mark)
  if (read.kind !== 'lines') throw changedFile('the line of the newest checkpoint')
  return { written: { ...fromSnapshot(snapshot, hash), mark: read.mark }, entries: read.entries.slice(1) }
}

/** The file that the first line names; undefined when it is no checkpoint. */
function namedState(text: string): unknown {
  try {
    const { kind, state } = JSON.parse(text.slice(0, text.indexOf('\n'))) as Record<string, unknown>
    return kind === 'checkpoint' ? state : undefined
  } catch {
    return undefined
  }
}

/** The error for a checkpoint whose file is gone. */
export function missingCheckpoint(): LedgerError {
  return new LedgerError('the file of the newest checkpoint is missing from autoresearch/ledger', HINT)
}

/** What the files of archived ideas hold, read as they are needed. */
export class ArchivedIdeas {
  readonly #store: LedgerStore
  /** By the number of the file. */
  readonly #remembered = new Map<number, PastIdea[]>()
  readonly #memory = new IdeaMemory()

  constructor(store: LedgerStore) {
    this.#store = store
  }

  /**
   * Every archived idea, oldest first, file by file: all of them may take more memory than a job has.
   *
   * @throws LedgerError when a file is missing or is not the one that the ledger names
   */
  async *read(blocks: readonly Block[]): AsyncGenerator<Iterable<ArchivedIdea>> {
    if (blocks.length === 0) return
    const rest = blocks.values()
    for await (const text of this.#store.readArchive(blocks.map(({ file }) => file))) {
      const { value: block } = rest.next()
      if (block) yield checked(block, text)
    }
  }

  /** Every archived idea, oldest first, as far as it stays in memory. Each file is read once. */
  async remembered(blocks: readonly Block[]): Promise<readonly PastIdea[]> {
    const unread = blocks.filter(({ file }) => !this.#remembered.has(file))
    const files = unread.values()
    for await (const ideas of this.read(unread)) {
      const { value: block } = files.next()
      if (block)
        this.#remembered.set(
          block.file,
          Array.from(ideas, (idea) => this.#memory.remember(idea)),
        )
    }
    return blocks.flatMap(({ file }) => this.#remembered.get(file) ?? [])
  }
}

function checked({ file, hash }: Block, text: string | undefined): Iterable<ArchivedIdea> {
  if (text === undefined)
    throw new LedgerError(`file ${file} of archived ideas is missing from autoresearch/ledger`, HINT)
  if (contentHash(text) !== hash) throw changedFile(`file ${file} of archived ideas`)
  return readBlock(text)
}

function changedFile(what: string): LedgerError {
  return new LedgerError(`${what} on autoresearch/ledger was changed: it is not what the ledger names`, HINT)
}

const HINT = {
  hint: 'Nothing is merged until it is repaired. `git log --stat autoresearch/ledger` shows who changed it. Reset the branch to the last good commit.',
}
