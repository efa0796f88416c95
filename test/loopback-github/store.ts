/** What the loopback GitHub remembers, in memory: repositories, threads, check runs, labels, dispatches. Git objects live on disk. */
import type { BranchRules } from './branch-rules.ts'
import type { GitRepository } from './git-repository.ts'
import { type Lag, Replica } from './lag.ts'

export interface Actor {
  readonly login: string
  readonly id: number
  readonly type: 'User' | 'Bot'
}

export interface App {
  readonly id: number
  readonly slug: string
  readonly name: string
}

export interface Issue {
  readonly kind: 'issue' | 'pull'
  readonly id: number
  readonly number: number
  readonly user: Actor
  readonly createdAt: string
  title: string
  body: string | null
  state: 'open' | 'closed'
  stateReason: 'completed' | 'not_planned' | 'duplicate' | 'reopened' | null
  labels: string[]
  updatedAt: string
  closedAt: string | null
  closedBy: Actor | null
  /** Nobody may comment any more. */
  locked: boolean
  /** Of what happens to an issue, GitHub's list of events has more; here are its labels. */
  readonly events: LabelEvent[]
}

export interface LabelEvent {
  readonly id: number
  readonly event: 'labeled' | 'unlabeled'
  readonly actor: Actor
  readonly label: string
  readonly createdAt: string
}

/** What a person may do in a repository, as its settings name it. */
export type Role = 'admin' | 'maintain' | 'write' | 'triage' | 'read'

export interface PullRequest extends Issue {
  readonly kind: 'pull'
  readonly head: { readonly ref: string; sha: string }
  /** As on GitHub `base.sha` moves with the head and on a change of base, not with every push to the base branch. */
  base: { readonly ref: string; sha: string }
  draft: boolean
  /** How many people approve of it. */
  approvals: number
  merged: boolean
  mergedAt: string | null
  mergedBy: Actor | null
  mergeCommitSha: string | null
  /** What was found out for one pair of tips; any other pair is unknown until asked for twice. */
  mergeability: { headSha: string; baseSha: string; mergeable: boolean; left: number } | undefined
}

export interface Comment {
  readonly id: number
  readonly issueNumber: number
  readonly user: Actor
  readonly createdAt: string
  body: string
  updatedAt: string
}

export interface CheckOutput {
  title: string | null
  summary: string | null
  text: string | null
  annotationsCount: number
}

export interface CheckRun {
  readonly id: number
  readonly suiteId: number
  readonly headSha: string
  readonly app: App
  name: string
  status: string
  conclusion: string | null
  externalId: string
  detailsUrl: string
  startedAt: string
  completedAt: string | null
  output: CheckOutput
}

export interface Label {
  readonly id: number
  readonly name: string
  color: string
  description: string
}

export interface Dispatch {
  readonly at: string
  readonly repository: string
  readonly workflow: string
  readonly ref: string
  readonly inputs: Readonly<Record<string, unknown>>
  readonly token: string
  readonly runId: number
}

export interface Settings {
  private: boolean
  allowMergeCommit: boolean
  allowSquashMerge: boolean
  allowRebaseMerge: boolean
  allowActionsToCreatePullRequests: boolean
}

/** What an event did to the workflows of a repository. */
export interface StartedEvent {
  readonly event: 'push' | 'pull_request'
  readonly ref: string
  readonly token: string
  /** `waiting`: the runs exist and wait for a person's approval. */
  readonly runs: 'started' | 'waiting' | 'none'
}

/** Where the server is reached; filled once it listens. */
export interface Site {
  url: string
}

export interface RepositoryFacts {
  readonly owner: string
  readonly name: string
  readonly id: number
  readonly defaultBranch: string
  readonly createdAt: string
  readonly git: GitRepository
  /** May be changed by a test at any time, as an owner may in the settings page. */
  readonly settings: Settings
  /** By branch name or pattern; may be changed at any time too. */
  readonly rules: Record<string, BranchRules>
  readonly site: Site
  readonly replica: Replica
}

