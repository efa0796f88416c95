// What a command works with while it runs: the state as the ledger tells it, the configuration of the baseline, and both
// reconciled with what GitHub shows. It is opened by opening.ts.

import {
  askForCertification,
  certificationFailure,
  certifyPolicy,
  decideCertification,
} from '../core/certify/certify.ts'
import type { CertifyPolicy } from '../core/certify/opinion.ts'
import type { Config } from '../core/config/config.ts'
import { measurementHash } from '../core/config/measurement.ts'
import { planCut } from '../core/judge/cutting.ts'
import type { Bench } from '../core/judge/evidence.ts'
import type { JudgePolicy } from '../core/judge/policy.ts'
import { baselineFailure, baselineFailures, decide, planTrials } from '../core/plan/schedule.ts'
import { dispatchedWish } from '../core/propose/requests.ts'
import { candidateBranch } from '../core/record/candidate.ts'
import { type Cost, subtractCost, totalCost } from '../core/record/cost.ts'
import type { Assignment, LedgerEvent } from '../core/record/events.ts'
import {
  affordableTrials,
  deviceSecondsLeft,
  limitReached,
  proposalBudget,
  type Spent,
  WEEK_SECONDS,
} from '../core/record/limits.ts'
import { type PullRequest, reconcile } from '../core/record/reconcile.ts'
import { type BaselineCommit, openCandidates, type State } from '../core/record/state.ts'
import type { Trial } from '../core/record/trial.ts'
import { baselineAdvice, endOfOutput } from '../core/report/baseline-failure.ts'
import { describeCertification, describeVerdict } from '../core/report/describe.ts'
import { formatSeconds } from '../core/text/numbers.ts'
import type { CutPlan } from '../core/trial/curve.ts'
import { BaselineError, ConfigError, LedgerError } from '../errors.ts'
import type {
  BranchUpdate,
  Checker,
  Clock,
  Discussion,
  Forge,
  LedgerStore,
  Log,
  Repository,
} from '../ports.ts'
import type { Journal } from './journal.ts'
import { lastWords } from './last-words.ts'
import { readConfig } from './read-config.ts'

export interface Ports {
  repository: Repository
  ledger: LedgerStore
  forge: Forge
  clock: Clock
  log: Log
  /** In jobs that may run candidate code. */
  checker?: Checker
  /** Where people are heard. */
  discussion?: Discussion
  /** Fires when the job is cancelled: stop at once, lose nothing that is recorded. */
  cancelled: AbortSignal
}

/** What the person who started the workflow asks for. */
export interface Dispatch {
  /** Names this start of the workflow: its repetition asks for nothing new. */
  id: string
  /** A wish to be tested; empty when there is none. */
  hypothesis: string
  /** Where to look; empty when there is none. */
  direction: string
}

export interface SessionSettings {
  /** Path of the configuration in the repository. */
  configPath: string
  /** Where every trial's seed comes from, used only when this is the first run. */
  rootSeed: string
  /** Begin a new ledger although the baseline branch already exists. */
  newLedger: boolean
  /** The machine that trains here; undefined in jobs that do not train. */
  testbed: string | undefined
  /** Most candidates this job proposes; undefined leaves it to the configuration. */
  candidates: number | undefined
  /** Certify what was merged so far, whatever the configuration says about when. */
  certify?: boolean
  /** Page of this workflow run, linked from check runs. */
  runUrl: string | undefined
  /** What the person who started this job asks for. */
  dispatch?: Dispatch
}

/** What a command works with: the ports, the configuration of the baseline, and the state as the ledger tells it. */
export class Session {
  readonly ports: Ports
  readonly settings: SessionSettings
  readonly #journal: Journal
  readonly #costBefore: Cost
  #config: Config

  constructor(ports: Ports, settings: SessionSettings, journal: Journal, config: Config) {
    this.ports = ports
    this.settings = settings
    this.#journal = journal
    this.#costBefore = totalCost(journal.state)
    this.#config = config
  }

  get state(): State {
    return this.#journal.state
  }

  get config(): Config {
    return this.#config
  }

