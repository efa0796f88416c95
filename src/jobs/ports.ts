// Connects the ports of a job that has a token: git and GitHub.
import { actionsLog } from '../adapters/actions.ts'
import { systemClock } from '../adapters/clock.ts'
import type { GitContext } from '../adapters/git/git.ts'
import { createLedgerBranch } from '../adapters/git/ledger-branch.ts'
import { createRepository } from '../adapters/git/repository.ts'
import { assertGitVersion } from '../adapters/git/version.ts'
import { connect, type GitHub } from '../adapters/github/client.ts'
import { createDiscussion } from '../adapters/github/discussion.ts'
import { createForge } from '../adapters/github/github.ts'
import { createHost } from '../adapters/github/host.ts'
import type { Ports } from '../session/session.ts'
import { gitContext, type Job } from './job.ts'

const connections = new WeakMap<Job, GitHub>()

/** One connection per job: it spaces writes and remembers what it created. */
export function connectJob(job: Job): GitHub {
  const { runner, inputs, secondMilliseconds = 1000 } = job
  const { repository, apiUrl, serverUrl } = runner
  const options = { apiUrl, serverUrl, repository, token: inputs.token, log: actionsLog, secondMilliseconds }
  const connected = connections.get(job) ?? connect(options)
  connections.set(job, connected)
  return connected
}

/** For jobs that push. */
export function pushingContext(job: Job): GitContext {
  return { ...gitContext(job), host: createHost(connectJob(job)) }
}

/** @throws ConfigError when git is too old */
export async function wirePorts(job: Job): Promise<Ports> {
  await assertGitVersion()
  const github = connectJob(job)
  const git = pushingContext(job)
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
