// Ranges of certification along the baseline: which are requested, which is next, and where certification restarts.

import { describe, expect, it } from 'vitest'
import { requestCertification } from '../../../src/core/certify/certify.ts'
import { isCertifying, nextRange, pendingMerges } from '../../../src/core/certify/ranges.ts'
import type { Candidate } from '../../../src/core/record/candidate.ts'
import { type Certification, rangeKey } from '../../../src/core/record/certification.ts'
import type { State } from '../../../src/core/record/state.ts'
import {
  aaOrigin,
  aBaseline,
  aCandidate,
  aCertification,
  aState,
  aVerdict,
  revertOrigin,
} from '../../factories.ts'

/** What made each baseline after the first: `m` a merge of ours, anything else as in `MAKERS`. */
const MAKERS: Record<string, ((name: string) => Candidate) | undefined> = {
  m: (name) => merged(name),
  r: (name) => merged(name, { origin: revertOrigin(aBaseline('m1').commit) }),
  a: (name) => merged(name, { origin: aaOrigin(1) }),
  w: (name) => merged(name, { verdict: aVerdict({ kind: 'review' }) }),
  x: (name) => merged(name, { end: { kind: 'merged', commit: aBaseline(name).commit, asTrained: false } }),
  p: undefined,
}

function merged(name: string, fields: Partial<Candidate> = {}): Candidate {
  const end = { kind: 'merged', commit: aBaseline(name).commit, asTrained: true } as const
  return aCandidate({ name, verdict: aVerdict(), end, ...fields })
}

/** `m1 m2 p3`: the kinds of baselines, in order, after the first one. */
function aHistory(
  history: string,
  { asked, found = [] }: { asked?: string; found?: readonly Certification[] } = {},
): State {
  const names = history.split(' ').filter((name) => name !== '')
  const candidates = names.flatMap((name) => MAKERS[name[0] ?? '']?.(name) ?? [])
  return aState({
    baselines: [aBaseline('start'), ...names.map(aBaseline)],
    candidates,
    certifyRequests: new Set(asked === undefined ? [] : [aBaseline(asked).commit]),
    certifications: new Map(found.map((one) => [rangeKey(one), one])),
  })
}

const found = (from: string, to: string, merges: number, holds: boolean) =>
  aCertification({ from: aBaseline(from).commit, to: aBaseline(to).commit, merges, holds })

/** `start..m4 (4)`, with names instead of commits. */
function next(state: State): string | undefined {
  const range = nextRange(state)
  const names = new Map(
    ['start', ...'123456789'.split('').flatMap((n) => [...'mrawxp'].map((kind) => `${kind}${n}`))].map(
      (name) => [aBaseline(name).commit, name],
    ),
  )
  return range && `${names.get(range.from.commit)}..${names.get(range.to.commit)} (${range.merges})`
}

describe('nextRange', () => {
  it.each([
    ['nothing was asked', 'm1 m2', {}, undefined],
    ['nothing was merged', '', { asked: 'start' }, undefined],
    ['all merges together', 'm1 m2 m3 m4', { asked: 'm4' }, 'start..m4 (4)'],
    ['only up to what was asked', 'm1 m2 m3 m4', { asked: 'm3' }, 'start..m3 (3)'],
    [
      'the first half of what does not hold',
      'm1 m2 m3 m4',
      { asked: 'm4', found: [found('start', 'm4', 4, false)] },
      'start..m2 (2)',
    ],
    [
      'the first of two that do not hold',
      'm1 m2',
      { asked: 'm2', found: [found('start', 'm2', 2, false)] },
      'start..m1 (1)',
    ],
    [
      'the first of three that do not hold',
      'm1 m2 m3',
      { asked: 'm3', found: [found('start', 'm3', 3, false)] },
      'start..m1 (1)',
    ],
    [
      'the first half of the rest, when the first half holds',
      'm1 m2 m3 m4',
      { asked: 'm4', found: [found('start', 'm4', 4, false), found('start', 'm2', 2, true)] },
      'm2..m3 (1)',
    ],
    [
      'the last one, when all before it hold',
      'm1 m2 m3 m4',
      {
        asked: 'm4',
        found: [found('start', 'm4', 4, false), found('start', 'm2', 2, true), found('m2', 'm3', 1, true)],
      },
      'm3..m4 (1)',
    ],
    [
      'the whole rest, once a refuted merge explains why it did not hold',
      'm1 m2 m3 m4 m5 m6',
      {
        asked: 'm6',
        found: [
          found('start', 'm6', 6, false),
          found('start', 'm3', 3, false),
          found('start', 'm1', 1, false),
        ],
      },
      'm1..m6 (5)',
    ],
    [
      'nothing, when all is settled',
      'm1 m2',
      { asked: 'm2', found: [found('start', 'm2', 2, true)] },
      undefined,
    ],
    [
      'nothing of what came after the batch that was asked for',
      'm1 m2 m3',
      { asked: 'm2', found: [found('start', 'm2', 2, true)] },
      undefined,
    ],
    [
      'merges from where the last batch ended',
      'm1 m2 m3 m4',
      { asked: 'm4', found: [found('start', 'm2', 2, true)] },
      'm2..m4 (2)',
    ],
    ['nothing before a push', 'm1 m2 p3', { asked: 'm2' }, undefined],
    ['only what follows a push', 'm1 p2 m3 m4', { asked: 'm4' }, 'p2..m4 (2)'],
    ['only what follows a merge that was not as trained', 'm1 x2 m3', { asked: 'm3' }, 'x2..m3 (1)'],
    ['what precedes a merge that a person decided', 'm1 m2 w3 m4', { asked: 'm4' }, 'start..m2 (2)'],
    [
      'what follows a merge that a person decided',
      'm1 m2 w3 m4',
      { asked: 'm4', found: [found('start', 'm2', 2, true)] },
      'w3..m4 (1)',
    ],
    [
      'what follows a revert',
      'm1 m2 r3 m4 m5',
      { asked: 'm5', found: [found('start', 'm1', 1, false), found('m1', 'm2', 1, true)] },
      'r3..m5 (2)',
    ],
    ['what follows an A/A candidate that a person merged', 'a1 m2', { asked: 'm2' }, 'a1..m2 (1)'],
  ])('is %s', (_, history, known, range) => {
    expect(next(aHistory(history, known))).toBe(range)
  })
})

