// The decision about a range of the baseline, the runs it needs, and its wording.

import { describe, expect, it } from 'vitest'
import {
  certificationConfig,
  certificationFailure,
  certifyPolicy,
  decideCertification,
  planCertification,
} from '../../../src/core/certify/certify.ts'
import { type CertifyPolicy, HOLD_Z } from '../../../src/core/certify/opinion.ts'
import { measurementHash } from '../../../src/core/config/measurement.ts'
import type { Simplicity } from '../../../src/core/judge/policy.ts'
import { planTrials } from '../../../src/core/plan/schedule.ts'
import type { Certification } from '../../../src/core/record/certification.ts'
import type { State } from '../../../src/core/record/state.ts'
import type { TrialResult } from '../../../src/core/record/trial.ts'
import { isJudgeTrial, trialId, trialSeed } from '../../../src/core/trial/protocol.ts'
import {
  aBaseline,
  aCandidate,
  aConfig,
  aState,
  aTrialResult,
  aVerdict,
  CONDITIONS,
  certifying,
  POLICY,
  ROOT_SEED,
  trialResults,
} from '../../factories.ts'

const START = aBaseline('start')
const FIRST = aBaseline('first')
const LAST = aBaseline('last')
const CERTIFICATION: CertifyPolicy = {
  direction: 'minimize',
  runs: 4,
  every: 0,
  holdZ: HOLD_Z,
  conditions: CONDITIONS,
}

/** Fresh runs of one end of the range from START to `to`. */
function fresh(
  head: typeof START,
  values: readonly (number | undefined)[],
  to = LAST,
  fields: Partial<TrialResult> = {},
): TrialResult[] {
  return values.map((value, index) => {
    const replicate = index + 1
    const failed = value === undefined ? ({ outcome: 'crashed', reason: 'exit code 1' } as const) : { value }
    const result = { ...aTrialResult({ baseline: head, replicate, ...failed }), ...fields }
    const { tree } = head
    const protocol = certifying(START.commit, to.commit)
    const id = trialId(tree, replicate, protocol)
    const seed = trialSeed(ROOT_SEED, tree, replicate, protocol)
    return { ...result, trial: { ...result.trial, id, seed, protocol } }
  })
}

/** START and two merges after it, whose certification was asked for. `lines`: how many each of them adds. */
function aBatch(
  trials: readonly TrialResult[],
  merges = [FIRST, LAST],
  lines: readonly number[] = [],
): State {
  const candidates = merges.map(({ commit }, index) =>
    aCandidate({
      name: `merge ${index}`,
      verdict: aVerdict(),
      end: { kind: 'merged', commit, asTrained: true },
      addedLines: lines[index] ?? 0,
    }),
  )
  const certifyRequests = new Set(merges.slice(-1).map(({ commit }) => commit))
  return aState({ baselines: [START, ...merges], candidates, trials, certifyRequests })
}

function decided(state: State, policy: Partial<CertifyPolicy> = {}): Certification | undefined {
  const events = decideCertification(state, { ...CERTIFICATION, ...policy })
  return events.flatMap((event) => (event.kind === 'certification' ? [event.certification] : []))[0]
}

const BEFORE = [2.5, 2.51, 2.49, 2.5]
const better = (by: number) => BEFORE.map((value) => value - by)

describe('a guard', () => {
  const guards = [{ name: 'vram', direction: 'minimize', margin: { kind: 'percent', value: 5 } }] as const
  /** Fresh runs that gain clearly, of which each shows this guard. */
  const ends = (was: number, is: number, count = 4, to = LAST) => {
    const repeated = (values: readonly number[]) => [...values, ...values].slice(0, count)
    const show = (value: number) => ({ guards: [{ name: 'vram', value }] })
    return [
      ...fresh(START, repeated(BEFORE), to, show(was)),
      ...fresh(to, repeated(better(0.04)), to, show(is)),
    ]
  }

  it.each<[string, number, boolean]>([
    ['that each of two merges may have made worse by its margin holds', 109, true],
    ['that is worse than both together may make it does not hold', 112, false],
  ])('%s', (_, is, holds) => {
    expect(decided(aBatch(ends(100, is)), { guards })?.holds).toBe(holds)
  })

  it('that is lost is named', () => {
    expect(decided(aBatch(ends(100, 112)), { guards })?.reason).toMatch(
      /^2 merges do not hold together: guard vram is 112 against 100, and may be worse by 10; of the metric: 2 merges certified/,
    )
  })

  it('of a single merge is measured twice as often before the merge is refuted', () => {
    const batch = (count: number) => aBatch(ends(100, 107, count, LAST), [LAST])
    expect(decided(batch(4), { guards })).toBeUndefined()
    expect(planCertification(batch(4), { ...CERTIFICATION, guards })).toHaveLength(8)
    expect(decided(batch(8), { guards })).toMatchObject({ holds: false, merges: 1 })
  })

  it('is compared in its own direction', () => {
    const maximised = [{ ...guards[0], direction: 'maximize' }] as const
    expect(decided(aBatch(ends(100, 112)), { guards: maximised })?.holds).toBe(true)
    expect(decided(aBatch(ends(100, 88)), { guards: maximised })?.holds).toBe(false)
  })

  it('with a margin is part of the policy, one with hard limits only is not', () => {
    const found = { kind: 'pattern', pattern: 'x (.*)' } as const
    const config = aConfig({
      guards: [
        { ...guards[0], source: found },
        { name: 'mfu', direction: 'maximize', min: 1, source: found },
      ],
    })
    expect(certifyPolicy(config, 'x').guards).toEqual(guards)
  })
})

