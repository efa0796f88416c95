// The training lane: runs trials one after another until the source has no more.
import type { Trial, TrialResult } from '../../core/record/trial.ts'
import { describeTrial } from '../../core/report/describe.ts'
import type { CutPlan } from '../../core/trial/curve.ts'
import type { Log, Trainer } from '../../ports.ts'

/** Provides trials and receives their results. */
export interface TrialSource {
  /** The trial to run now; undefined ends the lane. */
  next(): Promise<Trial | undefined>
  /** When to stop a candidate's first run early. */
  readonly cut: CutPlan | undefined
  keep(result: TrialResult): void
  begin?(trial: Trial): void
  /** Called when a started trial ends without a result, because the job is ending or the trainer failed. */
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
