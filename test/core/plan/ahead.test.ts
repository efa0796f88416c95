// What is trained on the code of a winner while GitHub merges it.
import { describe, expect, it } from 'vitest'
import {
  comingBaseline,
  followers,
  nextToReplay,
  planAhead,
  type Replays,
} from '../../../src/core/plan/ahead.ts'
import { nextMerge } from '../../../src/core/plan/merging.ts'
import { planSteps } from '../../../src/core/plan/steps.ts'
import type { Candidate } from '../../../src/core/record/candidate.ts'
import {
  aaOrigin,
  aBaseline,
  aCandidate,
  aState,
  aTrial,
  aTrialResult,
  aVerdict,
  CONDITIONS,
  revertOrigin,
  sha,
  trialResults,
} from '../../factories.ts'

const BASELINE = trialResults([2.47, 2.48, 2.49, 2.51, 2.52, 2.53])
const winner = (name: string, gain: number, fields: Partial<Candidate> = {}) =>
  aCandidate({ name, pullRequest: 1, verdict: aVerdict({ kind: 'merge', gain }), ...fields })
const WINNER = winner('winner', 0.2)
const FRESH = aCandidate({ name: 'fresh' })

const stateOf = (candidates: readonly Candidate[], trials = BASELINE) =>
  aState({ candidates: [...candidates], trials })

/** Replays of these candidates on a commit. */
function replayed(onto: string, ...candidates: Candidate[]): Replays {
  return new Map(
    candidates.map(({ id, head }) => [
      id,
      { from: head, onto, made: { commit: sha(`${id} on ${onto}`), tree: sha(`${id} tree on ${onto}`) } },
    ]),
  )
}

describe('the winner that is merged next', () => {
  it.each<[string, Candidate[], string | undefined]>([
    ['the one that is expected to gain most', [winner('a', 0.1), winner('b', 0.3), winner('c', 0.2)], 'b'],
    ['no one without a winner', [FRESH], undefined],
    ['no one whose merge GitHub refused', [winner('a', 0.3, { refusal: 'a rule' }), winner('b', 0.1)], 'b'],
    ['no one on an older baseline', [winner('a', 0.3, { base: sha('older') }), winner('b', 0.1)], 'b'],
    ['no A/A check', [winner('a', 0.3, { origin: aaOrigin(1) })], undefined],
    ['a revert before all winners', [winner('a', 9), winner('b', 0, { origin: revertOrigin() })], 'b'],
  ])('is %s', (_, candidates, name) => {
    expect(nextMerge(stateOf(candidates))?.title).toBe(name && `Try ${name}`)
  })

  it('F43 is the first step on GitHub', () => {
    const all = [winner('a', 0.1), winner('b', 0.3), winner('c', 0.2), winner('d', 9, { base: sha('older') })]
    const steps = planSteps(stateOf(all)).map((step) =>
      'candidate' in step ? `${step.kind} ${step.candidate.title}` : '',
    )
    expect(steps).toEqual(['settle Try b', 'settle Try c', 'settle Try a', 'rebase Try d'])
  })
})

describe('while a winner is being merged', () => {
  it('its code is what new runs are about', () => {
    expect(comingBaseline(stateOf([WINNER]))).toEqual({ commit: WINNER.head, tree: WINNER.tree })
    expect(comingBaseline(stateOf([FRESH]))).toEqual(aBaseline())
  })

  it('F43 the other winners are replayed first, then what was trained, then what is new', () => {
    const tried = aCandidate({ name: 'tried' })
    const all = [FRESH, tried, winner('small', 0.05), WINNER, winner('second', 0.1)]
    const state = stateOf(all, [...BASELINE, aTrialResult({ candidate: tried })])
    expect(followers(state).map(({ title }) => title)).toEqual([
      'Try second',
      'Try small',
      'Try tried',
      'Try fresh',
    ])
  })

  it.each<[string, Partial<Candidate>]>([
    ['an A/A check', { origin: aaOrigin(1) }],
    ['a revert', { origin: revertOrigin() }],
    ['one that is decided', { verdict: aVerdict({ kind: 'reject' }) }],
    ['one that waits for a person', { verdict: aVerdict({ kind: 'review' }) }],
    ['one that has ended', { end: { kind: 'closed' } }],
  ])('%s does not follow', (_, fields) => {
    expect(followers(stateOf([WINNER, aCandidate({ name: 'other', ...fields })]))).toEqual([])
  })

  it('F18 one run of each that was replayed is planned, on the code of the winner', () => {
    const state = stateOf([WINNER, FRESH])
    expect(nextToReplay(state, new Map())?.id).toBe(FRESH.id)
    expect(planAhead(state, CONDITIONS, new Map())).toEqual([])
    const replays = replayed(WINNER.head, FRESH)
    const made = replays.get(FRESH.id)?.made
    expect(nextToReplay(state, replays)).toBeUndefined()
    const [trial, ...others] = planAhead(state, CONDITIONS, replays)
    expect(others).toEqual([])
    expect(trial).toMatchObject({
      candidate: FRESH.id,
      base: WINNER.head,
      head: made?.commit,
      tree: made?.tree,
      replicate: 1,
    })
  })

  it.each<[string, (replays: Replays) => Parameters<typeof planAhead>]>([
    [
      'is running already',
      (replays) => [stateOf([WINNER, FRESH]), CONDITIONS, replays, [aTrial({ candidate: FRESH })]],
    ],
    [
      'was replayed on other code',
      () => [stateOf([WINNER, FRESH]), CONDITIONS, replayed(sha('other'), FRESH)],
    ],
    [
      'was replayed before it moved',
      (replays) => [stateOf([WINNER, { ...FRESH, head: sha('moved') }]), CONDITIONS, replays],
    ],
    [
      'conflicts',
      () => [
        stateOf([WINNER, FRESH]),
        CONDITIONS,
        new Map([[FRESH.id, { from: FRESH.head, onto: WINNER.head }]]),
      ],
    ],
    [
      'has a run there',
      (replays) => {
        const { tree = '' } = replays.get(FRESH.id)?.made ?? {}
        const run = aTrialResult({ candidate: { ...FRESH, tree } })
        return [stateOf([WINNER, FRESH], [...BASELINE, run]), CONDITIONS, replays]
      },
    ],
    ['comes before anything was measured', (replays) => [stateOf([WINNER, FRESH], []), CONDITIONS, replays]],
  ])('none of one that %s', (_, given) => {
    expect(planAhead(...given(replayed(WINNER.head, FRESH)))).toEqual([])
  })
})

it('F18 a stale candidate is trained on the baseline before GitHub has its replayed commit', () => {
  const stale = aCandidate({ name: 'stale', base: sha('older') })
  const state = stateOf([stale])
  expect(nextToReplay(state, new Map())?.id).toBe(stale.id)
  expect(planAhead(state, CONDITIONS, replayed(aBaseline().commit, stale))).toMatchObject([
    { candidate: stale.id, base: aBaseline().commit },
  ])
})
