// A research repository in memory: git, GitHub, the ledger and a device whose runs are noise around what the code is
// worth. Every effect can be the last one before the job is killed.

import { candidateBranch } from '../../src/core/record/candidate.ts'
import type { LedgerEvent } from '../../src/core/record/events.ts'
import { appendEvents, parseLedger } from '../../src/core/record/ledger.ts'
import type { PullRequest } from '../../src/core/record/reconcile.ts'
import type { Trial, TrialResult } from '../../src/core/record/trial.ts'
import type { CheckRun } from '../../src/core/report/report.ts'
import type {
  BranchUpdate,
  Clock,
  Forge,
  LedgerStore,
  Replayed,
  Repository,
  Trainer,
} from '../../src/ports.ts'
import { aRandom, aTrialResult, CONDITIONS, gaussian, sha } from '../factories.ts'
import { MemoryLedgerStore } from './ledger-store.ts'

export const AT = new Date('2026-11-01T00:00:00Z')
/** No time passes, and whoever waits waits for ever. */
export const STILL_CLOCK: Clock = {
  now: () => AT,
  monotonicSeconds: () => 0,
  pause: () => new Promise<never>(() => {}),
}
export const BASELINE = 'autoresearch/baseline'
export const CONFIG = '.github/autoresearch.yml'

export type Files = ReadonlyMap<string, string>

interface Commit {
  files: Files
  parent: string | undefined
}

/** Thrown in the place of the effect at which the job is killed. */
export class Killed extends Error {}

export interface MemoryPull extends PullRequest {
  title: string
  body: string
}

export class MemoryWorld {
  readonly commits = new Map<string, Commit>()
  readonly branches = new Map<string, string>()
  readonly pulls: MemoryPull[] = []
  readonly checks = new Map<string, CheckRun>()
  readonly trained: Trial[] = []
  readonly #ledger = { text: '', curves: '' }
  /** Effects until the job is killed; `after` lets the last one happen. */
  fuse: { effects: number; after: boolean } | undefined
  /** Called when a pull request was opened: what a person does about it. */
  onOpened: (pull: MemoryPull) => void = () => {}
  readonly #sigma: number
  readonly #hash: (trial: Trial) => string

  /** @param hash of the configuration that a trial runs under */
  constructor(files: Files, sigma: number, hash: (trial: Trial) => string) {
    this.#sigma = sigma
    this.#hash = hash
    const root = this.put(files, undefined)
    this.branches.set('main', root).set(BASELINE, root)
  }

  put(files: Files, parent: string | undefined): string {
    const commit = sha(`${parent} ${this.treeOf(files)}`)
    this.commits.set(commit, { files, parent })
    return commit
  }

  treeOf(files: Files): string {
    return sha(JSON.stringify([...files].sort()))
  }

  filesOf(commit: string): Files {
    return this.commits.get(commit)?.files ?? new Map()
  }

  get tip(): string {
    return this.branches.get(BASELINE) ?? ''
  }

  get ledgerText(): string {
    return this.#ledger.text
  }

  set ledgerText(text: string) {
    this.#ledger.text = text
  }

  get events(): LedgerEvent[] {
    const parsed = parseLedger(this.ledgerText)
    return parsed.kind === 'ledger' ? parsed.events : []
  }

  write(...events: LedgerEvent[]): void {
    this.ledgerText = appendEvents(this.ledgerText, events, AT)
  }

  /** What the code is worth: the sum of the numbers in its files, without those under `.github/`. */
  worthOf(commit: string): number {
    const source = [...this.filesOf(commit)].filter(([path]) => !path.startsWith('.github/'))
    return source.reduce((sum, [, text]) => sum + Number(text), 0)
  }

  readonly trainer: Trainer = {
    testbed: CONDITIONS.testbed,
    run: (trial) => this.#effect(() => this.#train(trial)),
  }

