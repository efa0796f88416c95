/** Pages about code: the repository, the commits of a branch, one commit, a comparison, a file. */
import { html } from 'hono/html'
import { diffTrees } from '../git-diff.ts'
import type { Repository } from '../store.ts'
import { commitLine, fileDiff, type Html, layout } from './layout.ts'
import { renderMarkdown } from './markdown.ts'

const COMMITS_SHOWN = 30
const MAXIMUM_SHOWN_BYTES = 200_000

/** Home, or the same page for another branch. */
export async function codePage(repository: Repository, branch: string): Promise<Html | undefined> {
  const sha = await repository.git.resolve(branch)
  if (sha === undefined) return undefined
  const branches = [...(await repository.git.refs('refs/heads/')).keys()].map((ref) => ref.slice(11))
  const commits = await repository.git.log([sha, `--max-count=${COMMITS_SHOWN}`])
  const entries = await repository.git.listTree(sha)
  const home = `/${repository.fullName}`
  const content = html`<h1>${branch}</h1>
<p class="quiet">${branches.length} branches · <code>git clone ${repository.cloneUrl}</code></p>
<div class="box">${entries.map(
    (entry) => html`<div class="row"><span>${entry.type === 'tree' ? '📁' : '📄'}</span>
<span class="wide"><a href="${home}/${entry.type}/${branch}/${entry.path}">${entry.path}</a></span></div>`,
  )}</div>
<h2>Commits</h2><div class="box">${commits.map((commit) => commitLine(repository, commit))}</div>
<h2>Branches</h2><div class="box">${branches.map(
    (name) => html`<div class="row"><a class="mono" href="${home}/tree/${name}">${name}</a></div>`,
  )}</div>${await readme(repository, sha)}`
  return layout(repository, branch, 'Code', content)
}

async function readme({ git }: Repository, sha: string): Promise<Html | ''> {
  const entry = (await git.listTree(sha)).find(({ path }) => /^readme\.md$/i.test(path))
  if (entry === undefined) return ''
  const text = (await git.readBlob(entry.sha)).toString('utf8')
  return html`<h2>${entry.path}</h2><div class="box"><div class="body">${renderMarkdown(text)}</div></div>`
}

export async function commitPage(repository: Repository, name: string): Promise<Html | undefined> {
  const sha = await repository.git.resolve(name)
  if (sha === undefined) return undefined
  const commit = await repository.git.readCommit(sha)
  const [subject = '', ...rest] = commit.message.split('\n')
  const changes = await diffTrees(repository.git, commit.parents[0], sha)
  const parents = commit.parents.map(
    (parent) =>
      html`<a class="mono" href="/${repository.fullName}/commit/${parent}">${parent.slice(0, 7)}</a> `,
  )
  const content = html`<h1>${subject}</h1><pre>${rest.join('\n').trim()}</pre>
<p class="quiet">${commit.author.name} wrote, ${commit.committer.name} committed on ${commit.committer.date} ·
<span class="mono">${sha}</span> · parents ${parents}</p>${changes.map(fileDiff)}`
  return layout(repository, subject, 'Code', content)
}

export async function comparePage(repository: Repository, basehead: string): Promise<Html | undefined> {
  const [base = '', head = ''] = basehead.split('...')
  const [from, to] = [await repository.git.resolve(base), await repository.git.resolve(head)]
  if (from === undefined || to === undefined) return undefined
  const commits = await repository.git.log([`${from}..${to}`])
  const changes = await diffTrees(repository.git, await repository.git.mergeBase(from, to), to)
  const content = html`<h1>Comparing ${base} with ${head}</h1>
<div class="box">${commits.map((commit) => commitLine(repository, commit))}</div>${changes.map(fileDiff)}`
  return layout(repository, basehead, 'Code', content)
}

/** Branch names hold slashes, so the longest prefix that names a commit is the branch. */
export async function findFile(repository: Repository, refAndPath: string) {
  const parts = refAndPath.split('/')
  for (let length = parts.length - 1; length > 0; length -= 1) {
    const sha = await repository.git.resolve(parts.slice(0, length).join('/'))
    const path = parts.slice(length).join('/')
    const [entry] = sha === undefined ? [] : await repository.git.listTree(sha, { path })
    if (entry?.type === 'blob') return { path, bytes: await repository.git.readBlob(entry.sha) }
  }
  return undefined
}

export async function filePage(repository: Repository, refAndPath: string): Promise<Html | undefined> {
  const file = await findFile(repository, refAndPath)
  if (file === undefined) return undefined
  const text = file.bytes.subarray(0, MAXIMUM_SHOWN_BYTES).toString('utf8')
  const shown = file.path.endsWith('.md')
    ? html`<div class="body">${renderMarkdown(text)}</div>`
    : html`<pre>${text}</pre>`
  return layout(repository, file.path, 'Code', html`<h1>${file.path}</h1><div class="box">${shown}</div>`)
}
