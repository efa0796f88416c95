// GitHub through Octokit: pull requests, check runs, comments, merges. Every call may be repeated; nothing is done twice.
import { setTimeout } from 'node:timers/promises'
import { Octokit } from '@octokit/core'
import { paginateRest } from '@octokit/plugin-paginate-rest'
import { restEndpointMethods } from '@octokit/plugin-rest-endpoint-methods'
import { retry } from '@octokit/plugin-retry'
import { throttling } from '@octokit/plugin-throttling'
import type { PullRequest } from '../../core/reconcile.ts'
import type { CheckRun } from '../../core/report/report.ts'
import type { Forge, Log, MergeResult, OpenedPullRequest } from '../../ports.ts'
import { attemptOnce, explain, isStatus, statusOf } from './errors.ts'

export interface GitHubOptions {
  apiUrl: string
  serverUrl: string
  /** `owner/name`. */
  repository: string
  token: string
  log: Log
  /** Milliseconds that stand for one second of waiting; tests shorten it. */
  secondMilliseconds?: number
}

type Client = ReturnType<typeof createClient>

interface Context {
  client: Client
  options: GitHubOptions
  where: { owner: string; repo: string }
}

/** Waits longer than this are not worth a GPU's time: the command ends and the next one resumes. */
const MAX_WAIT_SECONDS = 15 * 60

export function createForge(options: GitHubOptions): Forge {
  const [owner = '', repo = ''] = options.repository.split('/')
  const context: Context = { client: createClient(options), options, where: { owner, repo } }
  const explained =
    <Args extends unknown[], Answer>(
      action: string,
      call: (context: Context, ...args: Args) => Promise<Answer>,
    ) =>
    (...args: Args): Promise<Answer> =>
      call(context, ...args).catch((error: unknown) => {
        throw explain(action, error)
      })
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

/**
 * GitHub asks for a second between writes; the plugin's three seconds for notifying calls are its own caution. Stands for
 * the plugin's queue of writes, which is one for the whole process and cannot be told how long a second is.
 */
function oneSecondBetweenWrites(secondMilliseconds: number) {
  let free = Promise.resolve()
  const schedule = async <T>(_options: object, job: () => Promise<T>): Promise<T> => {
    const turn = free
    free = turn.then(() => setTimeout(secondMilliseconds))
    await turn
    return job()
  }
  // The plugin's type asks for the whole class of its library; this is all it calls.
  return { triggersNotification: () => false, write: { key: () => ({ schedule }) } as never }
}

function createClient({ apiUrl, token, log, secondMilliseconds = 1000 }: GitHubOptions) {
  const GitHub = Octokit.plugin(restEndpointMethods, paginateRest, retry, throttling)
  const wait = (limit: string) => (seconds: number, request: object, _client: unknown, retries: number) => {
    if (seconds > MAX_WAIT_SECONDS || retries >= 3) return false
    log.warn(`GitHub's ${limit} limit is reached; waiting ${seconds} s as told (${describeRequest(request)})`)
    return true
  }
  return new GitHub({
    auth: token,
    baseUrl: apiUrl,
    userAgent: 'autoresearch-action',
    log: { debug() {}, info() {}, warn() {}, error() {} },
    // 405 and 409 are answers about a merge, not accidents.
    retry: {
      doNotRetry: [400, 401, 403, 404, 405, 409, 410, 422, 451],
      retryAfterBaseValue: secondMilliseconds,
    },
    throttle: {
      onRateLimit: wait('hourly'),
      onSecondaryRateLimit: wait('secondary'),
      retryAfterBaseValue: secondMilliseconds,
      ...oneSecondBetweenWrites(secondMilliseconds),
    },
  })
}

function describeRequest(request: object): string {
  const { method, url } = request as { method?: string; url?: string }
  return `${method} ${url}`
}

interface RawPullRequest {
  number: number
  state: string
  merged_at?: string | null
  merge_commit_sha?: string | null
  head: { ref: string; sha: string }
}

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

async function openPullRequests({ client, where }: Context, base: string): Promise<PullRequest[]> {
  const all = await client.paginate(client.rest.pulls.list, { ...where, base, state: 'open', per_page: 100 })
  return all.map(toPullRequest)
}

async function readPullRequest({ client, where }: Context, number: number): Promise<PullRequest> {
  return toPullRequest((await client.rest.pulls.get({ ...where, pull_number: number })).data)
}

async function openPullRequest(
  context: Context,
  { branch, head, base, title, body }: Parameters<Forge['openPullRequest']>[0],
): Promise<OpenedPullRequest> {
  const { client, where, options } = context
  const find = async (): Promise<number | undefined> => {
    const named = { head: `${where.owner}:${branch}`, base, state: 'all', per_page: 100 } as const
    const { data } = await client.rest.pulls.list({ ...where, ...named })
    // A closed one with our commit was closed by a person; one with another commit is of an earlier ledger. When a person
    // pushed to an open one, the reader of pull requests will see it: there cannot be a second one for the branch.
    return (data.find((one) => one.head.sha === head) ?? data.find((one) => one.state === 'open'))?.number
  }
  const create = async (): Promise<number> => {
    const request = { ...where, head: branch, base, title, body, request: { retries: 0 } }
    return (await client.rest.pulls.create(request)).data.number
  }
  try {
    return { kind: 'opened', number: await attemptOnce(find, create, pauseOf(context)) }
  } catch (error) {
    if (isStatus(error, 403) && /not permitted to create/i.test(String(error)))
      return { kind: 'refused', explanation: pullRequestsForbidden(options, base, branch) }
    throw error
  }
}

function pullRequestsForbidden(
  { serverUrl, repository }: GitHubOptions,
  base: string,
  branch: string,
): string {
  return (
    `Allow it under "Workflow permissions" at ${serverUrl}/${repository}/settings/actions ` +
    '("Allow GitHub Actions to create and approve pull requests"), then run again: the branch is pushed and will be ' +
    `picked up. To look at the change now: ${serverUrl}/${repository}/compare/${base}...${branch}?expand=1`
  )
}

async function putCheckRun(context: Context, head: string, check: CheckRun): Promise<void> {
  const { client, where } = context
  const externalId = `autoresearch ${head}`
  const content = {
    status: check.status,
    ...(check.conclusion ? { conclusion: check.conclusion } : {}),
    ...(check.detailsUrl ? { details_url: check.detailsUrl } : {}),
    output: { title: check.title, summary: check.summary },
  }
  // Another app may post a check of the same name and even of the same id; only ours lets itself be written.
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
    const found = await attemptOnce<number | 'created'>(find, create, pauseOf(context))
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

async function putComment(context: Context, number: number, marker: string, body: string): Promise<void> {
  const { client, where } = context
  const find = async (): Promise<{ id: number; body: string } | undefined> => {
    const listed = { ...where, issue_number: number, per_page: 100 }
    const comments = await client.paginate(client.rest.issues.listComments, listed)
    // Only a bot's: a person may quote the marker, and their words are not ours to overwrite.
    const ours = comments.find((comment) => comment.user?.type === 'Bot' && comment.body?.startsWith(marker))
    return ours ? { id: Number(ours.id), body: ours.body ?? '' } : undefined
  }
  const create = async (): Promise<{ id: number; body: string }> => {
    const request = { ...where, issue_number: number, body, request: { retries: 0 } }
    return { id: Number((await client.rest.issues.createComment(request)).data.id), body }
  }
  const comment = await attemptOnce(find, create, pauseOf(context))
  if (comment.body !== body)
    await client.rest.issues.updateComment({ ...where, comment_id: comment.id, body })
}

async function close({ client, where }: Context, number: number): Promise<void> {
  await client.rest.pulls.update({ ...where, pull_number: number, state: 'closed' })
}

const MERGE_ATTEMPTS = 5

async function merge(
  context: Context,
  request: { pullRequest: number; head: string; title: string; message: string },
): Promise<MergeResult> {
  const { client, where } = context
  const merge_method = await mergeMethod(context)
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
      const answer = await interpretRefusal(context, request.pullRequest, error)
      if (answer !== 'try again') return answer
      if (attempt >= MERGE_ATTEMPTS) throw error
      await pauseOf(context)(attempt)
    }
  }
}

