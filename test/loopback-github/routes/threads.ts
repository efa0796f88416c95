/** What issues and pull requests have in common: one sequence of numbers, who may write to them, how long their texts may be. */
import { notAccessible, notFound, tooLong } from '../answers.ts'
import type { Call } from '../call.ts'
import { type Issue, isPullRequest } from '../store.ts'
import { permits } from '../tokens.ts'

const MAXIMUM_TITLE = 256
const MAXIMUM_BODY = 65_536

/** A thread to be changed: a pull request obeys either permission, an issue only its own. */
export function threadOf({ repository, params, token }: Call): Issue {
  const thread = repository.threads.get(Number(params.issue_number))
  if (thread === undefined) throw notFound()
  if (!isPullRequest(thread) && !permits(token, 'issues', 'read')) throw notAccessible()
  return thread
}

export function writableThreadOf(call: Call): Issue {
  const thread = threadOf(call)
  if (!isPullRequest(thread) && !permits(call.token, 'issues', 'write')) throw notAccessible()
  return thread
}

/** The fields issues and pull requests share; takes the next number. */
export function newThread(
  { repository, store, token }: Call,
  wanted: { title?: string; body?: string },
): Omit<Issue, 'kind'> {
  const at = store.timestamp()
  return {
    id: store.nextId(),
    number: repository.threads.size + 1,
    user: token.actor,
    title: wanted.title ?? '',
    body: wanted.body ?? null,
    state: 'open',
    stateReason: null,
    labels: [],
    events: [],
    createdAt: at,
    updatedAt: at,
    closedAt: null,
    closedBy: null,
    locked: false,
  }
}

export function refuseLong(resource: string, fields: { title?: unknown; body?: unknown }): void {
  if (String(fields.title ?? '').length > MAXIMUM_TITLE) throw tooLong(resource, 'title', MAXIMUM_TITLE)
  if (String(fields.body ?? '').length > MAXIMUM_BODY) throw tooLong(resource, 'body', MAXIMUM_BODY)
}