describe('the decision', () => {
  it('states that two merges hold', () => {
    const state = aBatch([...fresh(START, BEFORE), ...fresh(LAST, better(0.04))])
    expect(decided(state)).toMatchObject({
      from: START.commit,
      to: LAST.commit,
      merges: 2,
      holds: true,
      reason: '2 merges certified together: gain 0.04 ± 0.00759 over 4 + 4 fresh runs, z = 5.3',
      runs: { candidate: 4, baseline: 4 },
    })
  })

  it('states that two merges do not hold', () => {
    const state = aBatch([...fresh(START, BEFORE), ...fresh(LAST, better(0.005))])
    expect(decided(state)).toMatchObject({
      holds: false,
      reason: '2 merges do not hold together: gain 0.005 ± 0.00759 over 4 + 4 fresh runs, z = 0.7 < 1.645',
    })
  })

  const one = (...trials: TrialResult[]) => aBatch(trials, [LAST])

  it.each([
    ['holds', 0.02, '1 merge certified: gain 0.02'],
    ['does not hold', -0.02, '1 merge does not hold: gain -0.02'],
  ])('about a single merge that %s after four runs each is final', (_, gain, reason) => {
    const certification = decided(one(...fresh(START, BEFORE), ...fresh(LAST, better(gain))))
    expect(certification?.reason).toContain(reason)
    expect(certification?.merges).toBe(1)
  })

  it('about a single merge that may still help waits for twice the runs', () => {
    const first = one(...fresh(START, BEFORE), ...fresh(LAST, better(0.005)))
    expect(decided(first)).toBeUndefined()
    expect(planCertification(first, CERTIFICATION)).toHaveLength(8)
    const twice = (values: readonly number[]) => [...values, ...values]
    const half = one(...fresh(START, [...BEFORE, 2.5]), ...fresh(LAST, [...better(0.02), 2.47]))
    expect(decided(half)).toBeUndefined()
    for (const [gain, holds] of [
      [0.0085, true],
      [0.003, false],
    ] as const) {
      const second = one(...fresh(START, twice(BEFORE)), ...fresh(LAST, twice(better(gain))))
      expect(decided(second)).toMatchObject({ holds, runs: { candidate: 8, baseline: 8 } })
    }
  })

  it.each([
    [0.001, true],
    [0, false],
  ])('of deterministic runs needs only a gain: %d', (gain, holds) => {
    const same = (value: number) => Array<number>(4).fill(value)
    const certification = decided(aBatch([...fresh(START, same(2.5)), ...fresh(LAST, same(2.5 - gain))]))
    expect(certification).toMatchObject({ holds, reason: expect.stringContaining('(σ = 0)') })
    expect(certification).not.toHaveProperty('z')
  })

  it('mirrors for a metric that is maximized', () => {
    const state = aBatch([...fresh(START, BEFORE), ...fresh(LAST, better(-0.04))])
    expect(decided(state)).toMatchObject({ holds: false })
    expect(decided(state, { direction: 'maximize' })).toMatchObject({ holds: true })
  })

  it('does not depend on the order in which runs arrive', () => {
    const trials = [...fresh(START, BEFORE), ...fresh(LAST, better(0.04))]
    expect(decided(aBatch(trials.toReversed()))?.holds).toBe(decided(aBatch(trials))?.holds)
  })

  it('ignores ordinary runs of the same code, runs on another machine and runs for another range', () => {
    const elsewhere = { testbed: '1 × OtherGPU' }
    expect(
      decided(
        aBatch([
          ...trialResults(BEFORE, { baseline: START }),
          ...trialResults(better(0.04), { baseline: LAST }),
        ]),
      ),
    ).toBeUndefined()
    for (const [to, fields] of [
      [LAST, elsewhere],
      [LAST, { config: 'f'.repeat(16) }],
      [FIRST, {}],
    ] as const)
      expect(
        decided(aBatch([...fresh(START, BEFORE, to, fields), ...fresh(LAST, better(0.04), to, fields)])),
      ).toBeUndefined()
  })

  it('is against the merges when their code fails three times', () => {
    const trials = [...fresh(START, BEFORE), ...fresh(LAST, [undefined, 2.4, undefined, undefined])]
    expect(decided(aBatch(trials))).toMatchObject({
      holds: false,
      reason: '3 fresh runs ended crashed: exit code 1',
    })
  })

  it('is none while the certified commit itself fails: that says nothing about the merges', () => {
    const state = aBatch([...fresh(START, [undefined, undefined, undefined]), ...fresh(LAST, better(0.04))])
    expect(decided(state)).toBeUndefined()
    expect(planCertification(state, CERTIFICATION)).toEqual([])
    expect(certificationFailure(state, CERTIFICATION)).toBe(
      'the last certified commit cannot be measured: 3 fresh runs ended crashed: exit code 1',
    )
  })

  it('worse runs never turn "does not hold" into "holds"', () => {
    for (let gain = -0.02; gain < 0.02; gain += 0.001)
      if (decided(aBatch([...fresh(START, BEFORE), ...fresh(LAST, better(gain))]))?.holds)
        expect(decided(aBatch([...fresh(START, BEFORE), ...fresh(LAST, better(gain + 0.001))]))?.holds).toBe(
          true,
        )
  })
})

