// Follows the progress curve of a running command, and decides whether to end the run early.
import { type CutPlan, CutWatch } from '../../core/trial/curve.ts'
import { CURVE_DIVERGED, type Measurement } from '../../core/trial/metric.ts'
import type { OutputReader } from '../../core/trial/output.ts'

/** Ends a run when its curve stays NaN and, with a plan, also when it has no chance to improve the baseline. */
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

  /** Aborts when the run must end. */
  get signal(): AbortSignal {
    return this.#end.signal
  }

  /** Seconds from the start to the first point of the curve; undefined until then. */
  get firstPointSeconds(): number | undefined {
    return this.#firstPointSeconds
  }

  /** Why the run must end; undefined while it may go on. */
  get ended(): Measurement | undefined {
    return this.#ended
  }

  /** @param seconds since the run started */
  look(seconds: number): void {
    if (this.#reader.curve.length > 0) this.#firstPointSeconds ??= seconds
    if (this.#early === undefined || this.#ended !== undefined) return
    this.#ended = this.#findEnd(seconds)
    if (this.#ended) this.#end.abort()
  }

  #findEnd(seconds: number): Measurement | undefined {
    if (this.#reader.divergedForGood) return CURVE_DIVERGED
    const reason = this.#watch?.look(this.#reader.curve, seconds)
    return reason === undefined ? undefined : { outcome: 'cut', reason }
  }
}
