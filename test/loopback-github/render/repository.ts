/** A repository, its branches and refs as GitHub's JSON shows them. */
import { type BranchRules, rulesFor } from '../branch-rules.ts'
import type { Actor, Repository } from '../store.ts'
import { permits, type Token } from '../tokens.ts'
import { nodeId, renderUser } from './user.ts'

const COLLECTIONS = [
  ...['contributors', 'deployments', 'downloads', 'events', 'forks', 'hooks', 'languages', 'merges'],
  ...['stargazers', 'subscribers', 'subscription', 'tags', 'teams'],
]

const TEMPLATES = {
  archive_url: '{archive_format}{/ref}',
  assignees_url: 'assignees{/user}',
  blobs_url: 'git/blobs{/sha}',
  branches_url: 'branches{/branch}',
  collaborators_url: 'collaborators{/collaborator}',
  comments_url: 'comments{/number}',
  commits_url: 'commits{/sha}',
  compare_url: 'compare/{base}...{head}',
  contents_url: 'contents/{+path}',
  git_commits_url: 'git/commits{/sha}',
  git_refs_url: 'git/refs{/sha}',
  git_tags_url: 'git/tags{/sha}',
  issue_comment_url: 'issues/comments{/number}',
  issue_events_url: 'issues/events{/number}',
  issues_url: 'issues{/number}',
  keys_url: 'keys{/key_id}',
  labels_url: 'labels{/name}',
  milestones_url: 'milestones{/number}',
  notifications_url: 'notifications{?since,all,participating}',
  pulls_url: 'pulls{/number}',
  releases_url: 'releases{/id}',
  statuses_url: 'statuses/{sha}',
  trees_url: 'git/trees{/sha}',
}

export const ownerOf = (repository: Repository): Actor => ({
  login: repository.owner,
  id: 9_000_000 + repository.owner.length,
  type: 'User',
})

/** The shape that heads and bases of pull requests carry. */
export function renderRepository(repository: Repository) {
  const { apiUrl, htmlUrl, cloneUrl } = repository
  const collections = COLLECTIONS.map((name) => [`${name}_url`, `${apiUrl}/${name}`])
  const templates = Object.entries(TEMPLATES).map(([key, path]) => [key, `${apiUrl}/${path}`])
  return {
    ...identityOf(repository),
    html_url: htmlUrl,
    url: apiUrl,
    clone_url: cloneUrl,
    git_url: cloneUrl.replace('http:', 'git:'),
    ssh_url: `git@127.0.0.1:${repository.fullName}.git`,
    svn_url: htmlUrl,
    mirror_url: null,
    ...Object.fromEntries([...collections, ...templates]),
    ...countersOf(repository),
    ...features,
    language: null,
    license: null,
    homepage: null,
    default_branch: repository.defaultBranch,
    created_at: repository.createdAt,
    updated_at: repository.createdAt,
    pushed_at: repository.createdAt,
    visibility: repository.settings.private ? 'private' : 'public',
  }
}

function identityOf(repository: Repository) {
  return {
    id: repository.id,
    node_id: nodeId('Repository', repository.id),
    name: repository.name,
    full_name: repository.fullName,
    owner: renderUser(ownerOf(repository), repository.site),
    private: repository.settings.private,
    description: null,
    fork: false,
    archived: false,
    disabled: false,
  }
}

function countersOf(repository: Repository) {
  const open = [...repository.threads.values()].filter(({ state }) => state === 'open').length
  return {
    forks: 0,
    forks_count: 0,
    stargazers_count: 0,
    watchers: 0,
    watchers_count: 0,
    size: 1,
    open_issues: open,
    open_issues_count: open,
  }
}

const features = {
  has_issues: true,
  has_projects: true,
  has_wiki: true,
  has_pages: false,
  has_downloads: true,
  has_discussions: false,
}

/** What `GET /repos/{owner}/{repo}` answers; the merge settings are shown only to who may push. */
export function renderFullRepository(repository: Repository, token: Token) {
  const push = permits(token, 'contents', 'write')
  const { allowMergeCommit, allowRebaseMerge, allowSquashMerge } = repository.settings
  const mergeSettings = {
    allow_merge_commit: allowMergeCommit,
    allow_rebase_merge: allowRebaseMerge,
    allow_squash_merge: allowSquashMerge,
    allow_auto_merge: false,
    delete_branch_on_merge: false,
    allow_update_branch: false,
    squash_merge_commit_title: 'COMMIT_OR_PR_TITLE',
    squash_merge_commit_message: 'COMMIT_MESSAGES',
  }
  return {
    ...renderRepository(repository),
    network_count: 0,
    subscribers_count: 0,
    permissions: { admin: false, maintain: false, push, triage: push, pull: true },
    ...(push ? mergeSettings : {}),
  }
}

export function renderRef(repository: Repository, ref: string, sha: string) {
  return {
    ref,
    node_id: nodeId('Ref', ref),
    url: `${repository.apiUrl}/git/${ref}`,
    object: { sha, type: 'commit', url: `${repository.apiUrl}/git/commits/${sha}` },
  }
}

/** What everybody who may read the branch sees of its classic protection. */
export function renderProtection({ rules, classicProtection }: Repository, branch: string) {
  const { requiredChecks } = rulesFor(rules, branch)
  return {
    enabled: classicProtection.has(branch),
    required_status_checks: {
      enforcement_level: requiredChecks.length > 0 ? 'everyone' : 'off',
      contexts: requiredChecks,
      checks: requiredChecks.map((context) => ({ context, app_id: null })),
    },
  }
}

export function isProtected(rules: Readonly<Record<string, BranchRules>>, branch: string): boolean {
  const { requiredChecks, requiredApprovals, codeOwner, ...flags } = rulesFor(rules, branch)
  const isReviewed = requiredApprovals > 0 || codeOwner !== undefined
  return requiredChecks.length > 0 || isReviewed || Object.values(flags).includes(true)
}
