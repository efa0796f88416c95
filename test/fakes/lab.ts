// Where commands are tried out: ports on a repository, a ledger and a forge in memory.

import { parseConfig } from '../../src/core/config/config.ts'
import { measurementHash } from '../../src/core/config/measurement.ts'
import type { LabelledIssue } from '../../src/core/propose/requests.ts'
import { candidateBranch, NO_USAGE, type Usage } from '../../src/core/record/candidate.ts'
import { LEDGER_FORMAT, type LedgerEvent } from '../../src/core/record/events.ts'
import { appendEvents, parseLedger } from '../../src/core/record/ledger.ts'
import type { Person, Remark } from '../../src/core/record/people.ts'
import type { PullRequest } from '../../src/core/record/reconcile.ts'
import type { Checker, Discussion, Forge, LedgerStore, Repository } from '../../src/ports.ts'
import type { Ports } from '../../src/session/session.ts'
import { aBaseline, aCandidate, CONDITIONS, ROOT_SEED, sha } from '../factories.ts'
import { MemoryLedgerStore } from './ledger-store.ts'

export const TRAIN = 'lr = 1\nwd = 1\n'
export const CONFIG = `editable: [train.py]
train: python train.py
checks: [python -m py_compile train.py]
budget: 5m
metric: { name: val_bpb, direction: minimize, pattern: '^val_bpb: (\\S+)' }
limits: { tokens: 1000, dollars: 1 }
search: { structural-share: 0, novelty: 1 }
`
/** Tried and closed before a test begins. */
export const PAST = aCandidate({ name: 'warmup' })

export const SETTINGS = {
  configPath: '.github/autoresearch.yml',
  rootSeed: ROOT_SEED,
  newLedger: false,
  testbed: CONDITIONS.testbed,
  candidates: undefined,
  runUrl: undefined,
  timeBudgetSeconds: 3600,
}

const unused = (): never => {
  throw new Error('not part of this test')
}

export interface LabFields {
  config?: string
  checker?: Checker
  /** What was proposed in runs before. */
  before?: Usage
  /** What else is in the ledger. */
  events?: readonly LedgerEvent[]
  writtenAt?: Date
  now?: () => Date
}

/** The hash under which results are compared with this configuration. */
export function configHash(text: string): string {
  const parsed = parseConfig(text)
  return parsed.kind === 'config' ? measurementHash(parsed.config) : unused()
}

/** GitHub in memory: what it was told, and what people did there. */
class LabForge implements Forge {
  readonly pulls: PullRequest[] = []

  async openPullRequests() {
    return this.pulls.filter(({ state }) => state === 'open')
  }

  async openPullRequest({ branch, head }: { branch: string; head: string }) {
    const number = this.pulls.length + 1
    this.pulls.push({ number, branch, head, state: 'open' })
    return { kind: 'opened', number } as const
  }

  async pullRequest(number: number) {
    return this.pulls.find((pull) => pull.number === number) ?? unused()
  }

  async putCheckRun() {}
  async putComment() {}
  merge = unused

  async close(number: number) {
    Object.assign(await this.pullRequest(number), { state: 'closed' })
  }
}

export const person = (login: string): Person => ({ login, isBot: false })

interface LabIssue extends LabelledIssue {
  labeller: Person
}

/** The issues and comments of GitHub in memory. Ada and Bo may write. */
class LabDiscussion implements Discussion {
  readonly writers = new Set(['ada', 'bo'])
  readonly issues = new Map<number, LabIssue>()
  readonly said = new Map<number, Remark[]>()
  readonly answers = new Map<number, string[]>()
  refusal: string | undefined

  /** Ada opens and labels an issue, unless the fields say otherwise. */
  ask(number: number, title: string, fields: Partial<LabIssue> = {}): void {
    const issue = { number, title, body: '', author: person('ada'), updatedAt: 't1', labeller: person('ada') }
    this.issues.set(number, { ...issue, ...fields })
  }

