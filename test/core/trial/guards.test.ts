// Second numbers of a run: what is printed, what is missing, what is beyond a hard limit.
import { describe, expect, it } from 'vitest'
import { parseConfig } from '../../../src/core/config/config.ts'
import { measurementHash } from '../../../src/core/config/measurement.ts'
import { measureGuards, outsideText } from '../../../src/core/trial/guards.ts'
import type { GuardMetric } from '../../../src/core/trial/metric.ts'
import { measureTrial } from '../../../src/core/trial/outcome.ts'
import { OutputReader } from '../../../src/core/trial/output.ts'
import { aConfig, configOf } from '../../factories.ts'

const EXIT = { code: 0, signal: null, timedOut: false }
const MEMORY: GuardMetric = {
  ...{ name: 'memory', direction: 'minimize', max: 100 },
  source: { kind: 'pattern', pattern: 'memory: (\\S+)' },
}
const SPEED: GuardMetric = {
  ...{ name: 'speed', direction: 'maximize', min: 10, take: 'last' },
  source: { kind: 'pattern', pattern: 'speed: (\\S+)' },
}

function measured(output: string) {
  const guards = [MEMORY, SPEED]
  const reader = new OutputReader(aConfig().metric, undefined, guards)
  reader.push(output)
  reader.end()
  const found = guards.map((guard) => ({
    guard,
    measured: measureTrial(EXIT, reader.guardText(guard.name), output, false, guard),
  }))
  return measureGuards({ outcome: 'measured', value: 2.5 }, found)
}

describe('the guards of a run', () => {
  it.each([
    ['memory: 100\nspeed: 12\n', 'measured', undefined],
    ['memory: 90\nspeed: 8\nspeed: 12\n', 'measured', undefined],
    ['memory: 101\nspeed: 12\n', 'over-limit', 'guard memory is 101, above its maximum of 100'],
    ['memory: 90\nspeed: 9\n', 'over-limit', 'guard speed is 9, below its minimum of 10'],
    ['speed: 12\n', 'no-metric', 'guard memory: no line of the output matches the pattern of memory'],
    ['memory: 90\n', 'no-metric', 'guard speed: no line of the output matches the pattern of speed'],
    ['memory: lots\nspeed: 12\n', 'invalid-metric', /^guard memory: memory is /],
    ['memory: nan\nspeed: 12\n', 'diverged', 'guard memory: memory is nan'],
    ['memory: 90\nmemory: 10\nspeed: 12\n', 'invalid-metric', /^guard memory: memory was printed 2 times/],
  ])('%j → %s', (output, outcome, reason) => {
    const found = measured(output)
    expect(found.outcome).toBe(outcome)
    if (reason instanceof RegExp) expect(found.reason).toMatch(reason)
    else expect(found.reason).toBe(reason)
    expect(found.value).toBe(outcome === 'measured' ? 2.5 : undefined)
  })

  it('are recorded in the order of the configuration', () => {
    expect(measured('speed: 12\nmemory: 90\n').guards).toEqual([
      { name: 'memory', value: 90 },
      { name: 'speed', value: 12 },
    ])
  })

  it('say nothing about a run whose metric was not measured', () => {
    const failed = { outcome: 'crashed', reason: 'exit code 1' } as const
    expect(measureGuards(failed, [{ guard: MEMORY, measured: failed }])).toBe(failed)
  })
})

const CONFIG = `
editable: [train.py]
train: python train.py
budget: 5m
metric: { name: loss, direction: minimize, pattern: 'loss (\\S+)' }
`
const guard = (fields: string) =>
  `${CONFIG}guards: [{ name: memory, direction: minimize, pattern: 'm (\\S+)'${fields} }]\n`

describe('a guard that is measured from outside', () => {
  it.each([
    ['device-memory', { deviceMebibytes: 8719 }, ['8719']],
    ['device-memory', { peakMemoryBytes: 2 ** 30 }, []],
    ['memory', { peakMemoryBytes: 1.5 * 2 ** 20, deviceMebibytes: 3 }, ['1.5']],
    ['memory', {}, []],
  ] as const)('%s of %j: %j', (what, readings, texts) => {
    expect(outsideText({ kind: 'outside', what }, readings).texts).toEqual(texts)
  })

  it('says why it is missing', () => {
    const text = outsideText({ kind: 'outside', what: 'device-memory' }, {})
    const guard: GuardMetric = { ...MEMORY, source: { kind: 'outside', what: 'device-memory' } }
    const found = [{ guard, measured: measureTrial(EXIT, text, '', false, guard) }]
    expect(measureGuards({ outcome: 'measured', value: 2.5 }, found)).toEqual({
      outcome: 'no-metric',
      reason: 'guard memory: nvidia-smi reported no memory of a device',
    })
  })
})

describe('guards in the configuration', () => {
  it('have a margin or limits, and are none by default', () => {
    expect(configOf(CONFIG)).toMatchObject({ guards: [], guardRisk: 0.1 })
    expect(configOf(guard(", margin: '2%', max: 100")).guards).toEqual([
      {
        ...{ name: 'memory', direction: 'minimize', max: 100, margin: { kind: 'percent', value: 2 } },
        source: { kind: 'pattern', pattern: 'm (\\S+)' },
      },
    ])
  })

  it.each([
    [guard(''), 'margin, min or max'],
    [guard(', min: 5, max: 4'), 'more than min'],
    [`${CONFIG}guards: [{ name: a, direction: minimize, margin: 2% }]\n`, 'pattern, or file and key'],
    [
      `${CONFIG}guards:\n${'  - { name: a, direction: minimize, pattern: (a), max: 1 }\n'.repeat(2)}`,
      'a name that no other guard has',
    ],
    [
      `${CONFIG}guards: [{ name: a, direction: minimize, measure: cpu, max: 1 }]\n`,
      '"memory" or "device-memory"',
    ],
    [guard(', measure: memory, max: 1'), 'no pattern beside measure'],
    [
      `${CONFIG}evaluate: python eval.py\nguards: [{ name: a, direction: minimize, file: a.json, key: a, max: 1 }]\n`,
      'pattern, because evaluate prints the guard',
    ],
  ])('%s is refused: expected %s', (text, expected) => {
    const parsed = parseConfig(text)
    expect(parsed.kind === 'problems' && parsed.problems.map((problem) => problem.expected)).toEqual([
      expected,
    ])
  })

  it('may be measured from outside, with an evaluator too', () => {
    const text = `${CONFIG}evaluate: python eval.py\nguards: [{ name: a, direction: minimize, measure: memory, max: 1 }]\n`
    expect(configOf(text).guards).toEqual([
      { name: 'a', direction: 'minimize', max: 1, source: { kind: 'outside', what: 'memory' } },
    ])
  })

  it('change what is measured by how they are read, not by their margin', () => {
    const hash = (text: string) => measurementHash(configOf(text))
    expect(hash(guard(", margin: '2%'"))).toBe(hash(guard(", margin: '3%'")))
    expect(hash(guard(', max: 4'))).not.toBe(hash(guard(', max: 5')))
    expect(hash(guard(", margin: '2%'"))).not.toBe(hash(CONFIG))
  })
})
