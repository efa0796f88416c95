// What is done on GitHub for a candidate whose verdict is in, on a forge, a repository and a ledger in memory.

import { expect, test } from 'vitest'
import { type Config, parseConfig } from '../../src/core/config/config.ts'
import { measurementHash } from '../../src/core/config/measurement.ts'
import { planSteps, planTrials } from '../../src/core/plan/schedule.ts'
import { type Candidate, candidateBranch } from '../../src/core/record/candidate.ts'
import { LEDGER_FORMAT, type LedgerEvent } from '../../src/core/record/events.ts'
import { appendEvents } from '../../src/core/record/ledger.ts'
import type { PullRequest } from '../../src/core/record/reconcile.ts'
import type { CheckRun } from '../../src/core/report/report.ts'
import type { BranchUpdate, Forge, LedgerStore, Repository } from '../../src/ports.ts'
import { openSession } from '../../src/session/opening.ts'
import type { Ports, Session } from '../../src/session/session.ts'
import { performStep } from '../../src/session/steps.ts'
import {
  aBaseline,
  aCandidate,
  aTrialResult,
  CONDITIONS,
  ROOT_SEED,
  sha,
  type TrialResultFields,
  trialResults,
} from '../factories.ts'
import { MemoryLedgerStore } from '../fakes/ledger-store.ts'
import { AT, STILL_CLOCK } from '../fakes/memory.ts'

const CONFIG_TEXT = `editable: [train.py]
train: python train.py
budget: 5m
review-above: 8%
metric: { name: val_bpb, direction: minimize, pattern: '^val_bpb: (\\S+)' }
`
const CANDIDATE = aCandidate({ name: 'warmup', pullRequest: 7 })

/** GitHub with one open pull request. */
class MemoryForge implements Forge {
  readonly pull: PullRequest = {
    number: 7,
    branch: candidateBranch(CANDIDATE.id),
    head: CANDIDATE.head,
    state: 'open',
  }
  readonly checks: CheckRun[] = []
  readonly comments: string[] = []

  async openPullRequest() {
    return { kind: 'opened', number: this.pull.number } as const
  }

  async openPullRequests() {
    return this.pull.state === 'open' ? [this.pull] : []
  }

  async pullRequest() {
    return this.pull
  }

  async putCheckRun(_head: string, check: CheckRun) {
    this.checks.push(check)
  }

  async putComment(_number: number, _marker: string, body: string) {
    this.comments.push(body)
  }

  async merge() {
    const commit = sha('merge commit')
    Object.assign(this.pull, { state: 'merged', mergeCommit: commit })
    return { kind: 'merged', commit } as const
  }

  async close() {
    this.pull.state = 'closed'
  }
}

class MemoryLedger extends MemoryLedgerStore {
  readonly moved: BranchUpdate[] = []

  constructor(events: readonly LedgerEvent[]) {
    super({ text: appendEvents('', events, AT), curves: '' })
  }

  get text(): string {
    return this.remote.text
  }

  override async append(...[compose, branches, message]: Parameters<LedgerStore['append']>): Promise<void> {
    await super.append(compose, branches, message)
    this.moved.push(...branches)
  }
}

const unused = (): never => {
  throw new Error('not part of this test')
}

const repository: Repository = {
  remoteBranches: async () => ({
    defaultBranch: 'main',
    commits: new Map([
      ['main', aBaseline().commit],
      ['autoresearch/baseline', aBaseline().commit],
      [candidateBranch(CANDIDATE.id), CANDIDATE.head],
    ]),
  }),
  treeOf: async (commit) => (commit === aBaseline().commit ? aBaseline().tree : CANDIDATE.tree),
  readFile: async () => CONFIG_TEXT,
  readFiles: unused,
  changes: unused,
  commit: unused,
  rebase: unused,
  revert: unused,
}

function theConfig(): Config {
  const parsed = parseConfig(CONFIG_TEXT)
  return parsed.kind === 'config' ? parsed.config : unused()
}

