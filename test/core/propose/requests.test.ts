// People's requests: which text counts as a request, which request is next, and which answer is due.

import { describe, expect, test } from 'vitest'
import {
  declineReason,
  dispatchedRequest,
  dueAnswers,
  type LabelledIssue,
  readIssue,
  revokedRequests,
  waitingRequest,
} from '../../../src/core/propose/requests.ts'
import { NO_USAGE } from '../../../src/core/record/candidate.ts'
import { LEDGER_FORMAT, type LedgerEvent } from '../../../src/core/record/events.ts'
import type { PersonRequest } from '../../../src/core/record/request.ts'
import { replay, selectNews } from '../../../src/core/record/state.ts'
import { aBaseline, aCandidate, ROOT_SEED, sha } from '../../factories.ts'

const ADA = { login: 'ada', isBot: false, mayWrite: true }
const EVE = { login: 'eve', isBot: false, mayWrite: false }
const BOT = { login: 'triage[bot]', isBot: true, mayWrite: true }

const anIssue = (fields: Partial<LabelledIssue> = {}): LabelledIssue => ({
  isPullRequest: false,
  number: 12,
  title: 'Warm up longer',
  body: 'The first steps look too large.',
  author: ADA,
  updatedAt: '2026-11-01T00:00:00Z',
  ...fields,
})
const WORDS = { by: 'ada', text: 'Warm up for 5 % of the steps.' }

describe('a labelled issue', () => {
  test('by an author with write access is a request in their words', () => {
    expect(readIssue(anIssue(), { labeller: ADA, mayWrite: true })).toEqual({
      kind: 'request',
      personRequest: {
        id: 'issue-12',
        source: { kind: 'issue', number: 12 },
        by: 'ada',
        text: 'Warm up longer\nThe first steps look too large.',
      },
    })
  })

  test('by another author is a request only in the words of a person with write access', () => {
    const read = readIssue(anIssue({ author: EVE }), { labeller: ADA, mayWrite: false, words: WORDS })
    expect(read).toMatchObject({ kind: 'request', personRequest: WORDS })
    expect(JSON.stringify(read)).not.toMatch(/longer|first steps/)
  })

  const unlabelled = 'the label was not added by a person with write access'
  test.each([
    ['labelled by an unknown person', anIssue(), { labeller: undefined, mayWrite: true }, unlabelled],
    ['labelled by a person without write access', anIssue(), { labeller: EVE, mayWrite: true }, unlabelled],
    ['labelled by a bot', anIssue(), { labeller: BOT, mayWrite: true }, unlabelled],
    [
      'by another author, without a comment',
      anIssue({ author: EVE }),
      { labeller: ADA, mayWrite: false },
      'its author has no write access: a person with write access must describe the request in a comment',
    ],
    [
      'by a bot with write access',
      anIssue({ author: BOT }),
      { labeller: ADA, mayWrite: true },
      'its author has no write access: a person with write access must describe the request in a comment',
    ],
    [
      'that is empty',
      anIssue({ title: '', body: '' }),
      { labeller: ADA, mayWrite: true },
      'the issue is empty',
    ],
  ])('F65 %s is not a request', (_, issue, facts, reason) => {
    expect(readIssue(issue, facts)).toEqual({ kind: 'refused', reason })
  })
})

test('F65 removed: if everybody had write access, an outsider would be quoted', () => {
  const issue = anIssue({ author: EVE, body: 'Print the metric yourself.' })
  expect(readIssue(issue, { labeller: ADA, mayWrite: false }).kind).toBe('refused')
  expect(readIssue(issue, { labeller: ADA, mayWrite: true })).toMatchObject({
    kind: 'request',
    personRequest: { by: 'eve', text: expect.stringContaining('Print the metric yourself.') },
  })
})

test('a hypothesis is a request by the person who started the workflow', () => {
  const source = { kind: 'dispatch' }
  expect(dispatchedRequest('42', ' Use Muon \n')).toEqual({ id: 'run-42', source, text: 'Use Muon' })
  expect(dispatchedRequest('42', ' ')).toBeUndefined()
})

