// The proposing lane: requests new ideas until enough candidates wait for their first run, or a limit is reached.
import { hasRoom } from '../../core/plan/queue.ts'
import { ROUND_BACKOFF, RUN_BACKOFF } from '../../core/propose/proposer-backoff.ts'
import { countIdeas } from '../../core/record/ideas.ts'
import { openCandidates } from '../../core/record/state.ts'
import type { Proposer } from '../../ports/proposer.ts'
import { proposeDueBundle } from '../bundling.ts'
import { proposeDueAa } from '../candidates.ts'
import {
  insightsAuthor,
  readPresentInsights,
  renewInsightsWhenDue,
  shouldRenewInsights,
} from '../insights.ts'
import { pausedBy, RequestQueue } from '../people.ts'
import { nextTurn, type ProposingPorts, proposeCandidate, type Turn } from '../proposing.ts'
import type { Session } from '../session.ts'
import { Askings } from './askings.ts'
import { ProposerOutcomes } from './proposer-outcomes.ts'

export interface ProposeLaneOptions {
  /** Candidates that may wait for their first run, at least 1. */
  queueDepth: number
  /** A `run` waits for the device and for proposers in a pause; a `round` ends instead. */
  job: 'run' | 'round'
  /** True when nothing else in this job can change what may be proposed: waiting for it would never end. */
  isIdle(): boolean
  /** Fires when proposing should stop. */
  signal: AbortSignal
}

const TIME_IS_UP = 'the time budget is used up'

export class ProposeLane {
  readonly #session: Session
  readonly #ports: ProposingPorts
  readonly #options: ProposeLaneOptions
  readonly #proposers: readonly Proposer[]
  readonly #requests: RequestQueue
  /** What became of asking each proposer. */
  readonly outcomes: ProposerOutcomes
  readonly #askings: Askings
  readonly #ideasBefore: number
  readonly #stop = new AbortController()
  /** Ends every asking: proposing should stop, or one of them failed. */
  readonly #signal: AbortSignal
  #insights: string | undefined
  /** Why research is paused. */
  #pause: string | undefined

