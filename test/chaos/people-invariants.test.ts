import { describe, expect, test } from 'vitest'
import { type Candidate, candidateBranch } from '../../src/core/record/candidate.ts'
import { aCandidate } from '../factories.ts'
import type { CheckRun, Comment, PullRequest } from '../loopback-github/store.ts'
import { BASELINE } from './people.ts'
import { heldViolations, peopleViolations } from './people-invariants.ts'

const BOT = { login: 'bot', id: 1, type: 'Bot' } as const
const PERSON = { login: 'octocat', id: 2, type: 'User' } as const
const CANDIDATE = aCandidate({ name: 'dropout', pullRequest: 7 })

/** A pull request that the action closed, and whatever differs. */
function here(pull: Partial<PullRequest>, candidate: Partial<Candidate> = {}, text = '', title = '') {
  const head = { ref: candidateBranch(CANDIDATE.id), sha: CANDIDATE.head }
  const usual = { number: 7, head, base: { ref: BASELINE, sha: '' }, state: 'closed', closedBy: BOT }
  const comment = { issueNumber: 7, user: BOT, body: text }
  const check = { headSha: CANDIDATE.head, output: { title } }
  return {
    repository: {
      pulls: [{ ...usual, title: 'Theirs', body: 'Mine', ...pull } as PullRequest],
      comments: [comment as Comment],
      checkRuns: [check as CheckRun],
    },
    state: { candidates: new Map([[CANDIDATE.id, { ...CANDIDATE, ...candidate }]]) },
  }
}

const NOBODY = { renamed: new Map(), reopened: new Set<number>(), pauses: [], retargeted: new Map() }
const NO_LAG = { lagMilliseconds: 0, lagSeconds: 0 }

describe('what people did', () => {
  const withdrawn = { end: { kind: 'withdrawn', reason: 'a person' } } as const
  const merged = { end: { kind: 'merged', commit: 'c', asTrained: true } } as const
  const elsewhere = { merged: true, closedBy: PERSON, base: { ref: 'main', sha: '' } }

  test.each([
    ['nothing', {}, {}, '', NOBODY, []],
    ['their pull request was closed', {}, withdrawn, '', NOBODY, ['#7 was closed, which is']],
    ['what they reopened was closed', {}, {}, '', { ...NOBODY, reopened: new Set([7]) }, ['#7 was closed']],
    [
      'the action merged elsewhere',
      { ...elsewhere, mergedBy: BOT },
      {},
      '',
      NOBODY,
      ['#7 was merged into main'],
    ],
    [
      'the action merged elsewhere what a person had sent there long before',
      { ...elsewhere, mergedBy: BOT, mergedAt: '2026-01-01T00:01:00Z' },
      {},
      '',
      { ...NOBODY, retargeted: new Map([[7, '2026-01-01T00:00:00Z']]) },
      ['#7 was merged into main'],
    ],
    [
      'the action merged elsewhere what a person sent there in that moment',
      { ...elsewhere, mergedBy: BOT, mergedAt: '2026-01-01T00:01:00Z' },
      {},
      '',
      { ...NOBODY, retargeted: new Map([[7, '2026-01-01T00:00:50Z']]) },
      [],
    ],
    [
      'a merge elsewhere counts',
      { ...elsewhere, mergedBy: PERSON },
      merged,
      '',
      NOBODY,
      ['#7 counts as merged'],
    ],
    [
      'old words',
      {},
      merged,
      '**GitHub refused the merge**: a draft',
      NOBODY,
      ['#7 is merged, and its comment'],
    ],
    [
      'their title is gone',
      {},
      {},
      '',
      { ...NOBODY, renamed: new Map([[7, { title: 'Mine', body: 'Mine' }]]) },
      ['#7 lost the words'],
    ],
  ] as const)('%s', (_, pull, candidate, text, people, expected) => {
    const { repository, state } = here(pull, candidate, text)
    const found = peopleViolations({ people, askings: [], ...NO_LAG }, repository, state)
    expect(found).toEqual(expected.map((words) => expect.stringContaining(words)))
  })

  test.each([
    [{ began: 0, at: 150 }, 0],
    [{ began: 105, at: 150 }, 0],
    [{ began: 120, at: 150 }, 1],
    [{ began: 120, at: 250 }, 0],
  ])('an idea asked for in a pause, by a job that could know of it: %o', (asking, count) => {
    const { repository, state } = here({})
    const people = { ...NOBODY, pauses: [{ issue: 8, from: 100, to: 200 }] }
    const facts = { people, askings: [{ job: 'run', ...asking }], ...NO_LAG, lagMilliseconds: 10 }
    expect(peopleViolations(facts, repository, state)).toHaveLength(count)
  })
})

describe('a winner that waits as a draft', () => {
  const waiting = { refusal: 'Pull Request is still a draft.' }
  test.each([
    ['says why', waiting, '**GitHub refused the merge**: draft', 'GitHub refused the merge; merge', 0],
    ['says nothing', waiting, '', 'merge', 2],
    [
      'says something else',
      { refusal: 'closed' },
      '**GitHub refused the merge**',
      'GitHub refused the merge',
      1,
    ],
  ])('%s', (_, candidate, text, title, count) => {
    const { repository, state } = here({ state: 'open', draft: true, closedBy: null }, candidate, text, title)
    expect(heldViolations({ commentDeleted: new Set() }, repository, state)).toHaveLength(count)
  })
})
