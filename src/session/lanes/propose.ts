// The proposing lane: requests new ideas until enough candidates wait for their first run, or a limit is reached.
import { waitingCandidates } from '../../core/plan/schedule.ts'
import { ProposerBackoff, ROUND_BACKOFF, RUN_BACKOFF } from '../../core/propose/proposer-backoff.ts'
import { countIdeas } from '../../core/record/ideas.ts'
import { openCandidates } from '../../core/record/state.ts'
import { formatSeconds } from '../../core/text/numbers.ts'
import { ProposerError } from '../../errors.ts'
import type { Proposer } from '../../ports.ts'
import { proposeDueAa } from '../candidates.ts'
import { readPresentInsights, renewInsightsWhenDue } from '../insights.ts'
import { RequestQueue } from '../people.ts'
import { nextTurn, type ProposingPorts, proposeCandidate, type Turn } from '../proposing.ts'
import type { Session } from '../session.ts'

/** Steps that may be due on GitHub, which allows one write per second: short trials can produce candidates faster. */
const MAX_STEPS_DUE = 4

export interface ProposeLaneOptions {
  /** Candidates that may wait for their first run, at least 1. */
  queueDepth: number
  /** A `run` waits for the device and for proposers in a pause; a `round` ends instead. */
  job: 'run' | 'round'
  /** Fires when proposing should stop. */
  signal: AbortSignal
}

export class ProposeLane {
  readonly #session: Session
  readonly #ports: ProposingPorts
  readonly #options: ProposeLaneOptions
  readonly #proposers: readonly Proposer[]
  readonly #requests: RequestQueue
  readonly #backoff: ProposerBackoff
  readonly #ideasBefore: number
  /** Why proposers cannot be reached until a person acts, by their place in the configuration. */
  readonly #unreachable = new Map<number, string>()
  #hasProposed = false
  #baseline: string
  #insights: string | undefined

  constructor(session: Session, ports: ProposingPorts, options: ProposeLaneOptions) {
    this.#session = session
    this.#ports = ports
    this.#options = options
    this.#proposers = ports.createProposers(session.config.proposers)
    this.#requests = new RequestQueue(session)
    this.#backoff = new ProposerBackoff(options.job === 'run' ? RUN_BACKOFF : ROUND_BACKOFF)
    this.#ideasBefore = countIdeas(session.state)
    this.#baseline = session.baseline.commit
  }

  /** @returns why nothing more is proposed, as a sentence */
  async run(): Promise<string> {
    const { signal, job } = this.#options
    this.#insights = await readPresentInsights(this.#ports.insights)
    while (!signal.aborted) {
      this.#session.decide()
      this.#renewBackoff()
      const limit = this.#limitReached()
      if (limit !== undefined) return limit
      if (this.#isQueueFull()) {
        if (job === 'round') return `${this.#options.queueDepth} candidates wait for their first run`
        await this.#session.changed()
      } else if (!(await proposeDueAa(this.#session)) && !(await this.#querySomeone()))
        return 'no proposer has a further idea'
    }
    return 'the time budget is used up'
  }

  #isQueueFull(): boolean {
    if (waitingCandidates(this.#session.state).length >= this.#options.queueDepth) return true
    // In a round nothing is done on GitHub while proposers are queried.
    return this.#options.job === 'run' && this.#session.steps.length >= MAX_STEPS_DUE
  }

  #renewBackoff(): void {
    const { commit } = this.#session.baseline
    if (commit === this.#baseline) return
    this.#baseline = commit
    this.#backoff.renew()
  }

  #limitReached(): string | undefined {
    const { settings, config, state } = this.#session
    const limit = Math.min(settings.candidates ?? Number.POSITIVE_INFINITY, config.limits.candidates)
    if (countIdeas(state) - this.#ideasBefore >= limit) return `the limit of ${limit} candidates is reached`
    return this.#session.costLimitReached
  }

  /** Queries the next proposer, or waits until one is available; false when none will be. */
  async #querySomeone(): Promise<boolean> {
    const { insights: store, random } = this.#ports
    const { signal } = this.#options
    const renewed = await renewInsightsWhenDue(this.#session, store, this.#proposers, signal)
    if (renewed === 'renewed') this.#insights = await readPresentInsights(store)
    const exhausted = this.#backoff.barred(this.#seconds)
    const { personRequest, barred } = await this.#requests.next(this.#proposers, exhausted)
    const turn = nextTurn(this.#session, this.#proposers, barred, random, personRequest)
    if (!turn) return this.#waitForProposer()
    await this.#query({ ...turn, insights: this.#insights })
    return true
  }

  async #query(turn: Turn): Promise<void> {
    const { log } = this.#session.ports
    const proposed = await proposeCandidate(this.#session, turn, this.#options.signal)
    const restSeconds = this.#backoff.recordOutcome(turn.index, proposed, this.#seconds)
    if (proposed.kind === 'proposed') {
      this.#hasProposed = true
      return
    }
    const { reason, unreachable, exhausted } = proposed
    const { name } = turn.proposer
    if (unreachable && exhausted) this.#unreachable.set(turn.index, `${name}: ${reason}`)
    const again = restSeconds === undefined ? '' : `; next attempt in ${formatSeconds(restSeconds)}`
    const line = `${name} proposed nothing: ${reason}${again}`
    // An unreachable proposer may need a person; having no idea is only information.
    if (unreachable) log.warn(line)
    else log.info(line)
  }

  /** @throws ProposerError when every proposer is unreachable: a job that tried nothing must not look successful */
  assertSomeoneAnswers(): void {
    if (this.#hasProposed || this.#unreachable.size < this.#session.config.proposers.length) return
    const reasons = [...this.#unreachable.values()].join('\n')
    throw new ProposerError(`nothing was proposed, because no proposer can be reached\n${reasons}`, {
      hint: 'Fix the cause and start the workflow again; it continues from the ledger.',
    })
  }

  /** Waits for a merge, or for the end of a proposer's pause; false when there is nothing to wait for. */
  async #waitForProposer(): Promise<boolean> {
    if (this.#options.job === 'round') return false
    // The last wake-up may have come while a proposer was chosen: waiting now would never end.
    if (this.#options.signal.aborted) return true
    const restSeconds = this.#backoff.restSeconds(this.#seconds)
    if (restSeconds === undefined) {
      if (openCandidates(this.#session.state).length === 0) return false
      await this.#session.changed()
      return true
    }
    const woken = new AbortController()
    const signal = AbortSignal.any([woken.signal, this.#options.signal])
    await Promise.race([this.#session.changed(), this.#session.ports.clock.pause(restSeconds, signal)])
    woken.abort()
    return true
  }

  get #seconds(): number {
    return this.#session.ports.clock.monotonicSeconds()
  }
}
