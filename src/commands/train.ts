// The `train` job: runs the trials it was given and leaves their results as files. It has no token and decides nothing.

import type { TrialResult } from '../core/record/trial.ts'
import { describeTrial } from '../core/report/describe.ts'
import type { TrialBatch } from '../core/trial/batch.ts'
import type { Log, Trainer } from '../ports.ts'

/** @returns the results, in the order of the trials; the trainer has written each to its file */
export async function train(
  ports: { trainer: Trainer; log: Log; cancelled: AbortSignal },
  { trials, cut }: Pick<TrialBatch, 'trials' | 'cut'>,
): Promise<TrialResult[]> {
  const results: TrialResult[] = []
  for (const trial of trials) {
    const result = await ports.trainer.run(trial, ports.cancelled, cut)
    if (ports.cancelled.aborted) break
    ports.log.info(describeTrial(result))
    results.push(result)
  }
  return results
}
