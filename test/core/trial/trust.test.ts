// Checks on a result from a machine that ran candidate code.

import { describe, expect, it } from 'vitest'
import type { Trial, TrialResult } from '../../../src/core/record/trial.ts'
import { trialId, trialSeed } from '../../../src/core/trial/protocol.ts'
import { checkResult, type Demands } from '../../../src/core/trial/trust.ts'
import {
  aaOrigin,
  aBaseline,
  aCandidate,
  aPromotion,
  aState,
  aTrialResult,
  CONDITIONS,
  certifying,
  ROOT_SEED,
  sha,
  type TrialResultFields,
} from '../../factories.ts'

const OLD = aBaseline('old')
const NOW = aBaseline('now')
const CANDIDATE = aCandidate({ name: 'warmup', base: NOW.commit })
const OTHER = aCandidate({ name: 'muon', base: NOW.commit })

const DEMANDS: Demands = { hash: CONDITIONS.config, trust: 'self-reported', sandboxKind: 'bubblewrap' }

function check(result: TrialResult, demands: Partial<Demands> = {}): string | undefined {
  return checkResult(STATE, result, { ...DEMANDS, ...demands })
}

const AA = aCandidate({ name: 'aa', base: NOW.commit, origin: aaOrigin(1) })

const STATE = aState({ baselines: [OLD, NOW], candidates: [CANDIDATE, OTHER, AA] })

/** The result of a trial whose fields say what it is for. */
function purposeful(result: TrialResult, fields: Partial<Trial>): TrialResult {
  return { ...result, trial: { ...result.trial, ...fields } }
}

const protocol = certifying(OLD.commit, NOW.commit)
const FRESH = purposeful(aTrialResult({ baseline: NOW }), {
  protocol,
  id: trialId(NOW.tree, 1, protocol),
  seed: trialSeed(ROOT_SEED, NOW.tree, 1, protocol),
})

/** A candidate's result whose trial says something else; id and seed follow unless given. */
function forged(fields: Partial<Trial>): TrialResult {
  const result = aTrialResult({ candidate: CANDIDATE })
  const trial = { ...result.trial, ...fields }
  const { tree, replicate } = trial
  const consistent = { id: trialId(tree, replicate), seed: trialSeed(ROOT_SEED, tree, replicate) }
  return { ...result, trial: { ...trial, ...consistent, ...fields } }
}

