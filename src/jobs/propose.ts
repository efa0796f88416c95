// The job of the command `propose`: proposes candidates and outputs the trials to train.
import { propose } from '../commands/propose.ts'
import { type Job, sessionSettings } from './job.ts'
import { wirePorts } from './ports.ts'
import { wireProposing } from './proposers.ts'
import { publishLimit, publishTrials } from './publish.ts'
import { timeBudget } from './time-budget.ts'

export default async function proposeJob(job: Job): Promise<void> {
  const ports = { ...(await wirePorts(job)), ...wireProposing(job) }
  const settings = { ...sessionSettings(job), ...(await timeBudget(job)) }
  const { session, batches } = await propose(ports, settings)
  publishTrials(batches)
  await publishLimit(session)
}
