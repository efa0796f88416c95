// The trials that a session plans, for a job that trains them itself. Each is recorded before it starts, so that the next job
// notices a trial that crashed the machine.
import type { Assignment } from '../../core/record/events.ts'
import type { Trial, TrialResult } from '../../core/record/trial.ts'
import type { RunTimes } from '../../core/report/tally.ts'
import type { Session } from '../session.ts'
import type { TrialSource } from './train.ts'

export interface PlannedTrialsOptions {
  command: Assignment['command']
  /** Time of the monotonic clock by which every trial must have ended. */
  deadlineSeconds: number
  /** The trials to run now, most urgent first. */
  plan(): readonly Trial[]
  /** True while more trials may be planned later. */
  mayGrow(): boolean
  /** Ends the lane while it waits. */
  signal: AbortSignal
}

export class PlannedTrials implements TrialSource {
  readonly #session: Session
  readonly #options: PlannedTrialsOptions
  #busySeconds = 0

  constructor(session: Session, options: PlannedTrialsOptions) {
    this.#session = session
    this.#options = options
  }

  get times(): Pick<RunTimes, 'busySeconds'> {
    return { busySeconds: this.#busySeconds }
  }

  get cut() {
    return this.#session.cut
  }

  async next(): Promise<Trial | undefined> {
    const { plan, mayGrow, signal } = this.#options
    while (!signal.aborted) {
      this.#session.decide()
      const [trial] = plan()
      if (!this.#hasTime()) return undefined
      if (trial) return trial
      if (!mayGrow()) return undefined
      await this.#session.changed()
    }
    return undefined
  }

  #hasTime(): boolean {
    const { clock } = this.#session.ports
    return clock.monotonicSeconds() + this.#session.config.timeoutSeconds <= this.#options.deadlineSeconds
  }

  begin(trial: Trial): void {
    this.#session.recordAssignment(this.#options.command, [trial])
  }

  abandon(): void {
    this.#session.recordAssignment(this.#options.command, [])
  }

  keep(result: TrialResult): void {
    this.#busySeconds += result.deviceSeconds
    this.#session.record([{ kind: 'trial', result }])
    this.#session.decide()
  }
}
