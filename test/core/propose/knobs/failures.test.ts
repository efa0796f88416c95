// Constants whose change makes runs fail, or removes the metric from their output, are not tried again.
import { describe, expect, it } from 'vitest'
import { contextOf } from '../../../../src/core/propose/knobs/effect.ts'
import { readFailures } from '../../../../src/core/propose/knobs/failures.ts'
import { findKnobs } from '../../../../src/core/propose/knobs/knobs.ts'
import type { Candidate } from '../../../../src/core/record/candidate.ts'
import type { Verdict } from '../../../../src/core/record/verdict.ts'
import { aCandidate } from '../../../factories.ts'

const TEXT = 'speaks = True\nlr = 0.01\nwidth = 64\nheads = 3\n'
const AROUND = { train: 'python train.py', files: new Map([['train.py', TEXT]]) }
const KNOBS = findKnobs('train.py', TEXT)
const RUNS = { candidate: 1, baseline: 6 }

type Values = Readonly<Record<string, number>>

function stepsTo(values: Values, knobs = KNOBS) {
  return knobs.flatMap((knob) => {
    const to = values[knob.name]
    return to === undefined ? [] : [{ knob, to }]
  })
}

function tried(values: Values, failure?: Verdict['failure']): Candidate {
  const knobs = stepsTo(values).map(({ knob: { file, name, value }, to }) => {
    return { file, name, from: value, to, context: contextOf({ file, name }, AROUND) }
  })
  const verdict: Verdict = {
    kind: 'reject',
    reason: 'tried',
    runs: RUNS,
    ...(failure ? { failure } : { gain: 0 }),
  }
  return {
    ...aCandidate({ name: JSON.stringify([values, failure]), knobs }),
    verdict,
    end: { kind: 'closed' },
  }
}

const mayRun = (history: readonly Candidate[], values: Values) =>
  readFailures(history, AROUND)(stepsTo(values))

describe('F83 readFailures', () => {
  it.each(['no-metric', 'invalid-metric', 'crashed', 'out-of-memory'] as const)(
    'a step that alone ended %s is never taken again, in no company',
    (failure) => {
      const history = [tried({ width: 128 }, failure)]
      expect(mayRun(history, { width: 128 })).toBe(false)
      expect(mayRun(history, { width: 128, lr: 0.02 })).toBe(false)
      expect(mayRun(history, { width: 32, lr: 0.02 })).toBe(true)
    },
  )

  it.each(['diverged', 'timed-out', 'cut', 'over-limit', 'not-reached'] as const)(
    'a run that ended %s tells of a degree, and forbids nothing',
    (failure) => expect(mayRun([tried({ lr: 0.02 }, failure)], { lr: 0.02, width: 32 })).toBe(true),
  )

  it('a change of no constant that crashed forbids nothing', () => {
    expect(mayRun([tried({}, 'crashed')], { lr: 0.02 })).toBe(true)
  })

  it('blames the switch of a change after which nothing was printed', () => {
    const history = [tried({ speaks: 0, lr: 0.02, width: 128, heads: 6 }, 'no-metric')]
    expect(mayRun(history, { speaks: 0 })).toBe(false)
    expect(mayRun(history, { lr: 0.02, width: 128, heads: 6 })).toBe(true)
  })

  it('does not blame a switch that ran in another change', () => {
    const history = [tried({ speaks: 0 }), tried({ speaks: 0, heads: 6 }, 'no-metric')]
    expect(mayRun(history, { speaks: 0 })).toBe(true)
    expect(mayRun(history, { heads: 6 })).toBe(false)
  })

  it('blames what is left when all others ran in other changes', () => {
    const history = [tried({ lr: 0.02, heads: 6, width: 128 }, 'crashed'), tried({ lr: 0.02, width: 128 })]
    expect(mayRun(history, { heads: 6 })).toBe(false)
    expect(mayRun(history, { lr: 0.02, width: 128 })).toBe(true)
  })

  it('takes one of several suspects at a time until it is known which', () => {
    const history = [tried({ width: 128, heads: 6 }, 'crashed')]
    expect(mayRun(history, { width: 128, lr: 0.02 })).toBe(true)
    expect(mayRun(history, { width: 128, heads: 6, lr: 0.02 })).toBe(false)
  })

  it('does not suspect the company of a step that is to blame', () => {
    const history = [tried({ heads: 6 }, 'crashed'), tried({ heads: 6, lr: 0.02, width: 128 }, 'crashed')]
    expect(mayRun(history, { lr: 0.02, width: 128 })).toBe(true)
  })

  it('does not repeat a combination of which every part runs alone', () => {
    const history = [tried({ width: 128, heads: 6 }, 'crashed'), tried({ width: 128 }), tried({ heads: 6 })]
    expect(mayRun(history, { width: 128 })).toBe(true)
    expect(mayRun(history, { heads: 6, lr: 0.02 })).toBe(true)
    expect(mayRun(history, { width: 128, heads: 6, lr: 0.02 })).toBe(false)
  })

  it('forgets it when the code that names the constant changes', () => {
    const history = [tried({ heads: 6 }, 'crashed')]
    const text = `${TEXT}print(heads)\n`
    const changed = { ...AROUND, files: new Map([['train.py', text]]) }
    const steps = stepsTo({ heads: 6 }, findKnobs('train.py', text))
    expect(readFailures(history, changed)(steps)).toBe(true)
  })
})