export class Repository implements RepositoryFacts {
  owner: string
  name: string
  /** In lower case: who asks for one is redirected. */
  readonly formerNames: string[] = []
  readonly id: number
  readonly defaultBranch: string
  readonly createdAt: string
  readonly git: GitRepository
  readonly settings: Settings
  readonly rules: Record<string, BranchRules>
  readonly site: Site
  /** What reads show of it. */
  readonly replica: Replica
  readonly threads = new Map<number, Issue | PullRequest>()
  readonly comments: Comment[] = []
  readonly checkRuns: CheckRun[] = []
  readonly labels = new Map<string, Label>()
  readonly dispatches: Dispatch[] = []
  /** What pushes and pull requests started, oldest first. */
  readonly events: StartedEvent[] = []
  /** By lower-case login; may be changed at any time. Who is not in it may read what is public. */
  readonly collaborators = new Map<string, Role>()
  /** Of workflows that GitHub or a person disabled, by file name. */
  readonly disabledWorkflows = new Map<string, 'disabled_inactivity' | 'disabled_manually'>()
  /** Classic branch protection by branch, as the API shows it to administrators; shown only, nothing enforces it. */
  readonly classicProtection = new Map<string, object>()
  #turn: Promise<unknown> = Promise.resolve()

  constructor(facts: RepositoryFacts) {
    this.owner = facts.owner
    this.name = facts.name
    this.id = facts.id
    this.defaultBranch = facts.defaultBranch
    this.createdAt = facts.createdAt
    this.git = facts.git
    this.settings = facts.settings
    this.rules = facts.rules
    this.site = facts.site
    this.replica = facts.replica
  }

  get fullName(): string {
    return `${this.owner}/${this.name}`
  }

  get gitDir(): string {
    return this.git.directory
  }

  get htmlUrl(): string {
    return `${this.site.url}/${this.fullName}`
  }

  get apiUrl(): string {
    return `${this.site.url}/api/v3/repos/${this.fullName}`
  }

  get cloneUrl(): string {
    return `${this.htmlUrl}.git`
  }

  get pulls(): PullRequest[] {
    return [...this.threads.values()].filter(isPullRequest)
  }

  get issues(): Issue[] {
    return [...this.threads.values()].filter((thread) => thread.kind === 'issue')
  }

  /** Runs one change after the other: two requests never interleave between a check and its effect. */
  exclusively<T>(change: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(change)
    this.#turn = result.catch(() => undefined)
    return result
  }
}

export const isPullRequest = (thread: Issue | undefined): thread is PullRequest => thread?.kind === 'pull'

export class Store {
  readonly repositories = new Map<string, Repository>()
  readonly site: Site = { url: '' }
  readonly now: () => Date
  readonly lag: Lag
  #lastId = 1000

  constructor(now: () => Date, lag: Lag) {
    this.now = now
    this.lag = lag
  }

  newReplica(): Replica {
    return new Replica(this.lag, this.now)
  }

  nextId(): number {
    this.#lastId += 1
    return this.#lastId
  }

  /** GitHub's timestamps have no milliseconds. */
  timestamp(): string {
    return this.now()
      .toISOString()
      .replace(/\.\d{3}Z$/, 'Z')
  }

  find(fullName: string): Repository | undefined {
    return this.repositories.get(fullName.toLowerCase())
  }

  /** A person renames a repository or transfers it to another owner. */
  rename(repository: Repository, fullName: string): void {
    const former = repository.fullName.toLowerCase()
    const [owner = '', name = ''] = fullName.split('/')
    repository.formerNames.push(former)
    Object.assign(repository, { owner, name })
    this.repositories.delete(former)
    this.repositories.set(fullName.toLowerCase(), repository)
  }

  /** The repository that once had this name. */
  movedFrom(fullName: string): Repository | undefined {
    return [...this.repositories.values()].find(({ formerNames }) =>
      formerNames.includes(fullName.toLowerCase()),
    )
  }
}