describe('checkResult', () => {
  it.each([
    ['a candidate', aTrialResult({ candidate: CANDIDATE })],
    ['a later replicate', aTrialResult({ candidate: CANDIDATE, replicate: 4 })],
    ['a failed run', aTrialResult({ candidate: CANDIDATE, outcome: 'crashed' })],
    ['a run whose memory was seen', aTrialResult({ candidate: CANDIDATE, peakMemoryBytes: 1024 ** 3 })],
    ['the baseline', aTrialResult({ baseline: NOW })],
    ['a baseline that has moved on meanwhile', aTrialResult({ baseline: OLD })],
    ['a run that certifies', FRESH],
    ['an A/A candidate', purposeful(aTrialResult({ candidate: AA }), { aa: true })],
    ['a value of 0', aTrialResult({ baseline: NOW, value: 0 })],
  ])('accepts a result of %s', (_, result) => expect(check(result)).toBeUndefined())

  const { value: _, ...valueless } = aTrialResult({ candidate: CANDIDATE })
  it.each([
    ['measured without a value', valueless, 'contradict each other'],
    ['crashed with a value', { ...aTrialResult({ candidate: CANDIDATE }), outcome: 'crashed' }, 'contradict'],
    [
      'measured under another configuration',
      aTrialResult({ candidate: CANDIDATE, config: 'f'.repeat(16) }),
      'another configuration',
    ],
    ['the id of another tree', forged({ id: trialId(OTHER.tree, 1) }), 'its id does not match'],
    ['the id of another replicate', forged({ id: trialId(CANDIDATE.tree, 2) }), 'its id does not match'],
    ['a seed of its own choice', forged({ seed: 42 }), 'its seed is not the one assigned'],
    [
      'the seed of another replicate',
      forged({ seed: trialSeed(ROOT_SEED, CANDIDATE.tree, 2) }),
      'its seed is not the one assigned',
    ],
    ['a run that certifies under an ordinary id', forged({ protocol }), 'its id does not match'],
    [
      'an ordinary seed for a run that certifies',
      purposeful(FRESH, { seed: trialSeed(ROOT_SEED, NOW.tree, 1) }),
      'its seed is not the one assigned',
    ],
    ['an A/A candidate that does not say so', aTrialResult({ candidate: AA }), 'no such trial was assigned'],
    ['a candidate that says it is A/A', forged({ aa: true }), 'no such trial was assigned'],
    ['code nobody proposed', forged({ tree: sha('better') }), 'no such trial was assigned'],
    ['another commit', forged({ head: sha('pushed') }), 'no such trial was assigned'],
    ['another base', forged({ base: OLD.commit }), 'no such trial was assigned'],
    ['the code of another candidate', forged({ tree: OTHER.tree }), 'no such trial was assigned'],
    ['an unknown candidate', forged({ candidate: 'deadbeef' }), 'no such trial was assigned'],
    ['its own code as the baseline', forged({ candidate: null }), 'no such trial was assigned'],
    [
      'the baseline, built on something else',
      forged({ candidate: null, head: NOW.commit, tree: NOW.tree, base: OLD.commit }),
      'no such trial was assigned',
    ],
    [
      'its own code as a commit of the baseline',
      forged({ candidate: null, head: NOW.commit, base: NOW.commit }),
      'no such trial was assigned',
    ],
    [
      'a baseline that never was',
      aTrialResult({ baseline: aBaseline('elsewhere') }),
      'no such trial was assigned',
    ],
    [
      'a commit and a tree of different baselines',
      aTrialResult({ baseline: { commit: NOW.commit, tree: OLD.tree } }),
      'no such trial was assigned',
    ],
  ] as [string, TrialResult, string][])('refuses %s', (_, result, problem) => {
    expect(check(result)).toContain(problem)
  })

  const climbing = { purpose: 'promote', scale: 'd24', promotion: 1 } as const
  const stack = { members: [], commit: sha('stack'), tree: sha('stack tree') }
  const promotions = new Map([['d24/1', { ...aPromotion(), stacks: [stack] }]])
  const climbed = (fields: Partial<Trial> = {}) => {
    const trial = { candidate: null, base: stack.commit, head: stack.commit, tree: stack.tree, ...fields }
    const { tree } = trial
    const ids = { id: trialId(tree, 1, climbing), seed: trialSeed(ROOT_SEED, tree, 1, climbing) }
    return purposeful(aTrialResult({ baseline: NOW }), { protocol: climbing, ...trial, ...ids })
  }

  it('accepts the code that a promotion tests at a larger scale', () => {
    expect(checkResult({ ...STATE, promotions }, climbed(), DEMANDS)).toBeUndefined()
  })

  it.each([
    ['other code', climbed({ tree: sha('better') })],
    ['another commit', climbed({ head: sha('better'), base: sha('better') })],
    ['a baseline that no promotion tests', climbed({ head: NOW.commit, base: NOW.commit, tree: NOW.tree })],
  ])('refuses %s at a larger scale', (_, result) => {
    expect(checkResult({ ...STATE, promotions }, result, DEMANDS)).toBe('no such trial was assigned')
  })

  it('refuses a result of a head that was replayed meanwhile', () => {
    const moved = { ...CANDIDATE, head: sha('replayed'), tree: sha('replayed tree'), rebases: 1 }
    const state = aState({ baselines: [OLD, NOW], candidates: [moved] })
    expect(checkResult(state, aTrialResult({ candidate: CANDIDATE }), DEMANDS)).toContain('no such trial')
  })

  const bounds = [2, 3] as const
  it.each([
    ['inside the bounds', { value: 2.5 }, { bounds }, undefined],
    ['at a bound', { value: 3 }, { bounds }, undefined],
    ['below the bounds', { value: 1.9 }, { bounds }, 'outside the bounds'],
    ['above the bounds', { value: 3.1 }, { bounds }, 'outside the bounds'],
    ['self-reported, and nothing else is asked', { trust: 'self-reported' }, {}, undefined],
    ['evaluated, and nothing else is asked', { trust: 'evaluated' }, {}, undefined],
    ['evaluated, as demanded', { trust: 'evaluated' }, { trust: 'evaluated' }, undefined],
    ['self-reported past an evaluate command', {}, { trust: 'evaluated' }, 'by the training script itself'],
    [
      'a crash past an evaluate command',
      { outcome: 'crashed' },
      { trust: 'evaluated' },
      'by the training script itself',
    ],
    ['separated, as demanded', { trust: 'separated' }, { trust: 'separated' }, undefined],
    [
      'not separated, past a serve command',
      { trust: 'evaluated' },
      { trust: 'separated' },
      'that runs the model itself',
    ],
    ['made without the sandbox demanded', { sandbox: 'none' }, {}, 'without the sandbox'],
    [
      'a crash without the sandbox demanded',
      { outcome: 'crashed', sandbox: 'none' },
      {},
      'without the sandbox',
    ],
    ['made in something else', { sandbox: 'a tent' }, {}, 'without the sandbox'],
    ['made without a sandbox, as configured', { sandbox: 'none' }, { sandboxKind: 'none' }, undefined],
    ['made in a sandbox though none is asked', {}, { sandboxKind: 'none' }, undefined],
  ] as [string, TrialResultFields, Partial<Demands>, string | undefined][])(
    'holds a result to the configuration: %s',
    (_, fields, demands, problem) => {
      const refusal = check(aTrialResult({ candidate: CANDIDATE, ...fields }), demands)
      if (problem === undefined) expect(refusal).toBeUndefined()
      else expect(refusal).toContain(problem)
    },
  )
})

