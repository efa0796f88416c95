// The loop for one GPU machine: three lanes that read the same state (one trains, one proposes, one talks to GitHub), so
// that the device never waits for a model or for GitHub.

import { planSteps, waitingCandidates } from '../core/plan/schedule.ts'
import { Patience } from '../core/propose/patience.ts'
import { dueAnswers } from '../core/propose/requests.ts'
import { pastIdeas } from '../core/record/ideas.ts'
import { openCandidates, type State } from '../core/record/state.ts'
import type { Trial, TrialResult } from '../core/record/trial.ts'
import { describeTrial } from '../core/report/describe.ts'
import type { RunTimes } from '../core/report/tally.ts'
import { lostOnMachine } from '../core/trial/lost.ts'
import type { Proposer, Trainer } from '../ports.ts'
import { proposeDueAa } from '../session/candidates.ts'
import { readPresentInsights, renewInsightsWhenDue } from '../session/insights.ts'
import { openSession, warnOfAbsentFiles } from '../session/opening.ts'
import { Wishes } from '../session/people.ts'
import {
  logNothing,
  nextTurn,
  type ProposingPorts,
  proposeCandidate,
  type Turn,
} from '../session/proposing.ts'
import { Refusals } from '../session/refusals.ts'
import type { Ports, Session, SessionSettings } from '../session/session.ts'
import { giveAnswer, performStep } from '../session/steps.ts'

export interface RunPorts extends Ports, ProposingPorts {
  trainer: Trainer
}

export interface RunSettings extends SessionSettings {
  /** Wall time after which nothing new is begun, in seconds. */
  timeBudgetSeconds: number
}

/** What a job with a device leaves to report. */
export interface DeviceSummary {
  session: Session
  times: RunTimes
}

export interface RunSummary extends DeviceSummary {
  refusals: Refusals
}

/** Candidates that may wait for the device: enough that it never idles, few enough that a merge makes little stale. */
const PROPOSALS_AHEAD = 2

/**
 * Proposes, trains, judges and merges until the time budget, the candidate limit or the cost limit is reached and every
 * candidate that was begun is settled.
 */
export async function run(ports: RunPorts, settings: RunSettings): Promise<RunSummary> {
  const startedSeconds = ports.clock.monotonicSeconds()
  const session = await openSession(ports, settings)
  missLost(session)
  session.assertTimeForTrial(settings.timeBudgetSeconds)
  await warnOfAbsentFiles(session)
  const loop = new Loop(ports, session, startedSeconds + settings.timeBudgetSeconds)
  ports.log.info(`No more proposals: ${await loop.run()}`)
  session.warnOfStuckCertification()
  const seconds = ports.clock.monotonicSeconds() - startedSeconds
  return { session, times: { seconds, ...loop.deviceTimes }, refusals: loop.refusals }
}

/** Records the trials in which this machine's job ended before, whatever ended it. */
function missLost(session: Session): void {
  for (const { run, trials } of lostOnMachine(session.state)) {
    session.ports.log.warn(`Workflow run ${run} ended while it trained ${trials.join(', ')}`)
    session.record([{ kind: 'lost', run, trials }])
  }
}

class Loop {
  readonly refusals = new Refusals()
  /** When the first trial began and the last one ended, and how long trials took together. */
  #device = { firstSeconds: 0, lastSeconds: 0, busySeconds: 0 }
  readonly #ports: RunPorts
  readonly #session: Session
  readonly #deadlineSeconds: number
  readonly #stop = new AbortController()
  readonly #begun: State
  #proposing = true
  #training = true

  constructor(ports: RunPorts, session: Session, deadlineSeconds: number) {
    this.#ports = ports
    this.#session = session
    this.#deadlineSeconds = deadlineSeconds
    this.#begun = session.state
    ports.cancelled.addEventListener('abort', () => this.#halt(), { once: true })
    // A job may be cancelled while the session is being opened; a signal that has fired does not fire again.
    if (ports.cancelled.aborted) this.#halt()
  }

  get deviceTimes(): Pick<RunTimes, 'trainingSeconds' | 'busySeconds'> {
    const { firstSeconds, lastSeconds, busySeconds } = this.#device
    return { trainingSeconds: lastSeconds - firstSeconds, busySeconds }
  }

  #countTrial(seconds: number): void {
    const device = this.#device
    device.lastSeconds = this.#ports.clock.monotonicSeconds()
    if (device.busySeconds === 0) device.firstSeconds = device.lastSeconds - seconds
    device.busySeconds += seconds
  }

