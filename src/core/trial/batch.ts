// Batches of trials that a `propose` or `judge` job passes to the `train` jobs.
import { z } from 'zod'
import { sha, type Trial, trialSchema } from '../record/trial.ts'
import { type CutPlan, cutPlanSchema } from './curve.ts'

/** Trials of one commit and scale for one job: an entry in the `train` matrix. */
export const trialBatchSchema = z.strictObject({
  head: sha,
  /** The larger scale that the trials belong to; absent for those of the research. */
  scale: z.string().max(40).exactOptional(),
  trials: z.array(trialSchema).min(1).max(100),
  /** When a candidate's first run may be stopped early; absent when it may not. */
  cut: cutPlanSchema.optional(),
})
export type TrialBatch = z.infer<typeof trialBatchSchema>

/** GitHub's maximum number of jobs per matrix. */
const MAX_BATCHES = 256

/** Only first runs of candidates: later runs confirm a promising candidate, and baseline runs are the reference. */
export function mayBeCut({ candidate, replicate }: Trial): boolean {
  return candidate !== null && replicate === 1
}

/** True for a trial that has the machine to itself: it may take all its devices. */
export function runsAlone({ protocol }: Pick<Trial, 'protocol'>): boolean {
  return protocol.purpose === 'promote'
}

/** One batch per commit and scale, in the given order. Job outputs are limited to 1 MB, so a cut plan is added only where it is used. */
export function groupTrials(trials: readonly Trial[], cut?: CutPlan): TrialBatch[] {
  const groups = Map.groupBy(trials, ({ head, protocol }) => `${head} ${protocol.scale}`)
  return [...groups.values()]
    .map((batch) => ({
      head: batch[0]?.head ?? '',
      ...(batch[0] && runsAlone(batch[0]) && { scale: batch[0].protocol.scale }),
      trials: batch,
      ...(cut && batch.some(mayBeCut) ? { cut } : {}),
    }))
    .slice(0, MAX_BATCHES)
}
