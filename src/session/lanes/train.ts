// The training lanes: each runs trials one after another until the source has no more.
import type { Trial, TrialResult } from '../../core/record/trial.ts'
import { describeTrial } from '../../core/report/describe.ts'
import type { CutPlan } from '../../core/trial/curve.ts'
import type { Log } from '../../ports/job.ts'
import type { Trainer } from '../../ports/trainer.ts'

/** Provides trials and receives their results. */
export interface TrialSource {
  /** The trial to run now; undefined ends the lane. */
  next(signal: AbortSignal): Promise<Trial | undefined>
  /** Makes every waiting `next` look at its signal. */
  wake?(): void
  /** When to stop a candidate's first run early. */
  readonly cut: CutPlan | undefined
  keep(result: TrialResult): void
  /** Called when a started trial ends without a result, because the job is ending or the trainer failed. */
  abandon?(trial: Trial): void
}

interface TrainPorts {
  trainer: Trainer
  log: Log
}

/**
 * Trains on every slot of the machine. When one lane fails, the others end too, and their trials have no result.
 *
 * @param signal ends the lanes; a trial that it interrupts has no result
 * @param slots how many trials run side by side. Default: as many as the machine has slots
 */
export async function trainLanes(
  ports: TrainPorts,
  source: TrialSource,
  signal: AbortSignal,
  slots = ports.trainer.slots,
): Promise<void> {
  const failed = new AbortController()
  const ending = AbortSignal.any([signal, failed.signal])
  const lanes = Array.from({ length: slots }, () => trainLane(ports, source, ending))
  try {
    await Promise.all(lanes)
  } finally {
    failed.abort()
    source.wake?.()
    await Promise.allSettled(lanes)
  }
}

async function trainLane({ trainer, log }: TrainPorts, source: TrialSource, signal: AbortSignal) {
  for (;;) {
    const trial = await source.next(signal)
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
  let result: TrialResult | undefined
  try {
    const ended = await trainer.run(trial, signal, source.cut)
    if (!signal.aborted) result = ended
    return result
  } finally {
    if (!result) source.abandon?.(trial)
  }
}
