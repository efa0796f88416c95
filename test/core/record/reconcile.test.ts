// Events that the ledger lacks, given the state on GitHub: lost responses are recorded, and the actions of people win.

import { describe, expect, it } from 'vitest'
import { type Candidate, candidateBranch } from '../../../src/core/record/candidate.ts'
import { LEDGER_FORMAT, type LedgerEvent } from '../../../src/core/record/events.ts'
import { type PullRequest, reconcile, reconcileCandidate } from '../../../src/core/record/reconcile.ts'
import { replay } from '../../../src/core/record/state.ts'
import { aaOrigin, aBaseline, aCandidate, aState, aVerdict, sha } from '../../factories.ts'

const CANDIDATE = aCandidate({ name: 'warmup', pullRequest: 7 })
const { pullRequest: _, ...UNOPENED } = CANDIDATE
const ACCEPTED = { ...CANDIDATE, verdict: aVerdict() }
const REJECTED = { ...CANDIDATE, verdict: aVerdict({ kind: 'reject' }) }
const PARKED = { ...CANDIDATE, verdict: aVerdict({ kind: 'park' }) }
const REVIEWED = { ...CANDIDATE, verdict: aVerdict({ kind: 'review' }) }
const MERGED_TO = { commit: sha('merge commit'), tree: CANDIDATE.tree }

const OPENED: LedgerEvent = { kind: 'opened', candidate: CANDIDATE.id, pullRequest: 7 }
const CLOSED: LedgerEvent = { kind: 'ended', candidate: CANDIDATE.id, end: { kind: 'closed' } }

function merged(asTrained = true): LedgerEvent {
  const end = { kind: 'merged', commit: MERGED_TO.commit, asTrained } as const
  return { kind: 'ended', candidate: CANDIDATE.id, end }
}

function withdrawn(reason: string): LedgerEvent {
  return { kind: 'ended', candidate: CANDIDATE.id, end: { kind: 'withdrawn', reason } }
}

function aPullRequest(fields: Partial<PullRequest> = {}): PullRequest {
  return { number: 7, branch: candidateBranch(CANDIDATE.id), head: CANDIDATE.head, state: 'open', ...fields }
}

const MERGED = aPullRequest({
  state: 'merged',
  mergeCommit: MERGED_TO.commit,
  mergeTree: MERGED_TO.tree,
})
const CLOSED_BY_PERSON = withdrawn('a person closed the pull request')
const PUSHED_BY_PERSON = withdrawn('a person pushed to the branch, or pressed "Update branch"')

