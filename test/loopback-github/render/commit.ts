/** Commits and file changes as GitHub's JSON shows them. */
import type { FileChange } from '../git-diff.ts'
import type { Commit } from '../git-objects.ts'
import type { Repository } from '../store.ts'
import { nodeId } from './user.ts'

const UNSIGNED = { verified: false, reason: 'unsigned', signature: null, payload: null, verified_at: null }

/** A commit of the repository interface; `author` is null because no e-mail address here belongs to an account. */
export function renderCommit(repository: Repository, commit: Commit) {
  const { sha, message, author, committer, tree } = commit
  const url = `${repository.apiUrl}/commits/${sha}`
  return {
    sha,
    node_id: nodeId('Commit', sha),
    url,
    html_url: `${repository.htmlUrl}/commit/${sha}`,
    comments_url: `${url}/comments`,
    commit: {
      url: `${repository.apiUrl}/git/commits/${sha}`,
      author,
      committer,
      message,
      comment_count: 0,
      tree: { sha: tree, url: `${repository.apiUrl}/git/trees/${tree}` },
      verification: UNSIGNED,
    },
    author: null,
    committer: null,
    parents: commit.parents.map((parent) => ({
      sha: parent,
      url: `${repository.apiUrl}/commits/${parent}`,
      html_url: `${repository.htmlUrl}/commit/${parent}`,
    })),
  }
}

/** A commit of the git database interface. */
export function renderGitCommit(repository: Repository, commit: Commit) {
  const rendered = renderCommit(repository, commit)
  const { sha, node_id, html_url, parents } = rendered
  const { url, author, committer, message, tree, verification } = rendered.commit
  return { sha, node_id, url, html_url, author, committer, message, tree, parents, verification }
}

export function renderFile(repository: Repository, sha: string, change: FileChange) {
  const path = change.path.split('/').map(encodeURIComponent).join('/')
  return {
    sha: change.sha,
    filename: change.path,
    status: change.status,
    additions: change.additions,
    deletions: change.deletions,
    changes: change.additions + change.deletions,
    blob_url: `${repository.htmlUrl}/blob/${sha}/${path}`,
    raw_url: `${repository.htmlUrl}/raw/${sha}/${path}`,
    contents_url: `${repository.apiUrl}/contents/${path}?ref=${sha}`,
    ...(change.patch === undefined ? {} : { patch: change.patch }),
    ...(change.previousPath === undefined ? {} : { previous_filename: change.previousPath }),
  }
}
