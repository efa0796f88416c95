// Connects the ports of a job that has a token: git and GitHub.
import { actionsLog } from '../adapters/actions.ts'
import { systemClock } from '../adapters/clock.ts'
import { createLedgerBranch } from '../adapters/git/ledger-branch.ts'
import { createRepository } from '../adapters/git/repository.ts'
import { assertGitVersion } from '../adapters/git/version.ts'
import { connect, type GitHub } from '../adapters/github/client.ts'
import { createDiscussion } from '../adapters/github/discussion.ts'
import { createForge } from '../adapters/github/github.ts'
import type { Ports } from '../session/session.ts'
import { gitContext, type Job } from './job.ts'

export function connectJob({ runner, inputs }: Job): GitHub {
  const { repository, apiUrl, serverUrl } = runner
  return connect({ apiUrl, serverUrl, repository, token: inputs.token, log: actionsLog })
}

/** @throws ConfigError when git is too old */
export async function wirePorts(job: Job): Promise<Ports> {
  await assertGitVersion()
  const git = gitContext(job)
  const github = connectJob(job)
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
