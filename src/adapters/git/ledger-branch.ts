// The ledger on its branch: every append is one commit pushed as a fast-forward, which is a compare-and-swap by nature.
import { setTimeout } from 'node:timers/promises'
import { LedgerError } from '../../errors.ts'
import type { Log } from '../../ports/job.ts'
import type { LedgerAddition, LedgerStore, StoredLedger } from '../../ports/ledger.ts'
import type { BranchUpdate } from '../../ports/repository.ts'
import { BranchMoves } from './branch-moves.ts'
import type { GitContext, GitFailure } from './git.ts'
import { LEDGER_BRANCH, type LedgerFiles, ledgerFiles, type Tip, tooManyWriters } from './ledger-files.ts'
import {
  checkpointPath,
  checkpointPaths,
  countNumbered,
  cutIntoFiles,
  FULL_BYTES,
  newestCheckpoint,
  numberedPath,
  OLD_LEDGER,
} from './ledger-layout.ts'
import { adviceFor, passesByItself } from './refusals.ts'

const MAX_ATTEMPTS = 20
/** Attempts when it is the network that fails, with a longer pause before each. */
const MAX_STUMBLES = 4
/** Files that are read at once. */
const FILES_PER_PART = 16
/** Files of curves that are read with the newest checkpoint: decisions need the curves of the latest 400 candidates. */
const NEWEST_CURVE_FILES = 2
/** Files of archived ideas that are read at once: they may have a megabyte each. */
const ARCHIVE_FILES_PER_PART = 4

/** What was handed out of a tip: every file from the first to the one before the last, and the last as far as `text`. */
interface Seen {
  tip: Tip
  /** Number of the first file that was read; later than 1 when reading began at a checkpoint. */
  from: number
  /** Number of the last file; 0 for the one file of the first format. */
  last: number
  text: string
}

interface CurveFile {
  number: number
  /** What is in it already. */
  text: string
}

type Compose = Parameters<LedgerStore['append']>[0]

const NOTHING_SEEN: Seen = { tip: { commit: null, files: new Map() }, from: 1, last: 1, text: '' }

/** @param log told which branches stay because a rule forbids deleting them */
export function createLedgerBranch(context: GitContext, log?: Pick<Log, 'warn'>): LedgerStore {
  return new LedgerBranch(ledgerFiles(context), log)
}

class LedgerBranch implements LedgerStore {
  readonly #files: LedgerFiles
  readonly #moves: BranchMoves
  #seen: Seen = NOTHING_SEEN
  #curves: CurveFile | undefined

  constructor(files: LedgerFiles, log: Pick<Log, 'warn'> | undefined) {
    this.#files = files
    this.#moves = new BranchMoves(files.context, log)
  }

  async read(): Promise<StoredLedger | undefined> {
    const tip = await this.#files.exclusively(() => this.#fetch())
    this.#seen = { ...NOTHING_SEEN, tip }
    if (tip.commit === null) return undefined
    const number = newestCheckpoint(tip.files)
    const parts = (from: 'checkpoint' | 'start') => this.#parts(tip, from === 'start' ? 1 : (number ?? 1))
    if (number === undefined) return { parts }
    const blob = tip.files.get(checkpointPath(number)) ?? ''
    await this.#files.readAhead([blob, ...ledgerBlobs(tip, number).blobs, ...newestCurveBlobs(tip)])
    const [checkpoint = ''] = await this.#texts([blob])
    return { checkpoint, parts }
  }

