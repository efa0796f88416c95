// Reads what people write on GitHub: labelled issues, their labellers, comments and permissions. It decides nothing.
import type { LabelledIssue } from '../../core/propose/requests.ts'
import type { Person, Remark } from '../../core/record/people.ts'
import type { Answered, Discussion, LabelledIssues } from '../../ports/forge.ts'
import { type Reading, readAnswer } from './answers.ts'
import { type Answer, explainedBy, type GitHub } from './client.ts'
import { putComment } from './comments.ts'

export function createDiscussion(github: GitHub): Discussion {
  const explained = explainedBy(github)
  return {
    labelledIssues: explained('list issues', labelledIssues),
    labeller: explained('read the events of an issue', labeller),
    remarks: explained('read comments', remarks),
    mayWrite: explained("read a person's permission", mayWrite),
    answer: explained('comment on an issue', answer),
  }
}

const NEEDS_ISSUES = 'give the job the permission `issues: write`'

async function labelledIssues({ client, where }: GitHub, label: string): Promise<LabelledIssues> {
  const listed = { ...where, labels: label, state: 'open', sort: 'created', direction: 'asc' } as const
  try {
    const all = await client.paginate(client.rest.issues.listForRepo, { ...listed, per_page: 100 })
    return { kind: 'issues', issues: all.map(toIssue) }
  } catch (error) {
    const reading = readAnswer(error)
    // Issues are disabled in the repository.
    if (reading?.means === 'closed-off') return { kind: 'issues', issues: [] }
    if (!isRefusal(reading)) throw error
    return { kind: 'refused', explanation: `${reading?.message}; ${NEEDS_ISSUES}` }
  }
}

type RawIssue = Answer<'issues', 'listForRepo'>[number]
type RawUser = Pick<NonNullable<RawIssue['user']>, 'login' | 'type'>

function toIssue({ number, title, body, user, updated_at, pull_request }: RawIssue): LabelledIssue {
  const isPullRequest = pull_request !== undefined
  return { number, isPullRequest, title, body: body ?? '', author: toPerson(user), updatedAt: updated_at }
}

function toPerson(user: RawUser | null | undefined): Person {
  return { login: user?.login ?? '', isBot: user?.type !== 'User' }
}

async function labeller(
  { client, where }: GitHub,
  issue: number,
  label: string,
): Promise<Person | undefined> {
  const listed = { ...where, issue_number: issue, per_page: 100 }
  const events = await client.paginate(client.rest.issues.listEvents, listed)
  const last = events.findLast(
    (event) =>
      event.event === 'labeled' &&
      'label' in event &&
      event.label.name?.toLowerCase() === label.toLowerCase(),
  )
  return last && toPerson(last.actor)
}

async function remarks({ client, where }: GitHub, number: number): Promise<Remark[]> {
  const listed = { ...where, issue_number: number, per_page: 100 }
  const comments = await client.paginate(client.rest.issues.listComments, listed)
  return comments.map(({ user, body, author_association }) => ({
    author: toPerson(user),
    body: body ?? '',
    ...(MEMBERS.has(author_association) && { isMember: true }),
  }))
}

const MEMBERS: ReadonlySet<string> = new Set(['OWNER', 'MEMBER', 'COLLABORATOR'])

/** GitHub reports the role triage as `read`, and maintain as `write`. */
async function mayWrite({ client, where }: GitHub, login: string): Promise<boolean> {
  try {
    const { data } = await client.rest.repos.getCollaboratorPermissionLevel({ ...where, username: login })
    return data.permission === 'admin' || data.permission === 'write'
  } catch (error) {
    const reading = readAnswer(error)
    if (isRefusal(reading) || reading?.status === 404) return false
    throw error
  }
}

async function answer(github: GitHub, issue: number, marker: string, body: string): Promise<Answered> {
  try {
    await putComment(github, issue, marker, body)
    return { kind: 'answered' }
  } catch (error) {
    const reading = readAnswer(error)
    if (reading?.status === 404 || reading?.means === 'closed-off')
      return {
        kind: 'refused',
        explanation: reading.status === 404 ? 'the issue no longer exists' : reading.message,
      }
    if (!isRefusal(reading)) throw error
    return { kind: 'refused', explanation: `${reading?.message}; ${NEEDS_ISSUES}` }
  }
}

/** True for a lack of permission. A rate limit has the same status, but is temporary. */
function isRefusal(reading: Reading | undefined): boolean {
  return reading?.status === 403 && reading.means === 'token'
}
