// The comment on an issue that requests a candidate.

import { describe, expect, test } from 'vitest'
import type { CandidateEnd } from '../../../src/core/record/candidate.ts'
import type { KnownRequest, RequestAnswer } from '../../../src/core/record/request.ts'
import type { Verdict } from '../../../src/core/record/verdict.ts'
import { renderAnswer, requestMarker } from '../../../src/core/report/answer.ts'
import { aCandidate, aState, aVerdict, sha } from '../../factories.ts'
import { HOSTILE } from './hostile.ts'
import { rendered } from './rendered.ts'

interface Fields {
  title?: string
  verdict?: Verdict
  end?: CandidateEnd
  declined?: string
}

function answerTo({ declined, ...fields }: Fields, answer: RequestAnswer): string {
  const candidate = aCandidate({ title: 'Use Muon', pullRequest: 34, ...fields })
  const personRequest: KnownRequest = {
    id: 'issue-12',
    source: { kind: 'issue', number: 12 },
    text: 'Use Muon',
    attempts: 0,
    ...(declined === undefined ? { candidate: candidate.id } : { declined }),
  }
  const text = renderAnswer(aState({ candidates: [candidate] }), { personRequest, issue: 12, answer })
  expect(text.startsWith(`${requestMarker('issue-12')}\n\n`)).toBe(true)
  return text.slice(requestMarker('issue-12').length + 2)
}

const merged = { kind: 'merged', commit: sha('m'), asTrained: true } as const
const verdict = aVerdict({ reason: 'gain 0.03' })

describe('says', () => {
  test.each<[string, Fields, RequestAnswer, string]>([
    [
      'which pull request tests it',
      {},
      'opened',
      '#34 tests this request: Use Muon. The result will be added to this comment.',
    ],
    ['that it was merged', { verdict, end: merged }, 'settled', '**Merged**: gain 0.03'],
    [
      'that it was rejected',
      { verdict: aVerdict({ kind: 'reject', reason: 'gain −0.02' }), end: { kind: 'closed' } },
      'settled',
      '**Rejected**: gain −0.02',
    ],
    [
      'that it was parked',
      { verdict: aVerdict({ kind: 'park', reason: 'unproven' }), end: { kind: 'closed' } },
      'settled',
      '**Parked**: unproven',
    ],
    [
      'that a person closed it',
      { end: { kind: 'withdrawn', reason: 'a person closed the pull request' } },
      'settled',
      '**Withdrawn**: a person closed the pull request',
    ],
    [
      'that it waits for a person',
      { verdict, end: { kind: 'handed-over', reason: 'a rule forbids it' } },
      'settled',
      '**Waits for a person**: a rule forbids it',
    ],
    [
      'why it was declined',
      { declined: 'there is no such layer' },
      'declined',
      '**Not tried**: there is no such layer',
    ],
  ])('%s', (_, fields, answer, text) => {
    const written = answerTo(fields, answer)
    expect(written.endsWith(text)).toBe(true)
  })
})

test.each(HOSTILE)('F64 keeps %s inert', (_, text) => {
  const reject = aVerdict({ kind: 'reject', reason: text })
  const settled = rendered(answerTo({ title: text, verdict: reject, end: { kind: 'closed' } }, 'settled'))
  expect(settled.triggers).toEqual(['#3'])
  expect(rendered(answerTo({ declined: text }, 'declined')).triggers).toEqual([])
})
