// Who may be asked for ideas now: a proposer that has none is left alone for this baseline, and one that cannot be reached
// for a while, because an endpoint that stumbles at night is most often back before the morning.

/** What came of asking. */
export interface Asking {
  kind: 'proposed' | 'nothing'
  /** Asking again on this baseline is pointless. */
  exhausted?: boolean
  /** It was the answer to a wish, and says nothing about what else there may be. */
  declined?: true
  /** Nobody was there to ask. */
  unreachable?: true
}

/** A proposer that comes back empty this often in a row is asked no more on this baseline. */
const MAX_FRUITLESS = 5
const FIRST_REST_SECONDS = 60
const MAX_REST_SECONDS = 900
/** After so many in a row, which is an hour, the next one is as good as none. */
const MAX_RESTS = 7

interface Rest {
  times: number
  untilSeconds: number
}

/** Proposers are told apart by their place in the configuration; times are seconds of one clock that never goes back. */
export class Patience {
  readonly #exhausted = new Set<number>()
  readonly #fruitless = new Map<number, number>()
  readonly #rests = new Map<number, Rest>()

  /** A new baseline is a new chance for those who had nothing to offer on the old one. */
  renew(): void {
    this.#exhausted.clear()
    this.#fruitless.clear()
  }

  /** @returns how long this proposer is left alone, if it could not be reached and may be asked again */
  hear(index: number, asking: Asking, nowSeconds: number): number | undefined {
    if (asking.unreachable && !asking.exhausted) return this.#rest(index, nowSeconds)
    this.#rests.delete(index)
    if (asking.declined) return undefined
    const fruitless = asking.kind === 'proposed' ? 0 : (this.#fruitless.get(index) ?? 0) + 1
    this.#fruitless.set(index, fruitless)
    if (asking.exhausted || fruitless >= MAX_FRUITLESS) this.#exhausted.add(index)
    return undefined
  }

  #rest(index: number, nowSeconds: number): number | undefined {
    const times = (this.#rests.get(index)?.times ?? 0) + 1
    if (times > MAX_RESTS) {
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