describe('simplifications', () => {
  const simplicity: Simplicity = {
    removedLines: 5,
    margin: { kind: 'sigmas', value: 0.5 },
    addedLines: 50,
    gain: { kind: 'sigmas', value: 1 },
  }
  // σ comes out as 0.0107 of four runs each, and as 0.00972 of eight; a margin is half of that.
  const look = (
    gain: number,
    lines: readonly number[],
    merges = lines.length === 1 ? [LAST] : [FIRST, LAST],
  ) => decided(aBatch([...fresh(START, BEFORE), ...fresh(LAST, better(gain))], merges, lines), { simplicity })
  const secondLook = (gain: number, lines: readonly number[], policy: Partial<CertifyPolicy>) => {
    const twice = (values: readonly number[]) => [...values, ...values]
    return decided(
      aBatch([...fresh(START, twice(BEFORE)), ...fresh(LAST, twice(better(gain)))], [LAST], lines),
      policy,
    )
  }

  it('holds when it is not worse within its margin, and says what it was allowed', () => {
    expect(look(0.003, [-5])).toMatchObject({
      holds: true,
      reason:
        '1 merge certified: gain 0.003 ± 0.00759 over 4 + 4 fresh runs, as a simplification it may be worse by 0.00537, z = 1.1',
    })
    expect(look(0.003, [-5])?.margin).toBeCloseTo(0.00537, 5)
  })

  it.each([
    ['equal', 0, true],
    ['worse by the margin', -0.00486, false],
  ])('%s after twice the runs: holds %s', (_, gain, holds) => {
    expect(look(0, [-5])).toBeUndefined()
    expect(secondLook(gain, [-5], { simplicity })?.holds).toBe(holds)
  })

  it('is refuted at once when it is worse by more than the margin', () => {
    expect(look(-0.03, [-5])).toMatchObject({
      holds: false,
      reason: expect.stringContaining('may be worse by 0.00537, z = -3.2 < 1'),
    })
  })

  it.each([
    ['4 lines fewer', [-4], { simplicity }],
    ['5 lines fewer, where simplicity does not count', [-5], {}],
  ])('has no margin with %s', (_, lines, policy) => {
    const found = secondLook(0, lines, policy)
    expect(found).toMatchObject({ holds: false, reason: expect.stringContaining('z = 0.0 < 1.645') })
    expect(found).not.toHaveProperty('margin')
  })

  it.each([
    ['a gain beside it', [0, -5], 0.008, '1 simplification they may be worse by 0.00537, z = 1.8'],
    ['only simplifications', [-5, -9], 0, '2 simplifications they may be worse by 0.0107, z = 1.4'],
  ])('allows a group the margin of each: %s', (_, lines, gain, words) => {
    expect(look(gain, lines)).toMatchObject({ holds: true, reason: expect.stringContaining(words) })
  })

  it('does not let a group with a gain in it hold for being not worse', () => {
    expect(look(0.003, [0, -5])).toMatchObject({
      holds: false,
      reason: expect.stringContaining('z = 1.1 < 1.645'),
    })
  })

  it.each([
    [[-5], 0, true],
    [[-5], -0.001, false],
    [[0, -5], 0, false],
    [[0, -5], 0.001, true],
  ])('without noise, %j at a gain of %d holds: %s', (lines, gain, holds) => {
    const same = (value: number) => Array<number>(4).fill(value)
    const trials = [...fresh(START, same(2.5)), ...fresh(LAST, same(2.5 - gain))]
    const state = aBatch(trials, lines.length === 1 ? [LAST] : [FIRST, LAST], lines)
    expect(decided(state, { simplicity })?.holds).toBe(holds)
  })
})

