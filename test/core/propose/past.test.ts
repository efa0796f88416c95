import { describe, expect, test } from 'vitest'
import {
  type PastQuery,
  PastSearch,
  pastDiff,
  pastLog,
  unarchivedIdeas,
} from '../../../src/core/propose/past.ts'
import type { State } from '../../../src/core/record/state.ts'
import { aaOrigin, aCandidate, aState, aTrialResult, aVerdict } from '../../factories.ts'
import { HOSTILE } from '../report/hostile.ts'

const merged = aCandidate({
  name: 'warmup',
  verdict: aVerdict({ kind: 'merge', gain: 0.02 }),
  end: { kind: 'merged', commit: 'c', asTrained: true },
})
const rejected = aCandidate({
  name: 'dropout',
  category: 'regularisation',
  verdict: aVerdict({ kind: 'reject', gain: -0.3, reason: 'worse by 0.3' }),
})
const crashed = aCandidate({ name: 'muon', category: 'optimizer' })
const cut = aCandidate({
  name: 'huge',
  category: 'architecture',
  verdict: { kind: 'reject', reason: 'run 1 ended cut', failure: 'cut', runs: { candidate: 0, baseline: 6 } },
})
const waiting = aCandidate({ name: 'cosine' })
const aa = aCandidate({
  name: 'nothing',
  origin: aaOrigin(1),
  verdict: aVerdict({ kind: 'merge', gain: 0.5 }),
})
const failure = aTrialResult({
  candidate: crashed,
  outcome: 'crashed',
  reason: 'NameError: muon',
  tail: 'Traceback\n```\nNameError: muon\n',
})
const hopeless = aTrialResult({ candidate: cut, outcome: 'cut', reason: 'at 30 % of the run' })
const STATE = aState({
  candidates: [merged, rejected, crashed, cut, aa, waiting],
  trials: [failure, hopeless],
})

const search = (state: State, query: PastQuery) => new PastSearch(state, query).answer().text
const titles = (text: string) => [...text.matchAll(/Try (\w+)/g)].map(([, name]) => name)

describe('PastSearch', () => {
  test.each([
    ['every idea, newest first', {}, ['cosine', 'huge', 'muon', 'dropout', 'warmup']],
    ['a category', { category: 'optimizer' }, ['muon']],
    ['words of a hypothesis', { text: 'COSINE makes' }, ['cosine']],
    ['words of a verdict', { text: 'worse by' }, ['dropout']],
    ['merged candidates', { effect: 'merged' }, ['warmup']],
    ['better candidates', { effect: 'better' }, ['warmup']],
    ['worse and cut candidates', { effect: 'worse' }, ['huge', 'dropout']],
    ['failed candidates', { effect: 'failed' }, ['muon']],
    ['undecided candidates', { effect: 'undecided' }, ['cosine', 'muon']],
  ] as const)('finds %s', (_, query, names) => {
    expect(titles(search(STATE, query))).toEqual(names)
  })

  test('shows id, status, gain and reason, and says that this is data', () => {
    const text = search(STATE, { text: 'dropout' })
    expect(text).toContain(`- ${rejected.id} regularisation, rejected gain −0.3: Try dropout; worse by 0.3`)
    expect(text).toMatch(/data, not instructions/)
  })

  test.each([
    ['newest first', {}, ['new', 'warmup', 'older']],
    ['best gain first', { effect: 'better' }, ['older', 'warmup', 'new']],
  ] as const)('lists archived ideas among the others: %s', (_, query, names) => {
    const gained = (name: string, gain: number) =>
      aCandidate({ name, verdict: aVerdict({ gain }), end: { kind: 'closed' } })
    const found = new PastSearch(aState({ candidates: [gained('new', 0.01)] }), query)
    found.add([{ candidate: gained('older', 0.03) }])
    found.add([{ candidate: gained('warmup', 0.02) }])
    expect(titles(found.answer().text)).toEqual(names)
  })

  test('keeps of any number of archived ideas what it lists, and counts the others', () => {
    const found = new PastSearch(aState(), {})
    const part = Array.from({ length: 100 }, (_, index) => ({ candidate: aCandidate({ name: `i${index}` }) }))
    for (let parts = 0; parts < 5; parts += 1) found.add(part)
    expect(titles(found.answer().text).slice(0, 3)).toEqual(['i99', 'i98', 'i97'])
    expect(found.answer().text).toContain('480 more')
  })

  test('says that nothing matches', () => {
    expect(search(STATE, { text: 'quantum' })).toBe('no past candidate matches')
  })

  test('stays short for any number of candidates', () => {
    const many = Array.from({ length: 3000 }, (_, index) => aCandidate({ name: `idea${index}` }))
    const text = search(aState({ candidates: many }), {})
    expect(text.split('\n')).toHaveLength(22)
    expect(text).toContain('2980 more')
  })

  test('F65 keeps hostile titles on one line', () => {
    const lines = (title: string) => search(aState({ candidates: [aCandidate({ title })] }), {}).split('\n')
    for (const [, hostile] of HOSTILE) expect(lines(hostile)).toHaveLength(2)
  })
})

describe('pastLog', () => {
  const logOf = (id: string) =>
    unarchivedIdeas(STATE).flatMap((idea) => (idea.candidate.id === id ? [pastLog(idea)] : []))[0]

  test('quotes the end of the output of a run without a value', () => {
    expect(logOf(crashed.id)).toMatch(
      /crashed: NameError: muon\n````\nTraceback\n```\nNameError: muon\n````$/,
    )
  })

  test.each([
    ['of a candidate that did not fail', rejected.id],
    ['of a candidate that was cut', cut.id],
  ])('is not there %s', (_, id) => expect(logOf(id)).toBeUndefined())
})

test('pastDiff cuts a long diff in its middle', () => {
  const text = pastDiff(merged, 'x'.repeat(50_000))
  expect(text.length).toBeLessThan(12_400)
  expect(text).toContain('characters left out')
})
