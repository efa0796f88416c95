/** Files and directories at a commit. */
import { type Answer, GitHubError, notFound, ok } from '../answers.ts'
import type { Call, Route } from '../call.ts'
import type { TreeEntry } from '../git-objects.ts'
import type { Repository } from '../store.ts'

/** Above this GitHub gives no content in JSON. */
const MAXIMUM_INLINE_BYTES = 1_048_576
const TYPES = { blob: 'file', tree: 'dir', commit: 'submodule' } as const

async function getContent(call: Call): Promise<Answer> {
  const { repository, params, url } = call
  const ref = url.searchParams.get('ref') ?? repository.defaultBranch
  const path = (params.path ?? '').replace(/^\/+|\/+$/g, '')
  const sha = await repository.git.resolve(ref)
  if (sha === undefined) throw new GitHubError(404, `No commit found for the ref ${ref}`)
  if (path === '') return directoryAnswer(call, sha, '', ref)
  const [entry] = await repository.git.listTree(sha, { path }).catch(() => [])
  if (entry === undefined) throw notFound()
  if (entry.type !== 'tree') return fileAnswer(call, entry, ref)
  return directoryAnswer(call, entry.sha, `${path}/`, ref)
}

async function directoryAnswer({ repository }: Call, tree: string, prefix: string, ref: string) {
  const children = await repository.git.listTree(tree)
  return ok(children.map((child) => summaryOf(repository, { ...child, path: prefix + child.path }, ref)))
}

async function fileAnswer({ repository, accept }: Call, entry: TreeEntry, ref: string): Promise<Answer> {
  const bytes = await repository.git.readBlob(entry.sha)
  if (accept.includes('.raw')) {
    const headers = { 'content-type': 'application/vnd.github.raw+json; charset=utf-8' }
    return { status: 200, body: bytes.toString('utf8'), headers }
  }
  const isInline = bytes.length <= MAXIMUM_INLINE_BYTES
  const content = (bytes.toString('base64').match(/.{1,60}/g) ?? []).map((line) => `${line}\n`).join('')
  return ok({
    ...summaryOf(repository, entry, ref),
    encoding: isInline ? 'base64' : 'none',
    content: isInline ? content : '',
  })
}

function summaryOf({ apiUrl, htmlUrl }: Repository, entry: TreeEntry, ref: string) {
  const path = entry.path.split('/').map(encodeURIComponent).join('/')
  const self = `${apiUrl}/contents/${path}?ref=${encodeURIComponent(ref)}`
  const git = `${apiUrl}/git/${entry.type}s/${entry.sha}`
  const html = `${htmlUrl}/blob/${ref}/${path}`
  return {
    type: TYPES[entry.type],
    name: entry.path.split('/').at(-1) ?? '',
    path: entry.path,
    sha: entry.sha,
    size: entry.size ?? 0,
    url: self,
    git_url: git,
    html_url: html,
    download_url: entry.type === 'blob' ? `${htmlUrl}/raw/${ref}/${path}` : null,
    _links: { self, git, html },
  }
}

export const contentRoutes: Record<string, Route> = {
  'repos/get-content': { needs: [['contents', 'read']], answer: getContent },
}
