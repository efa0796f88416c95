// The job of the command `train`: trains the trials that another job planned, without a token.
import { actionsLog, setOutputs } from '../adapters/actions.ts'
import { train } from '../commands/train.ts'
import { type Job, resultsDirectory } from './job.ts'
import { wireTrainer } from './training.ts'

export default async function trainJob(job: Job): Promise<void> {
  // Set before training, so that finished trials are uploaded even when a later one fails.
  setOutputs({ results: resultsDirectory(job) })
  const trainer = await wireTrainer(job)
  await train({ trainer, log: actionsLog, cancelled: job.cancelled }, job.inputs.batch)
}
