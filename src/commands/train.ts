// The `train` job: runs the trials it was given and writes their results to files. It has no token and decides nothing.
import type { TrialResult } from '../core/record/trial.ts'
import { runsAlone, type TrialBatch } from '../core/trial/batch.ts'
import type { Log } from '../ports/job.ts'
import type { Trainer } from '../ports/trainer.ts'
import { trainLanes } from '../session/lanes/train.ts'

/** @returns the results, in the order of the trials; the trainer has written each to its file */
export async function train(
  ports: { trainer: Trainer; log: Log; cancelled: AbortSignal },
  { trials, cut }: Pick<TrialBatch, 'trials' | 'cut'>,
): Promise<TrialResult[]> {
  const left = [...trials]
  const results: TrialResult[] = []
  const source = {
    next: async () => left.shift(),
    cut,
    keep: (result: TrialResult) => void results.push(result),
  }
  const slots = trials.some(runsAlone) ? 1 : ports.trainer.slots
  await trainLanes(ports, source, ports.cancelled, slots)
  return results
}