describe('reconcileCandidate', () => {
  it.each<[string, Candidate, PullRequest, LedgerEvent[]]>([
    ['open as we left it', CANDIDATE, aPullRequest(), []],
    ['open and accepted', ACCEPTED, aPullRequest(), []],
    ['open and rejected', REJECTED, aPullRequest(), []],
    ['F13 open, its number lost', UNOPENED, aPullRequest(), [OPENED]],
    ['F15 merged by us, the answer lost', ACCEPTED, MERGED, [merged()]],
    ['F50 merged by a person before the verdict', CANDIDATE, MERGED, [merged()]],
    ['F50 merged by a person though rejected', REJECTED, MERGED, [merged()]],
    ['merged, its number lost', UNOPENED, MERGED, [OPENED, merged()]],
    ['F50 merged into another tree', ACCEPTED, { ...MERGED, mergeTree: sha('other') }, [merged(false)]],
    [
      'F50 merged with a commit of a person',
      ACCEPTED,
      { ...MERGED, head: sha('more'), mergeTree: sha('more tree') },
      [merged(false)],
    ],
    ['closed by us, the answer lost', REJECTED, aPullRequest({ state: 'closed' }), [CLOSED]],
    ['closed by us after it was parked', PARKED, aPullRequest({ state: 'closed' }), [CLOSED]],
    [
      'F49 closed by the person who reviewed it',
      REVIEWED,
      aPullRequest({ state: 'closed' }),
      [CLOSED_BY_PERSON],
    ],
    [
      'an A/A candidate closed by us though it would have been merged, the answer lost',
      { ...ACCEPTED, origin: aaOrigin(1) },
      aPullRequest({ state: 'closed' }),
      [CLOSED],
    ],
    [
      'F49 an A/A candidate closed by a person before its verdict',
      { ...CANDIDATE, origin: aaOrigin(1) },
      aPullRequest({ state: 'closed' }),
      [CLOSED_BY_PERSON],
    ],
    ['F50 merged by the person who reviewed it', REVIEWED, MERGED, [merged()]],
    ['open and waiting for a person', REVIEWED, aPullRequest(), []],
    ['F49 closed by a person', CANDIDATE, aPullRequest({ state: 'closed' }), [CLOSED_BY_PERSON]],
    [
      'F49 closed by a person though accepted',
      ACCEPTED,
      aPullRequest({ state: 'closed' }),
      [CLOSED_BY_PERSON],
    ],
    [
      'F49 closed by a person, its number lost',
      UNOPENED,
      aPullRequest({ state: 'closed' }),
      [OPENED, CLOSED_BY_PERSON],
    ],
    ['F48 pushed to by a person', CANDIDATE, aPullRequest({ head: sha('push') }), [PUSHED_BY_PERSON]],
    [
      'F48 F67 pushed to while it was judged',
      ACCEPTED,
      aPullRequest({ head: sha('push') }),
      [PUSHED_BY_PERSON],
    ],
    [
      'F48 pushed to, then closed',
      CANDIDATE,
      aPullRequest({ head: sha('push'), state: 'closed' }),
      [CLOSED_BY_PERSON],
    ],
  ])('%s', (_, candidate, pullRequest, events) => {
    expect(reconcileCandidate(candidate, pullRequest, pullRequest.head)).toEqual(events)
  })
})

it('F22 takes the branch’s word when the pull request lags behind our own push', () => {
  const lagging = aPullRequest({ head: sha('before the rebase') })
  expect(reconcileCandidate(CANDIDATE, lagging, CANDIDATE.head)).toEqual([])
})

