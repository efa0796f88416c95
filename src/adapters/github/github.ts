// Pull requests, check runs, comments and merges on GitHub, through Octokit. Every call is idempotent.
import type { PullRequest } from '../../core/record/reconcile.ts'
import type { CheckRun } from '../../core/report/report.ts'
import type { Forge, MergeResult, OpenedPullRequest } from '../../ports.ts'
import { type Answer, explainedBy, type GitHub, type GitHubOptions, pauseOf } from './client.ts'
import { putComment } from './comments.ts'
import { attemptOnce, httpStatusOf, isStatus } from './errors.ts'

export function createForge(github: GitHub): Forge {
  const explained = explainedBy(github)
  return {
    openPullRequest: explained('open a pull request', openPullRequest),
    openPullRequests: explained('list pull requests', openPullRequests),
    pullRequest: explained('read a pull request', readPullRequest),
    putCheckRun: explained('write a check run', putCheckRun),
    putComment: explained('comment on a pull request', putComment),
    merge: explained('merge a pull request', merge),
    close: explained('close a pull request', close),
  }
}

/** A pull request from the endpoint for one, or from the list. */
type RawPullRequest = Answer<'pulls', 'get'> | Answer<'pulls', 'list'>[number]

function toPullRequest(raw: RawPullRequest): PullRequest {
  const merged = Boolean(raw.merged_at)
  return {
    number: raw.number,
    branch: raw.head.ref,
    head: raw.head.sha,
    state: merged ? 'merged' : raw.state === 'open' ? 'open' : 'closed',
    ...(merged && raw.merge_commit_sha ? { mergeCommit: raw.merge_commit_sha } : {}),
  }
}

async function openPullRequests({ client, where }: GitHub, base: string): Promise<PullRequest[]> {
  const all = await client.paginate(client.rest.pulls.list, { ...where, base, state: 'open', per_page: 100 })
  return all.map(toPullRequest)
}

async function readPullRequest({ client, where }: GitHub, number: number): Promise<PullRequest> {
  return toPullRequest((await client.rest.pulls.get({ ...where, pull_number: number })).data)
}

async function openPullRequest(
  github: GitHub,
  { branch, head, base, title, body }: Parameters<Forge['openPullRequest']>[0],
): Promise<OpenedPullRequest> {
  const { client, where, options } = github
  const find = async (): Promise<number | undefined> => {
    const named = { head: `${where.owner}:${branch}`, base, state: 'all', per_page: 100 } as const
    const { data } = await client.rest.pulls.list({ ...where, ...named })
    // A closed pull request with our commit was closed by a person; one with another commit belongs to an earlier ledger.
    // An open one with another commit was pushed to by a person. It is adopted, because a branch can have only one open
    // pull request; whoever reads it later sees that its head has moved.
    return (data.find((one) => one.head.sha === head) ?? data.find((one) => one.state === 'open'))?.number
  }
  const create = async (): Promise<number> => {
    const request = { ...where, head: branch, base, title, body, request: { retries: 0 } }
    return (await client.rest.pulls.create(request)).data.number
  }
  try {
    return { kind: 'opened', number: await attemptOnce(find, create, pauseOf(github)) }
  } catch (error) {
    if (isStatus(error, 403) && /not permitted to create/i.test(String(error)))
      return { kind: 'refused', explanation: pullRequestsForbidden(options, base, branch) }
    throw error
  }
}

export function pullRequestsForbidden(
  { serverUrl, repository }: GitHubOptions,
  base: string,
  branch: string,
): string {
  return (
    `Allow it under "Workflow permissions" at ${serverUrl}/${repository}/settings/actions ` +
    '("Allow GitHub Actions to create and approve pull requests"), then run the workflow again: it finds the pushed ' +
    `branch. To see the change now: ${serverUrl}/${repository}/compare/${base}...${branch}?expand=1`
  )
}

async function putCheckRun(github: GitHub, head: string, check: CheckRun): Promise<void> {
  const { client, where } = github
  const externalId = `autoresearch ${head}`
  const content = {
    status: check.status,
    ...(check.conclusion ? { conclusion: check.conclusion } : {}),
    ...(check.detailsUrl ? { details_url: check.detailsUrl } : {}),
    output: { title: check.title, summary: check.summary },
  }
  // Check runs of other apps with the same name and external id; GitHub refuses to let us update them.
  const foreign = new Set<number>()
  const find = async (): Promise<number | undefined> => {
    const listed = { ...where, ref: head, check_name: check.name, per_page: 100 }
    const { data } = await client.rest.checks.listForRef(listed)
    const ours = data.check_runs.find((run) => run.external_id === externalId && !foreign.has(Number(run.id)))
    return ours && Number(ours.id)
  }
  const create = async (): Promise<'created'> => {
    const named = { ...where, name: check.name, head_sha: head, external_id: externalId }
    await client.rest.checks.create({ ...named, ...content, request: { retries: 0 } })
    return 'created'
  }
  for (;;) {
    const found = await attemptOnce<number | 'created'>(find, create, pauseOf(github))
    if (found === 'created') return
    try {
      await client.rest.checks.update({ ...where, check_run_id: found, ...content })
      return
    } catch (error) {
      if (!isStatus(error, 403) || !/app_id/i.test(String(error))) throw error
      foreign.add(found)
    }
  }
}

async function close({ client, where }: GitHub, number: number): Promise<void> {
  await client.rest.pulls.update({ ...where, pull_number: number, state: 'closed' })
}

const MERGE_ATTEMPTS = 5

async function merge(
  github: GitHub,
  request: { pullRequest: number; head: string; title: string; message: string },
): Promise<MergeResult> {
  const { client, where } = github
  const merge_method = await mergeMethod(github)
  for (let attempt = 1; ; attempt += 1) {
    try {
      const { data } = await client.rest.pulls.merge({
        ...where,
        pull_number: request.pullRequest,
        sha: request.head,
        merge_method,
        commit_title: request.title,
        commit_message: request.message,
        request: { retries: 0 },
      })
      return { kind: 'merged', commit: data.sha }
    } catch (error) {
      const answer = await interpretRefusal(github, request.pullRequest, error)
      if (answer !== 'try again') return answer
      if (attempt >= MERGE_ATTEMPTS) throw error
      await pauseOf(github)(attempt)
    }
  }
}

/** Finds out what a failed merge means. GitHub also answers 405 while it still computes whether a merge is possible. */
async function interpretRefusal(
  github: GitHub,
  number: number,
  error: unknown,
): Promise<MergeResult | 'try again'> {
  const status = httpStatusOf(error)
  if (status === undefined) throw error
  if (status === 409) return { kind: 'head-moved' }
  if (status !== 405 && status < 500) throw error
  const { data } = await github.client.rest.pulls.get({ ...github.where, pull_number: number })
  const pullRequest = toPullRequest(data)
  if (pullRequest.mergeCommit) return { kind: 'merged', commit: pullRequest.mergeCommit }
  if (pullRequest.state === 'closed') return { kind: 'refused', explanation: 'the pull request is closed' }
  if (status >= 500 || data.mergeable === null || /Base branch was modified/i.test(String(error)))
    return 'try again'
  return { kind: 'refused', explanation: error instanceof Error ? error.message : String(error) }
}

/** Squash if the repository allows it, so that the baseline's history has one commit per improvement. */
async function mergeMethod({ client, where }: GitHub): Promise<'squash' | 'rebase' | 'merge'> {
  const { data } = await client.rest.repos.get(where)
  if (data.allow_squash_merge !== false) return 'squash'
  return data.allow_rebase_merge === false ? 'merge' : 'rebase'
}
