// The trials that a session plans, for a job that trains them itself. Each is recorded before it starts, so that the next job
// notices a trial that crashed the machine.
import type { Config } from '../../core/config/config.ts'
import { configUnder } from '../../core/plan/rules.ts'
import type { Assignment } from '../../core/record/events.ts'
import type { Trial, TrialResult } from '../../core/record/trial.ts'
import type { RunTimes } from '../../core/report/tally.ts'
import { runsAlone } from '../../core/trial/batch.ts'
import type { Session } from '../session.ts'
import type { TrialSource } from './train.ts'

export interface PlannedTrialsOptions {
  command: Assignment['command']
  /** Time of the monotonic clock by which every trial must have ended. */
  deadlineSeconds: number
  /** The trials to run now, most urgent first, without those that are running. */
  plan(): readonly Trial[]
  /** True while more trials may be planned later. */
  mayGrow(): boolean
  /** Prepares a trial that can be planned then; false when there is none. Default: there never is. */
  prepare?(): Promise<boolean>
}

/** Serves any number of training lanes. */
export class PlannedTrials implements TrialSource {
  readonly #session: Session
  readonly #options: PlannedTrialsOptions
  #busySeconds = 0
  #explained = false

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

  /** True while a trial runs or could be started. */
  get isBusy(): boolean {
    return this.#session.running.size > 0 || this.#startable(this.#options.plan()) !== undefined
  }

  /** The trial to start now, which counts as running from here on: another lane must not get it too. */
  async next(signal: AbortSignal): Promise<Trial | undefined> {
    const { plan, mayGrow, prepare } = this.#options
    const { running } = this.#session
    while (!signal.aborted) {
      this.#session.decide()
      // Before the plan is made: a change while a trial is prepared must not be missed.
      const changed = this.#session.changed()
      changed.catch(() => {})
      const trial = this.#startable(plan())
      if (!this.#hasTime(this.#session.config)) return undefined
      if (trial) {
        this.#start(trial)
        return trial
      }
      // Asked together with the plan, or what came in between would be missed.
      const isOver = running.size === 0 && !mayGrow()
      if (await prepare?.()) continue
      if (isOver) return undefined
      await changed
    }
    return undefined
  }

  wake(): void {
    this.#session.wake()
  }

  /** The most urgent trial that may start beside those that are running and can end in time. */
  #startable(planned: readonly Trial[]): Trial | undefined {
    const { running, config } = this.#session
    if ([...running.values()].some(runsAlone)) return undefined
    const timely = planned.filter(
      (trial) => !runsAlone(trial) || this.#hasTime(configUnder(config, trial.protocol) ?? config),
    )
    this.#explainLate(planned.find((trial) => !timely.includes(trial)))
    const [first] = timely
    // The others end first: nothing else starts meanwhile.
    return first && runsAlone(first) && running.size > 0 ? undefined : first
  }

  #hasTime({ timeoutSeconds }: Pick<Config, 'timeoutSeconds'>): boolean {
    const { clock } = this.#session.ports
    return clock.monotonicSeconds() + timeoutSeconds <= this.#options.deadlineSeconds
  }

  #explainLate(trial: Trial | undefined): void {
    if (!trial || this.#explained) return
    this.#explained = true
    const { scale } = trial.protocol
    this.#session.ports.log.info(
      `Runs at ${scale} wait for the next job: one may take longer than the time that is left`,
    )
  }

  #start(trial: Trial): void {
    this.#session.running.set(trial.id, trial)
    this.#recordRunning()
  }

  abandon({ id }: Trial): void {
    this.#session.running.delete(id)
    this.#recordRunning()
  }

  #recordRunning(): void {
    const { running } = this.#session
    this.#session.recordAssignment(this.#options.command, [{ trials: [...running.values()] }])
  }

  keep(result: TrialResult): void {
    this.#busySeconds += result.wallSeconds
    this.#session.running.delete(result.trial.id)
    this.#session.record([{ kind: 'trial', result }])
    this.#session.decide()
  }
}
