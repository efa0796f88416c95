/** Issues and the comments below issues and pull requests. */
import {
  created,
  GitHubError,
  listed,
  noContent,
  notAccessible,
  notFound,
  ok,
  validationFailed,
} from '../answers.ts'
import type { Call, Route } from '../call.ts'
import { close } from '../pull-requests.ts'
import { renderComment, renderEvent, renderIssue } from '../render/thread.ts'
import type { Issue } from '../store.ts'
import { permits } from '../tokens.ts'
import { applyLabels } from './labels.ts'
import { newThread, refuseLong, threadOf, writableThreadOf } from './threads.ts'

const READ = [
  ['issues', 'read'],
  ['pull_requests', 'read'],
] as const
const WRITE = [
  ['issues', 'write'],
  ['pull_requests', 'write'],
] as const

const UNSUPPORTED = ['assignee', 'assignees', 'milestone', 'type', 'issue_field_values', 'duplicate_issue_id']

type LabelName = string | { name: string }
const nameOf = (label: LabelName) => (typeof label === 'string' ? label : label.name)

function createIssue(call: Call) {
  const wanted = call.body as { title: string; body?: string; labels?: LabelName[] }
  if (!permits(call.token, 'issues', 'write')) throw notAccessible()
  if (String(wanted.title).trim() === '')
    throw validationFailed({ resource: 'Issue', field: 'title', code: 'missing_field' })
  refuseLong('Issue', wanted)
  const issue: Issue = { ...newThread(call, wanted), kind: 'issue' }
  applyLabels(call, issue, (wanted.labels ?? []).map(nameOf))
  call.repository.threads.set(issue.number, issue)
  return created(renderIssue(call.repository, issue))
}

function listIssues({ repository, token, url }: Call) {
  const query = url.searchParams
  const state = query.get('state') ?? 'open'
  const labels = (query.get('labels') ?? '').split(',').filter(Boolean)
  const creator = query.get('creator')
  const since = query.get('since')
  const issues = [...repository.threads.values()].filter(
    (issue) =>
      permits(token, issue.kind === 'pull' ? 'pull_requests' : 'issues', 'read') &&
      (state === 'all' || issue.state === state) &&
      (since === null || issue.updatedAt >= since) &&
      (creator === null || issue.user.login === creator) &&
      labels.every((label) => issue.labels.includes(label)),
  )
  return listed(sorted(issues, query), url, (issue) => renderIssue(repository, issue))
}

function sorted(issues: Issue[], query: URLSearchParams): Issue[] {
  const keyOf = (issue: Issue) => (query.get('sort') === 'updated' ? issue.updatedAt : issue.createdAt)
  const ascending = issues.toSorted(
    (one, other) => keyOf(one).localeCompare(keyOf(other)) || one.number - other.number,
  )
  return query.get('direction') === 'asc' ? ascending : ascending.reverse()
}

interface IssueEdit {
  title?: string
  body?: string | null
  state?: 'open' | 'closed'
  state_reason?: Issue['stateReason']
  labels?: LabelName[]
}

function updateIssue(call: Call) {
  const { repository, store, token } = call
  const issue = writableThreadOf(call)
  const edit = call.body as IssueEdit
  refuseLong('Issue', edit)
  if (edit.state === 'closed' && issue.state === 'open') {
    close(issue, token.actor, store.timestamp())
    issue.stateReason = edit.state_reason ?? 'completed'
  }
  if (edit.state === 'open' && issue.state === 'closed')
    Object.assign(issue, { state: 'open', closedAt: null, closedBy: null, stateReason: 'reopened' })
  issue.title = edit.title ?? issue.title
  if (edit.body !== undefined) issue.body = edit.body
  if (edit.labels !== undefined) applyLabels(call, issue, edit.labels.map(nameOf))
  issue.updatedAt = store.timestamp()
  return ok(renderIssue(repository, issue))
}

function createComment(call: Call) {
  const { repository, store, token } = call
  const issue = writableThreadOf(call)
  if (issue.locked) throw new GitHubError(403, 'Unable to create comment because issue is locked.')
  const { body } = call.body as { body: string }
  refuseLong('IssueComment', { body })
  const at = store.timestamp()
  const fields = { issueNumber: issue.number, user: token.actor, body, createdAt: at, updatedAt: at }
  const comment = { id: store.nextId(), ...fields }
  repository.comments.push(comment)
  issue.updatedAt = at
  return created(renderComment(repository, comment))
}

function updateComment(call: Call) {
  const { repository, store, params } = call
  const comment = repository.comments.find(({ id }) => id === Number(params.comment_id))
  if (comment === undefined) throw notFound()
  const { body } = call.body as { body: string }
  refuseLong('IssueComment', { body })
  comment.body = body
  comment.updatedAt = store.timestamp()
  return ok(renderComment(repository, comment))
}

function deleteComment({ repository: { comments }, params }: Call) {
  const index = comments.findIndex(({ id }) => id === Number(params.comment_id))
  if (index === -1) throw notFound()
  comments.splice(index, 1)
  return noContent()
}

function listComments(call: Call) {
  const { repository, url } = call
  const { number } = threadOf(call)
  const since = url.searchParams.get('since') ?? ''
  const comments = repository.comments.filter(
    (comment) => comment.issueNumber === number && comment.updatedAt >= since,
  )
  return listed(comments, url, (comment) => renderComment(repository, comment))
}

function listEvents(call: Call) {
  const { repository, url } = call
  return listed(threadOf(call).events, url, (event) => renderEvent(repository, event))
}

export const issueRoutes: Record<string, Route> = {
  'issues/create': { needs: WRITE, answer: createIssue, ignores: UNSUPPORTED },
  'issues/list-for-repo': { needs: READ, answer: listIssues, ignores: [...UNSUPPORTED, 'mentioned'] },
  'issues/get': { needs: READ, answer: (call) => ok(renderIssue(call.repository, threadOf(call))) },
  'issues/update': { needs: WRITE, answer: updateIssue, ignores: UNSUPPORTED },
  'issues/create-comment': { needs: WRITE, answer: createComment },
  'issues/delete-comment': { needs: WRITE, answer: deleteComment },
  'issues/list-events': { needs: READ, answer: listEvents },
  'issues/list-comments': { needs: READ, answer: listComments },
  'issues/update-comment': { needs: WRITE, answer: updateComment },
}
