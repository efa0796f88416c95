// Decides which proposers wait because they repeat what is under way: asked again at once, they would repeat it again.
import type { ProposalOutcome } from './proposer-backoff.ts'

/** The first repetition is followed by another attempt at once, which is told what it repeated. */
const REPETITIONS_AT_ONCE = 2

/** How many candidates are decided and how many are open. */
export interface Progress {
  decided: number
  open: number
}

/** Proposers are identified by their index in the configuration. */
export class RepetitionWatch {
  /** Consecutive repetitions, and how many candidates were decided at the last one. */
  readonly #repetitions = new Map<number, { times: number; decided: number }>()

  recordOutcome(index: number, { repeated }: ProposalOutcome, decided: number): void {
    const times = this.#repetitions.get(index)?.times ?? 0
    if (repeated) this.#repetitions.set(index, { times: times + 1, decided })
    else this.#repetitions.delete(index)
  }

  /** Indices of the proposers that wait until another candidate is decided. None wait when no candidate is open. */
  waiting({ decided, open }: Progress): number[] {
    if (open === 0) return []
    return [...this.#repetitions]
      .filter(([, last]) => last.times >= REPETITIONS_AT_ONCE && last.decided === decided)
      .map(([index]) => index)
  }
}
