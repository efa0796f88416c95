// What the ledger's events add up to, and that saying them again changes nothing.

import { describe, expect, it } from 'vitest'
import { EMPTY_ARCHIVE } from '../../../src/core/record/archive.ts'
import { NO_USAGE, type Usage } from '../../../src/core/record/candidate.ts'
import type { Certification } from '../../../src/core/record/certification.ts'
import { LEDGER_FORMAT, type LedgerEvent } from '../../../src/core/record/events.ts'
import { advance, openCandidates, replay, type State, selectNews } from '../../../src/core/record/state.ts'
import {
  aaOrigin,
  aBaseline,
  aCandidate,
  aCertification,
  aRandom,
  aTrialResult,
  aVerdict,
  revertOrigin,
  sha,
} from '../../factories.ts'

const A = aCandidate({ name: 'warmup' })
const B = aCandidate({ name: 'muon' })
const MERGE = aVerdict()
const REJECT = aVerdict({ kind: 'reject', reason: 'conflicts' })
const PARK = aVerdict({ kind: 'park', reason: 'unproven' })
const REVIEW = aVerdict({ kind: 'review', reason: 'conflicts' })
const TOKENS: Usage = { inputTokens: 100, outputTokens: 20, dollars: 0.5 }

const STARTED: LedgerEvent[] = [
  { kind: 'started', rootSeed: 'test', format: LEDGER_FORMAT },
  { kind: 'baseline', ...aBaseline(), cause: 'started' },
]

function proposed(candidate = A): LedgerEvent {
  return { kind: 'proposed', candidate }
}

function opened(pullRequest: number, { id } = A): LedgerEvent {
  return { kind: 'opened', candidate: id, pullRequest }
}

function rebased(name: string, { id } = A): LedgerEvent {
  const base = sha(`${name} base`)
  return { kind: 'rebased', candidate: id, base, head: sha(name), tree: sha(`${name} tree`) }
}

function judged(verdict = MERGE, head = A.head, { id } = A): LedgerEvent {
  return { kind: 'judged', candidate: id, head, verdict }
}

function ended(reason = 'a person closed it', { id } = A): LedgerEvent {
  return { kind: 'ended', candidate: id, end: { kind: 'withdrawn', reason } }
}

function replayed(...events: LedgerEvent[]): State {
  return replay([...STARTED, ...events])
}

function a(state: State) {
  return state.candidates.get(A.id)
}