describe('the plan', () => {
  const ends = (state: State) =>
    planCertification(state, CERTIFICATION).map(({ head }) => (head === LAST.commit ? 'to' : 'from'))

  it('takes both ends in turn', () => {
    expect(ends(aBatch([]))).toEqual(['from', 'to', 'from', 'to', 'from', 'to', 'from', 'to'])
  })

  it('continues with the end that has fewer runs', () => {
    expect(ends(aBatch([...fresh(START, BEFORE.slice(0, 2)), ...fresh(LAST, [2.4])]))).toEqual([
      'to',
      'from',
      'to',
      'from',
      'to',
    ])
  })

  it('repeats failed runs', () => {
    expect(
      ends(aBatch([...fresh(START, [undefined, ...BEFORE]), ...fresh(LAST, better(0.1).slice(1))])),
    ).toEqual(['to'])
  })

  it('has ids and seeds of its own, which go on counting through later ranges', () => {
    const [trial] = planCertification(aBatch([]), CERTIFICATION)
    expect(trial).toMatchObject({ id: `${START.tree.slice(0, 16)}-c1`, candidate: null, base: START.commit })
    expect(trial?.seed).not.toBe(trialSeed(ROOT_SEED, START.tree, 1))
    const later = planCertification(aBatch(fresh(START, BEFORE, FIRST)), CERTIFICATION)
    expect(later[0]?.id).toBe(`${START.tree.slice(0, 16)}-c5`)
  })

  it('is the same every time, and shrinks by what was run', () => {
    expect(planCertification(aBatch([]), CERTIFICATION)).toEqual(planCertification(aBatch([]), CERTIFICATION))
  })

  it('comes before everything else in the schedule, and disturbs no replicate of the baseline', () => {
    const state = aBatch(fresh(LAST, BEFORE))
    const trials = planTrials(state, CONDITIONS, POLICY, CERTIFICATION)
    expect(trials.slice(0, 4).every((trial) => !isJudgeTrial(trial))).toBe(true)
    expect(trials.slice(4).map(({ id }) => id)).toEqual(
      [1, 2, 3, 4, 5, 6].map((replicate) => trialId(LAST.tree, replicate)),
    )
  })
})

describe('when it is due', () => {
  const unasked = { ...aBatch([]), certifyRequests: new Set<string>() }

  it.each([
    ['by itself after as many merges as configured', 2, [{ kind: 'certify', to: LAST.commit }]],
    ['not before', 3, []],
    ['never, when configured so', 0, []],
  ])('%s', (_, every, events) => {
    expect(decideCertification(unasked, { ...CERTIFICATION, every })).toEqual(events)
  })

  it('is not requested twice', () => {
    expect(decideCertification(aBatch([]), { ...CERTIFICATION, every: 1 })).toEqual([])
  })
})

describe('the configuration of certification', () => {
  const config = aConfig({ evaluate: 'python evaluate.py' })
  const other = { ...config, certify: { every: 0, runs: 4, evaluate: 'python evaluate.py --shard 2' } }

  it('is the ordinary one, unless it has an evaluator of its own', () => {
    expect(certificationConfig(config)).toEqual(config)
    expect(certificationConfig(other).evaluate).toBe('python evaluate.py --shard 2')
  })

  it('knows what simplifications were allowed', () => {
    const simplicity: Simplicity = {
      removedLines: 5,
      margin: { kind: 'sigmas', value: 0.5 },
      addedLines: 50,
      gain: { kind: 'sigmas', value: 1 },
    }
    expect(certifyPolicy({ ...config, simplicity }, 'x').simplicity).toEqual(simplicity)
  })

  it('has a hash of its own exactly when the evaluator differs, so the numbers are never compared', () => {
    expect(certifyPolicy(config, 'x').conditions).toEqual({
      config: measurementHash(config),
      testbed: 'x',
      direction: 'minimize',
    })
    expect(certifyPolicy(other, 'x').conditions.config).not.toBe(measurementHash(other))
    expect(measurementHash(other)).toBe(measurementHash(config))
  })
})
