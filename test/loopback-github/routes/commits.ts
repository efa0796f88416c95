/** Commits, comparisons, trees. */
import { created, listed, notFound, ok, pageOf, unprocessable } from '../answers.ts'
import type { Call, Route } from '../call.ts'
import { diffTrees } from '../git-diff.ts'
import { githubSignature, signatureOf } from '../merge.ts'
import { renderCommit, renderFile, renderGitCommit } from '../render/commit.ts'

const READ = [['contents', 'read']] as const
const WRITE = [['contents', 'write']] as const
const MAXIMUM_FILES = 300

async function commitNamed({ repository }: Call, name: string) {
  const sha = await repository.git.resolve(name)
  if (sha === undefined || !repository.replica.knows(sha))
    throw unprocessable(`No commit found for SHA: ${name}`)
  return repository.git.readCommit(sha)
}

async function getCommit(call: Call) {
  const { repository, params } = call
  const commit = await commitNamed(call, params.ref ?? '')
  if (call.accept.includes('vnd.github.sha'))
    return { ...ok(commit.sha), headers: { 'content-type': 'application/vnd.github.sha; charset=utf-8' } }
  const changes = await diffTrees(repository.git, commit.parents[0], commit.sha)
  const additions = changes.reduce((sum, change) => sum + change.additions, 0)
  const deletions = changes.reduce((sum, change) => sum + change.deletions, 0)
  return ok({
    ...renderCommit(repository, commit),
    stats: { additions, deletions, total: additions + deletions },
    files: changes.slice(0, MAXIMUM_FILES).map((change) => renderFile(repository, commit.sha, change)),
  })
}

async function listCommits(call: Call) {
  const { repository, url } = call
  const { git, defaultBranch } = repository
  const start = url.searchParams.get('sha') ?? defaultBranch
  const sha = await git.resolve(start)
  if (sha === undefined) throw notFound()
  const path = url.searchParams.get('path')
  const since = url.searchParams.get('since')
  const until = url.searchParams.get('until')
  const commits = await git.log([
    ...(since === null ? [] : [`--since=${since}`]),
    ...(until === null ? [] : [`--until=${until}`]),
    sha,
    ...(path === null ? [] : ['--', path]),
  ])
  return listed(commits, url, (commit) => renderCommit(repository, commit))
}

async function compare(call: Call) {
  const { repository, params, url } = call
  const { git, htmlUrl, apiUrl } = repository
  const [base, head] = await Promise.all([params.base, params.head].map((name) => side(call, name ?? '')))
  if (base === undefined || head === undefined) throw notFound()
  const mergeBase = await git.mergeBase(base, head)
  if (mergeBase === undefined) throw notFound()
  const [ahead, behind] = [await git.countBetween(base, head), await git.countBetween(head, base)]
  const commits = await git.log(['--reverse', '--topo-order', `${base}..${head}`])
  const page = pageOf(commits, url)
  const files = await diffTrees(git, mergeBase, head)
  const basehead = `${params.base}...${params.head}`
  const body = {
    url: `${apiUrl}/compare/${basehead}`,
    html_url: `${htmlUrl}/compare/${basehead}`,
    permalink_url: `${htmlUrl}/compare/${base}...${head}`,
    diff_url: `${htmlUrl}/compare/${basehead}.diff`,
    patch_url: `${htmlUrl}/compare/${basehead}.patch`,
    base_commit: renderCommit(repository, await git.readCommit(base)),
    merge_base_commit: renderCommit(repository, await git.readCommit(mergeBase)),
    status: comparisonStatus(ahead, behind),
    ahead_by: ahead,
    behind_by: behind,
    total_commits: ahead,
    commits: page.items.map((commit) => renderCommit(repository, commit)),
    files: files.slice(0, MAXIMUM_FILES).map((change) => renderFile(repository, head, change)),
  }
  return { ...ok(body), headers: page.headers }
}

/** `owner:branch` or any name of a commit. */
const side = ({ repository }: Call, name: string) =>
  repository.git.resolve(name.startsWith(`${repository.owner}:`) ? name.split(':').slice(1).join(':') : name)

function comparisonStatus(ahead: number, behind: number) {
  if (ahead > 0) return behind > 0 ? 'diverged' : 'ahead'
  return behind > 0 ? 'behind' : 'identical'
}

async function getGitCommit({ repository, params }: Call) {
  const sha = params.commit_sha ?? ''
  if (!/^[0-9a-f]{40}$/.test(sha) || !(await repository.git.object(`${sha}^{commit}`))) throw notFound()
  return ok(await renderVerified(repository, sha))
}

interface CommitRequest {
  message: string
  tree: string
  parents?: string[]
  author?: object
  committer?: object
}

/** Signed when a bot makes it and leaves author and committer to GitHub; a person's token signs nothing. */
async function createGitCommit({ repository, body, token, store }: Call) {
  const { git } = repository
  const { message, tree, parents = [], author, committer } = body as unknown as CommitRequest
  if (author !== undefined || committer !== undefined)
    throw unprocessable('This server makes no commits of other authors')
  if (!(await git.object(`${tree}^{tree}`))) throw unprocessable('Tree SHA does not exist')
  for (const parent of parents)
    if (!(await git.object(`${parent}^{commit}`)))
      throw unprocessable('Parent SHA does not exist or is not a commit object')
  const date = store.timestamp()
  const isSigned = token.app !== undefined
  const by = signatureOf(token.actor, date)
  const facts = { tree, parents, message, author: by, committer: isSigned ? githubSignature(date) : by }
  const sha = isSigned ? await git.createSignedCommit(facts) : await git.createCommit(facts)
  return created(await renderVerified(repository, sha))
}

async function renderVerified(repository: Call['repository'], sha: string) {
  const rendered = renderGitCommit(repository, await repository.git.readCommit(sha))
  const signed = await repository.git.signatureOf(sha)
  if (signed === undefined) return rendered
  const verification = { verified: true, reason: 'valid', ...signed, verified_at: rendered.committer.date }
  return { ...rendered, verification }
}

async function getTree({ repository, params, url }: Call) {
  const { git, apiUrl } = repository
  const name = params.tree_sha ?? ''
  const treeish = (await git.resolve(name)) ?? name
  const sha = /^[0-9a-f]{40}$/.test(treeish) && (await git.object(`${treeish}^{tree}`))?.sha
  if (!sha) throw notFound()
  const entries = await git.listTree(sha, { recursive: url.searchParams.has('recursive') })
  return ok({
    sha,
    url: `${apiUrl}/git/trees/${sha}`,
    truncated: false,
    tree: entries.map(({ size, ...entry }) => ({
      ...entry,
      ...(size === undefined ? {} : { size }),
      url: `${apiUrl}/git/${entry.type}s/${entry.sha}`,
    })),
  })
}

export const commitRoutes: Record<string, Route> = {
  'repos/get-commit': { needs: READ, answer: getCommit },
  'repos/list-commits': { needs: READ, answer: listCommits, ignores: ['author', 'committer'] },
  'repos/compare-commits': { needs: READ, answer: compare },
  'git/create-commit': { needs: WRITE, answer: createGitCommit },
  'git/get-commit': { needs: READ, answer: getGitCommit },
  'git/get-tree': { needs: READ, answer: getTree },
}
