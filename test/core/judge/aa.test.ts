// Candidates that change nothing: when one is due, what it may be, and what their verdicts say about the judge.

import { describe, expect, it } from 'vitest'
import { isEditable } from '../../../src/core/gate/gate.ts'
import {
  AA_PATH,
  aaContent,
  aaProposal,
  dueAa,
  exactInterval,
  reviewAa,
  tallyAa,
} from '../../../src/core/judge/aa.ts'
import { aaOrigin, aCandidate, aState, aVerdict, revertOrigin, sha } from '../../factories.ts'

const ideas = (count: number, from = 0) =>
  Array.from({ length: count }, (_, index) => aCandidate({ name: `idea ${from + index}` }))
const AA = aCandidate({ name: 'aa', origin: aaOrigin(1) })
const REVERT = aCandidate({ name: 'revert', origin: revertOrigin(sha('merge')) })

describe('dueAa', () => {
  it.each([
    ['after as many ideas as asked', ideas(3), 3, 1],
    ['not before', ideas(2), 3, undefined],
    ['not before the first idea', [], 1, undefined],
    ['never when switched off', ideas(90), 0, undefined],
    ['counted from the last one', [...ideas(3), AA, ...ideas(2, 3)], 3, undefined],
    ['with the next number', [...ideas(3), AA, ...ideas(3, 3)], 3, 2],
    ['reverts are no ideas', [...ideas(2), REVERT], 3, undefined],
  ])('%s', (_, candidates, every, number) => {
    expect(dueAa(aState({ candidates }), every)).toBe(number)
  })
})

describe('reviewAa', () => {
  const change = { path: AA_PATH, mode: '100644', after: aaContent(2) }
  const code = { path: 'train.py', mode: '100644', before: 'lr = 1', after: 'lr = 2' }

  it.each([
    ['its own text', [change]],
    ['its own text over that of one that a person merged', [{ ...change, before: aaContent(1) }]],
  ])('accepts %s', (_, changes) => expect(reviewAa(changes, 2)).toBeUndefined())

  it.each([
    ['nothing', []],
    ['another number', [{ ...change, after: aaContent(3) }]],
    ['one more line', [{ ...change, after: `${aaContent(2)}import os\n` }]],
    ['code as well', [change, code]],
    ['code instead', [code]],
    ['an executable', [{ ...change, mode: '100755' }]],
    ['a link', [{ ...change, mode: '120000' }]],
    ['a deletion', [{ path: AA_PATH, mode: null, before: aaContent(2) }]],
  ])('refuses %s', (_, changes) => expect(reviewAa(changes, 2)).toContain('may only write its own text'))

  it('is about a file that no configuration makes editable, so the sealed tree never has it', () => {
    for (const glob of ['**', '**/*', '.github/**', '.github/autoresearch-aa', '*/*'])
      expect(isEditable(AA_PATH, [glob])).toBe(false)
  })

  it('accepts what is proposed', () => {
    const [[path, after] = expect.fail()] = [...aaProposal(7).files]
    expect(reviewAa([{ path, mode: '100644', after: after ?? '' }], 7)).toBeUndefined()
  })
})

describe('tallyAa', () => {
  const verdicts = (kinds: readonly ('merge' | 'reject' | 'park' | 'review')[]) =>
    kinds.map((kind, index) =>
      aCandidate({ name: `aa ${index}`, origin: aaOrigin(index + 1), verdict: aVerdict({ kind }) }),
    )

  it('is nothing before the first verdict', () => {
    expect(tallyAa([AA, aCandidate({ verdict: aVerdict() })])).toBeUndefined()
  })

  it('counts those that would have been merged', () => {
    const tally = tallyAa([...verdicts(['reject', 'merge', 'park', 'review', 'reject']), ...ideas(3)])
    expect(tally).toMatchObject({ judged: 5, accepted: 1 })
  })
})

// Clopper–Pearson limits as tables give them.
describe('exactInterval', () => {
  it.each([
    [1, 12, 0.0021, 0.3848],
    [0, 12, 0, 0.2646],
    [12, 12, 0.7354, 1],
    [3, 10, 0.0667, 0.6525],
    [0, 1, 0, 0.975],
    [8, 1000, 0.0035, 0.0157],
  ])('of %d in %d is %d to %d', (count, total, low, high) => {
    const interval = exactInterval(count, total)
    expect(interval.low).toBeCloseTo(low, 3)
    expect(interval.high).toBeCloseTo(high, 3)
  })

  it('narrows around the share and contains it', () => {
    for (const total of [10, 100, 1000, 10_000]) {
      const { low, high } = exactInterval(total / 10, total)
      expect(low).toBeLessThan(0.1)
      expect(high).toBeGreaterThan(0.1)
      expect(high - low).toBeLessThan(2 / Math.sqrt(total))
    }
  })
})
