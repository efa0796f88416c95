// The lease on a repository: a ref that the job which works there keeps moving, so that other jobs wait. It is no branch: rules
// for branches do not hold for it, and moving it starts no workflow.
import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { visibleText } from '../../core/text/markdown.ts'
import { formatSeconds } from '../../core/text/numbers.ts'
import { BusyError, ForgeError } from '../../errors.ts'
import type { Clock, Log } from '../../ports/job.ts'
import type { Lease } from '../../ports/ledger.ts'
import { hasEnded, type Owner, thisProcess } from '../leftovers.ts'
import { type GitContext, type GitFailure, git, tryGit } from './git.ts'
import { type Fence, type LedgerFiles, ledgerFiles, remoteRef } from './ledger-files.ts'
import { adviceFor, passesByItself } from './refusals.ts'

export const LEASE_REF = 'refs/autoresearch/job'

/** Seconds between two renewals. */
const RENEW_SECONDS = 60
/** Before an effect on GitHub, a lease that was renewed longer ago is renewed first. */
const FRESH_SECONDS = 120
/**
 * The holder of a lease that did not move for so long has ended. Measured by whoever waits, so that clocks need not agree. The
 * difference to `FRESH_SECONDS` is what an effect may take.
 */
const STALE_SECONDS = 300
const LOOK_SECONDS = 10
const MAX_WAIT_SECONDS = 15 * 60
const MAX_ATTEMPTS = 4

/** Known to every git. */
const EMPTY_TREE = '4b825dc642cb6eb9a060e54bf8d69288fbee4904'

interface LeaseOptions {
  /** Page of this workflow run. */
  runUrl: string | undefined
  clock: Clock
  log: Log
  cancelled: AbortSignal
}

/** What a job writes into its lease. */
interface Holder {
  run?: string
  host: string
  process: Owner
}

interface Sighting {
  commit: string
  /** Time of the monotonic clock at which this commit was first seen. */
  seconds: number
  holder: Holder | undefined
}

export function createJobLease(context: GitContext, options: LeaseOptions): Lease {
  return new JobLease(ledgerFiles(context), options)
}

class JobLease implements Lease, Fence {
  readonly ref = LEASE_REF
  readonly #files: LedgerFiles
  readonly #options: LeaseOptions
  readonly #released = new AbortController()
  /** Where the ref is as long as this job holds the lease. */
  #commit: string | undefined
  /** When the last renewal began, and when the one under way did. */
  #renewed: Moment = { monotonic: 0, wall: 0 }
  #began: Moment = { monotonic: 0, wall: 0 }
  #lost: BusyError | undefined

  constructor(files: LedgerFiles, options: LeaseOptions) {
    this.#files = files
    this.#options = options
  }

