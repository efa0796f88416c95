/** Pull requests: open, list, read, edit. Merging is in `merge.ts`. */
import { created, GitHubError, listed, notFound, ok, validationFailed } from '../answers.ts'
import type { Call, Route } from '../call.ts'
import { changesOf, close, mergeability, statisticsOf } from '../pull-requests.ts'
import { renderCommit, renderFile } from '../render/commit.ts'
import { renderPull, renderPullSimple } from '../render/thread.ts'
import { isPullRequest, type PullRequest } from '../store.ts'
import { branchSha, checkSides, invalid, type NewPull, refuseDuplicate, refusedPull } from './pull-sides.ts'
import { newThread, refuseLong } from './threads.ts'

const READ = [['pull_requests', 'read']] as const
const WRITE = [['pull_requests', 'write']] as const

export function pullOf({ repository, params }: Call): PullRequest {
  const thread = repository.threads.get(Number(params.pull_number))
  if (!isPullRequest(thread)) throw notFound()
  return thread
}

async function createPull(call: Call) {
  const { repository, token } = call
  const wanted = call.body as unknown as NewPull
  if (token.kind === 'actions' && !repository.settings.allowActionsToCreatePullRequests)
    throw new GitHubError(403, 'GitHub Actions is not permitted to create or approve pull requests.')
  const { head, base } = await checkSides(repository, wanted)
  const pull: PullRequest = {
    ...newThread(call, wanted),
    kind: 'pull',
    head,
    base,
    draft: wanted.draft ?? false,
    approvals: 0,
    merged: false,
    mergedAt: null,
    mergedBy: null,
    mergeCommitSha: null,
    mergeability: undefined,
  }
  repository.threads.set(pull.number, pull)
  const runs = token.kind === 'actions' ? 'waiting' : 'started'
  repository.events.push({ event: 'pull_request', ref: `refs/heads/${head.ref}`, token: token.name, runs })
  await repository.git.writePullRef(pull.number, 'head', head.sha)
  return created(await rendered(call, pull, { mergeable: null, state: 'unknown' }))
}

async function rendered(
  { repository }: Call,
  pull: PullRequest,
  mergeable: { mergeable: boolean | null; state: string },
) {
  return renderPull(repository, pull, await statisticsOf(repository, pull), mergeable)
}

function listPulls(call: Call) {
  const { repository, url } = call
  const query = url.searchParams
  const state = query.get('state') ?? 'open'
  const [owner, branch] = (query.get('head') ?? '').split(':')
  const base = query.get('base')
  const pulls = repository.pulls.filter(
    (pull) =>
      (state === 'all' || pull.state === state) &&
      // As on GitHub a head without its owner filters nothing.
      (branch === undefined || (owner === repository.owner && pull.head.ref === branch)) &&
      (base === null || pull.base.ref === base),
  )
  return listed(sorted(pulls, query), url, (pull) => renderPullSimple(repository, pull))
}

function sorted(pulls: PullRequest[], query: URLSearchParams): PullRequest[] {
  const sort = query.get('sort') ?? 'created'
  const isDescending = (query.get('direction') ?? (query.has('sort') ? 'asc' : 'desc')) === 'desc'
  const keyOf = (pull: PullRequest) => (sort === 'updated' ? pull.updatedAt : pull.createdAt)
  const ascending = pulls.toSorted(
    (one, other) => keyOf(one).localeCompare(keyOf(other)) || one.number - other.number,
  )
  return isDescending ? ascending.reverse() : ascending
}

async function getPull(call: Call) {
  const pull = pullOf(call)
  // The replica has only a copy of the pull request, on which nothing is kept.
  const live = call.live.threads.get(pull.number)
  const found = await mergeability(call.live, call.store, isPullRequest(live) ? live : pull)
  return ok(
    await rendered(call, pull, pull.state === 'closed' ? { mergeable: null, state: 'unknown' } : found),
  )
}

interface PullEdit {
  title?: string
  body?: string
  state?: 'open' | 'closed'
  base?: string
}

async function updatePull(call: Call) {
  const { repository, store, token } = call
  const pull = pullOf(call)
  const edit = call.body as PullEdit
  refuseLong('PullRequest', edit)
  if (edit.base !== undefined && edit.base !== pull.base.ref) await changeBase(call, pull, edit.base)
  if (edit.state === 'open' && pull.state === 'closed') await reopen(call, pull)
  if (edit.state === 'closed' && pull.state === 'open') close(pull, token.actor, store.timestamp())
  pull.title = edit.title ?? pull.title
  pull.body = edit.body ?? pull.body
  pull.updatedAt = store.timestamp()
  return ok(await rendered(call, pull, await mergeability(repository, store, pull)))
}

async function changeBase({ repository }: Call, pull: PullRequest, base: string): Promise<void> {
  const sha = await branchSha(repository, base)
  if (sha === '') throw invalid('base')
  if (pull.state === 'closed') throw refusedPull('Cannot change the base branch of a closed pull request.')
  refuseDuplicate(repository, pull.head.ref, base, pull)
  if (await repository.git.isAncestor(pull.head.sha, sha))
    throw refusedPull(
      `There are no new commits between base branch '${base}' and head branch '${pull.head.ref}'`,
    )
  pull.base = { ref: base, sha }
}

async function reopen({ repository }: Call, pull: PullRequest): Promise<void> {
  const refuse = (why: string) =>
    validationFailed({
      resource: 'PullRequest',
      field: 'state',
      code: 'invalid',
      message: `state cannot be changed. ${why}`,
    })
  const head = await branchSha(repository, pull.head.ref)
  if (pull.merged) throw refuse('The pull request cannot be reopened.')
  if (head === '') throw refuse(`The ${pull.head.ref} branch has been deleted.`)
  if (head !== pull.head.sha) throw refuse(`The ${pull.head.ref} branch was force-pushed or recreated.`)
  refuseDuplicate(repository, pull.head.ref, pull.base.ref)
  Object.assign(pull, { state: 'open', closedAt: null, closedBy: null })
}

async function listFiles(call: Call) {
  const pull = pullOf(call)
  const changes = await changesOf(call.repository, pull)
  return listed(changes, call.url, (change) => renderFile(call.repository, pull.head.sha, change))
}

async function listCommits(call: Call) {
  const { base, head } = pullOf(call)
  const commits = await call.repository.git.log(['--reverse', '--topo-order', `${base.sha}..${head.sha}`])
  return listed(commits, call.url, (commit) => renderCommit(call.repository, commit))
}

export const pullRoutes: Record<string, Route> = {
  'pulls/create': { needs: WRITE, answer: createPull, ignores: ['issue', 'head_repo'] },
  'pulls/list': { needs: READ, answer: listPulls },
  'pulls/get': { needs: READ, answer: getPull },
  'pulls/update': { needs: WRITE, answer: updatePull },
  'pulls/list-files': { needs: READ, answer: listFiles },
  'pulls/list-commits': { needs: READ, answer: listCommits },
}
