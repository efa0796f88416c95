// The proposing lane: requests new ideas until enough candidates wait for their first run, or a limit is reached.
import { waitingCandidates } from '../../core/plan/schedule.ts'
import { decidedCount } from '../../core/propose/insights.ts'
import { ProposerBackoff, ROUND_BACKOFF, RUN_BACKOFF } from '../../core/propose/proposer-backoff.ts'
import {
  type Attempted,
  addAttempt,
  failureWords,
  hasOnlyFailed,
  nobodyProposed,
  type ProposerTally,
  reasonWords,
  startTally,
} from '../../core/propose/proposer-tally.ts'
import { RepetitionWatch } from '../../core/propose/repetition-watch.ts'
import { countIdeas } from '../../core/record/ideas.ts'
import { openCandidates } from '../../core/record/state.ts'
import { formatSeconds } from '../../core/text/numbers.ts'
import { ProposerError } from '../../errors.ts'
import type { Proposer } from '../../ports.ts'
import { proposeDueAa } from '../candidates.ts'
import {
  insightsAuthor,
  readPresentInsights,
  renewInsightsWhenDue,
  shouldRenewInsights,
} from '../insights.ts'
import { RequestQueue } from '../people.ts'
import { nextTurn, type Proposed, type ProposingPorts, proposeCandidate, type Turn } from '../proposing.ts'
import type { Session } from '../session.ts'
import { Askings } from './askings.ts'

export interface ProposeLaneOptions {
  /** Candidates that may wait for their first run, at least 1. */
  queueDepth: number
  /** A `run` waits for the device and for proposers in a pause; a `round` ends instead. */
  job: 'run' | 'round'
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
  readonly #backoff: ProposerBackoff
  readonly #repetitions = new RepetitionWatch()
  readonly #askings: Askings
  readonly #ideasBefore: number
  readonly #tallies: ProposerTally[]
  /** Proposers that a warning has named. */
  readonly #named = new Set<number>()
  readonly #stop = new AbortController()
  /** Ends every asking: proposing should stop, or one of them failed. */
  readonly #signal: AbortSignal
  #baseline: string
  #insights: string | undefined

  constructor(session: Session, ports: ProposingPorts, options: ProposeLaneOptions) {
    this.#session = session
    this.#ports = ports
    this.#options = options
    this.#proposers = ports.createProposers(session.config.proposers)
    this.#requests = new RequestQueue(session)
    this.#backoff = new ProposerBackoff(options.job === 'run' ? RUN_BACKOFF : ROUND_BACKOFF)
    this.#askings = new Askings(session)
    this.#ideasBefore = countIdeas(session.state)
    this.#tallies = this.#proposers.map(({ name }) => startTally(name))
    this.#signal = AbortSignal.any([options.signal, this.#stop.signal])
    this.#baseline = session.baseline.commit
  }

