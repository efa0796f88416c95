// The proposers that are being asked now: at most one asking each, side by side, so that a slow one keeps nobody waiting.
import { countTrials, placesOf } from '../../core/plan/queue.ts'
import type { Direction } from '../../core/record/candidate.ts'
import type { Budget } from '../../core/record/limits.ts'
import type { Session } from '../session.ts'

interface Asking {
  direction?: Direction | undefined
  /** Id of the person's request that it is for. */
  request?: string | undefined
  budget?: Budget | undefined
}

interface InFlight extends Asking {
  done: Promise<void>
  /** Trials that had ended when it began. */
  trials: number
}

export class Askings {
  readonly #session: Session
  readonly #inFlight = new Map<number, InFlight>()
  /** Proposers whose last asking took longer than a trial. */
  readonly #slow = new Set<number>()
  #ended = 0

  constructor(session: Session) {
    this.#session = session
  }

  get count(): number {
    return this.#inFlight.size
  }

  /** How many have ended. */
  get ended(): number {
    return this.#ended
  }

  /** Indices of the proposers that are being asked. */
  get busy(): number[] {
    return [...this.#inFlight.keys()]
  }

  get underWay(): { directions: Direction[]; requests: string[]; budgets: Budget[] } {
    const all = [...this.#inFlight.values()]
    return {
      directions: all.flatMap(({ direction }) => direction ?? []),
      requests: all.flatMap(({ request }) => request ?? []),
      budgets: all.flatMap(({ budget }) => budget ?? []),
    }
  }

  /** How many askings hold a place in the queue of candidates. */
  get places(): number {
    const proposing = [...this.#inFlight].filter(([, { direction }]) => direction !== undefined)
    const askings = proposing.map(([index, { trials }]) => ({ trials, isSlow: this.#slow.has(index) }))
    return placesOf(askings, this.#trials)
  }

  get #trials(): number {
    return countTrials(this.#session.state)
  }

  /** @param ask an error of it is thrown by `next` */
  start(index: number, asking: Asking, ask: () => Promise<void>): void {
    const trials = this.#trials
    const done = ask().then(() => {
      this.#inFlight.delete(index)
      this.#ended += 1
      if (this.#trials > trials) this.#slow.add(index)
      else this.#slow.delete(index)
    })
    done.catch(() => {})
    this.#inFlight.set(index, { ...asking, done, trials })
  }

  /** Resolves at the end of an asking, or with `change`. */
  async next(change: Promise<void>): Promise<void> {
    await Promise.race([change, ...[...this.#inFlight.values()].map(({ done }) => done)])
  }

  /** Resolves when every asking has ended. */
  async settled(): Promise<void> {
    await Promise.allSettled([...this.#inFlight.values()].map(({ done }) => done))
  }
}
