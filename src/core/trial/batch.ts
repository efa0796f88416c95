// Batches of trials that a `propose` or `judge` job passes to the `train` jobs.
import { z } from 'zod'
import { sha, type Trial, trialSchema } from '../record/trial.ts'
import { type CutPlan, cutPlanSchema } from './curve.ts'

const MAX_TRIALS = 100

/** Trials for one job: an entry in the `train` matrix. */
export const trialBatchSchema = z.strictObject({
  /** Commit of the first trial, which no other batch of its scale has. */
  head: sha,
  /** How many commits the trials have; absent when it is one. The job then needs every branch. */
  commits: z.int().min(2).exactOptional(),
  /** The larger scale that the trials belong to; absent for those of the research. */
  scale: z.string().max(40).exactOptional(),
  trials: z.array(trialSchema).min(1).max(MAX_TRIALS),
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

/** When trials of several commits share a job. */
export interface JobSharing {
  /** Training time that a job gets. Absent: every commit has a job of its own. */
  seconds?: number
  /** Jobs that there are before any is shared. */
  least: number
  /** Training time that a trial is expected to take. */
  secondsOf(trial: Trial): number
  /** A trial that ended its machine before would take others along. */
  wasLost(trial: Trial): boolean
}

/**
 * Divides trials among jobs, the most urgent first. Trials of one commit and scale stay together, so that they run on one machine.
 * Job outputs are limited to 1 MB, so a cut plan is added only where it is used.
 */
export function groupTrials(trials: readonly Trial[], cut?: CutPlan, sharing?: JobSharing): TrialBatch[] {
  const byCommit = [...Map.groupBy(trials, ({ head, protocol }) => `${head} ${protocol.scale}`).values()]
  const groups = sharing?.seconds === undefined ? byCommit : shareJobs(byCommit, sharing, sharing.seconds)
  return groups.slice(0, MAX_BATCHES).map((batch) => {
    const commits = new Set(batch.map(({ head }) => head)).size
    return {
      head: batch[0]?.head ?? '',
      ...(commits > 1 && { commits }),
      ...(batch[0] && runsAlone(batch[0]) && { scale: batch[0].protocol.scale }),
      trials: batch,
      ...(cut && batch.some(mayBeCut) ? { cut } : {}),
    }
  })
}

/** Each group goes to the job with the least to do, or to another one when no job has time for it. */
function shareJobs(groups: readonly Trial[][], sharing: JobSharing, seconds: number): Trial[][] {
  const timeOf = (group: readonly Trial[]) => group.reduce((sum, trial) => sum + sharing.secondsOf(trial), 0)
  const mayShare = (group: readonly Trial[]) =>
    !group.some((trial) => runsAlone(trial) || sharing.wasLost(trial))
  const jobs: { trials: Trial[]; time: number; isShared: boolean }[] = []
  for (const group of groups) {
    const time = timeOf(group)
    const isShared = mayShare(group)
    const open = jobs.filter((job) => job.isShared && isShared)
    const least = open.toSorted((a, b) => a.time - b.time)[0]
    const fits = least && least.time + time <= seconds && least.trials.length + group.length <= MAX_TRIALS
    if (fits && jobs.length >= sharing.least) {
      least.trials.push(...group)
      least.time += time
    } else jobs.push({ trials: [...group], time, isShared })
  }
  return jobs.map((job) => job.trials)
}
