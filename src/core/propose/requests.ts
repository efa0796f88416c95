// People's requests, from a workflow input or a labelled issue: which text counts as a request, which request is next, and
// which answer is due. Each request leads to at most one candidate.
import type { LedgerEvent } from '../record/events.ts'
import { type Person, quotable, type Words } from '../record/people.ts'
import type { KnownRequest, PersonRequest, RequestAnswer } from '../record/request.ts'
import type { State } from '../record/state.ts'

export const REQUEST_LABEL = 'autoresearch'
/** While an open issue or pull request has it, nothing is proposed. */
export const PAUSE_LABEL = 'autoresearch-pause'

/** An issue or, because they share numbers and labels, a pull request. */
export interface LabelledIssue {
  number: number
  isPullRequest: boolean
  title: string
  body: string
  author: Person
  /** GitHub's time of the last change; compared only with earlier values of the same issue. */
  updatedAt: string
}

/** The person who labelled an issue, and whether they may write to the repository. */
type Labeller = Person & { mayWrite: boolean }

export type ReadIssue =
  | { kind: 'request'; personRequest: PersonRequest }
  | { kind: 'refused'; reason: string }

const MAX_REQUEST_CHARACTERS = 2000
export const MAX_DIRECTION_CHARACTERS = 1000
/** A request is declined after this many attempts without a candidate. */
const MAX_ATTEMPTS = 3

export function dispatchedRequest(id: string, hypothesis: string): PersonRequest | undefined {
  const text = quotable(hypothesis, MAX_REQUEST_CHARACTERS)
  return text === '' ? undefined : { id: `run-${id}`, source: { kind: 'dispatch' }, text }
}

/**
 * Reads a labelled issue. The issue's text is the request if its author has write access. Otherwise the author could change
 * the text after a maintainer labelled it, so the request is the latest comment of a person with write access.
 *
 * @param labeller person who added the label last
 * @param mayWrite whether the author has write access
 * @param words latest comment of a person with write access
 */
export function readIssue(
  { number, title, body, author }: LabelledIssue,
  { labeller, mayWrite, words }: { labeller: Labeller | undefined; mayWrite: boolean; words?: Words },
): ReadIssue {
  if (labeller === undefined || labeller.isBot || !labeller.mayWrite)
    return { kind: 'refused', reason: 'the label was not added by a person with write access' }
  const own = mayWrite && !author.isBot
  const request = own
    ? { by: author.login, text: quotable(`${title}\n${body}`, MAX_REQUEST_CHARACTERS) }
    : words
  if (request === undefined || request.text === '')
    return {
      kind: 'refused',
      reason: own
        ? 'the issue is empty'
        : 'its author has no write access: a person with write access must describe the request in a comment',
    }
  return {
    kind: 'request',
    personRequest: { id: issueRequestId(number), source: { kind: 'issue', number }, ...request },
  }
}

export function issueRequestId(number: number): string {
  return `issue-${number}`
}

/**
 * The oldest request that has neither a candidate nor been declined.
 *
 * @param underWay ids of requests that a proposer is working on
 */
export function waitingRequest(
  { requests }: State,
  underWay: readonly string[] = [],
): KnownRequest | undefined {
  return [...requests.values()].find((request) => isWaiting(request) && !underWay.includes(request.id))
}

function isWaiting({ candidate, declined }: KnownRequest): boolean {
  return candidate === undefined && declined === undefined
}

/** Declines waiting requests whose issue a person closed or unlabelled. */
export function revokedRequests({ requests }: State, labelled: ReadonlySet<number>): LedgerEvent[] {
  return [...requests.values()]
    .filter(
      (personRequest) =>
        isWaiting(personRequest) &&
        personRequest.source.kind === 'issue' &&
        !labelled.has(personRequest.source.number),
    )
    .map(({ id }) => ({
      kind: 'declined',
      request: id,
      reason: 'the issue was closed or lost its label before a candidate was proposed for it',
    }))
}

/**
 * Why a request is declined after an attempt without a candidate; undefined while another attempt will follow.
 *
 * @param answer `cannot`: the proposer explained that the request cannot be done
 */
export function declineReason(
  { attempts }: Pick<KnownRequest, 'attempts'>,
  answer: { reason: string; cannot: boolean },
): string | undefined {
  if (answer.cannot) return answer.reason
  if (attempts + 1 < MAX_ATTEMPTS) return undefined
  return `${MAX_ATTEMPTS} attempts produced no candidate; the last one failed: ${answer.reason}`
}

/** An answer that has to be posted on an issue. */
export interface DueAnswer {
  personRequest: KnownRequest
  issue: number
  answer: RequestAnswer
}

/** Answers that have not been posted yet, oldest request first. */
export function dueAnswers(state: State): DueAnswer[] {
  return [...state.requests.values()].flatMap((personRequest) => {
    const answer = answerTo(state, personRequest)
    if (personRequest.source.kind !== 'issue' || answer === undefined || answer === personRequest.answered)
      return []
    return [{ personRequest, issue: personRequest.source.number, answer }]
  })
}

function answerTo(
  { candidates }: State,
  { candidate: id, declined }: KnownRequest,
): RequestAnswer | undefined {
  if (declined !== undefined) return 'declined'
  const candidate = id === undefined ? undefined : candidates.get(id)
  if (candidate?.end) return 'settled'
  return candidate?.pullRequest === undefined ? undefined : 'opened'
}
