// The batches of trials that a `propose` or `judge` job hands to the `train` jobs.
import { z } from 'zod'
import { sha, type Trial, trialSchema } from '../record/trial.ts'
import { type CutPlan, cutPlanSchema } from './curve.ts'

/** Trials of one commit, for one job: an entry of the `train` matrix. */
export const trialBatchSchema = z.strictObject({
  head: sha,
  trials: z.array(trialSchema).min(1).max(100),
  /** When its first run of a candidate may be ended early; absent when none may be. */
  cut: cutPlanSchema.optional(),
})
export type TrialBatch = z.infer<typeof trialBatchSchema>

/** GitHub starts at most this many jobs from one matrix. */
const MAX_BATCHES = 256

/** Later runs confirm a candidate that has already shown something, and the baseline is what others are held against. */
export function mayBeCut({ candidate, replicate }: Trial): boolean {
  return candidate !== null && replicate === 1
}

/** One batch a commit, in the order given. The outputs of a job hold 1 MB, so a plan goes only where it is used. */
export function groupTrials(trials: readonly Trial[], cut?: CutPlan): TrialBatch[] {
  const groups = Map.groupBy(trials, (trial) => trial.head)
  return [...groups]
    .map(([head, batch]) => ({ head, trials: batch, ...(cut && batch.some(mayBeCut) ? { cut } : {}) }))
    .slice(0, MAX_BATCHES)
}
