// Decides which proposers may be queried now. One without ideas is not queried again until the baseline changes. One that is
// unreachable is retried after a growing delay, because most endpoint outages end within hours.

/** The outcome of querying a proposer once. */
export interface ProposalOutcome {
  kind: 'proposed' | 'nothing'
  /** True when querying again on this baseline is pointless. */
  exhausted?: boolean
  /** The proposer declined a person's request, which does not mean that it has no other ideas. */
  declined?: true
  unreachable?: true
  /** Its change was tried before. */
  repeated?: true
}

const FIRST_REST_SECONDS = 60
const MAX_REST_SECONDS = 900

/** How long a job keeps querying proposers that return no candidate. */
export interface BackoffLimits {
  /** Consecutive attempts without a candidate after which a proposer is exhausted for this baseline. */
  emptyAttempts: number
  /** Consecutive rests after which an unreachable proposer is exhausted for this baseline. */
  rests: number
}

/** For `run` jobs, which take hours. Seven rests take about an hour. */
export const RUN_BACKOFF: BackoffLimits = { emptyAttempts: 5, rests: 7 }
/** For swarm rounds: machines wait for the round, and the next round queries again. */
export const ROUND_BACKOFF: BackoffLimits = { emptyAttempts: 1, rests: 0 }

interface Rest {
  times: number
  untilSeconds: number
}

/** Proposers are identified by their index in the configuration. Times are seconds of one monotonic clock. */
export class ProposerBackoff {
  readonly #limits: BackoffLimits
  readonly #exhausted = new Set<number>()
  readonly #emptyAttempts = new Map<number, number>()
  readonly #rests = new Map<number, Rest>()

  constructor(limits: BackoffLimits) {
    this.#limits = limits
  }

  /** Clears exhausted proposers. Call this when the baseline changes. */
  renew(): void {
    this.#exhausted.clear()
    this.#emptyAttempts.clear()
  }

  /**
   * Records the outcome of querying a proposer.
   *
   * @returns seconds until an unreachable proposer may be queried again; undefined for all other outcomes
   */
  recordOutcome(index: number, outcome: ProposalOutcome, nowSeconds: number): number | undefined {
    if (outcome.unreachable && !outcome.exhausted) return this.#rest(index, nowSeconds)
    this.#rests.delete(index)
    if (outcome.declined) return undefined
    const emptyAttempts = outcome.kind === 'proposed' ? 0 : (this.#emptyAttempts.get(index) ?? 0) + 1
    this.#emptyAttempts.set(index, emptyAttempts)
    if (outcome.exhausted || emptyAttempts >= this.#limits.emptyAttempts) this.#exhausted.add(index)
    return undefined
  }

  #rest(index: number, nowSeconds: number): number | undefined {
    const times = (this.#rests.get(index)?.times ?? 0) + 1
    if (times > this.#limits.rests) {
      this.#rests.delete(index)
      this.#exhausted.add(index)
      return undefined
    }
    const seconds = Math.min(MAX_REST_SECONDS, FIRST_REST_SECONDS * 2 ** (times - 1))
    this.#rests.set(index, { times, untilSeconds: nowSeconds + seconds })
    return seconds
  }

  /** True when a proposer is not queried again on this baseline. */
  isExhausted(index: number): boolean {
    return this.#exhausted.has(index)
  }

  /** Indices of the proposers that must not be queried now. */
  barred(nowSeconds: number): ReadonlySet<number> {
    const resting = [...this.#rests].filter(([, { untilSeconds }]) => untilSeconds > nowSeconds)
    return new Set([...this.#exhausted, ...resting.map(([index]) => index)])
  }

  /** Seconds until the first resting proposer may be queried again; undefined when none rests. */
  restSeconds(nowSeconds: number): number | undefined {
    const left = [...this.#rests.values()].map(({ untilSeconds }) => untilSeconds - nowSeconds)
    const ahead = left.filter((seconds) => seconds > 0)
    return ahead.length === 0 ? undefined : Math.min(...ahead)
  }
}
