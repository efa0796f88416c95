// What became of asking each proposer in this job: who may be asked again and when, and what people are told about failures.
import { decidedCount } from '../../core/propose/insights.ts'
import { type BackoffLimits, ProposerBackoff } from '../../core/propose/proposer-backoff.ts'
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
import { openCandidates } from '../../core/record/state.ts'
import { isOpenStatus, statusOf } from '../../core/record/status.ts'
import { formatSeconds } from '../../core/text/numbers.ts'
import { ProposerError } from '../../errors.ts'
import type { Proposer } from '../../ports/proposer.ts'
import type { Proposed } from '../proposing.ts'
import type { Session } from '../session.ts'

type Nothing = Extract<Proposed, { kind: 'nothing' }>

/** Proposers are identified by their index in the configuration. */
export class ProposerOutcomes {
  readonly #session: Session
  readonly #backoff: ProposerBackoff
  readonly #repetitions = new RepetitionWatch()
  readonly #tallies: ProposerTally[]
  /** Proposers that a warning has named. */
  readonly #named = new Set<number>()
  /** What was last said of each proposer: the same again is not worth another line. */
  readonly #said = new Map<number, string>()
  #baseline: string

  constructor(session: Session, proposers: readonly Proposer[], limits: BackoffLimits) {
    this.#session = session
    this.#backoff = new ProposerBackoff(limits)
    this.#tallies = proposers.map(({ name }) => startTally(name))
    this.#baseline = session.baseline.commit
  }

  get tallies(): readonly ProposerTally[] {
    return this.#tallies
  }

  /** Lets every proposer be asked again once the baseline has changed. */
  renewOnNewBaseline(): void {
    const { commit } = this.#session.baseline
    if (commit === this.#baseline) return
    this.#baseline = commit
    this.#backoff.renew()
  }

  /** The proposers that must not be asked now. */
  barred(): number[] {
    const { state } = this.#session
    const progress = {
      decided: decidedCount(state),
      open: openCandidates(state).filter((one) => isOpenStatus(statusOf(one))).length,
    }
    return [...this.#backoff.barred(this.#seconds), ...this.#repetitions.waiting(progress)]
  }

  /** Seconds until the first resting proposer may be asked again; undefined when none rests. */
  restSeconds(): number | undefined {
    return this.#backoff.restSeconds(this.#seconds)
  }

  record(index: number, proposed: Proposed): void {
    if (proposed.kind === 'proposed' || !proposed.declined) this.#tally(index, proposed)
    this.#repetitions.recordOutcome(index, proposed, decidedCount(this.#session.state))
    const restSeconds = this.#backoff.recordOutcome(index, proposed, this.#seconds)
    if (proposed.kind === 'nothing') this.#report(index, proposed, restSeconds)
    else this.#said.delete(index)
  }

  /** @param end what ended the job before the answer came, as a sentence */
  recordLateness(index: number, end: string): void {
    this.#tally(index, { kind: 'nothing', reason: `no answer before ${end}`, exhausted: false })
  }

  #tally(index: number, outcome: Attempted): void {
    this.#tallies[index] = addAttempt(this.#tallyOf(index), outcome)
  }

  #tallyOf(index: number): ProposerTally {
    const tally = this.#tallies[index]
    if (!tally) throw new Error(`there is no proposer ${index}`)
    return tally
  }

  #report(index: number, { reason, exhausted, unreachable }: Nothing, restSeconds: number | undefined): void {
    const { log } = this.#session.ports
    const isGivenUp = !exhausted && this.#backoff.isExhausted(index)
    const rest = restSeconds === undefined ? '' : `; next attempt in ${formatSeconds(restSeconds)}`
    const end = isGivenUp ? '; it is not asked again until the baseline changes' : ''
    const line = `${this.#tallyOf(index).name} proposed nothing: ${reason}${rest}${end}`
    // A person may have to fix these; a single attempt without an idea is only information.
    if (unreachable || isGivenUp) {
      this.#named.add(index)
      log.warn(line)
    } else if (this.#said.get(index) !== line) log.info(line)
    this.#said.set(index, line)
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

  get #seconds(): number {
    return this.#session.ports.clock.monotonicSeconds()
  }
}
