// A research repository in memory: git, GitHub, the ledger and a device. Every effect can be the last one before the job is
// killed.

import { type Candidate, candidateBranch, candidateId } from '../../src/core/record/candidate.ts'
import { LEDGER_FORMAT } from '../../src/core/record/events.ts'
import type { BaselineCommit } from '../../src/core/record/state.ts'
import type { Trial } from '../../src/core/record/trial.ts'
import { trialId, trialSeed } from '../../src/core/trial/protocol.ts'
import type { Clock } from '../../src/ports/job.ts'
import type { Checker, Proposer } from '../../src/ports/proposer.ts'
import type { ProposingPorts } from '../../src/session/proposing.ts'
import { aCandidate, aRandom, aTrialResult, CONDITIONS, ROOT_SEED } from '../factories.ts'
import { FakeClock } from './clock.ts'
import { FakeDiscussion } from './discussion.ts'
import { FakeForge, type FakePull } from './forge.ts'
import { Fuse } from './fuse.ts'
import { FakeInsightsStore } from './insights-store.ts'
import { FakeLedgerStore, type Move } from './ledger-store.ts'
import { FakeLog } from './log.ts'
import { FakeProposer } from './proposer.ts'
import { FakeRepository, type Files } from './repository.ts'
import { FakeTrainer } from './trainer.ts'

const BASELINE = 'autoresearch/baseline'
export const CONFIG_PATH = '.github/autoresearch.yml'

export const SETTINGS = {
  configPath: CONFIG_PATH,
  rootSeed: ROOT_SEED,
  newLedger: false,
  testbed: CONDITIONS.testbed,
  candidates: undefined,
  runUrl: undefined,
  timeBudgetSeconds: 3600,
}

interface WorldFields {
  /** Standard deviation of a run. */
  sigma?: number
  worth?: (text: string, trial: Trial) => number
  /** The hash of the configuration that a trial runs under. */
  hash?: (trial: Trial) => string
  /** The ids of the first commit, where a test builds results on them. */
  root?: BaselineCommit
  rootSeed?: string
}

interface PortFields {
  proposers?: readonly Proposer[]
  checker?: Checker | undefined
  clock?: Clock
  log?: FakeLog
  cancelled?: AbortSignal
}

export class World {
  readonly fuse = new Fuse()
  readonly repository = new FakeRepository()
  readonly forge = new FakeForge(this.repository, BASELINE, this.fuse)
  readonly ledger: FakeLedgerStore
  readonly trainer: FakeTrainer
  readonly discussion = new FakeDiscussion()

  /** The first commit is the default branch and the measured baseline's code. */
  constructor(
    files: Files,
    { sigma = 0.01, hash = () => '', worth, root, rootSeed = ROOT_SEED }: WorldFields = {},
  ) {
    const { repository, fuse } = this
    this.trainer = new FakeTrainer(repository, { sigma, hash, fuse, ...(worth && { worth }) })
    const commit = root ? repository.putAs(root, files, undefined) : repository.put(files, undefined)
    repository.branches.set('main', commit).set(BASELINE, commit)
    const move: Move = (update) => {
      const done = repository.move(update)
      this.forge.follow(update.branch)
      return done
    }
    this.ledger = new FakeLedgerStore(
      [
        { kind: 'started', rootSeed, format: LEDGER_FORMAT },
        { kind: 'baseline', ...this.baseline, cause: 'started' },
      ],
      { move, fuse },
    )
  }

  get tip(): string {
    return this.repository.branches.get(BASELINE) ?? ''
  }

  get baseline(): BaselineCommit {
    const { tree = '' } = this.repository.commits.get(this.tip) ?? {}
    return { commit: this.tip, tree }
  }

  get files(): Files {
    return this.repository.filesOf(this.tip)
  }

  /** A candidate on the present baseline with its branch and its line in the ledger, but no pull request. */
  propose(
    edits: Readonly<Record<string, string>>,
    fields: Partial<Candidate> & { name?: string } = {},
  ): Candidate {
    const { repository, tip: base } = this
    const head = repository.put(new Map([...this.files, ...Object.entries(edits)]), base)
    const { tree = '' } = repository.commits.get(head) ?? {}
    const candidate = aCandidate({ id: candidateId(base, tree), base, head, tree, ...fields })
    repository.branches.set(candidateBranch(candidate.id), head)
    this.ledger.write({ kind: 'proposed', candidate })
    return candidate
  }

  /** Runs of the present baseline returned values under this configuration: the set-up works. */
  measure(config: string, values: readonly number[] = [2.5]): void {
    const { commit, tree } = this.baseline
    for (const [index, value] of values.entries()) {
      const replicate = index + 1
      const id = trialId(tree, replicate)
      const result = aTrialResult({ value })
      const seed = trialSeed(ROOT_SEED, tree, replicate)
      const trial = { ...result.trial, id, seed, base: commit, head: commit, tree, replicate }
      this.ledger.write({ kind: 'trial', result: { ...result, config, trial } })
    }
  }

  /** A person pushes a commit with these edits to the baseline. */
  push(edits: Readonly<Record<string, string>>): void {
    const files = new Map([...this.files, ...Object.entries(edits)])
    this.repository.branches.set(BASELINE, this.repository.put(files, this.tip))
  }

  /** The pull request of a candidate, if it has one. */
  pullOf({ id }: Pick<Candidate, 'id'>): FakePull | undefined {
    return this.forge.pulls.find(({ branch }) => branch === candidateBranch(id))
  }

  /** Everything a command may need. Insights are new for each job. */
  ports(fields: PortFields = {}) {
    const { repository, ledger, forge, trainer, discussion } = this
    const { checker, clock = new FakeClock(), log = new FakeLog() } = fields
    return {
      repository,
      ledger,
      forge,
      trainer,
      discussion,
      clock,
      log,
      ...(checker && { checker }),
      cancelled: fields.cancelled ?? new AbortController().signal,
      ...proposingPorts(...(fields.proposers ?? [new FakeProposer()])),
    }
  }
}

export function proposingPorts(...proposers: readonly Proposer[]): ProposingPorts {
  return { createProposers: () => [...proposers], insights: new FakeInsightsStore(), random: aRandom(1) }
}
