// The training lane: one trial after the other, as long as there is one to run.
import type { Trial, TrialResult } from '../../core/record/trial.ts'
import { describeTrial } from '../../core/report/describe.ts'
import type { CutPlan } from '../../core/trial/curve.ts'
import type { Log, Trainer } from '../../ports.ts'

/** Where trials come from, and where their results go. */
export interface TrialSource {
  /** The trial to run now; undefined ends the lane. */
  next(): Promise<Trial | undefined>
  /** When to stop a candidate's first run early. */
  readonly cut: CutPlan | undefined
  keep(result: TrialResult): void
  begin?(trial: Trial): void
  /** Called when the last started trial ends without a result, because the job is ending or the trainer failed. */
  abandon?(): void
}

/** @param signal ends the lane; a trial that it interrupts has no result */
export async function trainLane(
  { trainer, log }: { trainer: Trainer; log: Log },
  source: TrialSource,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    const trial = await source.next()
    if (!trial) return
    const result = await runTrial(trainer, source, trial, signal)
    if (!result) return
    log.info(describeTrial(result))
    source.keep(result)
  }
}

async function runTrial(
  trainer: Trainer,
  source: TrialSource,
  trial: Trial,
  signal: AbortSignal,
): Promise<TrialResult | undefined> {
  source.begin?.(trial)
  let result: TrialResult | undefined
  try {
    const ended = await trainer.run(trial, signal, source.cut)
    if (!signal.aborted) result = ended
    return result
  } finally {
    if (!result) source.abandon?.()
  }
}
