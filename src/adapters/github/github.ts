// Pull requests and check runs on GitHub, through Octokit. Every call is idempotent.
import type { PullRequest } from '../../core/record/reconcile.ts'
import type { CheckRun } from '../../core/report/report.ts'
import type { Forge, OpenedPullRequest } from '../../ports/forge.ts'
import { readAnswer } from './answers.ts'
import { type Answer, explainedBy, type GitHub } from './client.ts'
import { openedKey, putCommentWhereOpen } from './comments.ts'
import { createOnce } from './create-once.ts'
import { fastForward } from './fast-forward.ts'
import { baseOfMerged, endKey, merge } from './merge.ts'
import { LAG_SECONDS } from './repeat.ts'
import { pullRequestsForbidden, putPullRequest } from './standing-pull-request.ts'

export function createForge(github: GitHub): Forge {
  const explained = explainedBy(github)
  return {
    openPullRequest: explained('open a pull request', openPullRequest),
    putPullRequest: explained('open a pull request', putPullRequest),
    openPullRequests: explained('list pull requests', openPullRequests),
    unusedBranches: explained('list pull requests', unusedBranches),
    pullRequest: explained('read a pull request', readPullRequest),
    pullRequestOf: explained('list pull requests', pullRequestOf),
    putCheckRun: explained('write a check run', putCheckRun),
    putComment: explained('comment on a pull request', putCommentWhereOpen),
    merge: explained('merge a pull request', merge),
    baseOfMerged: explained('read a pull request', baseOfMerged),
    fastForward: explained('move a branch', fastForward),
    close: explained('close a pull request', close),
  }
}

/** A pull request from the endpoint for one, or from the list. */
type RawPullRequest = Answer<'pulls', 'get'> | Answer<'pulls', 'list'>[number]

function toPullRequest(raw: RawPullRequest): PullRequest {
  const merged = Boolean(raw.merged_at)
  const mergedBy = 'merged_by' in raw ? raw.merged_by?.login : undefined
  return {
    number: raw.number,
    branch: raw.head.ref,
    head: raw.head.sha,
    base: raw.base.ref,
    state: merged ? 'merged' : raw.state === 'open' ? 'open' : 'closed',
    ...(merged && raw.merge_commit_sha ? { mergeCommit: raw.merge_commit_sha } : {}),
    ...(merged && mergedBy && { mergedBy }),
  }
}

/** What this job did to it or saw of it, which later reads may not show. */
type End = { kind: 'merged'; commit: string; by?: string } | { kind: 'closed' }

function asEnded(pullRequest: PullRequest, end: End | undefined): PullRequest {
  if (end?.kind === 'merged') {
    const { commit: mergeCommit, by: mergedBy } = end
    return { ...pullRequest, state: 'merged', mergeCommit, ...(mergedBy && { mergedBy }) }
  }
  return end
    ? { ...pullRequest, state: pullRequest.state === 'open' ? 'closed' : pullRequest.state }
    : pullRequest
}

async function openPullRequests(github: GitHub, base?: string): Promise<PullRequest[]> {
  const all = await listOpen(github, base)
  return all.filter(({ number }) => github.memory.get(endKey(number)) === undefined).map(toPullRequest)
}

/** Also those that this job closed: a person may have opened them again. */
function listOpen({ client, where }: GitHub, base?: string) {
  const listed = { ...where, ...(base !== undefined && { base }), state: 'open', per_page: 100 } as const
  return client.paginate(client.rest.pulls.list, listed)
}

/** People reopen pull requests: deleting such a branch would close theirs. */
async function unusedBranches(github: GitHub, branches: readonly string[]): Promise<string[]> {
  const unused = await withoutOpen(github, branches)
  if (unused.length === 0) return unused
  await github.time.pause(LAG_SECONDS)
  return withoutOpen(github, unused)
}

async function withoutOpen(github: GitHub, branches: readonly string[]): Promise<string[]> {
  const open = new Set((await listOpen(github)).map(({ head }) => head.ref))
  return branches.filter((branch) => !open.has(branch))
}

async function readPullRequest(github: GitHub, number: number): Promise<PullRequest> {
  const { client, where, memory } = github
  const { data } = await client.rest.pulls.get({ ...where, pull_number: number })
  return asEnded(remembered(github, toPullRequest(data)), memory.get<End>(endKey(number)))
}