  /** Most candidates this job proposes. */
  get candidateLimit(): number {
    return Math.min(this.settings.candidates ?? Number.POSITIVE_INFINITY, this.#config.limits.candidates)
  }

  /** What inventing the next candidate may cost. */
  get budget(): { tokens: number; dollars: number } {
    return proposalBudget(this.#config.limits, this.#spent)
  }

  /** Which limit on what research costs is reached, as a sentence. */
  get costLimitReached(): string | undefined {
    return limitReached(this.#config.limits, this.#spent)
  }

  /** What to train now, most urgent first, as far as the device may still be used. */
  get trials(): Trial[] {
    return this.affordable(this.planTrials())
  }

  /** Those among `planned` that the device may still be used for. */
  affordable(planned: readonly Trial[]): Trial[] {
    const { limits, budgetSeconds } = this.#config
    return affordableTrials(this.state, planned, deviceSecondsLeft(limits, this.#spent), budgetSeconds)
  }

  get #spent(): Spent {
    const run = subtractCost(totalCost(this.state), this.#costBefore)
    return { run, week: this.#config.limits.week ? this.#journal.costOfLast(WEEK_SECONDS) : run }
  }

  get policy(): JudgePolicy {
    return {
      direction: this.#config.metric.direction,
      baselineReplicates: this.#config.replicates.baseline,
      candidateReplicates: this.#config.replicates.candidate,
      mergeRisk: this.#config.mergeRisk,
      ...(this.#config.minGain && { minGain: this.#config.minGain }),
      ...(this.#config.simplicity && { simplicity: this.#config.simplicity }),
      ...(this.#config.reviewAbove && { reviewAbove: this.#config.reviewAbove }),
    }
  }

  /** When first runs of candidates on the present baseline are to be ended early. */
  get cut(): CutPlan | undefined {
    const { cutBelow: chance } = this.#config
    return chance === undefined ? undefined : planCut(this.state, this.bench, { ...this.policy, chance })
  }

  /** Numbers are compared on the machine that trains here, else on the one that trained last. */
  get bench(): Bench {
    return {
      config: measurementHash(this.#config),
      testbed: this.#testbed,
      direction: this.#config.metric.direction,
    }
  }

  get certification(): CertifyPolicy {
    return certifyPolicy(this.#config, this.#testbed)
  }

  get #testbed(): string | undefined {
    return this.settings.testbed ?? [...this.state.trials.values()].at(-1)?.testbed
  }

  /** The baseline; a session always has one. */
  get baseline(): BaselineCommit {
    const { baseline } = this.state
    if (!baseline) throw new Error('the ledger has no baseline')
    return baseline
  }

  /** The trials worth running now, most urgent first, whatever they cost. */
  planTrials(): Trial[] {
    return planTrials(this.state, this.bench, this.policy, this.certification)
  }

  /** Notes what this workflow run has in hand, so that what never comes back is missed. */
  take(command: Assignment['command'], trials: readonly Trial[]): void {
    const run = this.settings.dispatch?.id
    if (run === undefined) return
    this.#journal.record([{ kind: 'assigned', run, command, trials: trials.map(({ id }) => id) }])
  }

  /** Asks for the certification of every merge that has none yet. */
  askForCertification(): void {
    this.record(askForCertification(this.state))
  }

  /** Records events and every decision that they make possible. Returns at once. */
  record(events: readonly LedgerEvent[], branches: readonly BranchUpdate[] = []): void {
    this.#journal.record(events, branches)
    this.#certify()
    const decisions = decide(this.state, this.bench, this.policy)
    this.#journal.record(decisions)
    for (const { candidate: id, verdict } of decisions) {
      const candidate = this.state.candidates.get(id)
      if (candidate) this.ports.log.info(describeVerdict(candidate, verdict))
    }
  }

  /** One certification may make the next one possible: the first half of what does not hold may be measured already. */
  #certify(): void {
    for (;;) {
      const decisions = decideCertification(this.state, this.certification)
      if (decisions.length === 0) return
      this.#journal.record(decisions)
      for (const event of decisions)
        if (event.kind === 'certification')
          this.ports.log.info(describeCertification(this.state, event.certification))
    }
  }

  /** Says so when certification was asked for and cannot go on. Research goes on without it. */
  warnOfStuckCertification(): void {
    const failure = certificationFailure(this.state, this.certification)
    if (failure !== undefined)
      this.ports.log.warn(`Certification waits: the last certified commit cannot be measured: ${failure}`)
  }

  /** Records what the person who started this job wants to be tested. */
  takeDispatch(): void {
    const { dispatch } = this.settings
    const wish = dispatch && dispatchedWish(dispatch.id, dispatch.hypothesis)
    if (wish && !this.state.wishes.has(wish.id)) this.record([{ kind: 'requested', request: wish }])
  }

  /** @throws BaselineError when the baseline itself has failed too often to be measured */
  assertBaselineTrains(): void {
    const failure = baselineFailure(this.state, this.bench)
    const last = baselineFailures(this.state, this.bench)?.at(-1)
    if (failure === undefined || !last) return
    throw new BaselineError(`${failure}${endOfOutput(last)}`, {
      hint: baselineAdvice(last, this.#config, this.settings.configPath),
    })
  }

  /** @throws ConfigError when a job ends before any trial could be begun in it */
  assertTimeForTrial(timeBudgetSeconds: number): void {
    const { timeoutSeconds } = this.#config
    if (timeBudgetSeconds >= timeoutSeconds) return
    const [budget, timeout] = [timeBudgetSeconds, timeoutSeconds].map(formatSeconds)
    throw new ConfigError(`nothing can be trained in ${budget}, because one trial may take ${timeout}`, {
      hint: `Raise the input \`time-budget\` and \`timeout-minutes\` of the job, or lower \`timeout\` in ${this.settings.configPath} on the branch ${this.#config.baseline}.`,
    })
  }

  flushed(): Promise<void> {
    return this.#journal.flushed()
  }

  changed(): Promise<void> {
    return this.#journal.changed()
  }

  wake(): void {
    this.#journal.wake()
  }

  /** Compares the ledger with GitHub and records what is missing. */
  async reconcile(): Promise<void> {
    const { repository, forge } = this.ports
    const { commits } = await repository.remoteBranches()
    const commit = commits.get(this.#config.baseline)
    if (commit === undefined)
      throw new LedgerError(`the baseline branch ${this.#config.baseline} has disappeared`, {
        hint: `Restore it: git push origin ${this.state.baseline?.commit ?? '<commit>'}:refs/heads/${this.#config.baseline}. Or, to begin anew from the default branch, delete the branch autoresearch/ledger as well.`,
      })
    const open = await forge.openPullRequests(this.#config.baseline)
    const pullRequests = [...open, ...(await this.#settledPullRequests(open))]
    const baseline = { commit, tree: await repository.treeOf(commit) }
    this.record(reconcile(this.state, { baseline, pullRequests, branches: commits }))
    this.#config = await readConfig(
      repository,
      { branch: this.#config.baseline, commit },
      this.settings.configPath,
    )
    this.record([])
  }

  /** Pull requests of candidates we believe to be open but that GitHub no longer lists as open. */
  async #settledPullRequests(open: readonly PullRequest[]): Promise<PullRequest[]> {
    const listed = new Set(open.map((pullRequest) => pullRequest.branch))
    const missing = openCandidates(this.state).filter(
      (candidate) => !listed.has(candidateBranch(candidate.id)),
    )
    const found: PullRequest[] = []
    for (const { pullRequest } of missing)
      if (pullRequest !== undefined) found.push(await this.pullRequest(pullRequest))
    return found
  }

  /** One pull request, with the tree that merging it made, or with what was said of one that was closed. */
  async pullRequest(number: number): Promise<PullRequest> {
    const { forge, discussion } = this.ports
    const pullRequest = await forge.pullRequest(number)
    if (pullRequest.state === 'closed' && discussion) {
      const words = await lastWords(discussion, number)
      return { ...pullRequest, ...(words && { words }) }
    }
    if (pullRequest.mergeCommit === undefined) return pullRequest
    return { ...pullRequest, mergeTree: await this.ports.repository.treeOf(pullRequest.mergeCommit) }
  }
}