  async *#parts(tip: Tip, from: number): AsyncGenerator<string> {
    const { blobs, first } = ledgerBlobs(tip, from)
    await this.#files.prefetch(blobs)
    for (let index = 0; index < blobs.length; index += FILES_PER_PART) {
      const texts = await this.#texts(blobs.slice(index, index + FILES_PER_PART))
      this.#seen = { tip, from: first, last: first + index + texts.length - 1, text: texts.at(-1) ?? '' }
      yield texts.join('')
    }
  }

  async *readArchive(numbers: readonly number[]): AsyncGenerator<string | undefined> {
    const { files } = this.#seen.tip
    const blobs = numbers.map((number) => files.get(numberedPath('archive', number)))
    await this.#files.prefetch(blobs.filter((blob) => blob !== undefined))
    for (let index = 0; index < blobs.length; index += ARCHIVE_FILES_PER_PART) {
      const part = blobs.slice(index, index + ARCHIVE_FILES_PER_PART)
      const texts = await this.#texts(part.filter((blob) => blob !== undefined))
      for (const blob of part) yield blob === undefined ? undefined : texts.shift()
    }
  }

  async readCurves(numbers: readonly number[]): Promise<string[]> {
    const blobs = numbers.map((number) => this.#seen.tip.files.get(numberedPath('curves', number)))
    const texts = await this.#texts(blobs.filter((blob) => blob !== undefined))
    return blobs.map((blob) => (blob === undefined ? '' : (texts.shift() ?? '')))
  }

  append(compose: Compose, branches: readonly BranchUpdate[], message: string): Promise<void> {
    return this.#files.exclusively(() => this.#append(compose, branches, message))
  }

  async #append(compose: Compose, branches: readonly BranchUpdate[], message: string): Promise<void> {
    let moves = this.#moves.allowed(branches.filter(({ from, to }) => from !== to))
    const { newest } = this.#files
    let unread = await this.#lookAt(newest ? this.#checked(newest) : await this.#fetch())
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
      const seen = this.#seen
      const next = await this.#commit(compose, unread, message)
      const failure = await this.#files.push(seen.tip, next.tip, moves)
      const tip = failure && (await this.#fetch())
      if (!tip || (await this.#hasLanded(next, tip))) {
        this.#seen = next
        return
      }
      unread = await this.#lookAt(tip)
      if (this.#moves.learnFrom(failure)) {
        moves = this.#moves.allowed(moves)
        continue
      }
      const needed = await this.#moves.stillNeeded(moves)
      if (tip.commit === seen.tip.commit && needed.length === moves.length) {
        if (!passesByItself(failure) || attempt >= MAX_STUMBLES) throw refused(failure)
        await setTimeout(attempt * 1000)
      }
      moves = needed
    }
    throw tooManyWriters('the ledger', MAX_ATTEMPTS)
  }

  /** The commit with what `compose` adds to what was seen; what was seen itself when it adds nothing. */
  async #commit(compose: Compose, unread: string, message: string): Promise<Seen> {
    const { tip, from, last, text } = this.#seen
    const curveFile = await this.#curveFile(tip)
    const { lines, curves, checkpoint } = compose(unread, curveFile.number)
    if (lines === '' && curves === '' && !checkpoint) return this.#seen
    const changes = new Map<string, string | null>()
    const pieces = cutIntoFiles(text + lines)
    const first = Math.max(1, last)
    // The first format's lines stay as they are, cut into files, so that their chain goes on.
    if (last === 0) changes.set(OLD_LEDGER, null)
    for (const [index, piece] of pieces.entries())
      if (last === 0 || index > 0 || piece !== text) changes.set(numberedPath('ledger', first + index), piece)
    if (curves !== '') changes.set(numberedPath('curves', curveFile.number), curveFile.text + curves)
    this.#curves = { ...curveFile, text: curveFile.text + curves }
    const next = first + pieces.length
    if (checkpoint) for (const change of checkpointFiles(tip, next, checkpoint)) changes.set(...change)
    const commit = await this.#files.commit(tip, changes, message)
    if (checkpoint) return { tip: commit, from, last: next, text: checkpoint.line }
    return { tip: commit, from, last: next - 1, text: pieces.at(-1) ?? '' }
  }

  /** The file that curves go to now. */
  async #curveFile(tip: Tip): Promise<CurveFile> {
    const count = countNumbered(tip.files, 'curves', this.#curves?.number)
    const blob = tip.files.get(numberedPath('curves', count))
    const [text = ''] = blob === undefined ? [] : await this.#texts([blob])
    const isOpen = count > 0 && Buffer.byteLength(text) < FULL_BYTES
    return isOpen ? { number: count, text } : { number: count + 1, text: '' }
  }

  /** True when our push happened although its answer was lost: pushes are atomic, so its branches have moved as well. */
  async #hasLanded(next: Seen, tip: Tip): Promise<boolean> {
    return next !== this.#seen && (await this.#unreadSince(next, tip)) !== undefined
  }

  /** Takes a tip as seen, and returns the lines in it that were not. */
  async #lookAt(tip: Tip): Promise<string> {
    const found = await this.#unreadSince(this.#seen, tip)
    if (!found) throw rewritten()
    this.#seen = found.seen
    return found.unread
  }

  /** @returns undefined when the tip does not hold what was seen */
  async #unreadSince(seen: Seen, tip: Tip): Promise<{ seen: Seen; unread: string } | undefined> {
    const isNothing = seen.last === 1 && seen.text === ''
    if (tip.commit === null) return isNothing ? { seen: { ...seen, tip }, unread: '' } : undefined
    const { blobs, first } = ledgerBlobs(tip, seen.from)
    const old = ledgerBlobs(seen.tip, seen.from)
    // Closed files are compared by their hashes: what was read once is not read again.
    const isSameLayout = old.first === first && seen.last >= first && seen.tip.commit !== null
    const closed = isSameLayout ? seen.last - first : 0
    if (blobs.slice(0, closed).some((blob, index) => blob !== old.blobs[index])) return undefined
    if (isSameLayout && blobs.length === closed + 1 && blobs[closed] === old.blobs[closed])
      return { seen: { ...seen, tip }, unread: '' }
    const texts = await this.#texts(blobs.slice(closed))
    const text = texts.join('')
    const before = isSameLayout || isNothing ? seen.text : await this.#textUpTo(seen)
    if (!text.startsWith(before)) return undefined
    const now = { tip, from: first, last: first + blobs.length - 1, text: texts.at(-1) ?? '' }
    return { seen: now, unread: text.slice(before.length) }
  }

  async #textUpTo({ tip, from, last, text }: Seen): Promise<string> {
    const { blobs, first } = ledgerBlobs(tip, from)
    return (await this.#texts(blobs.slice(0, last - first))).join('') + text
  }

  async #fetch(): Promise<Tip> {
    return this.#checked(await this.#files.fetch())
  }

  /** @throws LedgerError when the branch holds something else than a ledger */
  #checked(tip: Tip): Tip {
    if (tip.commit === null || tip.files.has(OLD_LEDGER) || tip.files.has(numberedPath('ledger', 1)))
      return tip
    throw new LedgerError(
      `${LEDGER_BRANCH} has no ledger: neither ${numberedPath('ledger', 1)} nor ${OLD_LEDGER}`,
      {
        hint: 'Something else uses this branch: rename it, or set it back to the last commit that has the file.',
      },
    )
  }

  async #texts(blobs: readonly string[]): Promise<string[]> {
    const contents = await this.#files.read(blobs)
    return contents.map((content) => content.toString('utf8'))
  }
}

