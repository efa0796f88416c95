// The job of the command `run`: proposes, trains and judges on this machine.
import { run } from '../commands/run.ts'
import { type Job, sessionSettings } from './job.ts'
import { wirePortsFor } from './ports.ts'
import { wireProposing } from './proposers.ts'
import { publishReport } from './publish.ts'
import { wireChecker, wireTrainer } from './training.ts'

export default function runJob(job: Job): Promise<void> {
  return wirePortsFor(job, async (wired) => {
    const trainer = await wireTrainer(job)
    // Quick checks exist in this job only: `propose` has a token that can write, so it runs no candidate code.
    const checker = wireChecker(job)
    const ports = { ...wired, ...wireProposing(job), trainer, checker }
    const { timeBudgetSeconds } = job.inputs
    const settings = { ...sessionSettings(job, trainer.testbed), timeBudgetSeconds }
    const { session, times, proposing } = await run(ports, settings)
    await publishReport(job, session, times, proposing.outcomes.tallies)
    proposing.outcomes.assertSomeoneAnswers()
  })
}
