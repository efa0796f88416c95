// GitHub's pull requests, check runs and comments in memory.
import type { PullRequest } from '../../src/core/record/reconcile.ts'
import type { CheckRun } from '../../src/core/report/report.ts'
import type { Forge, MergeResult, Moved } from '../../src/ports/forge.ts'
import { Fuse } from './fuse.ts'
import type { FakeRepository } from './repository.ts'

export interface FakePull extends PullRequest {
  /** Absent: the baseline. */
  base?: string
  title: string
  body: string
}

interface FakeComment {
  pullRequest: number
  marker: string
  body: string
}

type Asked<Call extends keyof Forge> = Parameters<Forge[Call]>[0]

export class FakeForge implements Forge {
  readonly pulls: FakePull[] = []
  /** By `<head> <name>`. */
  readonly checks = new Map<string, CheckRun>()
  readonly comments: FakeComment[] = []
  /** Why GitHub refuses to merge. */
  refusal: string | undefined
  /** Called when a pull request was opened: what a person does about it. */
  onOpened: (pull: FakePull) => void = () => {}
  /** Called when it is asked to merge a pull request: what a person does in that moment. */
  onMerging: (pull: FakePull) => void = () => {}
  readonly #repository: FakeRepository
  readonly #base: string
  readonly #fuse: Fuse

  constructor(repository: FakeRepository, base: string, fuse = new Fuse()) {
    this.#repository = repository
    this.#base = base
    this.#fuse = fuse
  }

  /** A pull request that is there before the test begins: open, and with the next number, unless said otherwise. */
  add(fields: Pick<PullRequest, 'branch' | 'head'> & Partial<FakePull>): FakePull {
    const pull: FakePull = { number: this.pulls.length + 1, state: 'open', title: '', body: '', ...fields }
    this.pulls.push(pull)
    return pull
  }

  openPullRequest({ branch, head, base, title, body, isNew = false }: Asked<'openPullRequest'>) {
    return this.#fuse.effect(() => {
      const known = this.#open().find((pull) => pull.branch === branch && pull.head === head)
      // GitHub refuses only a second one with the same base.
      if (known && (!isNew || (known.base ?? this.#base) === base))
        return { kind: 'opened', number: known.number } as const
      const pull = this.add({ branch, head, title, body })
      this.onOpened(pull)
      return { kind: 'opened', number: pull.number } as const
    })
  }

  putPullRequest({ branch, base, title, body }: Asked<'putPullRequest'>) {
    return this.#fuse.effect(() => {
      const open = this.#open().find((pull) => pull.branch === branch)
      if (open) Object.assign(open, { title, body })
      const head = this.#repository.branches.get(branch) ?? ''
      return {
        kind: 'opened',
        number: (open ?? this.add({ branch, head, base, title, body })).number,
      } as const
    })
  }

  fastForward({ branch, commit }: Asked<'fastForward'>): Promise<Moved> {
    return this.#fuse.effect((): Moved => {
      const tip = this.#repository.branches.get(branch) ?? ''
      if (!this.#repository.history(commit).includes(tip))
        return { kind: 'refused', explanation: 'Update is not a fast forward' }
      this.#repository.branches.set(branch, commit)
      return { kind: 'moved' }
    })
  }

  async openPullRequests(base?: string): Promise<PullRequest[]> {
    return this.#open()
      .filter((pull) => base === undefined || (pull.base ?? this.#base) === base)
      .map((pull) => ({ ...pull }))
  }

  async unusedBranches(branches: readonly string[]): Promise<string[]> {
    const open = new Set(this.#open().map(({ branch }) => branch))
    return branches.filter((branch) => !open.has(branch))
  }

  async pullRequest(number: number): Promise<PullRequest> {
    return { ...this.#pull(number) }
  }

  async pullRequestOf({ branch, head }: Asked<'pullRequestOf'>): Promise<PullRequest | undefined> {
    const found = this.pulls.find((pull) => pull.branch === branch && pull.head === head)
    return found && { ...found }
  }

  putCheckRun(head: string, check: CheckRun): Promise<void> {
    return this.#fuse.effect(() => void this.checks.set(`${head} ${check.name}`, check))
  }

  putComment(pullRequest: number, marker: string, body: string): Promise<void> {
    return this.#fuse.effect(() => {
      const known = this.comments.find((one) => one.pullRequest === pullRequest && one.marker === marker)
      if (known) known.body = body
      else this.comments.push({ pullRequest, marker, body })
    })
  }

  /** Squashes the pull request onto its base branch, as a merge of three sides. */
  merge({ pullRequest, head }: Asked<'merge'>): Promise<MergeResult> {
    return this.#fuse.effect((): MergeResult => {
      const pull = this.#pull(pullRequest)
      if (pull.head !== head) return { kind: 'head-moved' }
      if (this.refusal !== undefined) return { kind: 'refused', explanation: this.refusal }
      this.onMerging(pull)
      const base = pull.base ?? this.#base
      const tip = this.#repository.branches.get(base) ?? ''
      const merged = this.#repository.replay(this.#repository.mergeBase(head, tip), head, tip)
      if (merged.kind === 'conflict') return { kind: 'refused', explanation: 'Merge conflict' }
      this.#repository.branches.set(base, merged.commit)
      Object.assign(pull, { state: 'merged', mergeCommit: merged.commit })
      return { kind: 'merged', commit: merged.commit }
    })
  }

  async baseOfMerged(number: number): Promise<string> {
    return this.#pull(number).base ?? this.#base
  }

  close(number: number): Promise<PullRequest> {
    return this.#fuse.effect(() => {
      const pull = this.#pull(number)
      if (pull.state === 'open') pull.state = 'closed'
      return { ...pull }
    })
  }

  /** Heads follow their branches while a pull request is open. */
  follow(branch: string): void {
    const head = this.#repository.branches.get(branch)
    for (const pull of this.#open()) if (pull.branch === branch && head !== undefined) pull.head = head
  }

  #open(): FakePull[] {
    return this.pulls.filter(({ state }) => state === 'open')
  }

  #pull(number: number): FakePull {
    const pull = this.pulls.find((one) => one.number === number)
    if (!pull) throw new Error(`there is no pull request ${number}`)
    return pull
  }
}
