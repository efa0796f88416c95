/**
 * GitHub's reads lag behind its writes: lists and single things are answered from replicas, and the API learns of a push only
 * a moment after git has it. Counted in reads and in seconds of the server's clock, so that no test has to wait for it.
 */
import type { CheckRun, Comment, Issue, PullRequest, Repository } from './store.ts'

export interface Lag {
  /** How many reads after a write still show what was there before it. */
  reads: number
  /** After so many seconds every read shows the write, however many there were. */
  seconds: number
  /** How many calls that name a commit are refused after it was pushed, as if there were no such commit. */
  unknownCommits: number
  /** How many reads of a pull request, or tries to merge it, find it not known yet whether it can be merged. */
  unknownMergeability: number
}

export const USUAL_LAG: Lag = { reads: 1, seconds: 10, unknownCommits: 1, unknownMergeability: 2 }
/** Every write is seen at once: for tests of something else. GitHub is never like that. */
export const NO_LAG: Lag = { reads: 0, seconds: 0, unknownCommits: 0, unknownMergeability: 0 }

interface Before {
  readonly at: number
  left: number
  readonly view: Repository
}

/** What the API of one repository does not know yet. */
export class Replica {
  readonly #lag: Lag
  readonly #now: () => Date
  /** Oldest first: what was there before each write that reads may not show yet. */
  #before: Before[] = []
  readonly #unknown = new Map<string, { at: number; left: number }>()

  constructor(lag: Lag, now: () => Date) {
    this.#lag = lag
    this.#now = now
  }

  get unknownMergeability(): number {
    return this.#lag.unknownMergeability
  }

  /** To be called before every write. */
  beforeWrite(repository: Repository): void {
    const { reads, seconds } = this.#lag
    if (reads > 0 && seconds > 0)
      this.#before.push({ at: this.#now().getTime(), left: reads, view: copyOf(repository) })
  }

  /** To be called after a push with the commits that branches point to now. */
  pushed(commits: Iterable<string>): void {
    const { unknownCommits: left, seconds } = this.#lag
    if (left === 0 || seconds === 0) return
    for (const commit of commits) this.#unknown.set(commit, { at: this.#now().getTime(), left })
  }

  /** What a read shows: the repository itself, or what it was before the oldest write that is not visible yet. */
  read(repository: Repository): Repository {
    this.#before = this.#before.filter((one) => one.left > 0 && this.#isFresh(one.at))
    const view = this.#before[0]?.view ?? repository
    for (const one of this.#before) one.left -= 1
    return view
  }

  /** False while the API does not know the commit; every question brings it nearer. */
  knows(commit: string): boolean {
    const unknown = this.#unknown.get(commit)
    if (unknown === undefined) return true
    if (unknown.left === 0 || !this.#isFresh(unknown.at)) return this.#unknown.delete(commit)
    unknown.left -= 1
    return false
  }

  #isFresh(at: number): boolean {
    return this.#now().getTime() - at < 1000 * this.#lag.seconds
  }
}

/** The repository as it is now, which later changes do not reach. */
function copyOf(repository: Repository): Repository {
  return Object.create(repository, {
    threads: {
      value: new Map([...repository.threads].map(([number, thread]) => [number, copyThread(thread)])),
    },
    comments: { value: repository.comments.map((comment): Comment => ({ ...comment })) },
    checkRuns: { value: repository.checkRuns.map((run): CheckRun => ({ ...run })) },
    labels: { value: new Map(repository.labels) },
  }) as Repository
}

function copyThread(thread: Issue | PullRequest): Issue | PullRequest {
  const copied = { ...thread, labels: [...thread.labels], events: [...thread.events] }
  return 'head' in copied ? { ...copied, head: { ...copied.head }, base: { ...copied.base } } : copied
}
