// Follows the curve of a running command: when it began, and whether there is reason to end it early.
import { type CutPlan, CutWatch } from '../../core/trial/curve.ts'
import type { Measurement, OutputReader } from '../../core/trial/metric.ts'

/** A run that is ended when its curve is NaN for good, and with a plan also when it is hopeless. */
export interface EarlyEnd {
  plan?: CutPlan
}

export class CurveFollower {
  readonly #reader: OutputReader
  readonly #early: EarlyEnd | undefined
  readonly #watch: CutWatch | undefined
  readonly #end = new AbortController()
  #firstPointSeconds: number | undefined
  #ended: Measurement | undefined

  constructor(reader: OutputReader, early: EarlyEnd | undefined) {
    this.#reader = reader
    this.#early = early
    this.#watch = early?.plan && new CutWatch(early.plan)
  }

  /** Aborts when the run is to be ended. */
  get signal(): AbortSignal {
    return this.#end.signal
  }

  /** Seconds from the beginning to the first point; undefined before it. */
  get firstPointSeconds(): number | undefined {
    return this.#firstPointSeconds
  }

  /** Why the run is to be ended; undefined as long as it is not. */
  get ended(): Measurement | undefined {
    return this.#ended
  }

  /** @param seconds since the run began */
  look(seconds: number): void {
    if (this.#reader.curve.length > 0) this.#firstPointSeconds ??= seconds
    if (this.#early === undefined || this.#ended !== undefined) return
    this.#ended = this.#findEnd(seconds)
    if (this.#ended) this.#end.abort()
  }

  #findEnd(seconds: number): Measurement | undefined {
    if (this.#reader.divergedForGood)
      return { outcome: 'diverged', reason: 'the curve went to NaN or infinity' }
    const reason = this.#watch?.look(this.#reader.curve, seconds)
    return reason === undefined ? undefined : { outcome: 'cut', reason }
  }
}
