// The files on the ledger's branch, and the one place in a job that fetches, commits and pushes them. Files that are not
// ours, which people may have put there, stay as they are.
import { LedgerError } from '../../errors.ts'
import type { BranchUpdate } from '../../ports/repository.ts'
import { fetchRef, type GitContext, type GitFailure, git, readRemote, tryGit } from './git.ts'
import { readContents } from './objects.ts'
import { signedIfDemanded } from './signing.ts'

export const LEDGER_BRANCH = 'autoresearch/ledger'
const LEDGER_REF = `refs/heads/${LEDGER_BRANCH}`

/** Where the last fetched commit is kept, so that the next fetch brings only what is new. No other program uses it. */
const FETCHED_REF = 'refs/autoresearch/ledger'
const AUTHOR = 'autoresearch[bot] <autoresearch[bot]@users.noreply.github.com>'

/** One commit of the branch, and the blob of every file in it by path. */
export interface Tip {
  /** Null while there is no branch. */
  commit: string | null
  files: ReadonlyMap<string, string>
}

/** New contents by path; null removes a file. */
export type Changes = ReadonlyMap<string, string | Uint8Array | null>

/** A ref that moves with every push, so that no push succeeds once another job has moved it. */
export interface Fence {
  readonly ref: string
  /** Where the ref should be, and where the next push moves it. */
  next(): Promise<{ from: string; to: string }>
  moved(to: string): void
  /**
   * Whether the ref is at `to`, after a push without a clear answer.
   *
   * @throws BusyError when another job moved it
   */
  isAt(to: string): Promise<boolean>
}

const opened = new Map<string, LedgerFiles>()

/** The files for this clone and remote; one object for the whole process, however many parts of it ask. */
export function ledgerFiles(context: GitContext): LedgerFiles {
  const key = [context.directory, context.remoteUrl, context.token].join('\n')
  const files = opened.get(key) ?? new LedgerFiles(context)
  opened.set(key, files)
  return files
}

export class LedgerFiles {
  readonly context: GitContext
  #turn: Promise<unknown> = Promise.resolve()
  #newest: Tip | undefined
  #ahead = new Map<string, Buffer>()
  /** The lease of this job. */
  fence: Fence | undefined

  constructor(context: GitContext) {
    this.context = context
  }

  /** Runs `work` once all earlier work is done, so that two parts of one job never compete for the branch. */
  exclusively<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work)
    this.#turn = turn.catch(() => undefined)
    return turn
  }

  /** The branch as this process saw or wrote it last. */
  get newest(): Tip | undefined {
    return this.#newest
  }

  /** The branch as it is on the remote now. Contents are fetched when they are read, where the server allows it. */
  async fetch(): Promise<Tip> {
    const { context } = this
    const known = this.#newest?.commit
    if (this.#newest && known === (await remoteRef(context, LEDGER_REF))) return this.#newest
    const wanted = ['--depth=1', '--filter=blob:none', context.remoteUrl, `+${LEDGER_REF}:${FETCHED_REF}`]
    const fetched = await fetchRef(
      context,
      ['fetch', '--quiet', '--no-tags', ...wanted],
      withMissingBlobs(context),
    )
    if (fetched === undefined) {
      this.#newest = undefined
      return { commit: null, files: new Map() }
    }
    const commit = await git(context, ['rev-parse', FETCHED_REF])
    this.#newest = { commit, files: await listFiles(context, commit) }
    return this.#newest
  }

  /** Fetches what is not here of these blobs, all at once. */
  async prefetch(blobs: readonly string[]): Promise<void> {
    const unread = blobs.filter((blob) => !this.#ahead.has(blob))
    if (unread.length === 0) return
    const input = unread.map((blob) => `${blob}\n`).join('')
    const listed = await git(this.context, ['cat-file', '--batch-check'], { input })
    const missing = listed.split('\n').filter((line) => line.endsWith(' missing'))
    if (missing.length > 0) await this.#fetchBlobs(missing.map((line) => line.split(' ')[0] ?? ''))
  }

  /** Reads the contents of a few blobs that will soon be read one after another, and keeps each until then. */
  async readAhead(blobs: readonly string[]): Promise<void> {
    const contents = await this.#readNow(blobs)
    this.#ahead = new Map(blobs.map((blob, index) => [blob, contents[index] as Buffer]))
  }

  /** Contents of blobs of a tip. */
  async read(blobs: readonly string[]): Promise<Buffer[]> {
    const ahead = blobs.map((blob) => this.#ahead.get(blob))
    const rest = await this.#readNow(blobs.filter((_, index) => ahead[index] === undefined))
    for (const blob of blobs) this.#ahead.delete(blob)
    return ahead.map((content) => content ?? (rest.shift() as Buffer))
  }

  async #readNow(blobs: readonly string[]): Promise<Buffer[]> {
    const here = await readContents(this.context, blobs)
    const missing = blobs.filter((_, index) => here[index] === undefined)
    if (missing.length === 0) return here as Buffer[]
    await this.#fetchBlobs(missing)
    const found = await readContents(this.context, missing)
    return here.map((content) => {
      const read = content ?? found.shift()
      if (read === undefined) throw new Error(`${LEDGER_BRANCH} lacks a file that it lists`)
      return read
    })
  }

  async #fetchBlobs(blobs: readonly string[]): Promise<void> {
    const { context } = this
    const args = ['fetch', '--quiet', '--no-tags', '--no-write-fetch-head', '--filter=blob:none', '--stdin']
    // What we have is not told: the server would leave out all that belongs to commits that are here.
    const alone = ['fetch.negotiationAlgorithm', 'noop'] as const
    await readRemote(context, [...args, context.remoteUrl], {
      settings: [...withMissingBlobs(context).settings, alone],
      input: [...new Set(blobs)].map((blob) => `${blob}\n`).join(''),
    })
  }

  /** A commit on top of `tip` with these changes; it exists only here until it is pushed. */
  async commit(tip: Tip, changes: Changes, message: string): Promise<Tip> {
    // Whoever reads does so before it writes: what is left was read ahead in vain.
    this.#ahead.clear()
    const input = Buffer.concat([
      ...Array.from(changes.values(), (content, index) => blobCommand(content, index + 2)),
      Buffer.from(commitCommand(tip.commit, message)),
      ...Array.from(changes, ([path, content], index) => fileCommand(path, content, index + 2)),
      Buffer.from('\nget-mark :1\n'),
      ...Array.from(changes.values(), (content, index) =>
        Buffer.from(content === null ? '' : `get-mark :${index + 2}\n`),
      ),
      Buffer.from('done\n'),
    ])
    const args = ['fast-import', '--quiet', '--force', '--done', '--date-format=now']
    const [made = '', ...blobs] = (await git(this.context, args, { input })).split('\n')
    const commit = await signedIfDemanded(this.context, made, LEDGER_BRANCH)
    const files = new Map(tip.files)
    for (const [path, content] of changes)
      if (content === null) files.delete(path)
      else files.set(path, blobs.shift() ?? '')
    return { commit, files }
  }

  /** Pushes a tip and branches together. A lease on each makes the push fail when one is not where we think it is. */
  async push(tip: Tip, next: Tip, moves: readonly BranchUpdate[]): Promise<GitFailure | undefined> {
    const { context } = this
    const refspecs = moves.map((move) => `${move.to ?? ''}:${refOf(move)}`)
    const leases = moves.map((move) => `--force-with-lease=${refOf(move)}:${move.from ?? ''}`)
    if (next.commit !== tip.commit) {
      refspecs.push(`${next.commit}:${LEDGER_REF}`)
      // A branch that was set back would take our commit as a fast-forward.
      leases.push(`--force-with-lease=${LEDGER_REF}:${tip.commit ?? ''}`)
    }
    if (refspecs.length === 0) return undefined
    const fence = await this.fence?.next()
    if (this.fence && fence) {
      refspecs.push(`${fence.to}:${this.fence.ref}`)
      leases.push(`--force-with-lease=${this.fence.ref}:${fence.from}`)
    }
    const args = ['push', '--quiet', '--atomic', ...leases, context.remoteUrl, ...refspecs]
    const result = await tryGit(context, args)
    // An atomic push whose fence has moved has landed, although its answer was lost.
    const hasLanded = typeof result === 'string' || (fence && (await this.fence?.isAt(fence.to)))
    if (!hasLanded) return result
    if (fence) this.fence?.moved(fence.to)
    this.#newest = next
    return undefined
  }
}

