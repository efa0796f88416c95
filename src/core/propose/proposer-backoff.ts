// Who may be asked for ideas now: a proposer that has none is left alone for this baseline, and one that cannot be reached
// for a while, because an endpoint that stumbles at night is most often back before the morning.

/** What came of asking. */
export interface Asking {
  kind: 'proposed' | 'nothing'
  /** Asking again on this baseline is pointless. */
  exhausted?: boolean
  /** It was the answer to a request, and says nothing about what else there may be. */
  declined?: true
  /** Nobody was there to ask. */
  unreachable?: true
}

const FIRST_REST_SECONDS = 60
const MAX_REST_SECONDS = 900

/** How long a job goes on asking proposers that bring nothing. */
export interface BackoffLimits {
  /** A proposer that comes back empty this often in a row is asked no more on this baseline. */
  emptyAttempts: number
  /** Rests in a row after which a proposer that cannot be reached is asked no more on this baseline. */
  rests: number
}

/** A run lasts for hours: seven rests are an hour. */
export const RUN_BACKOFF: BackoffLimits = { emptyAttempts: 5, rests: 7 }
/** A round has machines waiting for it, and the next one asks again. */
export const ROUND_BACKOFF: BackoffLimits = { emptyAttempts: 1, rests: 0 }

interface Rest {
  times: number
  untilSeconds: number
}

/** Proposers are told apart by their place in the configuration; times are seconds of one clock that never goes back. */
export class ProposerBackoff {
  readonly #limits: BackoffLimits
  readonly #exhausted = new Set<number>()
  readonly #emptyAttempts = new Map<number, number>()
  readonly #rests = new Map<number, Rest>()

  constructor(limits: BackoffLimits) {
    this.#limits = limits
  }

  /** A new baseline is a new chance for those who had nothing to offer on the old one. */
  renew(): void {
    this.#exhausted.clear()
    this.#emptyAttempts.clear()
  }

  /** @returns how long this proposer is left alone, if it could not be reached and may be asked again */
  recordOutcome(index: number, asking: Asking, nowSeconds: number): number | undefined {
    if (asking.unreachable && !asking.exhausted) return this.#rest(index, nowSeconds)
    this.#rests.delete(index)
    if (asking.declined) return undefined
    const emptyAttempts = asking.kind === 'proposed' ? 0 : (this.#emptyAttempts.get(index) ?? 0) + 1
    this.#emptyAttempts.set(index, emptyAttempts)
    if (asking.exhausted || emptyAttempts >= this.#limits.emptyAttempts) this.#exhausted.add(index)
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

  /** Who is not to be asked now. */
  barred(nowSeconds: number): ReadonlySet<number> {
    const resting = [...this.#rests].filter(([, { untilSeconds }]) => untilSeconds > nowSeconds)
    return new Set([...this.#exhausted, ...resting.map(([index]) => index)])
  }

  /** Seconds until the first of those that rest may be asked again; undefined when nobody rests. */
  restSeconds(nowSeconds: number): number | undefined {
    const left = [...this.#rests.values()].map(({ untilSeconds }) => untilSeconds - nowSeconds)
    const ahead = left.filter((seconds) => seconds > 0)
    return ahead.length === 0 ? undefined : Math.min(...ahead)
  }
}
