// What trains, and what the jobs that trained have left.
import type { Trial, TrialResult } from '../core/record/trial.ts'
import type { CutPlan } from '../core/trial/curve.ts'

/** Trains trials. Only the trainer and the checker execute candidate code. */
export interface Trainer {
  /** Accelerator, driver, processor and frameworks, in words. Only results with the same testbed are comparable. */
  readonly testbed: string
  /** Number of trials that it runs side by side, at least 1. */
  readonly slots: number
  /**
   * Trains one trial within the budget. A crash, a timeout or a missing metric is a result, not an error.
   *
   * @param cut when to end the first run of a candidate early
   */
  run(trial: Trial, signal: AbortSignal, cut?: CutPlan): Promise<TrialResult>
}

/** The result files that train jobs uploaded: untrusted input. */
export interface Results {
  read(): Promise<ResultFile[]>
}

export type ResultFile = { name: string } & (
  | { kind: 'result'; result: TrialResult }
  | { kind: 'unreadable'; problem: string }
)