describe('a requested certification', () => {
  it('ends at the last merge', () => {
    expect(requestCertification(aHistory('m1 m2'))).toEqual([{ kind: 'certify', to: aBaseline('m2').commit }])
  })

  it.each([
    ['no merge waits', aHistory('')],
    ['a batch is under way, though there are newer merges', aHistory('m1 m2 m3', { asked: 'm2' })],
  ])('is nothing while %s', (_, state) => expect(requestCertification(state)).toEqual([]))

  it('is open until every merge in it is decided', () => {
    const half = found('start', 'm1', 1, true)
    expect(isCertifying(aHistory('m1 m2', { asked: 'm2', found: [half] }))).toBe(true)
    expect(isCertifying(aHistory('m1 m2', { asked: 'm2', found: [half, found('m1', 'm2', 1, false)] }))).toBe(
      false,
    )
  })
})

describe('pendingMerges', () => {
  it.each([
    ['m1 m2', [], ['m1', 'm2']],
    ['m1 w2 m3', [], ['m1', 'm3']],
    ['m1 p2 m3', [], ['m3']],
    ['m1 m2 m3', [found('start', 'm2', 2, true)], ['m3']],
    ['m1 m2 m3', [found('start', 'm3', 3, false)], ['m1', 'm2', 'm3']],
    ['m1 m2 m3', [found('start', 'm1', 1, false)], ['m2', 'm3']],
  ])('of %s after %j', (history, settled, names) => {
    const pending = pendingMerges(aHistory(history, { found: settled }))
    expect(pending.map(({ commit }) => commit)).toEqual(names.map((name) => aBaseline(name).commit))
  })
})

describe('a bisection', () => {
  /** Answers every range as if exactly these merges were bad and any bad one spoilt the whole. */
  function bisect(size: number, bad: readonly number[]) {
    const names = Array.from({ length: size }, (_, index) => `m${index + 1}`)
    const settled: Certification[] = []
    for (let tests = 0; tests < 100; tests++) {
      const state = aHistory(names.join(' '), { asked: names.at(-1) ?? '', found: settled })
      const range = nextRange(state)
      if (!range) return { settled, tests }
      const indexOf = (commit: string) => names.findIndex((name) => aBaseline(name).commit === commit) + 1
      const [after, last] = [indexOf(range.from.commit), indexOf(range.to.commit)]
      const holds = !bad.some((one) => one > after && one <= last)
      const ends = { from: range.from.commit, to: range.to.commit }
      settled.push(aCertification({ ...ends, merges: range.merges, holds }))
    }
    throw new Error('it does not end')
  }

  const sets = Array.from({ length: 128 }, (_, bits) =>
    [1, 2, 3, 4, 5, 6, 7].filter((n) => bits & (1 << (n - 1))),
  )

  it('finds exactly the merges that are bad, for every set of bad ones among seven', () => {
    for (const bad of sets) {
      const refuted = bisect(7, bad).settled.filter(({ holds, merges }) => !holds && merges === 1)
      expect(refuted.map(({ to }) => to)).toEqual(bad.map((n) => aBaseline(`m${n}`).commit))
    }
  })

  it('takes one test when all merges hold, and few when one does not', () => {
    expect(bisect(8, []).tests).toBe(1)
    const tests = [1, 2, 3, 4, 5, 6, 7, 8].map((bad) => bisect(8, [bad]).tests)
    expect(Math.max(...tests)).toBeLessThanOrEqual(6)
  })
})