  /** What became of asking each proposer. */
  get tallies(): readonly ProposerTally[] {
    return this.#tallies
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
      this.#renewBackoff()
      const limit = this.#limitReached()
      const mayPropose = limit === undefined && this.#hasRoom()
      const { ended } = this.#askings
      if (mayPropose && ((await proposeDueAa(this.#session)) || (await this.#querySomeone()))) continue
      // The last wake-up may have come while a proposer was chosen: waiting now would never end.
      if (signal.aborted) break
      if (this.#askings.ended > ended) continue
      if (this.#askings.count > 0) await this.#askings.next(this.#session.changed())
      else if (limit !== undefined) return limit
      else if (!mayPropose && this.#options.job === 'round')
        return `${this.#options.queueDepth} candidates wait for their first run`
      else if (!mayPropose) await this.#session.changed()
      else if (!(await this.#waitForProposer())) return 'no proposer has a further idea'
    }
    return TIME_IS_UP
  }

  /** True when one more candidate can be proposed, if all who are being asked propose one. */
  #hasRoom(): boolean {
    const { state } = this.#session
    const { queueDepth } = this.#options
    const mayStillCome = this.#maxIdeas - (countIdeas(state) - this.#ideasBefore)
    return (
      waitingCandidates(state).length + this.#askings.places < queueDepth &&
      this.#askings.count < mayStillCome
    )
  }

  get #maxIdeas(): number {
    const { settings, config } = this.#session
    return Math.min(settings.candidates ?? Number.POSITIVE_INFINITY, config.limits.candidates)
  }

  #renewBackoff(): void {
    const { commit } = this.#session.baseline
    if (commit === this.#baseline) return
    this.#baseline = commit
    this.#backoff.renew()
  }

  #limitReached(): string | undefined {
    const limit = this.#maxIdeas
    if (countIdeas(this.#session.state) - this.#ideasBefore >= limit)
      return `the limit of ${limit} candidates is reached`
    return this.#session.costLimitReached
  }

  /** Starts to query a proposer that is free; false when there is none. */
  async #querySomeone(): Promise<boolean> {
    if (await this.#renewInsights()) return true
    const { directions, requests, budgets } = this.#askings.underWay
    const barred = new Set([
      ...this.#backoff.barred(this.#seconds),
      ...this.#repeating,
      ...this.#askings.busy,
    ])
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
    const budget = this.#session.budgetBeside({ promised: budgets, others: others.length })
    const asking = { direction: turn.direction, request: personRequest?.id, budget }
    this.#askings.start(turn.index, asking, () => this.#query({ ...turn, insights: this.#insights, budget }))
    return true
  }

  get #repeating(): number[] {
    const { state } = this.#session
    return this.#repetitions.waiting({ decided: decidedCount(state), open: openCandidates(state).length })
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
    const { index, proposer } = turn
    const proposed = await proposeCandidate(this.#session, turn, this.#signal)
    if (proposed.kind === 'nothing' && this.#signal.aborted) return this.#recordInterruption(index)
    if (proposed.kind === 'proposed' || !proposed.declined) this.#tally(index, proposed)
    this.#repetitions.recordOutcome(index, proposed, decidedCount(this.#session.state))
    const restSeconds = this.#backoff.recordOutcome(index, proposed, this.#seconds)
    if (proposed.kind === 'nothing') this.#report(index, proposer.name, proposed, restSeconds)
  }

  #tally(index: number, outcome: Attempted): void {
    this.#tallies[index] = addAttempt(this.#tallies[index] ?? startTally(''), outcome)
  }

  /** An answer that never came is the proposer's fault, unless a person or an error ended the job. */
  #recordInterruption(index: number): void {
    if (this.#session.ports.cancelled.aborted || this.#stop.signal.aborted) return
    this.#tally(index, { kind: 'nothing', reason: `no answer before ${TIME_IS_UP}`, exhausted: false })
  }

  #report(
    index: number,
    name: string,
    { reason, exhausted, unreachable }: Extract<Proposed, { kind: 'nothing' }>,
    restSeconds: number | undefined,
  ): void {
    const { log } = this.#session.ports
    const isGivenUp = !exhausted && this.#backoff.isExhausted(index)
    const again =
      restSeconds !== undefined
        ? `; next attempt in ${formatSeconds(restSeconds)}`
        : isGivenUp
          ? '; it is not asked again until the baseline changes'
          : ''
    const line = `${name} proposed nothing: ${reason}${again}`
    // A person may have to fix these; a single attempt without an idea is only information.
    if (!unreachable && !isGivenUp) return log.info(line)
    this.#named.add(index)
    log.warn(line)
  }

  /** Names every proposer of which no attempt in this job produced a candidate, unless it was named already. */
  warnOfFailures(): void {
    for (const [index, tally] of this.#tallies.entries())
      if (hasOnlyFailed(tally) && !this.#named.has(index)) this.#session.ports.log.warn(failureWords(tally))
  }

  /** @throws ProposerError when nobody proposed anything and somebody failed: such a job must not look successful */
  assertSomeoneAnswers(): void {
    if (!nobodyProposed(this.#tallies)) return
    const failed = this.#tallies.filter(hasOnlyFailed)
    const isUnreachable = failed.every(({ attempts, unreachable }) => attempts === unreachable)
    const why = isUnreachable ? 'can be reached' : 'handed in a usable candidate'
    const reasons = failed.map((tally) => `${tally.name}: ${reasonWords(tally)}`).join('\n')
    throw new ProposerError(`nothing was proposed, because no proposer ${why}\n${reasons}`, {
      hint: 'Fix the cause and start the workflow again; it continues from the ledger.',
    })
  }

  /** Waits for a merge, or for the end of a proposer's pause; false when there is nothing to wait for. */
  async #waitForProposer(): Promise<boolean> {
    if (this.#options.job === 'round') return false
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
