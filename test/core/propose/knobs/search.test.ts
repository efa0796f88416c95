import { describe, expect, it } from 'vitest'
import { type FoundKnob, findKnobs } from '../../../../src/core/propose/knobs/knobs.ts'
import { fitLinear } from '../../../../src/core/propose/knobs/linear.ts'
import { observationsOf } from '../../../../src/core/propose/knobs/observations.ts'
import { proposeSteps } from '../../../../src/core/propose/knobs/search.ts'
import type { Candidate, Knob } from '../../../../src/core/record/candidate.ts'
import type { Verdict } from '../../../../src/core/record/verdict.ts'
import { aCandidate, aRandom, aVerdict, sha } from '../../../factories.ts'

const KNOBS = findKnobs('train.py', 'a = 0.01\nb = 0.1\nc = 3.0\nd = 50.0\n')
const RUNS = { candidate: 1, baseline: 6 }

function aStep(name: string, from: number, to: number): Knob {
  return { file: 'train.py', name, from, to }
}

/** A change whose gain in σ was measured. */
function measured(steps: readonly Knob[], gain: number, fields: Partial<Verdict> = {}): Candidate {
  const verdict = aVerdict({ kind: 'reject', gain, measured: gain, sigma: 1, runs: RUNS, ...fields })
  return aCandidate({ name: JSON.stringify([steps, gain]), knobs: steps, verdict })
}

function names(history: readonly Candidate[], seed: number, knobs = KNOBS): string[] {
  const steps = proposeSteps(knobs, history, aRandom(seed)) ?? []
  return steps.map(({ knob, to }) => `${knob.name}${to > knob.value ? '+' : '-'}`)
}

/** How often each step is proposed, over many draws. */
function count(history: readonly Candidate[], knobs = KNOBS): Map<string, number> {
  const times = new Map<string, number>()
  for (let seed = 0; seed < 40; seed++)
    for (const name of names(history, seed, knobs)) times.set(name, (times.get(name) ?? 0) + 1)
  return times
}

describe('proposeSteps', () => {
  it('proposes the same with the same record and random numbers', () => {
    const history = [measured([aStep('a', 0.01, 0.02)], 1)]
    expect(names(history, 3)).toEqual(names(history, 3))
  })

  it('goes on where steps helped, and turns where they hurt', () => {
    const history = [
      measured([aStep('a', 0.005, 0.01)], 4, { runs: { candidate: 4, baseline: 6 } }),
      measured([aStep('b', 0.1, 0.2)], -4),
    ]
    const times = count(history)
    expect(times.get('a+') ?? 0).toBeGreaterThan(4 * (times.get('a-') ?? 0))
    expect(times.get('b-') ?? 0).toBeGreaterThan(2 * (times.get('b+') ?? 0))
  })

  it('combines steps that nearly helped', () => {
    const history = [
      measured([aStep('a', 0.01, 0.02)], 1.2),
      measured([aStep('a', 0.01, 0.014)], 1.1),
      measured([aStep('b', 0.1, 0.2)], 1.3),
      measured([aStep('b', 0.1, 0.14)], 1.2),
    ]
    const both = Array.from({ length: 40 }, (_, seed) => names(history, seed)).filter(
      (steps) => steps.includes('a+') && steps.includes('b+'),
    )
    expect(both.length).toBeGreaterThan(20)
  })

  it('learns from runs that were cut or failed', () => {
    for (const failure of ['cut', 'crashed'] as const) {
      const verdict: Verdict = { kind: 'reject', reason: failure, failure, runs: RUNS }
      const bad = ['a', 'a', 'a'].map((name, index) => ({
        ...aCandidate({ name: `${failure} ${index}`, knobs: [aStep(name, 0.01, 0.02)] }),
        verdict,
      }))
      const times = count(bad)
      expect(times.get('a-') ?? 0).toBeGreaterThan(times.get('a+') ?? 0)
    }
  })

  it('copes with a baseline that moved: a merge shifts the scale of later steps', () => {
    const knobs = findKnobs('train.py', 'a = 0.02\nb = 0.1\n')
    const merge: Candidate = {
      ...measured([aStep('a', 0.01, 0.02)], 3),
      end: { kind: 'merged', commit: sha('m'), asTrained: true },
    }
    const history = [merge, measured([aStep('a', 0.02, 0.04)], -3), measured([aStep('a', 0.02, 0.01)], -3)]
    const steps = Array.from({ length: 40 }, (_, seed) => proposeSteps(knobs, history, aRandom(seed)) ?? [])
    const far = steps.flat().filter(({ knob, to }) => knob.name === 'a' && (to <= 0.01 || to >= 0.04))
    expect(far.length).toBeLessThan(5)
  })

  it('proposes readable values, and never the present one', () => {
    for (let seed = 0; seed < 30; seed++)
      for (const { knob, to } of proposeSteps(KNOBS, [], aRandom(seed)) ?? []) {
        expect(String(to).replace(/^0\.0*/, '').length).toBeLessThanOrEqual(4)
        expect(to).not.toBe(knob.value)
      }
  })

  it('never repeats a change, neither one that runs nor one that was refused', () => {
    const open = aCandidate({ name: 'open', knobs: [aStep('x', 1, 2)] })
    const [x] = findKnobs('train.py', 'x = 1\n') as [FoundKnob]
    const refused: Knob[][] = []
    for (let turn = 0; turn < 20; turn++) {
      const steps = proposeSteps([x], [open], aRandom(turn), refused)
      if (steps === undefined) break
      const step = steps.map(({ to }) => aStep('x', 1, to))
      expect([[aStep('x', 1, 2)], ...refused]).not.toContainEqual(step)
      refused.push(step)
    }
    expect(proposeSteps([x], [open], aRandom(1), refused)).toBeUndefined()
  })

  it('proposes nothing without constants', () => {
    expect(proposeSteps([], [], aRandom(1))).toBeUndefined()
  })

  it('stays finite where repeated runs are identical', () => {
    const history = [
      measured([aStep('a', 0.01, 0.02)], 0.002, { sigma: 0 }),
      measured([aStep('b', 0.1, 0.2)], 0, { sigma: 0 }),
    ]
    const [better, equal] = observationsOf(history, KNOBS)
    expect(better?.gain).toBeGreaterThan(1)
    expect(equal?.gain).toBe(0)
    expect(names(history, 1).length).toBeGreaterThan(0)
  })
})