/** The full name of what is moved. */
export function refOf({ branch, isTag }: Pick<BranchUpdate, 'branch' | 'isTag'>): string {
  return `refs/${isTag ? 'tags' : 'heads'}/${branch}`
}

export async function remoteRef(context: GitContext, ref: string): Promise<string | null> {
  const line = await readRemote(context, ['ls-remote', context.remoteUrl, ref])
  return line === '' ? null : (line.split('\t')[0] ?? null)
}

/** @throws LedgerError after too many attempts */
export function tooManyWriters(what: string, attempts: number): LedgerError {
  return new LedgerError(`${what} could not be written in ${attempts} attempts`, {
    hint: `Another process keeps writing to ${LEDGER_BRANCH}: start fewer jobs at once.`,
  })
}

/**
 * Settings under which git accepts that the server left contents out. They hold for single commands: as part of the
 * repository's configuration, every command would ask the network for what it does not find.
 */
function withMissingBlobs({ remoteUrl }: GitContext) {
  const settings = [
    [`remote.${remoteUrl}.promisor`, 'true'],
    [`remote.${remoteUrl}.partialclonefilter`, 'blob:none'],
  ] as const
  return { settings }
}

async function listFiles(context: GitContext, commit: string): Promise<Map<string, string>> {
  const listed = await git(context, ['ls-tree', '-r', '-z', '--full-tree', commit], { trim: false })
  const entries = listed.split('\0').filter((entry) => entry !== '')
  return new Map(
    entries.map((entry) => {
      const tab = entry.indexOf('\t')
      return [entry.slice(tab + 1), entry.slice(0, tab).split(' ')[2] ?? ''] as const
    }),
  )
}

function blobCommand(content: string | Uint8Array | null, mark: number): Buffer {
  if (content === null) return Buffer.alloc(0)
  const bytes = Buffer.from(content as string)
  return Buffer.concat([Buffer.from(`blob\nmark :${mark}\ndata ${bytes.length}\n`), bytes, Buffer.from('\n')])
}

function commitCommand(parent: string | null, message: string): string {
  const text = `data ${Buffer.byteLength(message)}\n${message}\n`
  const from = parent === null ? '' : `from ${parent}\n`
  // Without the reset, a first commit that is made again would go on top of the one that could not be pushed.
  return `reset ${FETCHED_REF}-next\n\ncommit ${FETCHED_REF}-next\nmark :1\nauthor ${AUTHOR} now\ncommitter ${AUTHOR} now\n${text}${from}`
}

function fileCommand(path: string, content: string | Uint8Array | null, mark: number): Buffer {
  return Buffer.from(content === null ? `D ${path}\n` : `M 100644 :${mark} ${path}\n`)
}
