// The choice of proposer and direction: what the bandit learns, and the rules that hold whatever it learned.

import { describe, expect, it } from 'vitest'
import { chooseTurn, type ProposerChoice, type Turn } from '../../../src/core/propose/direction.ts'
import { CATEGORIES, type Candidate, isStructural, originOf } from '../../../src/core/record/candidate.ts'
import type { State } from '../../../src/core/record/state.ts'
import { aaOrigin, aCandidate, aDirection, aRandom, aState, aTrialResult, aVerdict } from '../../factories.ts'

const POLICY = { structuralShare: 0.3, deviceHourDollars: 2 }
const KNOBS: ProposerChoice = { name: 'knobs', constantsOnly: true }
const AGENT: ProposerChoice = { name: 'agent', constantsOnly: false }
const OTHER: ProposerChoice = { name: 'other', constantsOnly: false }

const MERGED = {
  verdict: aVerdict({ gain: 0.03, sigma: 0.01 }),
  end: { kind: 'merged', commit: 'c', asTrained: true },
} as const
const REJECTED = {
  verdict: aVerdict({ kind: 'reject', gain: -0.01, sigma: 0.01, runs: { candidate: 1, baseline: 6 } }),
  end: { kind: 'closed' },
} as const
const PARKED = { ...REJECTED, verdict: aVerdict({ kind: 'park', gain: 0.015, sigma: 0.01 }) } as const
const CRASHED = {
  verdict: { kind: 'reject', reason: 'run 1 of 1 ended crashed', runs: { candidate: 1, baseline: 6 } },
  end: { kind: 'closed' },
} as const

/** Candidates by the agent, all trained for the same time. */
function tried(count: number, fields: Partial<Candidate>): Candidate[] {
  return Array.from({ length: count }, (_, index) =>
    aCandidate({ name: `${fields.proposer}${fields.category}${index}`, proposer: 'agent', ...fields }),
  )
}

function aLedger(candidates: readonly Candidate[]): State {
  return aState({ candidates, trials: candidates.map((candidate) => aTrialResult({ candidate })) })
}

function turns(state: State, proposers = [AGENT], draws = 400, policy = POLICY): Turn[] {
  const random = aRandom(7)
  return Array.from({ length: draws }, () => {
    const turn = chooseTurn(state, proposers, new Set(), policy, random)
    if (!turn) throw new Error('nobody was chosen')
    return turn
  })
}

function share(of: readonly Turn[], is: (turn: Turn) => boolean): number {
  return of.filter(is).length / of.length
}

const mode = (name: string) => (turn: Turn) => turn.direction.mode === name
const category = (name: string) => (turn: Turn) => turn.direction.category === name

