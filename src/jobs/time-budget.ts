// The time in which every trial of a job must end: the input, and less if the token ends before.
import { actionsLog } from '../adapters/actions.ts'
import { tokenSeconds } from '../adapters/github/token-life.ts'
import type { RunSettings } from '../commands/run.ts'
import { formatSeconds } from '../core/text/numbers.ts'
import type { Job } from './job.ts'
import { connectJob } from './ports.ts'

/** The token may be older than the job, and what was trained last must still be recorded and merged. */
const MARGIN_SECONDS = 10 * 60

export async function timeBudget(
  job: Job,
): Promise<Pick<RunSettings, 'timeBudgetSeconds' | 'endsWithToken'>> {
  const { timeBudgetSeconds } = job.inputs
  const life = await tokenSeconds(connectJob(job), new Date())
  const left = Math.max(0, (life ?? Number.POSITIVE_INFINITY) - MARGIN_SECONDS)
  if (left >= timeBudgetSeconds) return { timeBudgetSeconds }
  actionsLog.info(
    `No trial starts that could end after ${formatSeconds(left)}, because the token ends then. GITHUB_TOKEN lives as long as the job.`,
  )
  return { timeBudgetSeconds: left, endsWithToken: true }
}
