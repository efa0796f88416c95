// The job of the command `judge`: judges candidates by the results of the train jobs.
import { createResults } from '../adapters/trainer/results.ts'
import { judgeResults } from '../commands/judge.ts'
import { type Job, resultsDirectory, sessionSettings } from './job.ts'
import { wirePortsFor } from './ports.ts'
import { publishReport, publishTrials } from './publish.ts'

export default function judgeJob(job: Job): Promise<void> {
  return wirePortsFor(job, async (wired) => {
    const ports = { ...wired, results: createResults(resultsDirectory(job)) }
    const { session, batches } = await judgeResults(ports, sessionSettings(job))
    publishTrials(batches)
    await publishReport(job, session)
  })
}