describe('chooseTurn', () => {
  it('explores every category when nothing is known yet, and leaves constants to `knobs`', () => {
    const all = turns(aState())
    const seen = new Set(all.map(({ direction }) => direction.category))
    expect([...seen].sort()).toEqual([...CATEGORIES].sort())
    expect(share(all, category('hyperparameter'))).toBeLessThan(0.2)
    expect(share(all, mode('explore'))).toBe(1 - share(all, category('hyperparameter')))
    const withKnobs = turns(aState(), [AGENT, KNOBS]).filter(({ index }) => index === 0)
    expect(share(withKnobs, category('hyperparameter'))).toBe(0)
  })

  it('is deterministic for the same random numbers', () => {
    const state = aLedger([...tried(3, MERGED), ...tried(3, PARKED)])
    expect(turns(state, [AGENT, KNOBS], 20)).toEqual(turns(state, [AGENT, KNOBS], 20))
  })

  it('gives more turns to a category with confirmed gains, and some to the others', () => {
    const good = tried(10, {
      category: 'schedule',
      ...MERGED,
    })
    const bad = tried(10, { category: 'data', ...REJECTED })
    const all = turns(aLedger([...good, ...bad]))
    expect(share(all, category('schedule'))).toBeGreaterThan(0.4)
    expect(share(all, category('data'))).toBeLessThan(0.05)
    expect(share(all, category('numerics'))).toBeGreaterThan(0.005)
  })

  it('weighs recent results more than old ones', () => {
    const good = tried(8, { category: 'schedule', ...MERGED })
    const bad = tried(8, { category: 'schedule', proposer: 'other', ...REJECTED })
    const between = tried(300, { category: 'data', ...REJECTED })
    const asked = (candidates: Candidate[]) => share(turns(aLedger(candidates)), category('schedule'))
    expect(asked([...bad, ...between, ...good])).toBeGreaterThan(1.2 * asked([...good, ...between, ...bad]))
  })

  it('counts no gain that a person still has to confirm', () => {
    const reviewed = tried(10, {
      category: 'schedule',
      verdict: aVerdict({ kind: 'review', gain: 0.5, sigma: 0.01 }),
      end: { kind: 'handed-over', reason: 'self-reported' },
    })
    expect(share(turns(aLedger(reviewed)), category('schedule'))).toBeLessThan(0.2)
  })

  it('prefers the model with more gain per hour and dollar', () => {
    const priced = (dollars: number) => ({ inputTokens: 0, outputTokens: 0, dollars })
    const cheap = tried(12, { proposer: 'agent', ...MERGED, usage: priced(0.01) })
    const dear = tried(12, { proposer: 'other', ...MERGED, usage: priced(2) })
    const all = turns(aLedger([...cheap, ...dear]), [AGENT, OTHER])
    expect(share(all, ({ index }) => index === 0)).toBeGreaterThan(0.8)
  })

  it('charges a model for attempts without a candidate', () => {
    const usage = { inputTokens: 0, outputTokens: 0, dollars: 5 }
    const both = [
      ...tried(6, { proposer: 'agent', ...MERGED }),
      ...tried(6, { proposer: 'other', ...MERGED }),
    ]
    const emptyAttempts = new Map(
      Array.from({ length: 6 }, (_, index) => [`${index}`, { proposer: 'other', usage }] as const),
    )
    const all = turns({ ...aLedger(both), emptyAttempts }, [AGENT, OTHER])
    expect(share(all, ({ index }) => index === 0)).toBeGreaterThan(0.8)
  })

  it('credits a proposer with candidates from its fallback endpoint', () => {
    const standIn = tried(12, { proposer: 'openai gpt-y', standsInFor: 'agent', ...MERGED })
    const other = tried(12, { proposer: 'other', ...REJECTED })
    const all = turns(aLedger([...standIn, ...other]), [AGENT, OTHER])
    expect(share(all, ({ index }) => index === 0)).toBeGreaterThan(0.8)
  })

  it('skips exhausted proposers, and ends when all are exhausted', () => {
    const left = (...exhausted: number[]) =>
      chooseTurn(aState(), [AGENT, KNOBS], new Set(exhausted), POLICY, aRandom(1))?.index
    expect(left(0)).toBe(1)
    expect(left(1)).toBe(0)
    expect(left(0, 1)).toBeUndefined()
  })

  it.each([0.3, 0.5, 1])(
    'keeps a share of %d for structural changes, however well constants work',
    (least) => {
      const random = aRandom(3)
      const candidates: Candidate[] = []
      for (let index = 0; index < 100; index++) {
        const policy = { ...POLICY, structuralShare: least }
        const turn = chooseTurn(aLedger(candidates), [KNOBS, AGENT], new Set(), policy, random)
        const structural = turn?.direction.structural === true
        const name = `c${index}`
        // The agent tunes constants whenever it may.
        const fate = structural ? REJECTED : MERGED
        const kind = structural ? {} : ({ constantsOnly: true } as const)
        candidates.push(
          aCandidate({ name, proposer: turn?.index === 0 ? 'knobs' : 'agent', ...fate, ...kind }),
        )
      }
      const structural = candidates.map(isStructural)
      for (let end = 20; end <= 100; end++)
        expect(structural.slice(end - 20, end).filter(Boolean).length).toBeGreaterThanOrEqual(20 * least)
    },
  )

  it('tunes constants when no other proposer is left, to keep the device busy', () => {
    const state = aLedger(tried(20, { constantsOnly: true, ...MERGED }))
    const turn = chooseTurn(state, [KNOBS, AGENT], new Set([1]), POLICY, aRandom(1))
    expect(turn).toEqual({ index: 0, direction: expect.objectContaining({ structural: false }) })
  })

  it('does not count A/A candidates', () => {
    const noOps = tried(20, { origin: aaOrigin(1), category: 'schedule', ...MERGED })
    expect(turns(aLedger(noOps))).toEqual(turns(aState()))
  })
})