describe('observationsOf', () => {
  it('leaves out what is not decided, what a person closed, and constants that are gone', () => {
    const { verdict: _, ...open } = measured([aStep('a', 0.01, 0.02)], 1)
    const closed: Candidate = {
      ...measured([aStep('a', 0.01, 0.02)], 1),
      end: { kind: 'withdrawn', reason: '' },
    }
    expect(observationsOf([open, closed, measured([aStep('gone', 1, 2)], 1)], KNOBS)).toEqual([])
  })

  it('trusts a gain of more runs more', () => {
    const [one, four] = observationsOf(
      [
        measured([aStep('a', 0.01, 0.02)], 1),
        measured([aStep('a', 0.01, 0.02)], 1, { runs: { candidate: 4, baseline: 6 } }),
      ],
      KNOBS,
    )
    expect(four?.variance).toBeLessThan(one?.variance ?? 0)
  })
})

describe('fitLinear', () => {
  it('is the posterior of a normal mean', () => {
    const rows = [1, 2, 3].map((target) => ({ features: [[0, 1]] as const, target, variance: 2 }))
    const fit = fitLinear(rows, [{ mean: 0, sd: 1 }])
    // Precision 1 + 3/2; mean (6/2) / 2.5.
    expect(fit.predict([[0, 1]])).toEqual({
      mean: expect.closeTo(1.2, 12),
      variance: expect.closeTo(0.4, 12),
    })
  })

  it('prefers the prior under which the data are likely', () => {
    const rows = [5, -6, 7].map((target, index) => ({ features: [[index, 1]] as const, target, variance: 1 }))
    const at = (sd: number) => fitLinear(rows, Array(3).fill({ mean: 0, sd })).evidence
    expect(at(6)).toBeGreaterThan(at(1))
    expect(at(6)).toBeGreaterThan(at(60))
  })

  it('draws with the mean and variance that it predicts', () => {
    const rows = [
      {
        features: [
          [0, 1],
          [1, 2],
        ] as const,
        target: 3,
        variance: 0.5,
      },
    ]
    const fit = fitLinear(rows, [
      { mean: 0, sd: 1 },
      { mean: 1, sd: 2 },
    ])
    const random = aRandom(1)
    const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
    const sums = Array.from({ length: 4000 }, () => fit.draw(normal)).map(([a = 0, b = 0]) => a + 2 * b)
    const mean = sums.reduce((sum, value) => sum + value, 0) / sums.length
    const variance = sums.reduce((sum, value) => sum + (value - mean) ** 2, 0) / sums.length
    const predicted = fit.predict([
      [0, 1],
      [1, 2],
    ])
    expect(mean).toBeCloseTo(predicted.mean, 1)
    expect(variance / predicted.variance).toBeCloseTo(1, 1)
  })
})