describe('reconcile', () => {
  const branches = new Map([
    ['main', sha('main')],
    [candidateBranch(CANDIDATE.id), CANDIDATE.head],
  ])
  const asWeLeftIt = { baseline: aBaseline(), pullRequests: [aPullRequest()], branches }

  it('says nothing when all is as the ledger has it', () => {
    expect(reconcile(aState({ candidates: [CANDIDATE] }), asWeLeftIt)).toEqual([])
    expect(reconcile(aState(), { ...asWeLeftIt, pullRequests: [] })).toEqual([])
  })

  it('takes each candidate by its branch', () => {
    const other = aCandidate({ name: 'muon' })
    const opened = aPullRequest({ number: 8, branch: candidateBranch(other.id), head: other.head })
    const state = aState({ candidates: [CANDIDATE, other] })
    const observed = {
      ...asWeLeftIt,
      pullRequests: [opened, aPullRequest({ state: 'closed' })],
      branches: new Map([...branches, [candidateBranch(other.id), other.head]]),
    }
    expect(reconcile(state, observed)).toEqual([
      CLOSED_BY_PERSON,
      { kind: 'opened', candidate: other.id, pullRequest: 8 },
    ])
  })

  it('ignores pull requests that are not a candidate’s', () => {
    const foreign = aPullRequest({ number: 9, branch: 'feature', head: sha('feature') })
    const observed = { ...asWeLeftIt, pullRequests: [aPullRequest(), foreign] }
    expect(reconcile(aState({ candidates: [CANDIDATE] }), observed)).toEqual([])
  })

  it('waits for a candidate that has a branch and no pull request yet', () => {
    const observed = { ...asWeLeftIt, pullRequests: [] }
    expect(reconcile(aState({ candidates: [UNOPENED] }), observed)).toEqual([])
  })

  it('F48 withdraws a candidate whose branch a person deleted', () => {
    const observed = { ...asWeLeftIt, pullRequests: [], branches: new Map([['main', sha('main')]]) }
    expect(reconcile(aState({ candidates: [UNOPENED] }), observed)).toEqual([
      withdrawn('a person deleted the branch'),
    ])
  })

  it('says nothing about candidates that ended, whatever a person does with them later', () => {
    const ended = { ...REJECTED, end: { kind: 'closed' } as const }
    const observed = {
      ...asWeLeftIt,
      pullRequests: [aPullRequest({ head: sha('push') })],
      branches: new Map<string, string>(),
    }
    expect(reconcile(aState({ candidates: [ended] }), observed)).toEqual([])
  })

  it('F15 follows the baseline to the merge whose answer was lost', () => {
    const observed = { ...asWeLeftIt, baseline: MERGED_TO, pullRequests: [MERGED] }
    expect(reconcile(aState({ candidates: [ACCEPTED] }), observed)).toEqual([
      merged(),
      { kind: 'baseline', ...MERGED_TO, cause: 'merged' },
    ])
  })

  it('F118 sees a merge by git although GitHub still shows its pull request as open', () => {
    const observed = { ...asWeLeftIt, baseline: MERGED_TO, pullRequests: [aPullRequest()] }
    expect(reconcile(aState({ candidates: [ACCEPTED] }), observed)).toEqual([
      merged(),
      { kind: 'baseline', ...MERGED_TO, cause: 'merged' },
    ])
  })

  it('F50 F51 follows the baseline wherever a person moved it', () => {
    const pushed = aBaseline('pushed')
    const observed = { ...asWeLeftIt, baseline: pushed }
    const state = aState({ candidates: [CANDIDATE] })
    expect(reconcile(state, observed)).toEqual([{ kind: 'baseline', ...pushed, cause: 'pushed' }])
  })

  it('F50 says who merged the pull request of a candidate that has ended', () => {
    const taken = { ...CANDIDATE, end: { kind: 'withdrawn', reason: 'a person pushed' } as const }
    const pullRequests = [{ ...MERGED, mergedBy: 'octocat' }]
    const observed = { ...asWeLeftIt, baseline: MERGED_TO, pullRequests }
    expect(reconcile(aState({ candidates: [taken] }), observed)).toEqual([
      { kind: 'baseline', ...MERGED_TO, cause: 'pushed', merge: { pullRequest: 7, by: 'octocat' } },
    ])
  })

  it('F50 F51 knows a person’s push after a merge for what it is', () => {
    const observed = { ...asWeLeftIt, baseline: aBaseline('pushed'), pullRequests: [MERGED] }
    expect(reconcile(aState({ candidates: [ACCEPTED] }), observed)).toEqual([
      merged(),
      { kind: 'baseline', ...aBaseline('pushed'), cause: 'pushed' },
    ])
  })

  it.each([
    ['open', aPullRequest(), aBaseline()],
    ['merged', MERGED, MERGED_TO],
    ['closed', aPullRequest({ state: 'closed' }), aBaseline()],
    ['pushed to', aPullRequest({ head: sha('push') }), aBaseline('pushed')],
  ])('F41 has nothing more to say once its lines are in the ledger: %s', (_, pullRequest, baseline) => {
    const known: LedgerEvent[] = [
      { kind: 'started', rootSeed: 'test', format: LEDGER_FORMAT },
      { kind: 'baseline', ...aBaseline(), cause: 'started' },
      { kind: 'proposed', candidate: UNOPENED },
    ]
    const observed = { baseline, pullRequests: [pullRequest], branches }
    const lines = reconcile(replay(known), observed)
    expect(lines.length).toBeGreaterThan(0)
    expect(reconcile(replay([...known, ...lines]), observed)).toEqual([])
  })
})