  constructor(session: Session, ports: ProposingPorts, options: ProposeLaneOptions) {
    this.#session = session
    this.#ports = ports
    this.#options = options
    this.#proposers = ports.createProposers(session.config.proposers)
    this.#requests = new RequestQueue(session)
    const backoff = options.job === 'run' ? RUN_BACKOFF : ROUND_BACKOFF
    this.outcomes = new ProposerOutcomes(session, this.#proposers, backoff)
    this.#askings = new Askings(session)
    this.#ideasBefore = countIdeas(session.state)
    this.#signal = AbortSignal.any([options.signal, this.#stop.signal])
  }

  /** @returns why nothing more is proposed, as a sentence */
  async run(): Promise<string> {
    this.#insights = await readPresentInsights(this.#ports.insights)
    try {
      return await this.#proposeUntilTheEnd()
    } finally {
      this.#stop.abort()
      await this.#askings.settled()
    }
  }

  async #proposeUntilTheEnd(): Promise<string> {
    const { signal } = this.#options
    while (!signal.aborted) {
      this.#session.decide()
      this.outcomes.renewOnNewBaseline()
      const limit = this.#limitReached()
      const mayPropose = limit === undefined && this.#hasRoom()
      const { ended } = this.#askings
      if (mayPropose && ((await this.#proposeItself()) || (await this.#querySomeone()))) continue
      // The last wake-up may have come while a proposer was chosen: waiting now would never end.
      if (signal.aborted) break
      if (this.#askings.ended > ended) continue
      if (this.#askings.count > 0) await this.#wait()
      else if (limit !== undefined) return limit
      else if (!mayPropose && this.#options.isIdle()) return this.#fullness
      else if (!mayPropose) await this.#session.changed()
      else if (!(await this.#waitForProposer())) return 'no proposer has a further idea'
    }
    return TIME_IS_UP
  }

  /** Makes a candidate that needs no proposer, if one is due. */
  async #proposeItself(): Promise<boolean> {
    return (await proposeDueAa(this.#session)) || (await proposeDueBundle(this.#session))
  }

  /** True when one more candidate can be proposed, if all who are being asked propose one. */
  #hasRoom(): boolean {
    const { state } = this.#session
    const { queueDepth, job } = this.#options
    // In a round nothing is done on GitHub while proposers are queried.
    const stepsDue = job === 'run' ? this.#session.steps.length : 0
    const mayStillCome = this.#maxIdeas - (countIdeas(state) - this.#ideasBefore)
    return (
      hasRoom(state, queueDepth, this.#askings.places, stepsDue) &&
      this.#askings.count < mayStillCome &&
      this.#session.spending.mayOpenAnother(this.#askings.count)
    )
  }

  /** Why a round ends that has no room for a candidate. */
  get #fullness(): string {
    return this.#session.spending.mayOpenAnother(0)
      ? `${this.#options.queueDepth} candidates wait for their first run`
      : `${this.#session.config.limits.openPullRequests} pull requests are open`
  }

  get #maxIdeas(): number {
    const { settings, config } = this.#session
    return Math.min(settings.candidates ?? Number.POSITIVE_INFINITY, config.limits.candidates)
  }

  #limitReached(): string | undefined {
    const limit = this.#maxIdeas
    if (countIdeas(this.#session.state) - this.#ideasBefore >= limit)
      return `the limit of ${limit} candidates is reached`
    return this.#session.spending.limitReached ?? this.#pause
  }

  /** Starts to query a proposer that is free; false when there is none. */
  async #querySomeone(): Promise<boolean> {
    const isFree = (_: Proposer, index: number) =>
      !this.#askings.busy.includes(index) && !this.outcomes.barred().includes(index)
    // GitHub is asked for the label and for requests only when somebody can be asked for an idea.
    if (this.#askings.count > 0 && !this.#proposers.some(isFree)) return false
    this.#pause = await pausedBy(this.#session)
    if (this.#pause !== undefined || (await this.#renewInsights())) return true
    const { directions, requests, budgets } = this.#askings.underWay
    const barred = new Set([...this.outcomes.barred(), ...this.#askings.busy])
    const next = await this.#requests.next(this.#proposers, barred, requests)
    const { personRequest } = next
    const turn = nextTurn(this.#session, this.#proposers, next.barred, this.#ports.random, {
      ...(personRequest && { personRequest }),
      underWay: directions,
    })
    if (!turn) return false
    const others = this.#proposers.filter(
      ({ constantsOnly }, index) => !constantsOnly && index !== turn.index && !barred.has(index),
    )
    const budget = this.#session.spending.budget({ promised: budgets, others: others.length })
    const asking = {
      direction: turn.direction,
      request: personRequest?.id,
      budget: turn.proposer.constantsOnly ? undefined : budget,
    }
    this.#askings.start(turn.index, asking, () => this.#query({ ...turn, insights: this.#insights, budget }))
    return true
  }

  /** Starts to rewrite the insights when they are due; the model that does it proposes nothing meanwhile. */
  async #renewInsights(): Promise<boolean> {
    if (!shouldRenewInsights(this.#session)) return false
    const { insights: store } = this.#ports
    const renew = async () => {
      await renewInsightsWhenDue(this.#session, store, this.#proposers, this.#signal)
      this.#insights = await readPresentInsights(store)
    }
    const author = insightsAuthor(this.#proposers)
    const index = author ? this.#proposers.indexOf(author) : undefined
    if (index === undefined) await renew()
    else if (this.#askings.busy.includes(index)) return false
    else this.#askings.start(index, {}, renew)
    return true
  }

  async #query(turn: Turn): Promise<void> {
    const proposed = await proposeCandidate(this.#session, turn, this.#signal)
    const isInterrupted = proposed.kind === 'nothing' && this.#signal.aborted
    if (!isInterrupted) this.outcomes.record(turn.index, proposed)
    // An answer that never came is the proposer's fault, unless a person or an error ended the job.
    else if (!this.#session.ports.cancelled.aborted && !this.#stop.signal.aborted)
      this.outcomes.recordLateness(turn.index, TIME_IS_UP)
  }

  /** Waits until a proposer can be asked; false when there is nothing to wait for. */
  async #waitForProposer(): Promise<boolean> {
    if (this.#options.job === 'round') return false
    const isOver = openCandidates(this.#session.state).length === 0 || this.#options.isIdle()
    if (isOver && this.outcomes.restSeconds() === undefined) return false
    await this.#wait()
    return true
  }

  /** Waits for a change, for an answer, or for the end of a proposer's rest. */
  async #wait(): Promise<void> {
    const { clock } = this.#session.ports
    const restSeconds = this.outcomes.restSeconds()
    const woken = new AbortController()
    const signal = AbortSignal.any([woken.signal, this.#options.signal])
    const rest = restSeconds === undefined ? [] : [clock.pause(restSeconds, signal)]
    await this.#askings.next(Promise.race([this.#session.changed(), ...rest]))
    woken.abort()
  }
}