/** A session whose candidate has had runs of these values, on a baseline of 2.5 ± 0.022. */
async function afterRuns(values: readonly number[], fields: TrialResultFields = {}) {
  const config = measurementHash(theConfig())
  const forge = new MemoryForge()
  const ledger = new MemoryLedger([
    { kind: 'started', rootSeed: ROOT_SEED, format: LEDGER_FORMAT },
    { kind: 'baseline', ...aBaseline(), cause: 'started' },
    { kind: 'proposed', candidate: CANDIDATE },
    ...trialResults([2.47, 2.48, 2.49, 2.51, 2.52, 2.53], { config }).map(
      (result) => ({ kind: 'trial', result }) as const,
    ),
    ...values.map((value, index) => {
      const result = aTrialResult({ candidate: CANDIDATE, config, value, replicate: index + 1, ...fields })
      return { kind: 'trial', result } as const
    }),
  ])
  const warnings: string[] = []
  const ports: Ports = {
    repository,
    ledger,
    forge,
    clock: STILL_CLOCK,
    log: { info: () => {}, warn: (message) => warnings.push(message) },
    cancelled: new AbortController().signal,
  }
  const session = await openSession(ports, {
    configPath: '.github/autoresearch.yml',
    rootSeed: ROOT_SEED,
    newLedger: false,
    testbed: CONDITIONS.testbed,
    candidates: undefined,
    runUrl: undefined,
  })
  for (const step of planSteps(session.state)) await performStep(session, step)
  await session.flushed()
  return { session, forge, ledger, warnings, candidate: candidateOf(session) }
}

function candidateOf({ state }: Session): Candidate | undefined {
  return state.candidates.get(CANDIDATE.id)
}

test('what is proven and believed is merged', async () => {
  const { forge, candidate } = await afterRuns([2.4, 2.41])
  expect(forge.pull.state).toBe('merged')
  expect(candidate).toMatchObject({ verdict: { kind: 'merge' }, end: { kind: 'merged' } })
})

test('what is worse is closed, and its branch deleted', async () => {
  const { forge, ledger, candidate } = await afterRuns([2.6])
  expect(forge.pull.state).toBe('closed')
  expect(candidate).toMatchObject({ verdict: { kind: 'reject' }, end: { kind: 'closed' } })
  expect(ledger.moved).toEqual([{ branch: candidateBranch(CANDIDATE.id), from: CANDIDATE.head, to: null }])
})

test.each([
  ['a self-reported gain above review-above', [2.2, 2.21], {}, 'above 8 % = 0.2'],
  ['F71 replicates that ignore the seed', Array(6).fill(2.4), {}, 'seed-insensitive after 6 runs'],
  [
    'F71 replicates that ignore the seed, though evaluated',
    Array(6).fill(2.4),
    { trust: 'evaluated' },
    'seed-insensitive after 6 runs',
  ],
] as const)('%s is published and left to a person, pull request and branch included', async (...row) => {
  const [, values, fields, reason] = row
  const { session, forge, ledger, warnings, candidate } = await afterRuns(values, fields)
  expect(forge.pull.state).toBe('open')
  expect(ledger.moved).toEqual([])
  expect(candidate?.end).toEqual({ kind: 'handed-over', reason: expect.stringContaining(reason) })
  expect(candidate?.verdict).toMatchObject({ kind: 'review', reason: expect.stringContaining(reason) })
  expect(forge.checks).toMatchObject([
    { conclusion: 'neutral', title: expect.stringMatching(/: a person decides$/) },
  ])
  expect(forge.comments).toEqual([expect.stringContaining('**Review**')])
  expect(warnings).toEqual([expect.stringContaining(`#7 waits for a person`)])
  expect(planSteps(session.state)).toEqual([])
  expect(planTrials(session.state, session.conditions, session.policy)).toEqual([])
})

test('an evaluated gain above review-above is merged', async () => {
  const { forge } = await afterRuns([2.2, 2.21], { trust: 'evaluated' })
  expect(forge.pull.state).toBe('merged')
})
