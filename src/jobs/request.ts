// The job of the command `request`: records the idea of the person who started the workflow.
import { request } from '../commands/request.ts'
import { type Job, sessionSettings } from './job.ts'
import { wirePorts } from './ports.ts'

export default async function requestJob(job: Job): Promise<void> {
  await request(await wirePorts(job), sessionSettings(job))
}
