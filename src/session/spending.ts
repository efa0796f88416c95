// What a job may still spend by the limits of the configuration: on proposing, on device time, on pull requests.
import type { Config } from '../core/config/config.ts'
import { baselineMean, type Conditions } from '../core/judge/evidence.ts'
import { deviceSecondsOf } from '../core/plan/rules.ts'
import { type Cost, subtractCost, totalCost } from '../core/record/cost.ts'
import {
  affordableTrials,
  type Budget,
  costLimitReached,
  deviceSecondsLeft,
  mayOpenAnother,
  peopleAreBusy,
  proposalBudget,
  type Sharing,
  type Spent,
  targetReached,
  WEEK_SECONDS,
} from '../core/record/limits.ts'
import type { State } from '../core/record/state.ts'
import type { Trial } from '../core/record/trial.ts'
import type { Journal } from './journal.ts'

/** The command whose spending it is. */
interface Spender {
  readonly state: State
  readonly config: Config
  readonly conditions: Conditions
  /** Trials that have started and not ended. */
  readonly running: ReadonlyMap<string, Trial>
}

export class Spending {
  readonly #spender: Spender
  readonly #journal: Journal
  readonly #before: Cost

  /** @param journal as it was opened: what is in it was spent before this job */
  constructor(spender: Spender, journal: Journal) {
    this.#spender = spender
    this.#journal = journal
    this.#before = totalCost(journal.state)
  }

  /** Maximum cost of proposing the next candidate. @param sharing the askings that go on beside it */
  budget(sharing?: Sharing): Budget {
    return proposalBudget(this.#spender.config.limits, this.#spent, sharing)
  }

  /** Why no further candidate is proposed, as a sentence. */
  get limitReached(): string | undefined {
    const { state, conditions, config } = this.#spender
    const { limits, metric } = config
    const value = state.baseline && baselineMean(state, conditions, state.baseline.tree)
    return (
      costLimitReached(limits, this.#spent) ??
      targetReached(limits, metric.direction, value) ??
      peopleAreBusy(limits, state)
    )
  }

  /** Whether one more pull request may be opened. @param coming pull requests that may still come of askings under way */
  mayOpenAnother(coming: number): boolean {
    const { state, config } = this.#spender
    return mayOpenAnother(config.limits, state, coming)
  }

  /** The trials among `planned` that fit into the remaining device time, of which running trials have taken theirs. */
  affordable(planned: readonly Trial[]): Trial[] {
    const { state, config, running } = this.#spender
    const secondsOf = (trial: Trial) => deviceSecondsOf(config, trial)
    const taken = [...running.values()].reduce((sum, trial) => sum + secondsOf(trial), 0)
    const left = deviceSecondsLeft(config.limits, this.#spent) - taken
    return affordableTrials(state, planned, left, secondsOf)
  }

  get #spent(): Spent {
    const { state, config } = this.#spender
    const total = totalCost(state)
    const run = subtractCost(total, this.#before)
    return { run, week: config.limits.week ? this.#journal.costOfLast(WEEK_SECONDS) : run, total }
  }
}
