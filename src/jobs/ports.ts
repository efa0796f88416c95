// Connects the ports of a job that has a token: git and GitHub.
import { actionsLog } from '../adapters/actions.ts'
import { systemClock } from '../adapters/clock.ts'
import type { GitContext } from '../adapters/git/git.ts'
import { createJobLease } from '../adapters/git/job-lease.ts'
import { createLedgerBranch } from '../adapters/git/ledger-branch.ts'
import { createRepository } from '../adapters/git/repository.ts'
import { assertGitVersion } from '../adapters/git/version.ts'
import { connect, type GitHub } from '../adapters/github/client.ts'
import { createDiscussion } from '../adapters/github/discussion.ts'
import { createForge } from '../adapters/github/github.ts'
import { createHost } from '../adapters/github/host.ts'
import type { Ports } from '../session/ports.ts'
import { gitContext, type Job } from './job.ts'

export function connectJob(job: Job, beforeWrite?: () => Promise<void>): GitHub {
  const { runner, inputs, secondMilliseconds = 1000 } = job
  const { repository, apiUrl, serverUrl } = runner
  const options = { apiUrl, serverUrl, repository, token: inputs.token, log: actionsLog, secondMilliseconds }
  return connect({ ...options, ...(beforeWrite && { beforeWrite }) })
}

/** For git that pushes. */
export function pushingContext(job: Job, github = connectJob(job)): GitContext {
  return { ...gitContext(job), host: createHost(github) }
}

/** Wires the ports of a job that changes the repository. Once `work` opens its session, no other job does until `work` ends. */
export async function wirePortsFor(job: Job, work: (ports: Ports) => Promise<void>): Promise<void> {
  const { runner, cancelled } = job
  const options = { runUrl: runner.runUrl, clock: systemClock, log: actionsLog, cancelled }
  const lease = createJobLease(pushingContext(job), options)
  try {
    await work({ ...(await wirePorts(job, () => lease.confirm())), lease })
  } finally {
    await lease.release()
  }
}

/** @throws ConfigError when git is too old */
export async function wirePorts(job: Job, beforeWrite?: () => Promise<void>): Promise<Ports> {
  await assertGitVersion()
  const github = connectJob(job, beforeWrite)
  const git = pushingContext(job, github)
  return {
    repository: createRepository(git),
    ledger: createLedgerBranch(git, actionsLog),
    forge: createForge(github),
    discussion: createDiscussion(github),
    clock: systemClock,
    log: actionsLog,
    cancelled: job.cancelled,
  }
}