describe('replay', () => {
  it('of nothing is the state before the first run', () => {
    expect(replay([])).toEqual({
      rootSeed: '',
      format: 0,
      baseline: undefined,
      baselines: [],
      candidates: new Map(),
      trials: new Map(),
      usage: NO_USAGE,
      asked: 0,
      assigned: new Map(),
      losses: new Map(),
      lostSince: new Set(),
      certifyRequests: new Set(),
      certifications: new Map(),
      announced: new Set(),
      notReverted: new Map(),
      promoteRequests: new Set(),
      promotions: new Map(),
      decidedAtLastInsights: 0,
      emptyAttempts: new Map(),
      requests: new Map(),
      archive: EMPTY_ARCHIVE,
    })
  })

  it('started: the first root seed stays', () => {
    expect(replayed({ kind: 'started', rootSeed: 'other', format: LEDGER_FORMAT }).rootSeed).toBe('test')
  })

  it('baseline: the last one counts and all are remembered', () => {
    const state = replayed({ kind: 'baseline', ...aBaseline('two'), cause: 'merged' })
    expect(state.baseline).toEqual(aBaseline('two'))
    expect(state.baselines).toEqual([aBaseline(), aBaseline('two')])
  })

  it('F51 baseline: one that comes back counts again', () => {
    const state = replayed(
      { kind: 'baseline', ...aBaseline('two'), cause: 'merged' },
      { kind: 'baseline', ...aBaseline(), cause: 'pushed' },
    )
    expect(state.baseline).toEqual(aBaseline())
  })

  it('proposed: in order, and the first of an id stays', () => {
    const state = replayed(proposed(A), proposed(B), proposed({ ...A, title: 'again', usage: TOKENS }))
    expect([...state.candidates.values()]).toEqual([A, B])
    expect(state.usage).toEqual(NO_USAGE)
  })

  it('opened: the first number stays', () => {
    expect(a(replayed(proposed(), opened(7), opened(8)))?.pullRequest).toBe(7)
  })

  it('rebased: new base, head and tree; counted', () => {
    const state = replayed(proposed(), rebased('again'))
    expect(a(state)).toEqual({
      ...A,
      base: sha('again base'),
      head: sha('again'),
      tree: sha('again tree'),
      rebases: 1,
    })
  })

  it('rebased: the lines that it adds to the new baseline count, or the old ones where nobody counted', () => {
    const counted = { ...rebased('again'), addedLines: -3 } as LedgerEvent
    const candidate = { ...A, addedLines: -6 }
    expect(a(replayed(proposed(candidate), counted))?.addedLines).toBe(-3)
    expect(a(replayed(proposed(candidate), rebased('again')))?.addedLines).toBe(-6)
  })

  it.each([MERGE, REJECT, PARK])(
    'rebased: the verdict on the old head no longer holds ($kind)',
    (verdict) => {
      const state = replayed(proposed(), opened(7), judged(verdict), rebased('again'))
      expect(a(state)).not.toHaveProperty('verdict')
      expect(a(state)?.pullRequest).toBe(7)
    },
  )

  it('rebased: a settled candidate stays as it ended', () => {
    expect(a(replayed(proposed(), ended(), rebased('again')))?.head).toBe(A.head)
  })

  it('trial: the first result of an id stays', () => {
    const result = aTrialResult({ candidate: A, value: 2 })
    const state = replayed(proposed(), trial(result), trial(aTrialResult({ candidate: A, value: 1 })))
    expect([...state.trials.values()]).toEqual([result])
  })

  it('trial: is kept even when its candidate is not known', () => {
    expect(replayed(trial(aTrialResult({ candidate: B }))).trials.size).toBe(1)
  })

  it('judged: a revert that turns out not to fit is left to a person', () => {
    const undo = aCandidate({ name: 'undo', origin: revertOrigin(sha('merge')) })
    const verdicts = [MERGE, REVIEW].map((verdict) => judged(verdict, undo.head, undo))
    expect(replayed(proposed(undo), ...verdicts).candidates.get(undo.id)?.verdict).toEqual(REVIEW)
  })

  it('certification: the first word on a range stays', () => {
    const certification = aCertification()
    const other = { ...certification, holds: false }
    const state = replayed(certified(certification), certified(other))
    expect([...state.certifications.values()]).toEqual([certification])
  })

  it('proposed: an A/A candidate takes no proposer’s turn', () => {
    expect(replayed(proposed({ ...A, origin: aaOrigin(1) })).asked).toBe(0)
    expect(replayed(proposed({ ...A, origin: revertOrigin(sha('merge')) })).asked).toBe(0)
    expect(replayed(proposed(A)).asked).toBe(1)
  })

  it('judged: on another head than the present one says nothing', () => {
    expect(a(replayed(proposed(), judged(MERGE, sha('other'))))).toEqual(A)
    expect(a(replayed(proposed(), rebased('again'), judged(MERGE, A.head)))).not.toHaveProperty('verdict')
  })

  it.each([
    ['merge', 'reject', 'reject'],
    ['merge', 'park', 'merge'],
    ['merge', 'merge', 'merge'],
    ['reject', 'merge', 'reject'],
    ['reject', 'park', 'reject'],
    ['park', 'merge', 'park'],
    ['park', 'reject', 'park'],
    ['review', 'merge', 'review'],
    ['review', 'reject', 'review'],
    ['merge', 'review', 'merge'],
  ] as const)('judged: %s, then %s, is %s', (first, second, kept) => {
    const verdicts = [
      aVerdict({ kind: first, reason: '1' }),
      aVerdict({ kind: second, reason: '2' }),
    ] as const
    const verdict = a(replayed(proposed(), judged(verdicts[0]), judged(verdicts[1])))?.verdict
    expect(verdict).toEqual(kept === first ? verdicts[0] : verdicts[1])
  })

  it('ended: the first end stays', () => {
    expect(a(replayed(proposed(), ended('first'), ended('second')))?.end).toEqual({
      kind: 'withdrawn',
      reason: 'first',
    })
  })

  it.each([opened(7), rebased('x'), judged(), ended()])(
    '$kind of a candidate that is not known says nothing',
    (event) => expect(replayed(event)).toEqual(replayed()),
  )

  it('sums what proposing cost, failures included', () => {
    const nothing: LedgerEvent = {
      kind: 'no-proposal',
      id: 'asking 1',
      proposer: 'openai',
      reason: 'refused',
      usage: TOKENS,
    }
    const state = replayed(proposed({ ...A, usage: TOKENS }), nothing, proposed(B))
    expect(state.usage).toEqual({ inputTokens: 200, outputTokens: 40, dollars: 1 })
    expect(state.asked).toBe(3)
  })

  it('leaves the events untouched', () => {
    const events = structuredClone([...STARTED, proposed(), rebased('again'), judged(MERGE, sha('again'))])
    const before = structuredClone(events)
    replay(events)
    expect(events).toEqual(before)
  })
})

describe('openCandidates', () => {
  it('leaves out those that ended, however they did', () => {
    const merged: LedgerEvent = {
      kind: 'ended',
      candidate: B.id,
      end: { kind: 'merged', commit: sha('m'), asTrained: true },
    }
    expect(openCandidates(replayed(proposed(A), proposed(B), merged))).toEqual([A])
  })
})