/** The files of a checkpoint that begins this file of the ledger. It replaces the state of the one before. */
function checkpointFiles(
  { files }: Tip,
  number: number,
  { line, state, blocks }: NonNullable<LedgerAddition['checkpoint']>,
): [string, string | null][] {
  return [
    ...checkpointPaths(files).map((path): [string, null] => [path, null]),
    [numberedPath('ledger', number), line],
    [checkpointPath(number), state],
    ...blocks.map(({ file, text }): [string, string] => [numberedPath('archive', file), text]),
  ]
}

/**
 * The blobs of a tip's ledger from one of its files on, and the number of the first: 0 in the first format.
 *
 * @param from number of the file, at least 0
 */
function ledgerBlobs({ files }: Tip, from: number): { blobs: string[]; first: number } {
  const old = files.get(OLD_LEDGER)
  if (old !== undefined) return { blobs: [old], first: 0 }
  const first = Math.max(1, from)
  const count = countNumbered(files, 'ledger', first)
  const numbers = Array.from({ length: Math.max(0, count - first + 1) }, (_, index) => first + index)
  return { blobs: numbers.map((number) => files.get(numberedPath('ledger', number)) ?? ''), first }
}

function newestCurveBlobs({ files }: Tip): string[] {
  const last = countNumbered(files, 'curves')
  const numbers = Array.from({ length: NEWEST_CURVE_FILES }, (_, index) => last - index)
  return numbers.flatMap((number) => files.get(numberedPath('curves', number)) ?? [])
}

function rewritten(): LedgerError {
  return new LedgerError(`${LEDGER_BRANCH} was set back or rewritten while this job was running`, {
    hint: 'If you repaired the ledger, run again. If not: `git reflog` of whoever pushed last has the lost lines.',
  })
}

function refused(failure: GitFailure): LedgerError {
  return new LedgerError(`the push to ${LEDGER_BRANCH} was refused: ${failure.stderr.trim()}`, {
    hint:
      adviceFor(failure) ??
      'Give the job `contents: write` and let it push to autoresearch/**; a ruleset there may at most forbid deletion and force-push of the ledger.',
  })
}
