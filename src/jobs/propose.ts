// The job of the command `propose`: proposes candidates and outputs the trials to train.
import { propose } from '../commands/propose.ts'
import { type Job, sessionSettings } from './job.ts'
import { wirePortsFor } from './ports.ts'
import { wireProposing } from './proposers.ts'
import { publishLimit, publishTrials } from './publish.ts'

export default function proposeJob(job: Job): Promise<void> {
  return wirePortsFor(job, async (wired) => {
    const ports = { ...wired, ...wireProposing(job) }
    const { timeBudgetSeconds } = job.inputs
    const { session, batches, proposing } = await propose(ports, { ...sessionSettings(job), timeBudgetSeconds })
    publishTrials(batches)
    await publishLimit(session, proposing.outcomes.tallies)
    // With something to train, the job succeeds: an error would keep the train jobs from running.
    if (batches.length === 0) proposing.outcomes.assertSomeoneAnswers()
  })
}