/** Keeps that somebody merged it. */
function remembered({ memory }: GitHub, pullRequest: PullRequest): PullRequest {
  const { number, mergeCommit: commit, mergedBy: by } = pullRequest
  if (commit !== undefined) memory.keep<End>(endKey(number), { kind: 'merged', commit, ...(by && { by }) })
  return pullRequest
}

/** Those of this branch, newest first, whatever their base: a person may have changed it. */
async function listOf({ client, where }: GitHub, branch: string) {
  const named = { head: `${where.owner}:${branch}`, state: 'all', per_page: 100 } as const
  return (await client.rest.pulls.list({ ...where, ...named })).data
}

async function pullRequestOf(
  github: GitHub,
  { branch, head }: Parameters<Forge['pullRequestOf']>[0],
): Promise<PullRequest | undefined> {
  const found = (await listOf(github, branch)).find((one) => one.head.sha === head)
  return found && asEnded(toPullRequest(found), github.memory.get<End>(endKey(found.number)))
}

async function openPullRequest(
  github: GitHub,
  { branch, head, base, title, body, isNew }: Parameters<Forge['openPullRequest']>[0],
): Promise<OpenedPullRequest> {
  const { client, where, options, memory } = github
  const find = async (): Promise<number | undefined> => {
    const all = await listOf(github, branch)
    // A closed pull request with our commit was closed by a person; one with another commit belongs to an earlier ledger.
    // An open one with another commit was pushed to by a person. It is adopted, because a branch can have only one open
    // pull request; whoever reads it later sees that its head has moved.
    return (all.find((one) => one.head.sha === head) ?? all.find((one) => one.state === 'open'))?.number
  }
  const create = async (): Promise<number> => {
    const request = { ...where, head: branch, base, title, body, request: { retries: 0 } }
    const { number } = (await client.rest.pulls.create(request)).data
    memory.keep(openedKey(number), true)
    return number
  }
  try {
    const number = await createOnce(github, { key: `pull request ${branch} ${head}`, find, create, isNew })
    return { kind: 'opened', number }
  } catch (error) {
    const reading = readAnswer(error)
    if (reading?.means === 'forbidden')
      return { kind: 'refused', explanation: pullRequestsForbidden(options, base, branch) }
    if (reading?.means === 'too-early') return { kind: 'impossible', explanation: reading.message }
    throw error
  }
}

interface CheckRunId {
  id: number
  /** What it shows, as far as this job wrote it. */
  content: string
}

async function putCheckRun(github: GitHub, head: string, check: CheckRun, isNew = false): Promise<void> {
  const { client, where, memory } = github
  const externalId = `autoresearch ${head}`
  const content = {
    status: check.status,
    ...(check.conclusion ? { conclusion: check.conclusion } : {}),
    ...(check.detailsUrl ? { details_url: check.detailsUrl } : {}),
    output: { title: check.title, summary: check.summary },
  }
  // Check runs of other apps with the same name and external id; GitHub refuses to let us update them.
  const foreign = new Set<number>()
  const key = `check ${head} ${check.name}`
  const find = async (): Promise<CheckRunId | undefined> => {
    const listed = { ...where, ref: head, check_name: check.name, per_page: 100 }
    const { data } = await client.rest.checks.listForRef(listed)
    const ours = data.check_runs.find((run) => run.external_id === externalId && !foreign.has(Number(run.id)))
    return ours && { id: Number(ours.id), content: '' }
  }
  const create = async (): Promise<CheckRunId> => {
    const named = { ...where, name: check.name, head_sha: head, external_id: externalId }
    const { data } = await client.rest.checks.create({ ...named, ...content, request: { retries: 0 } })
    return { id: Number(data.id), content: JSON.stringify(content) }
  }
  for (;;) {
    const found = await createOnce(github, { key, find, create, isNew: isNew && foreign.size === 0 })
    if (found.content === JSON.stringify(content)) return
    try {
      await client.rest.checks.update({ ...where, check_run_id: found.id, ...content })
      memory.keep(key, { id: found.id, content: JSON.stringify(content) })
      return
    } catch (error) {
      if (!/app_id/i.test(String(error))) throw error
      memory.forget(key)
      foreign.add(found.id)
    }
  }
}

async function close(github: GitHub, number: number): Promise<PullRequest> {
  const { client, where, memory } = github
  const { data } = await client.rest.pulls.update({ ...where, pull_number: number, state: 'closed' })
  const after = toPullRequest(data)
  if (after.state === 'merged') return remembered(github, after)
  memory.keep<End>(endKey(number), { kind: 'closed' })
  return { ...after, state: 'closed' }
}