describe('the changes a direction starts from', () => {
  const one = aCandidate({ name: 'one', category: 'optimizer', ...PARKED })
  const two = aCandidate({ name: 'two', ...PARKED })
  const crash = aCandidate({ name: 'crash', category: 'numerics', ...CRASHED })
  const crashRun = aTrialResult({ candidate: crash, outcome: 'crashed' })

  const sourcesOf = (state: State, name: string) =>
    turns(state)
      .filter(mode(name))
      .map(({ direction }) => direction.sources)

  it('combines two near misses, in the category of one of them', () => {
    const all = turns(aLedger([one, two])).filter(mode('combine'))
    expect(all.length).toBeGreaterThan(20)
    for (const { direction } of all) {
      expect([...direction.sources].sort()).toEqual([one.id, two.id].sort())
      expect(['optimizer', 'schedule']).toContain(direction.category)
    }
  })

  it('does not combine the same two twice, even if the first attempt produced no candidate', () => {
    const direction = aDirection({ mode: 'combine', sources: [one.id, two.id] })
    const both = aCandidate({ name: 'both', origin: originOf(direction), ...REJECTED })
    expect(sourcesOf(aLedger([one, two, both]), 'combine')).toEqual([])
    const usage = { inputTokens: 1, outputTokens: 1, dollars: 0 }
    const emptyAttempts = new Map([['f', { proposer: 'agent', usage, direction }]])
    expect(sourcesOf({ ...aLedger([one, two]), emptyAttempts }, 'combine')).toEqual([])
  })

  describe('of a conflict with a merge', () => {
    const merged = aCandidate({ name: 'merged', ...MERGED })
    const conflict = MERGED.end.commit
    const lost = aCandidate({ name: 'lost', category: 'numerics', ...PARKED })
    const lostTo = { ...lost, verdict: { ...PARKED.verdict, conflict } }

    it('are both, before anything else', () => {
      const all = turns(aLedger([merged, lostTo]))
      expect(all.length).toBeGreaterThan(0)
      for (const { direction } of all)
        expect(direction).toMatchObject({
          mode: 'combine',
          category: 'numerics',
          sources: [lost.id, merged.id],
        })
    })

    it.each([
      ['a candidate came of it', { direction: 'candidate' }],
      ['an attempt without a candidate came of it', { direction: 'attempt' }],
    ])('are asked for once: %s', (_, { direction: how }) => {
      const direction = aDirection({ mode: 'combine', sources: [lost.id, merged.id] })
      const usage = { inputTokens: 1, outputTokens: 1, dollars: 0 }
      const made = aCandidate({ name: 'made', origin: originOf(direction), ...REJECTED })
      const state = aLedger(how === 'candidate' ? [merged, lostTo, made] : [merged, lostTo])
      const emptyAttempts = new Map(how === 'attempt' ? [['f', { proposer: 'agent', usage, direction }]] : [])
      const pairs = sourcesOf({ ...state, emptyAttempts }, 'combine')
      expect(pairs.filter((sources) => sources.includes(merged.id))).toEqual([])
    })

    it('are not asked of a proposer that only tunes constants, nor when a person closed it', () => {
      const withdrawn = { ...lostTo, end: { kind: 'withdrawn', reason: 'no' } } as const
      const pairs = sourcesOf(aLedger([merged, withdrawn]), 'combine')
      expect(pairs.filter((sources) => sources.includes(merged.id))).toEqual([])
    })
  })

  it('offers no combination that is unlikely to pass its first run', () => {
    const slight = { ...REJECTED, verdict: { ...REJECTED.verdict, gain: 0.006 } }
    const weak = [aCandidate({ name: 'a', ...slight }), aCandidate({ name: 'b', ...slight })]
    const offered = (misses: Candidate[]) => sourcesOf(aLedger(misses), 'combine').length
    expect(offered(weak)).toBeLessThan(offered([one, two]) / 2)
  })

  it('simplifies after every fifth structural merge', () => {
    const merged = tried(5, { ...MERGED })
    expect(sourcesOf(aLedger(merged.slice(1)), 'simplify')).toEqual([])
    const direction = aDirection({ mode: 'simplify', sources: [merged[0]?.id ?? ''] })
    expect(sourcesOf(aLedger(merged), 'simplify').length).toBeGreaterThan(0)
    expect(
      sourcesOf(aLedger([...merged, aCandidate({ origin: originOf(direction), ...REJECTED })]), 'simplify'),
    ).toEqual([])
  })

  it('does not treat a clearly worse, merged or withdrawn change as a near miss', () => {
    const others = [
      aCandidate({ name: 'worse', ...REJECTED }),
      aCandidate({ name: 'merged', ...MERGED }),
      aCandidate({ name: 'closed', verdict: PARKED.verdict, end: { kind: 'withdrawn', reason: 'no' } }),
    ]
    expect(sourcesOf(aLedger([one, ...others]), 'combine')).toEqual([])
  })

  it('repairs a crash once', () => {
    const state = { ...aLedger([crash]), trials: new Map([['t', crashRun]]) }
    expect(new Set(sourcesOf(state, 'repair').flat())).toEqual(new Set([crash.id]))
    const direction = aDirection({ mode: 'repair', sources: [crash.id] })
    const repaired = aCandidate({ name: 'repaired', origin: originOf(direction), ...REJECTED })
    const later = { ...aLedger([crash, repaired]), trials: new Map([['t', crashRun]]) }
    expect(sourcesOf(later, 'repair')).toEqual([])
  })

  it('does not repair a repair that crashed', () => {
    const again = { ...crash, origin: originOf(aDirection({ mode: 'repair', sources: ['x'] })) }
    const state = { ...aLedger([again]), trials: new Map([['t', crashRun]]) }
    expect(sourcesOf(state, 'repair')).toEqual([])
  })

  it('leaves the refinement of tuned constants to `knobs`', () => {
    const knob = { file: 'train.py', name: 'lr', from: 1, to: 2 }
    const turned = aCandidate({ name: 'turned', proposer: 'knobs', knob, ...MERGED })
    expect(sourcesOf(aLedger([turned, one]), 'refine').flat()).not.toContain(turned.id)
  })
})
