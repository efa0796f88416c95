// The rules of the judge with one of them out of the way: what it rejects is then merged, so it was that rule.

import { describe, expect, it } from 'vitest'
import { judge } from '../../../src/core/judge/judge.ts'
import type { Verdict } from '../../../src/core/record/verdict.ts'
import { mean } from '../../../src/core/statistics/noise.ts'
import type { MetricText } from '../../../src/core/trial/metric.ts'
import { measureTrial } from '../../../src/core/trial/outcome.ts'
import { OutputReader } from '../../../src/core/trial/output.ts'
import {
  aCandidate,
  aRandom,
  gaussian,
  POLICY,
  someEvidence,
  type TrialResultFields,
  trialResults,
} from '../../factories.ts'

const SIGMA = 0.02
const BASELINE = [2.47, 2.48, 2.49, 2.51, 2.52, 2.53]
const METRIC = {
  name: 'val_bpb',
  direction: 'minimize',
  source: { kind: 'pattern', pattern: '^val_bpb:\\s*(\\S*)' },
} as const
const FINE = { code: 0, signal: null, timedOut: false } as const

/** What becomes of a candidate with these values, or of two runs with the same one. */
function verdictOf(values: readonly number[], fields: TrialResultFields = {}): Verdict['kind'] | 'replicate' {
  const runs = trialResults(values.length > 1 ? values : [...values, ...values], {
    candidate: aCandidate(),
    ...fields,
  })
  return judge(someEvidence({ baseline: trialResults(BASELINE), candidate: runs, sigma: SIGMA }), {
    ...POLICY,
    candidateReplicates: 2,
    reviewAbove: { kind: 'percent', value: 1e9 },
  }).kind
}

/** A little of the spread that honest runs have. */
const spread = (value: number) => [value - 0.01, value + 0.01]

function read(output: string): OutputReader {
  const reader = new OutputReader(METRIC)
  reader.push(output)
  reader.end()
  return reader
}

function measure(output: string, found: MetricText = read(output).metricText, exit = {}) {
  return measureTrial({ ...FINE, ...exit }, found, output, false, METRIC)
}

describe('without the exit of the process', () => {
  it.each([
    ['F25', 'crashed', { code: 1 }],
    ['F26', 'out-of-memory', { code: 137 }],
    ['F28', 'timed-out', { code: null, signal: 'SIGKILL', timedOut: true }],
    ['F36', 'crashed', { code: null, signal: 'SIGKILL', exceeded: 'disk' as const }],
  ])('%s removed: what is %s counts by the number it printed before', (_, outcome, exit) => {
    const output = 'val_bpb: 2.3\n'
    expect(measure(output, undefined, exit).outcome).toBe(outcome)
    const { value } = measure(output)
    expect(verdictOf(spread(value ?? Number.NaN))).toBe('merge')
  })
})

describe('without our way of reading a number', () => {
  it.each([
    ['F27', 'nan'],
    ['F31', '1e-400'],
    ['F31', '0x1'],
    ['F29', ''],
  ])('%s removed: %j is a number, and a better one than any', (_, text) => {
    expect(measure(`val_bpb: ${text}\n`).outcome).not.toBe('measured')
    // As many a script reads it.
    expect(verdictOf(spread(Number(text) || 0))).toBe('merge')
  })

  it('F30 removed: of two numbers the better one counts', () => {
    const output = 'val_bpb: 2.5\nval_bpb: 2.3\n'
    expect(measure(output).outcome).toBe('invalid-metric')
    const last = read(output).metricText.texts.at(-1) ?? ''
    const { value } = measure(output, { texts: [last], count: 1 })
    expect(verdictOf(spread(value ?? Number.NaN))).toBe('merge')
  })
})

describe('without the clock outside', () => {
  it.each(['F32', 'F33', 'F70'])('%s removed: by its own account it took no longer', () => {
    const better = spread(2.3)
    expect(verdictOf(better, { wallSeconds: 600 })).toBe('reject')
    expect(verdictOf(better, { wallSeconds: 300 })).toBe('merge')
  })
})

describe('without the gate', () => {
  it('F60 removed: whoever may draw again and again from the same lottery wins it', () => {
    const random = aRandom(60)
    const draw = () => 2.5 + SIGMA * gaussian(random)
    const draws = Array.from({ length: 20_000 }, () => [draw(), draw()])
    const luckiest = draws.reduce((best, values) => (mean(values) < mean(best) ? values : best))
    expect(verdictOf(luckiest)).toBe('merge')
  })
})
