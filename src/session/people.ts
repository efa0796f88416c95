// Listens to people: what they ask for, and why they turn something down. What they wrote counts only after GitHub has
// said that they may write to the repository.

import {
  declineReason,
  issueWish,
  type LabelledIssue,
  type ReadIssue,
  readIssue,
  revokedWishes,
  WISH_LABEL,
  waitingWish,
} from '../core/propose/requests.ts'
import type { LedgerEvent } from '../core/record/events.ts'
import type { Person } from '../core/record/people.ts'
import type { KnownRequest } from '../core/record/request.ts'
import type { Discussion, Proposer } from '../ports.ts'
import { lastWords } from './last-words.ts'
import type { Session } from './session.ts'

/** New issues that are looked into at a time, each with a handful of requests. */
const MAX_NEW_ISSUES = 20
/** Looks for new wishes, and says which is to be taken up now and by whom it cannot be. */
export class Wishes {
  readonly #session: Session
  /** Issues that are no wishes, by number, as they were when that was found. */
  readonly #refused = new Map<number, string>()
  #isSilent = false

  constructor(session: Session) {
    this.#session = session
  }

  /**
   * The wish that the next proposal is to take up.
   *
   * @param exhausted indices of proposers that have nothing more to offer
   * @returns who is not to be asked now: with a wish, also those that cannot take one up
   */
  async next(
    proposers: readonly Proposer[],
    exhausted: ReadonlySet<number>,
  ): Promise<{ wish?: KnownRequest; barred: ReadonlySet<number> }> {
    const { discussion } = this.#session.ports
    if (discussion) await this.#readIssues(discussion)
    const constantsOnlyIndices = proposers.flatMap(({ constantsOnly }, index) =>
      constantsOnly ? [index] : [],
    )
    if (constantsOnlyIndices.length === proposers.length) this.#declineAll()
    const wish = waitingWish(this.#session.state)
    const barred = new Set([...exhausted, ...constantsOnlyIndices])
    // Those that could are out of order: the wish waits for them, and the others go on.
    return wish === undefined || barred.size === proposers.length ? { barred: exhausted } : { wish, barred }
  }

  #declineAll(): void {
    const reason = 'no proposer of the configuration can take up an idea: knobs turns constants only'
    for (;;) {
      const wish = waitingWish(this.#session.state)
      if (wish === undefined) return
      this.#session.record([{ kind: 'declined', request: wish.id, reason }])
    }
  }

  /** Only what is new: the journal drops the rest, but would write an empty line of history for it. */
  #record(events: readonly LedgerEvent[]): void {
    const news = events.filter((event) => event.kind !== 'requested' || !this.#knows(event.request.id))
    if (news.length > 0) this.#session.record(news)
  }

  #knows(id: string): boolean {
    return this.#session.state.wishes.has(id)
  }

  async #readIssues(discussion: Discussion): Promise<void> {
    const { log } = this.#session.ports
    if (this.#isSilent) return
    const listed = await discussion.labelledIssues(WISH_LABEL)
    if (listed.kind === 'refused') {
      this.#isSilent = true
      return log.warn(`Ideas in issues are not read: ${listed.explanation}`)
    }
    this.#record(revokedWishes(this.#session.state, new Set(listed.issues.map(({ number }) => number))))
    for (const issue of listed.issues.filter((one) => this.#isNew(one)).slice(0, MAX_NEW_ISSUES)) {
      const read = await examine(discussion, issue)
      if (read.kind === 'wish') this.#record([{ kind: 'requested', request: read.wish }])
      else this.#refuse(issue, read.reason)
    }
  }

  #isNew({ number, updatedAt }: LabelledIssue): boolean {
    return !this.#knows(issueWish(number)) && this.#refused.get(number) !== updatedAt
  }

  #refuse({ number, updatedAt }: LabelledIssue, reason: string): void {
    this.#refused.set(number, updatedAt)
    this.#session.ports.log.warn(`Issue #${number} is not taken up: ${reason}`)
  }
}

async function examine(discussion: Discussion, issue: LabelledIssue): Promise<ReadIssue> {
  const mayWrite = (person: Person) => (person.login === '' ? false : discussion.mayWrite(person.login))
  const person = await discussion.labeller(issue.number, WISH_LABEL)
  const labeller = person && { ...person, mayWrite: await mayWrite(person) }
  if (!labeller?.mayWrite) return readIssue(issue, { labeller, mayWrite: false })
  if (await mayWrite(issue.author)) return readIssue(issue, { labeller, mayWrite: true })
  const words = await lastWords(discussion, issue.number)
  return readIssue(issue, { labeller, mayWrite: false, ...(words && { words }) })
}

/** The line that gives up a wish, when a proposer's answer was its last. */
export function givenUp(wish: KnownRequest, answer: { reason: string; cannot: boolean }): LedgerEvent[] {
  const reason = declineReason(wish, answer)
  return reason === undefined ? [] : [{ kind: 'declined', request: wish.id, reason }]
}
