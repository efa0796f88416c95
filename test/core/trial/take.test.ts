// Which of several values counts, and numbers as people print them.
import { describe, expect, test } from 'vitest'
import type { Exit, Metric, Take } from '../../../src/core/trial/metric.ts'
import { readMetricFile } from '../../../src/core/trial/metric-file.ts'
import { measureTrial } from '../../../src/core/trial/outcome.ts'
import { OutputReader } from '../../../src/core/trial/output.ts'

const FINE: Exit = { code: 0, signal: null, timedOut: false }

function metricWith(take?: Take): Metric {
  return {
    name: 'val_loss',
    direction: 'minimize',
    ...(take && { take }),
    source: { kind: 'pattern', pattern: '^val_loss: (.*)' },
  }
}

function measure(values: readonly string[], take?: Take) {
  const metric = metricWith(take)
  const reader = new OutputReader(metric)
  for (const value of values) reader.push(`epoch\nval_loss: ${value}\n`)
  reader.end()
  return measureTrial(FINE, reader.metricText, reader.log, false, metric)
}

describe('F75 metric.take', () => {
  test.each([
    ['last', 2.5, {}],
    ['first', 3, {}],
    ['lowest', 1.5, { metricLines: 4 }],
    ['highest', 4, { metricLines: 4 }],
  ] as const)('%s of several values is %d', (take, value, more) => {
    expect(measure(['3', '1.5', '4', '2.5'], take)).toEqual({ outcome: 'measured', value, ...more })
  })

  test.each(['last', 'first', 'lowest', 'highest'] as const)('%s of one value is that value', (take) => {
    expect(measure(['2.5'], take)).toMatchObject({ outcome: 'measured', value: 2.5 })
  })

  test.each(['last', 'first', 'lowest', 'highest'] as const)(
    '%s: a run whose last value is not finite has diverged',
    (take) => expect(measure(['3', '2', 'nan'], take)).toMatchObject({ outcome: 'diverged' }),
  )

  test('an infinite value at the beginning is not the lowest', () => {
    expect(measure(['inf', '-inf', '3', '2'], 'lowest')).toMatchObject({ outcome: 'measured', value: 2 })
  })

  test.each([
    ['last', ['0x10', '2'], 'measured'],
    ['last', ['2', '0x10'], 'invalid-metric'],
    ['lowest', ['0x10', '2'], 'invalid-metric'],
  ] as const)('%s of %j is %s', (take, values, outcome) => {
    expect(measure(values, take).outcome).toBe(outcome)
  })

  test('bounds hold for the value that counts', () => {
    const metric: Metric = { ...metricWith('last'), bounds: [0, 3] }
    const reader = new OutputReader(metric)
    reader.push('val_loss: 9\nval_loss: 2\n')
    reader.end()
    expect(measureTrial(FINE, reader.metricText, '', false, metric).value).toBe(2)
  })

  test('without it, several values are refused with their number, their lines and the setting', () => {
    const { outcome, reason } = measure(['3', '1.5', '4', '2.5'])
    expect(outcome).toBe('invalid-metric')
    expect(reason).toBe(
      'val_loss was printed 4 times (3, 1.5, 4…), and `metric.take` does not say which one counts: line 2: val_loss: 3; line 4: val_loss: 1.5; line 8: val_loss: 2.5',
    )
  })

  test('the order is that of the lines, also across standard output and standard error', () => {
    const metric = metricWith('last')
    const reader = new OutputReader(metric)
    reader.push('val_loss: 3\n', 1)
    reader.push('val_loss: 2\n', 0)
    reader.end()
    expect(measureTrial(FINE, reader.metricText, '', false, metric).value).toBe(2)
  })

  test.each([
    ['last', 0.25],
    ['first', 0.75],
    ['lowest', 0.25],
  ] as const)('%s of a JSON Lines file is %d', (take, value) => {
    const file = '{"step": 1, "val": {"loss": 0.75}}\n{"step": 2}\n\n{"step": 3, "val": {"loss": 0.25}}\n'
    const found = readMetricFile(file, 'log.jsonl', 'val.loss')
    expect(measureTrial(FINE, found, '', false, metricWith(take))).toMatchObject({
      outcome: 'measured',
      value,
    })
    expect(measureTrial(FINE, found, '', false, metricWith()).reason).toContain('`metric.take`')
  })
})

describe('a number as people print it', () => {
  test.each([
    ['1e-3', 0.001],
    ['1.5E+02', 150],
    ['2.5,', 2.5],
    ['2.5}', 2.5],
    ["'2.5',", 2.5],
    ['"2.5"', 2.5],
    ['45.2%', 45.2],
    ['45.2%)', 45.2],
    ['1,234.5', 1234.5],
    ['-12,345,678', -12_345_678],
  ])('%s is %d', (text, value) => {
    expect(measure([text])).toEqual({ outcome: 'measured', value })
  })

  test.each([
    ['1,234', 'the comma may separate thousands or decimals; print a point'],
    ['1,5', 'the comma may separate thousands or decimals; print a point'],
    ['950ms', 'capture it without its unit'],
    ['1.5GB', 'capture it without its unit'],
    ['tensor(2.31,', 'capture the number alone'],
    ['loss=2.31', 'capture the number alone'],
  ])('%s is refused: %s', (text, why) => {
    const { outcome, reason } = measure([text])
    expect(outcome).toBe('invalid-metric')
    expect(reason).toBe(`val_loss is ${JSON.stringify(text)}, which is not a decimal number: ${why}`)
  })

  test.each(['nan', '-nan', 'nan(ind)', 'NaN,', 'inf', '-Infinity', '1.#INF', '-1.#IND00', '1.#QNAN', '∞'])(
    'F27 %s is not finite',
    (text) => expect(measure([text]).outcome).toBe('diverged'),
  )
})

test.each([
  ['a key that contains a dot', '{"val.loss": 0.5}', 'val.loss'],
  ['a key that contains a dot inside another', '{"eval": {"val.loss": 0.5}}', 'eval.val.loss'],
])('finds %s', (_, text, key) => expect(readMetricFile(text, 'm.json', key).texts).toEqual(['0.5']))

test('names the numbers that a file does have', () => {
  expect(readMetricFile('{"eval_loss": 0.5, "epoch": 1, "name": "x"}', 'm.json', 'val_loss').problem).toBe(
    'm.json has no number at val_loss; it has eval_loss, epoch',
  )
})