/** What a failed merge means. GitHub refuses with 405 while it still computes whether a merge is possible. */
async function interpretRefusal(
  context: Context,
  number: number,
  error: unknown,
): Promise<MergeResult | 'try again'> {
  const status = statusOf(error)
  if (status === undefined) throw error
  if (status === 409) return { kind: 'head-moved' }
  if (status !== 405 && status < 500) throw error
  const { data } = await context.client.rest.pulls.get({ ...context.where, pull_number: number })
  const pullRequest = toPullRequest(data)
  if (pullRequest.mergeCommit) return { kind: 'merged', commit: pullRequest.mergeCommit }
  if (pullRequest.state === 'closed') return { kind: 'refused', explanation: 'the pull request is closed' }
  if (status >= 500 || data.mergeable === null || /Base branch was modified/i.test(String(error)))
    return 'try again'
  return { kind: 'refused', explanation: error instanceof Error ? error.message : String(error) }
}

/** One commit a candidate where the repository allows it, so that the baseline's history is one line an improvement. */
async function mergeMethod({ client, where }: Context): Promise<'squash' | 'rebase' | 'merge'> {
  const { data } = await client.rest.repos.get(where)
  if (data.allow_squash_merge !== false) return 'squash'
  return data.allow_rebase_merge === false ? 'merge' : 'rebase'
}

/** Waits so many seconds. */
function pauseOf({ options }: Context): (seconds: number) => Promise<void> {
  return (seconds) => setTimeout(seconds * (options.secondMilliseconds ?? 1000))
}
