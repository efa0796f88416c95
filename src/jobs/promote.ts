// The job of the command `promote`: promotes merged candidates to the larger scales on this machine.
import { promote } from '../commands/promote.ts'
import { type Job, sessionSettings } from './job.ts'
import { wirePortsFor } from './ports.ts'
import { publishReport } from './publish.ts'
import { timeBudget } from './time-budget.ts'
import { wireTrainer } from './training.ts'

export default function promoteJob(job: Job): Promise<void> {
  return wirePortsFor(job, async (wired) => {
    const trainer = await wireTrainer(job)
    const settings = { ...sessionSettings(job, trainer.testbed), ...(await timeBudget(job)) }
    const { session, times } = await promote({ ...wired, trainer }, settings)
    await publishReport(job, session, times)
  })
}
