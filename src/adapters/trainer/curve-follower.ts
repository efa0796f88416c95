// Follows the curves of a running command, and decides whether to end the run early.
import { type CutPlan, CutWatch } from '../../core/trial/curve.ts'
import { CURVE_DIVERGED, type Measurement } from '../../core/trial/metric.ts'
import type { OutputReader } from '../../core/trial/output.ts'
import type { TargetWatch } from '../../core/trial/target.ts'
import type { GentleEnd } from '../sandbox/request.ts'

/** Ends a run when its curve stays NaN and, with a plan, also when it has no chance to improve the baseline. */
export interface EarlyEnd {
  plan?: CutPlan
}

/** A target that the run should reach. */
export interface Goal {
  watch: TargetWatch
  /** How the run ends there; absent: it goes on. */
  end?: GentleEnd
}

export class CurveFollower {
  readonly #reader: OutputReader
  readonly #early: EarlyEnd | undefined
  readonly #goal: Goal | undefined
  readonly #cut: CutWatch | undefined
  readonly #end = new AbortController()
  #firstPointSeconds: number | undefined
  #ended: Measurement | undefined

  constructor(reader: OutputReader, early: EarlyEnd | undefined, goal: Goal | undefined) {
    this.#reader = reader
    this.#early = early
    this.#goal = goal
    this.#cut = early?.plan && new CutWatch(early.plan)
  }

  /** Aborts when the run must end. */
  get signal(): AbortSignal {
    return this.#end.signal
  }

  /** Seconds from the start to the first point of the curve; undefined until then. */
  get firstPointSeconds(): number | undefined {
    return this.#firstPointSeconds
  }

  /** Why the run must end; undefined while it may go on, and when it ended at its target. */
  get ended(): Measurement | undefined {
    return this.#ended
  }

  /** True when the run was ended because it had reached its target. */
  get isAtTarget(): boolean {
    return this.#end.signal.aborted && this.#ended === undefined
  }

  /** @param seconds since the run started */
  look(seconds: number): void {
    if (this.#reader.curve.length > 0) this.#firstPointSeconds ??= seconds
    if (this.#end.signal.aborted) return
    const isReached = this.#goal?.watch.crossing !== undefined
    if (!isReached) this.#ended = this.#findEnd(seconds)
    if (this.#ended) this.#end.abort()
    else if (isReached && this.#goal?.end) this.#end.abort(this.#goal.end)
  }

  #findEnd(seconds: number): Measurement | undefined {
    if (this.#early === undefined) return undefined
    if (this.#reader.divergedForGood) return CURVE_DIVERGED
    const paused = this.#goal?.watch.pausedSeconds(seconds)
    const reason = this.#cut?.look(this.#reader.curve, seconds, paused)
    return reason === undefined ? undefined : { outcome: 'cut', reason }
  }
}
