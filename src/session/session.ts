// A running command's view of the ledger and of the baseline's configuration, reconciled with GitHub. Opened by opening.ts.
import { decideCertification, requestCertification } from '../core/certify/certify.ts'
import type { CertifyPolicy } from '../core/certify/opinion.ts'
import type { Config } from '../core/config/config.ts'
import type { Conditions } from '../core/judge/evidence.ts'
import type { JudgePolicy } from '../core/judge/policy.ts'
import {
  type LadderPolicy,
  type PromotionAction,
  planPromotions,
  promotionActions,
  requestPromotion,
} from '../core/ladder/ladder.ts'
import { comingBaseline, nextToReplay, planAhead, type ReplayedAhead } from '../core/plan/ahead.ts'
import { hasMeasured } from '../core/plan/broken-baseline.ts'
import { configUnder, cutPlan, ladderPolicy, type Rules, rulesOf } from '../core/plan/rules.ts'
import { decide, planTrials, startableTrials } from '../core/plan/schedule.ts'
import { planSteps, type Step } from '../core/plan/steps.ts'
import { dispatchedRequest } from '../core/propose/requests.ts'
import type { ArchivedIdea } from '../core/record/archived-ideas.ts'
import type { Assignment, LedgerEvent } from '../core/record/events.ts'
import type { PastIdea } from '../core/record/ideas.ts'
import type { BaselineCommit, State } from '../core/record/state.ts'
import type { Trial } from '../core/record/trial.ts'
import { describeCertification, describeVerdict } from '../core/report/describe.ts'
import { groupTrials, runsAlone, type TrialBatch } from '../core/trial/batch.ts'
import type { CutPlan } from '../core/trial/curve.ts'
import type { BranchUpdate } from '../ports/repository.ts'
import type { Journal } from './journal.ts'
import type { Ports } from './ports.ts'
import type { SessionSettings } from './settings.ts'
import { Spending } from './spending.ts'

export class Session {
  readonly ports: Ports
  readonly settings: SessionSettings
  readonly #journal: Journal
  /** What this job may still spend. */
  readonly spending: Spending
  /** Ids of the trials that ended before this job. */
  readonly trialsBefore: ReadonlySet<string>
  readonly #made = new Set<string>()
  readonly #created = new Set<string>()
  readonly #held = new Set<string>()
  readonly #tried = new Set<string>()
  readonly #replays = new Map<string, ReplayedAhead>()
  /** Trials of this job that have started and not ended, by id. */
  readonly running = new Map<string, Trial>()
  /** True while the forge lane carries out a step. */
  isOnGitHub = false
  /** The rules as last read: what is worked out under the same object is not worked out again. */
  #known: { of: { config: Config; testbed: string | undefined }; rules: Rules } | undefined
  /** The inputs of the last decisions: the same state and configuration lead to no new ones. */
  #decidedOn: { state: State; config: Config } | undefined
  /** The configuration of the baseline; updated whenever the baseline changes. */
  config: Config

  constructor(ports: Ports, settings: SessionSettings, journal: Journal, config: Config) {
    this.ports = ports
    this.settings = settings
    this.#journal = journal
    this.spending = new Spending(this, journal)
    this.trialsBefore = new Set(journal.state.trials.keys())
    this.config = config
  }

  get state(): State {
    return this.#journal.state
  }

  get baseline(): BaselineCommit {
    const { baseline } = this.state
    if (!baseline) throw new Error('the ledger has no baseline')
    return baseline
  }

  /** For this machine in jobs that train, otherwise for the machine that trained last. */
  get #rules(): Rules {
    const last = [...this.state.trials.values()].findLast((result) => !runsAlone(result.trial))
    const of = { config: this.config, testbed: this.settings.testbed ?? last?.testbed }
    if (this.#known?.of.config !== of.config || this.#known.of.testbed !== of.testbed)
      this.#known = { of, rules: rulesOf(of.config, of.testbed) }
    return this.#known.rules
  }

  get policy(): JudgePolicy {
    return this.#rules.policy
  }

  get conditions(): Conditions {
    return this.#rules.conditions
  }

  get certification(): CertifyPolicy {
    return this.#rules.certification
  }

  get ladder(): LadderPolicy {
    return ladderPolicy(this.config, this.conditions)
  }