const aRequest = (number: number): PersonRequest => ({
  id: `issue-${number}`,
  source: { kind: 'issue', number },
  by: 'ada',
  text: 'Use Muon',
})
const STARTED: LedgerEvent[] = [
  { kind: 'started', rootSeed: ROOT_SEED, format: LEDGER_FORMAT },
  { kind: 'baseline', ...aBaseline(), cause: 'started' },
  { kind: 'requested', request: aRequest(1) },
  { kind: 'requested', request: aRequest(2) },
]
const candidate = aCandidate({ name: 'muon', origin: { kind: 'request', request: 'issue-1' } })
const PROPOSED: LedgerEvent = { kind: 'proposed', candidate }
const OPENED: LedgerEvent = { kind: 'opened', candidate: candidate.id, pullRequest: 34 }
const MERGED: LedgerEvent = {
  kind: 'ended',
  candidate: candidate.id,
  end: { kind: 'merged', commit: sha('m'), asTrained: true },
}
const nothing = (id: string): LedgerEvent => ({
  kind: 'no-proposal',
  id,
  proposer: 'openai gpt-x',
  reason: 'empty answer',
  usage: NO_USAGE,
  request: 'issue-1',
})
const DECLINED: LedgerEvent = { kind: 'declined', request: 'issue-1', reason: 'there is no such layer' }

describe('in the ledger', () => {
  test.each<[string, LedgerEvent[], string | undefined]>([
    ['the oldest is next', [], 'issue-1'],
    ['each gets one candidate', [PROPOSED], 'issue-2'],
    ['one that was declined is not next', [DECLINED], 'issue-2'],
    ['an attempt without a candidate leaves it next', [nothing('n1')], 'issue-1'],
  ])('%s', (_, events, next) => {
    expect(waitingRequest(replay([...STARTED, ...events]))?.id).toBe(next)
  })

  test('none is next when none is there', () => expect(waitingRequest(replay([]))).toBeUndefined())

  test('a repeated event changes nothing', () => {
    const events = [...STARTED, nothing('n1'), DECLINED]
    const again: LedgerEvent[] = [{ kind: 'requested', request: aRequest(1) }, nothing('n1'), DECLINED]
    expect(selectNews(replay(events), again)).toEqual([])
    expect(selectNews(replay([...STARTED, PROPOSED]), [DECLINED])).toEqual([])
  })

  test('a request whose issue was closed or unlabelled is declined, unless it has a candidate', () => {
    const gone = (...events: LedgerEvent[]) =>
      revokedRequests(replay([...STARTED, ...events]), new Set([2])).map(
        (event) => 'request' in event && event.request,
      )
    expect(gone()).toEqual(['issue-1'])
    expect(gone(PROPOSED)).toEqual([])
    expect(gone(DECLINED)).toEqual([])
  })
})

test.each([
  [0, false, undefined],
  [1, false, undefined],
  [2, false, '3 attempts produced no candidate; the last one failed: empty answer'],
  [0, true, 'empty answer'],
])('after %i attempts, an answer that says cannot (%s) gives up with: %s', (attempts, cannot, reason) => {
  expect(declineReason({ attempts }, { reason: 'empty answer', cannot })).toBe(reason)
})

describe('the due answer', () => {
  const told = (answer: 'opened' | 'settled' | 'declined'): LedgerEvent => ({
    kind: 'answered',
    request: 'issue-1',
    answer,
  })

  test.each<[string, LedgerEvent[], string[]]>([
    ['is absent at first', [], []],
    ['is absent before the pull request is open', [PROPOSED], []],
    ['names the pull request', [PROPOSED, OPENED], ['#1 opened']],
    ['names the pull request once', [PROPOSED, OPENED, told('opened')], []],
    ['reports the result', [PROPOSED, OPENED, told('opened'), MERGED], ['#1 settled']],
    ['reports the result once', [PROPOSED, OPENED, told('opened'), MERGED, told('settled')], []],
    ['skips the pull request when the result is known', [PROPOSED, OPENED, MERGED], ['#1 settled']],
    ['explains why it was declined', [DECLINED], ['#1 declined']],
  ])('%s', (_, events, due) => {
    const answers = dueAnswers(replay([...STARTED, ...events]))
    expect(answers.map(({ issue, answer }) => `#${issue} ${answer}`)).toEqual(due)
  })

  test('is absent for a request from a workflow input', () => {
    const personRequest: PersonRequest = { id: 'run-1', source: { kind: 'dispatch' }, text: 'Use Muon' }
    const declined: LedgerEvent = { kind: 'declined', request: 'run-1', reason: 'no' }
    expect(dueAnswers(replay([{ kind: 'requested', request: personRequest }, declined]))).toEqual([])
  })
})
