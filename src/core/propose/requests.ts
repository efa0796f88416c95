// Requests of people, from an input of the workflow or a labelled issue: which text becomes one, which is next, and what its
// asker is to be told. Each is taken up once.
import type { LedgerEvent } from '../record/events.ts'
import { type Person, quotable, type Words } from '../record/people.ts'
import type { KnownRequest, PersonRequest, RequestAnswer } from '../record/request.ts'
import type { State } from '../record/state.ts'

/** The label that makes an issue a request. */
export const REQUEST_LABEL = 'autoresearch'

export interface LabelledIssue {
  number: number
  title: string
  body: string
  author: Person
  /** GitHub's time of the last change, only ever compared with itself. */
  updatedAt: string
}

/** Whether a person may write to the repository. */
export type Standing = Person & { mayWrite: boolean }

export type ReadIssue =
  | { kind: 'request'; personRequest: PersonRequest }
  | { kind: 'refused'; reason: string }

const MAX_REQUEST_CHARACTERS = 2000
export const MAX_DIRECTION_CHARACTERS = 1000
/** After so many askings without a candidate there will be none. */
const MAX_ATTEMPTS = 3

export function dispatchedRequest(id: string, hypothesis: string): PersonRequest | undefined {
  const text = quotable(hypothesis, MAX_REQUEST_CHARACTERS)
  return text === '' ? undefined : { id: `run-${id}`, source: { kind: 'dispatch' }, text }
}

/**
 * Reads a labelled issue. Its own text counts when its author may write. The label of someone who may write does not make
 * another's text theirs, because the author can change it at any moment: then their words in a comment are the request.
 *
 * @param labeller who put the label on last
 * @param words the last words on the issue of someone who may write
 */
export function readIssue(
  { number, title, body, author }: LabelledIssue,
  { labeller, mayWrite, words }: { labeller: Standing | undefined; mayWrite: boolean; words?: Words },
): ReadIssue {
  if (labeller === undefined || labeller.isBot || !labeller.mayWrite)
    return { kind: 'refused', reason: 'the label was not put on by a person with write access' }
  const own = mayWrite && !author.isBot
  const said = own ? { by: author.login, text: quotable(`${title}\n${body}`, MAX_REQUEST_CHARACTERS) } : words
  if (said === undefined || said.text === '')
    return {
      kind: 'refused',
      reason: own
        ? 'it is empty'
        : 'its author has no write access: say in a comment what is to be tried, as someone who has',
    }
  return {
    kind: 'request',
    personRequest: { id: issueRequestId(number), source: { kind: 'issue', number }, ...said },
  }
}

export function issueRequestId(number: number): string {
  return `issue-${number}`
}

/** The oldest request that nobody has taken up. */
export function waitingRequest({ requests }: State): KnownRequest | undefined {
  return [...requests.values()].find(isWaiting)
}

function isWaiting({ candidate, declined }: KnownRequest): boolean {
  return candidate === undefined && declined === undefined
}

/** Requests whose issue was closed or lost its label before they were taken up: a person has decided. */
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
      reason: 'the issue was closed, or lost its label, before it was taken up',
    }))
}

/** Why a request that a proposer brought nothing for is given up; undefined while it will be asked for again. */
export function declineReason(
  { attempts }: Pick<KnownRequest, 'attempts'>,
  answer: { reason: string; cannot: boolean },
): string | undefined {
  if (answer.cannot) return answer.reason
  if (attempts + 1 < MAX_ATTEMPTS) return undefined
  return `${MAX_ATTEMPTS} attempts came to nothing, the last one because: ${answer.reason}`
}

/** What somebody waits to be told on an issue. */
export interface DueAnswer {
  personRequest: KnownRequest
  issue: number
  answer: RequestAnswer
}

/** Answers that are not on their issue yet, oldest request first. */
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