describe('checkResult, of guards', () => {
  const source = { kind: 'pattern', pattern: 'm (\\S+)' } as const
  const guards = [
    { name: 'memory', direction: 'minimize', max: 100, source },
    { name: 'speed', direction: 'maximize', min: 10, source },
  ] as const
  const measured = (...values: [name: string, value: number][]): TrialResult => ({
    ...aTrialResult({ candidate: CANDIDATE }),
    guards: values.map(([name, value]) => ({ name, value })),
  })

  it('accepts those of the configuration, within their limits', () => {
    expect(check(measured(['memory', 100], ['speed', 10]), { guards })).toBeUndefined()
  })

  it.each([
    ['one is missing', measured(['memory', 100])],
    ['all are missing', aTrialResult({ candidate: CANDIDATE })],
    ['they are in another order', measured(['speed', 10], ['memory', 100])],
    ['one is there twice', measured(['memory', 1], ['memory', 1])],
    ['one is added', measured(['memory', 1], ['speed', 10], ['other', 1])],
    ['one is above its maximum', measured(['memory', 101], ['speed', 10])],
    ['one is below its minimum', measured(['memory', 1], ['speed', 9])],
  ])('refuses a measured result where %s', (_, result) => {
    expect(check(result, { guards })).toContain('its guards are not those of the configuration')
  })

  it('refuses guards that the configuration does not have', () => {
    expect(check(measured(['memory', 1]))).toContain('its guards are not those of the configuration')
  })

  it('asks for none of a run that certifies, or that failed', () => {
    expect(check(FRESH, { guards })).toBeUndefined()
    expect(check(aTrialResult({ candidate: CANDIDATE, outcome: 'crashed' }), { guards })).toBeUndefined()
  })
})