  /** When to stop first runs of candidates on the current baseline early. */
  get cut(): CutPlan | undefined {
    return cutPlan(this.state, this.config, this.#rules)
  }

  /** The trials to run now, most urgent first, within the limits on device time. */
  get trials(): Trial[] {
    const { state, conditions } = this
    const running = [...this.running.values()]
    const startable = startableTrials(state, conditions, this.planTrials(), running)
    return this.spending.affordable([...startable, ...planAhead(state, conditions, this.#replays, running)])
  }

  /**
   * Replays one more candidate on the code that is about to be the baseline, so that it can be trained before GitHub has merged it.
   *
   * @returns false when all are replayed
   */
  async replayAhead(): Promise<boolean> {
    const onto = comingBaseline(this.state)
    const candidate = nextToReplay(this.state, this.#replays)
    if (!onto || !candidate) return false
    const replayed = await this.ports.repository.rebase(candidate.head, onto.commit)
    const made = replayed.kind === 'rebased' && { commit: replayed.commit, tree: replayed.tree }
    this.#replays.set(candidate.id, { from: candidate.head, onto: onto.commit, ...(made && { made }) })
    return true
  }

  /** The trials of a round, divided among its train jobs. */
  get batches(): TrialBatch[] {
    const { time, least } = this.config.jobs
    return groupTrials(this.trials, this.cut, {
      ...(time !== undefined && { seconds: time }),
      least,
      secondsOf: ({ protocol }) => (configUnder(this.config, protocol) ?? this.config).budgetSeconds,
      wasLost: ({ id }) => this.state.losses.has(id),
    })
  }

  /** The trials worth running now, most urgent first, whatever they cost. */
  planTrials(): Trial[] {
    const { conditions, policy, certification } = this.#rules
    const running = [...this.running.values()]
    return planTrials(this.state, conditions, policy, certification, running, this.ladder)
  }

  /** The trials at larger scales to run now. */
  get promotionTrials(): Trial[] {
    return planPromotions(this.state, this.ladder).filter(({ id }) => !this.running.has(id))
  }

  /** What to do on GitHub now, most urgent first. */
  get steps(): (Step | PromotionAction)[] {
    const promoting = promotionActions(this.state, this.ladder).filter(
      (action) => !this.#held.has(actionKey(action)),
    )
    const mayOpen = hasMeasured(this.state, this.conditions)
    return [...planSteps(this.state, mayOpen, this.#held, this.config.pullRequests), ...promoting]
  }

  /** Adds events to the ledger, and moves branches in the same push. Returns immediately. */
  record(events: readonly LedgerEvent[], branches: readonly BranchUpdate[] = []): void {
    for (const { branch, from, to } of branches) {
      if (from === null) this.#created.add(branch)
      if (to !== null) this.#made.add(to)
    }
    this.#journal.record(events, branches)
  }

  /** GitHub refused to merge this head: this job does not try again. */
  holdMerge(head: string): void {
    this.#held.add(head)
    this.wake()
  }

  /** True from the second time on that this job asks: what could not be done is not tried again. */
  wasTried(what: string): boolean {
    const isKnown = this.#tried.has(what)
    this.#tried.add(what)
    return isKnown
  }

  /** Something prevents this action: this job does not try again. */
  holdPromotion(action: PromotionAction): void {
    this.#held.add(actionKey(action))
    this.wake()
  }

  /** True when this job pushed the commit first: nobody else can have written about it on GitHub. */
  hasMade(commit: string): boolean {
    return this.#made.has(commit)
  }

  /** True when this job created the branch: it has no pull request that this job did not open. */
  hasCreated(branch: string): boolean {
    return this.#created.has(branch)
  }

  /** Records the trials that this workflow run trains or assigns now, so that lost ones are noticed later. */
  recordAssignment(
    command: Assignment['command'],
    batches: readonly Pick<TrialBatch, 'trials' | 'commits'>[],
  ): void {
    const run = this.settings.dispatch?.id
    if (run === undefined) return
    const idsOf = (of: typeof batches) => of.map(({ trials }) => trials.map(({ id }) => id))
    const shared = idsOf(batches.filter(({ commits }) => commits !== undefined))
    const trials = idsOf(batches).flat()
    this.record([{ kind: 'assigned', run, command, trials, ...(shared.length > 0 && { shared }) }])
  }

  /** Records the idea that the person who started this job requested. */
  recordDispatch(): void {
    const { dispatch } = this.settings
    const personRequest = dispatch && dispatchedRequest(dispatch.id, dispatch.hypothesis)
    if (personRequest && !this.state.requests.has(personRequest.id))
      this.record([{ kind: 'requested', request: personRequest }])
  }

  requestCertification(): void {
    this.record(requestCertification(this.state))
  }

  requestPromotion(): void {
    this.record(requestPromotion(this.state, this.ladder))
  }

  /** Records every decision that the state allows. Call it before planning on the state. */
  decide(): void {
    const { state, config } = this
    if (this.#decidedOn?.state === state && this.#decidedOn.config === config) return
    this.#decideCertification()
    const decisions = decide(this.state, this.conditions, this.policy)
    this.record(decisions)
    for (const { candidate: id, verdict } of decisions) {
      const candidate = this.state.candidates.get(id)
      if (candidate) this.ports.log.info(describeVerdict(candidate, verdict))
    }
    this.#decidedOn = { state: this.state, config }
  }

  /** Repeats, because one certification may allow the next: the first half of a range may be measured already. */
  #decideCertification(): void {
    for (;;) {
      const decisions = decideCertification(this.state, this.certification)
      if (decisions.length === 0) return
      this.record(decisions)
      for (const event of decisions)
        if (event.kind === 'certification')
          this.ports.log.info(describeCertification(this.state, event.certification))
    }
  }

  /** The archived ideas, oldest first, as far as new ones are compared with them. */
  archivedIdeas(): Promise<readonly PastIdea[]> {
    return this.#journal.archivedIdeas()
  }

  /** The archived ideas with all that is kept of them, oldest first, in parts. */
  readArchive(): AsyncIterable<Iterable<ArchivedIdea>> {
    return this.#journal.readArchive()
  }

  /** Resolves when everything recorded so far is on the remote. */
  flushed(): Promise<void> {
    return this.#journal.flushed()
  }

  /** Resolves at the next change of the state. */
  changed(): Promise<void> {
    return this.#journal.changed()
  }

  /** Wakes everything that waits for a change, for example because the command is ending. */
  wake(): void {
    this.#journal.wake()
  }
}

function actionKey(action: PromotionAction): string {
  const scale = action.kind === 'begin-promotion' ? action.rung.scale : action.promotion.scale
  return `${action.kind} ${scale}`
}
