// Reads people's requests from labelled issues. A text counts only after GitHub has confirmed that its author has write access to
// the repository.
import {
  declineReason,
  issueRequestId,
  type LabelledIssue,
  PAUSE_LABEL,
  REQUEST_LABEL,
  type ReadIssue,
  readIssue,
  revokedRequests,
  waitingRequest,
} from '../core/propose/requests.ts'
import type { LedgerEvent } from '../core/record/events.ts'
import type { Person } from '../core/record/people.ts'
import type { KnownRequest } from '../core/record/request.ts'
import type { Discussion } from '../ports/forge.ts'
import type { Proposer } from '../ports/proposer.ts'
import { lastWords } from './last-words.ts'
import type { Session } from './session.ts'

/** Maximum number of new issues examined at a time; each costs a few HTTP requests. */
const MAX_NEW_ISSUES = 20

/** Looks for new requests, and says which one is next and which proposers to skip. */
export class RequestQueue {
  readonly #session: Session
  /** Time of the last update of issues that were refused as requests, by number. */
  readonly #refused = new Map<number, string>()
  #isSilent = false

  constructor(session: Session) {
    this.#session = session
  }

  /**
   * The request for the next proposal.
   *
   * @param exhausted indices of proposers that have no further idea
   * @param underWay ids of requests that a proposer is working on
   * @returns which proposers to skip now: with a request, also those that cannot handle one
   */
  async next(
    proposers: readonly Proposer[],
    exhausted: ReadonlySet<number>,
    underWay: readonly string[] = [],
  ): Promise<{ personRequest?: KnownRequest; barred: ReadonlySet<number> }> {
    const { discussion } = this.#session.ports
    if (discussion) await this.#readIssues(discussion)
    const constantsOnlyIndices = proposers.flatMap(({ constantsOnly }, index) =>
      constantsOnly ? [index] : [],
    )
    if (constantsOnlyIndices.length === proposers.length) this.#declineAll()
    const personRequest = waitingRequest(this.#session.state, underWay)
    const barred = new Set([...exhausted, ...constantsOnlyIndices])
    // The proposers that could handle it are unavailable: the request waits for them, and the others continue.
    return personRequest === undefined || barred.size === proposers.length
      ? { barred: exhausted }
      : { personRequest, barred }
  }

  #declineAll(): void {
    const reason = 'no configured proposer can handle a request: knobs only changes constants'
    for (let next = this.#waiting; next; next = this.#waiting)
      this.#session.record([{ kind: 'declined', request: next.id, reason }])
  }

  get #waiting(): KnownRequest | undefined {
    return waitingRequest(this.#session.state)
  }

  /** Records only new events: the journal drops the others, but would push an empty commit for them. */
  #record(events: readonly LedgerEvent[]): void {
    const news = events.filter((event) => event.kind !== 'requested' || !this.#knows(event.request.id))
    if (news.length > 0) this.#session.record(news)
  }

  #knows(id: string): boolean {
    return this.#session.state.requests.has(id)
  }

  async #readIssues(discussion: Discussion): Promise<void> {
    const { log } = this.#session.ports
    if (this.#isSilent) return
    const listed = await discussion.labelledIssues(REQUEST_LABEL)
    if (listed.kind === 'refused') {
      this.#isSilent = true
      return log.warn(`Requests in issues are not read: ${listed.explanation}`)
    }
    const issues = listed.issues.filter(({ isPullRequest }) => !isPullRequest)
    this.#record(revokedRequests(this.#session.state, new Set(issues.map(({ number }) => number))))
    for (const issue of issues.filter((one) => this.#isNew(one)).slice(0, MAX_NEW_ISSUES)) {
      const read = await examine(discussion, issue)
      if (read.kind === 'request') this.#record([{ kind: 'requested', request: read.personRequest }])
      else this.#refuse(issue, read.reason)
    }
  }

  #isNew({ number, updatedAt }: LabelledIssue): boolean {
    return !this.#knows(issueRequestId(number)) && this.#refused.get(number) !== updatedAt
  }

  #refuse({ number, updatedAt }: LabelledIssue, reason: string): void {
    this.#refused.set(number, updatedAt)
    this.#session.ports.log.warn(`Issue #${number} is not accepted as a request: ${reason}`)
  }
}

/**
 * Why nothing may be proposed now, as a sentence: a person with write access put the label on an open issue or pull request.
 *
 * @returns undefined when nobody did, or when issues cannot be read
 */
export async function pausedBy({ ports: { discussion } }: Session): Promise<string | undefined> {
  const listed = await discussion?.labelledIssues(PAUSE_LABEL)
  if (!discussion || listed?.kind !== 'issues') return undefined
  for (const { number, isPullRequest } of listed.issues) {
    const person = await discussion.labeller(number, PAUSE_LABEL)
    if (person && !person.isBot && (await discussion.mayWrite(person.login)))
      return `research is paused: ${isPullRequest ? 'pull request' : 'issue'} #${number} has the label ${PAUSE_LABEL}`
  }
  return undefined
}

async function examine(discussion: Discussion, issue: LabelledIssue): Promise<ReadIssue> {
  const mayWrite = (person: Person) => (person.login === '' ? false : discussion.mayWrite(person.login))
  const person = await discussion.labeller(issue.number, REQUEST_LABEL)
  const labeller = person && { ...person, mayWrite: await mayWrite(person) }
  if (!labeller?.mayWrite) return readIssue(issue, { labeller, mayWrite: false })
  if (await mayWrite(issue.author)) return readIssue(issue, { labeller, mayWrite: true })
  const words = await lastWords(discussion, issue.number)
  return readIssue(issue, { labeller, mayWrite: false, ...(words && { words }) })
}

/** The event that declines a request, if the proposer's answer ends it. */
export function declinedBy(
  personRequest: KnownRequest,
  answer: { reason: string; cannot: boolean },
): LedgerEvent[] {
  const reason = declineReason(personRequest, answer)
  return reason === undefined ? [] : [{ kind: 'declined', request: personRequest.id, reason }]
}