  /** @returns why proposing ended, as a sentence */
  async run(): Promise<string> {
    const proposing = this.#propose().finally(() => {
      this.#proposing = false
      this.#session.wake()
    })
    const training = this.#train().finally(() => {
      this.#training = false
      this.#halt()
    })
    const lanes = [proposing, training, this.#talkToForge()] as const
    this.#wakeAtTheEnd()
    try {
      const [ended] = await Promise.all(lanes)
      return ended
    } finally {
      this.#halt()
      await Promise.allSettled(lanes)
      await this.#session.flushed()
    }
  }

  /** The training lane looks at the clock only when something happens, and a model may not answer for long. */
  #wakeAtTheEnd(): void {
    const seconds = this.#deadlineSeconds - this.#session.config.timeoutSeconds - this.#seconds
    const pause = this.#ports.clock.pause(Math.max(0, seconds) + 1, this.#stop.signal)
    void pause.then(() => this.#session.wake())
  }

  /** Ends the lanes that would otherwise go on: a trial is killed, a conversation with a model is left. */
  #halt(): void {
    this.#stop.abort()
    this.#session.wake()
  }

  /** The training lane: one trial after the other, as long as there is one worth running and time for it. */
  async #train(): Promise<void> {
    const { clock } = this.#ports
    while (!this.#stop.signal.aborted) {
      this.#session.assertBaselineTrains()
      if (clock.monotonicSeconds() + this.#session.config.timeoutSeconds > this.#deadlineSeconds) return
      const trial = this.#session.trials[0]
      if (!trial) {
        if (!this.#proposing && planSteps(this.#session.state).length === 0) return
        await this.#session.changed()
        continue
      }
      const result = await this.#runTrial(trial)
      if (result === undefined) return
      this.#countTrial(result.deviceSeconds)
      this.#ports.log.info(describeTrial(result))
      this.#session.record([{ kind: 'trial', result }])
    }
  }

  /** @returns undefined when the job is ending. Only a trial that ends the job without a word stays in hand. */
  async #runTrial(trial: Trial): Promise<TrialResult | undefined> {
    const { signal } = this.#stop
    this.#session.take('run', [trial])
    let result: TrialResult | undefined
    try {
      const ended = await this.#ports.trainer.run(trial, signal, this.#session.cut)
      if (!signal.aborted) result = ended
      return result
    } finally {
      if (result === undefined) this.#session.take('run', [])
    }
  }

  /** The proposing lane: keeps a few candidates ready for the device. */
  async #propose(): Promise<string> {
    const proposers = this.#ports.createProposers(this.#session.config.proposers)
    const wishes = new Wishes(this.#session)
    const patience = new Patience()
    let baseline = this.#session.baseline.commit
    let insights = await readPresentInsights(this.#ports.insights)
    while (!this.#stop.signal.aborted) {
      if (baseline !== this.#session.baseline.commit) {
        baseline = this.#session.baseline.commit
        patience.renew()
      }
      const limit = this.#limitReached()
      if (limit) return limit
      if (waitingCandidates(this.#session.state).length >= PROPOSALS_AHEAD) {
        await this.#session.changed()
        continue
      }
      if (await proposeDueAa(this.#session)) continue
      if (await this.#renewInsights(proposers)) insights = await readPresentInsights(this.#ports.insights)
      const { wish, barred } = await wishes.next(proposers, patience.barred(this.#seconds))
      const turn = nextTurn(this.#session, proposers, barred, this.#ports.random, wish)
      if (turn) await this.#ask({ ...turn, insights }, patience)
      else if (!(await this.#waitForProposer(patience))) return 'no proposer has anything more to offer'
    }
    return 'the time budget is used up'
  }

  async #ask(turn: Turn, patience: Patience): Promise<void> {
    const proposed = await proposeCandidate(this.#session, turn, this.#stop.signal)
    this.refusals.hear(turn, proposed)
    const restSeconds = patience.hear(turn.index, proposed, this.#seconds)
    if (proposed.kind === 'nothing') logNothing(this.#ports.log, turn.proposer.name, proposed, restSeconds)
  }

  /** Waits for a merge, or for the end of a proposer's rest; false when there is nothing to wait for. */
  async #waitForProposer(patience: Patience): Promise<boolean> {
    const restSeconds = patience.restSeconds(this.#seconds)
    if (restSeconds === undefined) {
      if (openCandidates(this.#session.state).length === 0) return false
      await this.#session.changed()
      return true
    }
    const woken = new AbortController()
    const signal = AbortSignal.any([woken.signal, this.#stop.signal])
    await Promise.race([this.#session.changed(), this.#ports.clock.pause(restSeconds, signal)])
    woken.abort()
    return true
  }

  get #seconds(): number {
    return this.#ports.clock.monotonicSeconds()
  }

  async #renewInsights(proposers: readonly Proposer[]): Promise<boolean> {
    const { insights } = this.#ports
    return (await renewInsightsWhenDue(this.#session, insights, proposers, this.#stop.signal)) === 'renewed'
  }

  /** Which limit of the configuration this run has reached, if any. */
  #limitReached(): string | undefined {
    const { candidateLimit, state } = this.#session
    if (pastIdeas(state).length - pastIdeas(this.#begun).length >= candidateLimit)
      return `the limit of ${candidateLimit} candidates is reached`
    return this.#session.costLimitReached
  }

  /** The forge lane: one write after the other, as GitHub asks of its clients. */
  async #talkToForge(): Promise<void> {
    for (;;) {
      const step = planSteps(this.#session.state)[0]
      const answer = dueAnswers(this.#session.state)[0]
      if (this.#ports.cancelled.aborted) return
      if (step) await performStep(this.#session, step)
      else if (answer) await giveAnswer(this.#session, answer)
      else if (!this.#training) return
      else await this.#session.changed()
    }
  }
}
