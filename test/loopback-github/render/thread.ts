/** Issues, pull requests, comments and labels as GitHub's JSON shows them. */
import {
  type Comment,
  type Issue,
  isPullRequest,
  type Label,
  type LabelEvent,
  type PullRequest,
  type Repository,
} from '../store.ts'
import { renderRepository } from './repository.ts'
import { nodeId, renderUser } from './user.ts'

export interface PullStatistics {
  readonly commits: number
  readonly additions: number
  readonly deletions: number
  readonly changedFiles: number
}

const DEFAULT_COLOR = 'ededed'

export function renderLabel(repository: Repository, { id, name, color, description }: Label) {
  const url = `${repository.apiUrl}/labels/${encodeURIComponent(name)}`
  return { id, node_id: nodeId('Label', id), url, name, color, description, default: false }
}

export function renderEvent(repository: Repository, { id, event, actor, label, createdAt }: LabelEvent) {
  return {
    id,
    node_id: nodeId('LabeledEvent', id),
    url: `${repository.apiUrl}/issues/events/${id}`,
    actor: renderUser(actor, repository.site),
    event,
    commit_id: null,
    commit_url: null,
    created_at: createdAt,
    label: { name: label, color: repository.labels.get(label.toLowerCase())?.color ?? DEFAULT_COLOR },
    performed_via_github_app: null,
  }
}

export function renderLabels(repository: Repository, names: readonly string[]) {
  return names.map((name) => {
    const label = repository.labels.get(name.toLowerCase())
    return renderLabel(repository, label ?? { id: 0, name, color: DEFAULT_COLOR, description: '' })
  })
}

function threadFields(repository: Repository, thread: Issue) {
  return {
    id: thread.id,
    node_id: nodeId(thread.kind, thread.id),
    number: thread.number,
    state: thread.state,
    locked: thread.locked,
    title: thread.title,
    body: thread.body,
    user: renderUser(thread.user, repository.site),
    labels: renderLabels(repository, thread.labels),
    milestone: null,
    assignee: null,
    assignees: [],
    active_lock_reason: null,
    author_association: 'CONTRIBUTOR',
    created_at: thread.createdAt,
    updated_at: thread.updatedAt,
    closed_at: thread.closedAt,
  }
}

export function renderIssue(repository: Repository, issue: Issue) {
  const url = `${repository.apiUrl}/issues/${issue.number}`
  return {
    ...threadFields(repository, issue),
    url,
    html_url: `${repository.htmlUrl}/${issue.kind === 'pull' ? 'pull' : 'issues'}/${issue.number}`,
    repository_url: repository.apiUrl,
    labels_url: `${url}/labels{/name}`,
    comments_url: `${url}/comments`,
    events_url: `${url}/events`,
    comments: commentCount(repository, issue),
    state_reason: issue.stateReason,
    closed_by: issue.closedBy && renderUser(issue.closedBy, repository.site),
    ...(isPullRequest(issue) ? { draft: issue.draft, pull_request: linksOf(repository, issue) } : {}),
  }
}

const commentCount = (repository: Repository, { number }: Issue) =>
  repository.comments.filter((comment) => comment.issueNumber === number).length

function linksOf(repository: Repository, { number, mergedAt }: PullRequest) {
  const html_url = `${repository.htmlUrl}/pull/${number}`
  return {
    url: `${repository.apiUrl}/pulls/${number}`,
    html_url,
    diff_url: `${html_url}.diff`,
    patch_url: `${html_url}.patch`,
    merged_at: mergedAt,
  }
}

/** The shape in lists of pull requests. */
export function renderPullSimple(repository: Repository, pull: PullRequest) {
  const url = `${repository.apiUrl}/pulls/${pull.number}`
  const issueUrl = `${repository.apiUrl}/issues/${pull.number}`
  const urls = {
    html_url: `${repository.htmlUrl}/pull/${pull.number}`,
    issue_url: issueUrl,
    commits_url: `${url}/commits`,
    comments_url: `${issueUrl}/comments`,
    statuses_url: `${repository.apiUrl}/statuses/${pull.head.sha}`,
    review_comments_url: `${url}/comments`,
    review_comment_url: `${repository.apiUrl}/pulls/comments{/number}`,
  }
  const links = Object.entries({ self: url, ...withoutSuffix(urls) })
  return {
    ...threadFields(repository, pull),
    ...linksOf(repository, pull),
    ...urls,
    _links: Object.fromEntries(links.map(([name, href]) => [name, { href }])),
    head: renderSide(repository, pull.head),
    base: renderSide(repository, pull.base),
    merge_commit_sha: pull.mergeCommitSha,
    auto_merge: null,
    draft: pull.draft,
    requested_reviewers: [],
    requested_teams: [],
  }
}

const withoutSuffix = (urls: Record<string, string>) =>
  Object.fromEntries(Object.entries(urls).map(([key, url]) => [key.replace(/_url$/, ''), url]))

function renderSide(repository: Repository, { ref, sha }: { ref: string; sha: string }) {
  const repo = renderRepository(repository)
  return { label: `${repository.owner}:${ref}`, ref, sha, user: repo.owner, repo }
}

export function renderPull(
  repository: Repository,
  pull: PullRequest,
  statistics: PullStatistics,
  mergeable: { mergeable: boolean | null; state: string },
) {
  return {
    ...renderPullSimple(repository, pull),
    merged: pull.merged,
    mergeable: mergeable.mergeable,
    rebaseable: mergeable.mergeable,
    mergeable_state: mergeable.state,
    merged_by: pull.mergedBy && renderUser(pull.mergedBy, repository.site),
    comments: commentCount(repository, pull),
    review_comments: 0,
    maintainer_can_modify: false,
    commits: statistics.commits,
    additions: statistics.additions,
    deletions: statistics.deletions,
    changed_files: statistics.changedFiles,
  }
}

export function renderComment(repository: Repository, comment: Comment) {
  const thread = repository.threads.get(comment.issueNumber)
  const folder = isPullRequest(thread) ? 'pull' : 'issues'
  return {
    id: comment.id,
    node_id: nodeId('IssueComment', comment.id),
    url: `${repository.apiUrl}/issues/comments/${comment.id}`,
    html_url: `${repository.htmlUrl}/${folder}/${comment.issueNumber}#issuecomment-${comment.id}`,
    issue_url: `${repository.apiUrl}/issues/${comment.issueNumber}`,
    user: renderUser(comment.user, repository.site),
    body: comment.body,
    created_at: comment.createdAt,
    updated_at: comment.updatedAt,
    author_association: 'CONTRIBUTOR',
  }
}
