// The job of the command `certify`: certifies merged candidates on this machine.
import { certify } from '../commands/certify.ts'
import { type Job, sessionSettings } from './job.ts'
import { wirePortsFor } from './ports.ts'
import { publishReport } from './publish.ts'
import { wireTrainer } from './training.ts'

export default function certifyJob(job: Job): Promise<void> {
  return wirePortsFor(job, async (wired) => {
    const trainer = await wireTrainer(job)
    const { timeBudgetSeconds } = job.inputs
    const settings = { ...sessionSettings(job, trainer.testbed), timeBudgetSeconds }
    const { session, times } = await certify({ ...wired, trainer }, settings)
    await publishReport(job, session, times)
  })
}
