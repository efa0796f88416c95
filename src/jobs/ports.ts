// Connects the ports of a job that has a token: git and GitHub.
import { actionsLog } from '../adapters/actions.ts'
import { systemClock } from '../adapters/clock.ts'
import { createLedgerBranch } from '../adapters/git/ledger-branch.ts'
import { createRepository } from '../adapters/git/repository.ts'
import { assertGitVersion } from '../adapters/git/version.ts'
import { connect } from '../adapters/github/client.ts'
import { createDiscussion } from '../adapters/github/discussion.ts'
import { createForge } from '../adapters/github/github.ts'
import type { Ports } from '../session/session.ts'
import { gitContext, type Job } from './job.ts'

/** @throws ConfigError when git is too old */
export async function wirePorts(job: Job): Promise<Ports> {
  await assertGitVersion()
  const { repository, apiUrl, serverUrl } = job.runner
  const git = gitContext(job)
  const github = connect({ apiUrl, serverUrl, repository, token: job.inputs.token, log: actionsLog })
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