describe('selectNews', () => {
  it('keeps what is new and drops what is known', () => {
    const known = [...STARTED, proposed(A)]
    expect(selectNews(replay(known), [proposed(A), proposed(B), opened(7)])).toEqual([proposed(B), opened(7)])
  })

  it('drops what is said twice within the same events', () => {
    expect(selectNews(replay(STARTED), [proposed(), proposed(), opened(7), opened(7)])).toEqual([
      proposed(),
      opened(7),
    ])
  })

  it('keeps an event that only makes sense after another of the same events', () => {
    const events = [proposed(), rebased('again'), judged(MERGE, sha('again'))]
    expect(selectNews(replay(STARTED), events)).toEqual(events)
  })

  it('F41 a second judge that decides the same adds nothing', () => {
    const known = [...STARTED, proposed(), judged()]
    expect(selectNews(replay(known), [judged(), judged(PARK)])).toEqual([])
  })
})

describe('any sequence of events', () => {
  const sequences = Array.from({ length: 30 }, (_, seed) => randomEvents(seed, 400))

  it.each(sequences.map((events, seed) => [seed, events] as const))(
    'F14 each event twice is as good as once (sequence %d)',
    (_, events) => {
      expect(replay(events.flatMap((event) => [event, event]))).toEqual(replay(events))
    },
  )

  it('F14 what news leaves out, nobody misses', () => {
    for (const events of sequences) {
      const half = events.slice(0, 200)
      const news = selectNews(replay(half), events.slice(200))
      expect(news.length).toBeLessThan(200)
      expect(replay([...half, ...news])).toEqual(replay(events))
    }
  })

  it('is the same when it is read in pieces, and what was known stays as it was', () => {
    for (const events of sequences.slice(0, 10)) {
      let state = replay([])
      for (let end = 40; end <= events.length; end += 40) {
        const before = state
        state = advance(before, events.slice(end - 40, end))
        expect(before).toEqual(replay(events.slice(0, end - 40)))
      }
      expect(state).toEqual(replay(events))
    }
  })

  it('F42 news of an event just appended is none', () => {
    for (const events of sequences)
      for (let end = 1; end < events.length; end += 13)
        expect(selectNews(replay(events.slice(0, end)), events.slice(end - 1, end))).toEqual([])
  })

  it('never loses a candidate, a trial or a baseline', () => {
    for (const events of sequences) {
      let before = replay([])
      for (let end = 10; end <= events.length; end += 10) {
        const after = replay(events.slice(0, end))
        expect([...after.trials.values()].slice(0, before.trials.size)).toEqual([...before.trials.values()])
        expect([...after.candidates.keys()].slice(0, before.candidates.size)).toEqual([
          ...before.candidates.keys(),
        ])
        expect(after.baselines.slice(0, before.baselines.length)).toEqual(before.baselines)
        before = after
      }
    }
  })

  it('never revives what has ended', () => {
    for (const events of sequences) {
      const ends = new Map<string, unknown>()
      for (let end = 1; end <= events.length; end += 7)
        for (const candidate of replay(events.slice(0, end)).candidates.values()) {
          if (ends.has(candidate.id)) expect(candidate.end).toEqual(ends.get(candidate.id))
          if (candidate.end) ends.set(candidate.id, candidate.end)
        }
    }
  })
})

function trial(result = aTrialResult()): LedgerEvent {
  return { kind: 'trial', result }
}

function certified(certification: Certification): LedgerEvent {
  return { kind: 'certification', certification }
}

/** Events as they could arrive from several jobs at once: many repeat, contradict or come too late. */
function randomEvents(seed: number, count: number): LedgerEvent[] {
  const random = aRandom(seed)
  const pick = <T>(items: readonly [T, ...T[]]): T => items[Math.floor(random() * items.length)] ?? items[0]
  const candidates = Array.from({ length: 8 }, (_, n) => aCandidate({ name: `c${n}`, usage: TOKENS }))
  const someone = () => candidates[Math.floor(random() * candidates.length)] ?? A
  const some = (name: string, most: number) => `${name}${Math.floor(random() * most)}`
  const make = (): LedgerEvent => {
    const candidate = someone()
    const { id } = candidate
    return pick<() => LedgerEvent>([
      () => ({ kind: 'started', rootSeed: some('root', 3), format: LEDGER_FORMAT }),
      () => ({ kind: 'baseline', ...aBaseline(some('b', 4)), cause: 'pushed' }),
      () => proposed(candidate),
      () => opened(Math.floor(random() * 9), candidate),
      () => rebased(some(`${id} again`, 3), candidate),
      () => trial(aTrialResult({ candidate, replicate: 1 + Math.floor(random() * 5), value: random() })),
      () => trial(aTrialResult({ baseline: aBaseline(some('b', 4)), value: random() })),
      () =>
        judged(pick([MERGE, REJECT, PARK]), pick([candidate.head, sha(some(`${id} again`, 3))]), candidate),
      () => certified(aCertification({ to: sha(some('b', 4)), holds: random() < 0.5 })),
      () => ({ kind: 'announced', from: sha('b'), to: sha(some('b', 4)) }),
      () => ({ kind: 'certify', to: sha(some('b', 4)) }),
      () => ({ kind: 'not-reverted', commit: sha(some('b', 4)), reason: some('reason', 3) }),
      () => (random() < 0.1 ? ended(some('reason', 3), candidate) : proposed(candidate)),
    ])()
  }
  return Array.from({ length: count }, make)
}