  async take(): Promise<void> {
    const { clock, cancelled } = this.#options
    const begin = clock.monotonicSeconds()
    let seen: Sighting | undefined
    for (;;) {
      const commit = await remoteRef(this.#context, LEASE_REF)
      const next = commit === null ? undefined : await this.#look(commit, seen)
      if (next === undefined || this.#isOver(next)) {
        if (await this.#files.exclusively(() => this.#move(commit))) break
        continue
      }
      if (!seen) this.#options.log.info(`Waiting, because another job works here: ${describe(next.holder)}`)
      seen = next
      if (cancelled.aborted || clock.monotonicSeconds() - begin >= MAX_WAIT_SECONDS) throw busy(next.holder)
      await clock.pause(LOOK_SECONDS, cancelled)
    }
    this.#files.fence = this
    void this.#keep()
  }

  async #look(commit: string, seen: Sighting | undefined): Promise<Sighting> {
    if (seen?.commit === commit) return seen
    const seconds = this.#options.clock.monotonicSeconds()
    return { commit, seconds, holder: await this.#read(commit) }
  }

  #isOver({ seconds, holder }: Sighting): boolean {
    const { clock, log } = this.#options
    if (holder && hasEnded(holder.process)) return true
    const isStale = clock.monotonicSeconds() - seconds >= STALE_SECONDS
    if (isStale)
      log.warn(`No sign of life for ${formatSeconds(STALE_SECONDS)}, taking over from ${describe(holder)}`)
    return isStale
  }

  async confirm(): Promise<void> {
    if (this.#lost) throw this.#lost
    if (this.#commit !== undefined && this.#age > FRESH_SECONDS) await this.renew()
  }

  async renew(): Promise<void> {
    if (this.#commit === undefined) return
    await this.#files.exclusively(async () => {
      if (!(await this.#move(this.#commit ?? null))) await this.isAt('')
    })
  }

  async release(): Promise<void> {
    this.#released.abort()
    await this.#files.exclusively(async () => {
      const commit = this.#lost ? undefined : this.#commit
      this.#commit = undefined
      this.#files.fence = undefined
      // Without success the lease becomes stale.
      for (let attempt = 1; commit !== undefined && attempt <= MAX_ATTEMPTS; attempt += 1) {
        const failure = await this.#push(commit, '')
        if (!failure || !passesByItself(failure)) return
        await this.#pause(attempt)
      }
    })
  }

  async next(): Promise<{ from: string; to: string }> {
    if (this.#lost) throw this.#lost
    return { from: this.#commit ?? '', to: await this.#write() }
  }

  moved(to: string): void {
    this.#commit = to
    this.#renewed = this.#began
  }

  async isAt(to: string): Promise<boolean> {
    const now = await remoteRef(this.#context, LEASE_REF)
    if (now === to) return true
    if (now !== null && now === this.#commit) return false
    this.#lost = takenOver(now === null ? undefined : await this.#read(now))
    throw this.#lost
  }

  get #context(): GitContext {
    return this.#files.context
  }

  /** Renews the lease until it is released or lost. */
  async #keep(): Promise<void> {
    const { clock, log } = this.#options
    const { signal } = this.#released
    for (;;) {
      await clock.pause(RENEW_SECONDS, signal)
      if (signal.aborted || this.#lost) return
      // What fails for now is tried again: a minute later, and before the next effect.
      if (this.#age < RENEW_SECONDS) continue
      await this.renew().catch((error: unknown) => {
        if (error instanceof BusyError) log.warn(`${error.message}. ${error.hint}`)
      })
    }
  }

  /** Seconds since the last renewal. The monotonic clock stands still while a machine sleeps. */
  get #age(): number {
    const { monotonic, wall } = this.#moment
    return Math.max(monotonic - this.#renewed.monotonic, wall - this.#renewed.wall)
  }

  get #moment(): Moment {
    const { clock } = this.#options
    return { monotonic: clock.monotonicSeconds(), wall: clock.now().getTime() / 1000 }
  }

  /** Moves the ref to a new commit of this job; false when it is not where it is expected. */
  async #move(from: string | null): Promise<boolean> {
    for (let attempt = 1; ; attempt += 1) {
      const to = await this.#write()
      const failure = await this.#push(from ?? '', to)
      const now = failure ? await remoteRef(this.#context, LEASE_REF) : to
      if (now === to) {
        this.moved(to)
        return true
      }
      if (now !== from) return false
      if (failure && (!passesByItself(failure) || attempt === MAX_ATTEMPTS)) throw refused(failure)
      await this.#pause(attempt)
    }
  }

  async #push(from: string, to: string): Promise<GitFailure | undefined> {
    const lease = `--force-with-lease=${LEASE_REF}:${from}`
    const { remoteUrl } = this.#context
    const pushed = await tryGit(this.#context, ['push', '--quiet', lease, remoteUrl, `${to}:${LEASE_REF}`])
    return typeof pushed === 'string' ? undefined : pushed
  }

  /** A commit that no other job makes. */
  async #write(): Promise<string> {
    const { runUrl } = this.#options
    this.#began = this.#moment
    const holder: Holder = { ...(runUrl && { run: runUrl }), host: hostname(), process: thisProcess() }
    const input = `${JSON.stringify({ ...holder, at: this.#began.wall, id: randomUUID() })}\n`
    return git(this.#context, ['commit-tree', EMPTY_TREE], { input })
  }

  /** @returns undefined when the commit is gone, or is not one of ours */
  async #read(commit: string): Promise<Holder | undefined> {
    const { remoteUrl } = this.#context
    await tryGit(this.#context, ['fetch', '--quiet', '--no-tags', '--no-write-fetch-head', remoteUrl, commit])
    const text = await tryGit(this.#context, ['log', '-1', '--format=%B', commit])
    try {
      const { run, host, process } = JSON.parse(String(text)) as Holder
      return { ...(run !== undefined && { run: String(run) }), host: String(host), process }
    } catch {
      return undefined
    }
  }

  async #pause(seconds: number): Promise<void> {
    await this.#options.clock.pause(seconds, new AbortController().signal)
  }
}

interface Moment {
  monotonic: number
  wall: number
}

function describe(holder: Holder | undefined): string {
  if (!holder) return `whoever moved ${LEASE_REF}`
  return visibleText(`${holder.run ?? 'a job'} on ${holder.host}`, 200)
}

const ONE_AT_A_TIME =
  'Give all workflows that use the action on this repository the same `concurrency` group, so that GitHub starts one at a time.'

function busy(holder: Holder | undefined): BusyError {
  return new BusyError(`another job works on this repository: ${describe(holder)}`, {
    hint: `Run again when it has ended. ${ONE_AT_A_TIME}`,
  })
}

function takenOver(holder: Holder | undefined): BusyError {
  return new BusyError(`another job took over, so this one stops: ${describe(holder)}`, {
    hint: `Nothing is lost: the next job continues from the ledger. ${ONE_AT_A_TIME}`,
  })
}

function refused(failure: GitFailure): ForgeError {
  return new ForgeError(`the push to ${LEASE_REF} was refused: ${failure.stderr.trim()}`, {
    hint: adviceFor(failure) ?? 'Give the job `contents: write`, and let it push to refs/autoresearch/job.',
  })
}