  /** A store of its own for everyone who asks, as every job has. */
  get ledger(): LedgerStore {
    const store = new MemoryLedgerStore(this.#ledger)
    return {
      read: () => store.read(),
      readCurves: (files) => store.readCurves(files),
      append: (compose, branches) =>
        this.#effect(() => {
          const done = store.append(compose)
          for (const update of branches) this.#move(update)
          return done
        }),
    }
  }

  readonly repository: Repository = {
    remoteBranches: async () => ({ defaultBranch: 'main', commits: new Map(this.branches) }),
    treeOf: async (commit) => this.treeOf(this.filesOf(commit)),
    readFiles: async (commit) => this.filesOf(commit),
    readFile: async (commit, path) => this.filesOf(commit).get(path),
    changes: async (from, to) => this.#changes(from, to),
    commit: async ({ base, files }) => this.#made(new Map([...this.filesOf(base), ...files]), base),
    rebase: async (head, onto) => this.#replay(this.commits.get(head)?.parent ?? '', head, onto),
    revert: async ({ commit, onto }) => this.#replay(commit, this.commits.get(commit)?.parent ?? '', onto),
  }

  readonly forge: Forge = {
    openPullRequest: ({ branch, head, title, body }) =>
      this.#effect(() => {
        const known = this.pulls.find((pull) => pull.branch === branch && pull.state === 'open')
        if (known) return { kind: 'opened', number: known.number } as const
        const pull: MemoryPull = { number: this.pulls.length + 1, branch, head, state: 'open', title, body }
        this.pulls.push(pull)
        this.onOpened(pull)
        return { kind: 'opened', number: pull.number } as const
      }),
    openPullRequests: async () => this.pulls.filter(({ state }) => state === 'open').map(copy),
    pullRequest: async (number) => copy(this.#pull(number)),
    putCheckRun: (head, check) => this.#effect(() => void this.checks.set(`${head} ${check.name}`, check)),
    putComment: async () => {},
    merge: ({ pullRequest }) =>
      this.#effect(() => {
        const pull = this.#pull(pullRequest)
        const mergeCommit = this.put(this.filesOf(pull.head), this.tip)
        this.branches.set(BASELINE, mergeCommit)
        Object.assign(pull, { state: 'merged', mergeCommit })
        return { kind: 'merged', commit: mergeCommit } as const
      }),
    close: (number) => this.#effect(() => void Object.assign(this.#pull(number), { state: 'closed' })),
  }

  #pull(number: number): MemoryPull {
    const pull = this.pulls[number - 1]
    if (!pull) throw new Error(`there is no pull request ${number}`)
    return pull
  }

  #move({ branch, to }: BranchUpdate): void {
    if (to === null) this.branches.delete(branch)
    else this.branches.set(branch, to)
    for (const pull of this.pulls) if (pull.branch === branch && to && pull.state === 'open') pull.head = to
  }

  #changes(from: string, to: string) {
    const [before, after] = [this.filesOf(from), this.filesOf(to)]
    return [...new Set([...before.keys(), ...after.keys()])]
      .filter((path) => before.get(path) !== after.get(path))
      .map((path) => {
        const [old, text] = [before.get(path), after.get(path)]
        const sides = { ...(old === undefined ? {} : { before: old }), ...(text && { after: text }) }
        return { path, mode: text === undefined ? null : '100644', ...sides }
      })
  }

  #made(files: Files, parent: string) {
    return { commit: this.put(files, parent), tree: this.treeOf(files) }
  }

  /** Whole files: what changed on both sides is a conflict. */
  #replay(from: string, to: string, onto: string): Replayed {
    const files = new Map(this.filesOf(onto))
    for (const { path, before, after } of this.#changes(from, to)) {
      if (files.get(path) !== before && files.get(path) !== after) return { kind: 'conflict' }
      if (after === undefined) files.delete(path)
      else files.set(path, after)
    }
    return { kind: 'rebased', ...this.#made(files, onto) }
  }

  #train(trial: Trial): TrialResult {
    this.trained.push(trial)
    const value = 2.5 + this.worthOf(trial.head) + this.#sigma * gaussian(aRandom(trial.seed))
    return { ...aTrialResult({ value }), trial, config: this.#hash(trial), trust: 'evaluated' }
  }

  async #effect<T>(act: () => T | Promise<T>): Promise<T> {
    const { fuse } = this
    if (fuse && fuse.effects <= 0) throw new Killed()
    if (fuse) fuse.effects -= 1
    if (fuse && fuse.effects <= 0 && !fuse.after) throw new Killed()
    const result = await act()
    if (fuse && fuse.effects <= 0) throw new Killed()
    return result
  }
}

function copy(pull: MemoryPull): PullRequest {
  return { ...pull }
}

/** The pull request of a candidate, if it has one. */
export function pullOf(world: MemoryWorld, candidate: string): MemoryPull | undefined {
  return world.pulls.find(({ branch }) => branch === candidateBranch(candidate))
}