  say(number: number, login: string, body: string): void {
    this.said.set(number, [...(this.said.get(number) ?? []), { author: person(login), body }])
  }

  async labelledIssues() {
    if (this.refusal !== undefined) return { kind: 'refused', explanation: this.refusal } as const
    return { kind: 'issues', issues: [...this.issues.values()] } as const
  }

  async labeller(number: number) {
    return this.issues.get(number)?.labeller
  }

  async remarks(number: number) {
    return this.said.get(number) ?? []
  }

  async mayWrite(login: string) {
    return this.writers.has(login)
  }

  async answer(issue: number, marker: string, body: string) {
    if (this.refusal !== undefined) return { kind: 'refused', explanation: this.refusal } as const
    this.answers.set(issue, [...(this.answers.get(issue) ?? []), body.replace(marker, '').trim()])
    return { kind: 'answered' } as const
  }
}

/** The remote: its ledger and its branches. */
class LabRemote extends MemoryLedgerStore {
  readonly branches = new Map([
    ['main', aBaseline().commit],
    ['autoresearch/baseline', aBaseline().commit],
  ])

  constructor(events: readonly LedgerEvent[], at: Date) {
    super({ text: appendEvents('', events, at), curves: '' })
    for (const event of events)
      if (event.kind === 'proposed')
        this.branches.set(candidateBranch(event.candidate.id), event.candidate.head)
  }

  get text(): string {
    return this.remote.text
  }

  override async append(...[compose, moves, message]: Parameters<LedgerStore['append']>): Promise<void> {
    await super.append(compose, moves, message)
    for (const { branch, to } of moves) {
      if (to === null) this.branches.delete(branch)
      else this.branches.set(branch, to)
    }
  }
}

/** A repository in which a commit of `train.py` is named after its text. */
function aRepository(remote: LabRemote, config: string): Repository {
  const edited = new Map<string, string>()
  return {
    remoteBranches: async () => ({ defaultBranch: 'main', commits: remote.branches }),
    treeOf: async () => aBaseline().tree,
    readFile: async () => config,
    readFiles: async () => new Map([['train.py', TRAIN]]),
    async changes(_, head) {
      const after = head === PAST.head ? 'lr = 3\nwd = 1\n' : (edited.get(head) ?? '')
      return [{ path: 'train.py', mode: '100644', before: TRAIN, after }]
    },
    async commit({ files }) {
      const after = files.get('train.py') ?? ''
      edited.set(sha(after), after)
      return { commit: sha(after), tree: sha(`${after} tree`) }
    },
    rebase: unused,
    revert: unused,
  }
}

/** Ports that know one past candidate. */
export function thePorts(fields: LabFields = {}) {
  const { config = CONFIG, checker, before = NO_USAGE, writtenAt = new Date(0) } = fields
  const events: LedgerEvent[] = [
    { kind: 'started', rootSeed: ROOT_SEED, format: LEDGER_FORMAT },
    { kind: 'baseline', ...aBaseline(), cause: 'started' },
    { kind: 'proposed', candidate: { ...PAST, usage: before } },
    { kind: 'ended', candidate: PAST.id, end: { kind: 'closed' } },
    ...(fields.events ?? []),
  ]
  const remote = new LabRemote(events, writtenAt)
  const forge = new LabForge()
  const discussion = new LabDiscussion()
  const lines: string[] = []
  const say = (message: string) => void lines.push(message)
  let seconds = 0
  const ports: Ports = {
    repository: aRepository(remote, config),
    ledger: remote,
    forge,
    discussion,
    clock: {
      now: fields.now ?? (() => new Date(1000 * seconds++)),
      monotonicSeconds: () => 0,
      pause: () => new Promise<never>(() => {}),
    },
    log: { info: say, warn: say },
    ...(checker && { checker }),
    cancelled: new AbortController().signal,
  }
  const recorded = () => {
    const parsed = parseLedger(remote.text)
    return parsed.kind === 'ledger' ? parsed.events : unused()
  }
  return { ports, forge, discussion, lines, recorded }
}
