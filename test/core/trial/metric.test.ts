// From output to outcome: which values count as the metric, and that memory stays bounded for output of any size.
import { describe, expect, it } from 'vitest'
import { trialResultSchema } from '../../../src/core/record/trial.ts'
import type { Exit, Metric, MetricText } from '../../../src/core/trial/metric.ts'
import { readMetricFile } from '../../../src/core/trial/metric-file.ts'
import { measureTrial } from '../../../src/core/trial/outcome.ts'
import { OutputReader } from '../../../src/core/trial/output.ts'
import { aRandom, aTrialResult } from '../../factories.ts'
import { processorMilliseconds } from '../../processor-time.ts'

const METRIC: Metric = {
  name: 'val_bpb',
  direction: 'minimize',
  source: { kind: 'pattern', pattern: '^val_bpb:\\s+(\\S+)' },
}
const PROGRESS = '^step (?<step>\\S+) loss (?<value>\\S*)'
const FINE: Exit = { code: 0, signal: null, timedOut: false }

function read(text: string, chunks: readonly string[] = [text], metric = METRIC): OutputReader {
  const reader = new OutputReader(metric, PROGRESS)
  for (const chunk of chunks) reader.push(chunk)
  reader.end()
  return reader
}

function measure(output: string, fields: Partial<Exit> = {}, metric = METRIC) {
  const reader = read(output, [output], metric)
  return measureTrial({ ...FINE, ...fields }, reader.metricText, reader.log, reader.diverged, metric)
}

function found(text: string): MetricText {
  return { texts: [text], count: 1 }
}

function steps(from: number, to: number): string {
  return Array.from({ length: to - from }, (_, n) => `step ${from + n} loss ${1 / (from + n + 1)}\n`).join('')
}

describe('OutputReader', () => {
  it.each([
    ['the only line', 'val_bpb: 0.9979', ['0.9979']],
    ['a line among others', 'begin\nval_bpb:   0.9979\nend\n', ['0.9979']],
    ['a Windows line', 'begin\r\nval_bpb: 0.9979\r\n', ['0.9979']],
    ['a line after a progress bar', ' 50 %|██  |\r100 %|████|\rval_bpb: 0.9979\n', ['0.9979']],
    ['a line that only mentions it', 'best val_bpb: 0.9979\n', []],
    ['another name', 'train_bpb: 0.9979\n', []],
    ['nothing', '', []],
  ])('finds the metric in %s', (_, output, texts) => {
    expect(read(output).metricText).toEqual({ texts, count: texts.length })
  })

  it('prefers the group named value', () => {
    const source = { kind: 'pattern', pattern: '(train|val)_bpb: (?<value>\\S+)' } as const
    const reader = read('val_bpb: 0.9979', undefined, { ...METRIC, source })
    expect(reader.metricText.texts).toEqual(['0.9979'])
  })

  it('counts every match, even several on one line, and keeps the first three', () => {
    const source = { kind: 'pattern', pattern: 'v=(\\d)' } as const
    const reader = read('v=1 v=2\nv=3\nv=4\n', undefined, { ...METRIC, source })
    expect(reader.metricText).toMatchObject({ texts: ['1', '2', '3'], count: 4 })
  })

  it('reads nothing from the output when the metric comes from a file', () => {
    const source = { kind: 'file', file: 'm.json', key: 'v' } as const
    expect(read('val_bpb: 1\n', undefined, { ...METRIC, source }).metricText.count).toBe(0)
  })

  it('gives the same result however the output is cut into chunks', () => {
    const noise = 'x'.repeat(70_000)
    const output = `${steps(0, 300)}${noise}\nval_bpb: 0.5\r\nbar 1\rbar 2\r${noise}${noise}val_bpb: 3\nstep 900 loss inf\n${noise.repeat(4)}\r\n${steps(300, 500)}step 501 loss 0.25`
    const whole = read(output)
    expect(whole.metricText.count).toBe(1)
    for (let seed = 0; seed < 16; seed += 1) {
      const random = aRandom(seed)
      const longest = [2, 50, 5000, 100_000][seed % 4] ?? 2
      const chunks: string[] = []
      for (let at = 0; at < output.length; ) {
        const length = 1 + Math.floor(random() * longest)
        chunks.push(output.slice(at, at + length))
        at += length
      }
      if (longest === 2 && seed > 3) continue
      const cut = read(output, chunks)
      expect(cut.metricText).toEqual(whole.metricText)
      expect(cut.curve).toEqual(whole.curve)
      expect(cut.diverged).toBe(true)
      expect(cut.log === whole.log, `log, seed ${seed}`).toBe(true)
    }
  })

  it('F39 keeps a line of 100 MB in bounded memory, and finds the metric after it', () => {
    const reader = new OutputReader(METRIC, PROGRESS)
    const chunk = 'x'.repeat(1024 * 1024)
    for (let megabytes = 0; megabytes < 100; megabytes += 1) reader.push(chunk)
    expect(reader.log.length).toBeLessThan(400_000)
    reader.push('\nval_bpb: 0.75\n')
    reader.end()
    expect(reader.metricText).toEqual({ texts: ['0.75'], count: 1 })
    expect(reader.log.length).toBeLessThan(400_000)
  })

  it('F39 matches only the beginning of a long line', () => {
    const reader = read(`${'x'.repeat(70_000)}val_bpb: 1`, undefined, {
      ...METRIC,
      source: { kind: 'pattern', pattern: 'val_bpb: (\\S+)' },
    })
    expect(reader.metricText.count).toBe(0)
  })

  it('F28 is not slowed down by a line that is built to be slow to match', () => {
    const metric = { ...METRIC, source: { kind: 'pattern', pattern: 'val.*loss: (\\S+)' } } as const
    const line = 'val'.repeat(8000)
    const whole = processorMilliseconds(() => new RegExp(metric.source.pattern).test(line))
    const read = processorMilliseconds(() => {
      const reader = new OutputReader(metric)
      reader.push(`${line}\n`)
      reader.end()
    })
    expect(read).toBeLessThan(whole / 5)
  })

  it('F39 keeps the head and the tail, and states how much is left out', () => {
    const output = Array.from({ length: 100_000 }, (_, n) => `line ${n}\n`).join('')
    const { log } = read(output)
    const [head = '', tail = ''] = log.split(/\n\[… \d+ characters left out …\]\n/)
    const left = Number(/… (\d+) characters/.exec(log)?.[1])
    expect(output.startsWith(head) && head.startsWith('line 0\nline 1\n')).toBe(true)
    expect(output.endsWith(tail) && tail.endsWith('line 99999\n')).toBe(true)
    expect(head.length + left + tail.length).toBe(output.length)
  })

  it('keeps a short log whole', () => expect(read('a\nb\r\nc').log).toBe('a\nb\r\nc'))

  it('bounds each value it keeps', () => {
    expect(read(`val_bpb: ${'9'.repeat(5000)}`).metricText.texts[0]?.length).toBeLessThan(100)
  })
})

describe('the curve', () => {
  it('is kept whole while it is short', () => {
    expect(read('step 1 loss 3\nepoch\nstep 2 loss 2.5\n').curve).toEqual([
      { step: 1, value: 3 },
      { step: 2, value: 2.5 },
    ])
  })

  it.each([199, 200, 201, 399, 400, 1000, 12_345])('of %d points is thinned evenly', (count) => {
    const { curve } = read(steps(0, count))
    const gaps = new Set(curve.slice(1).map(({ step }, index) => step - (curve[index]?.step ?? 0)))
    expect(curve.length).toBeLessThanOrEqual(200)
    expect(curve.length).toBeGreaterThanOrEqual(Math.min(count, 100))
    expect(curve[0]).toEqual({ step: 0, value: 1 })
    expect(gaps.size).toBe(1)
    expect([...gaps][0]).toBeGreaterThan(0)
    expect(count - (curve.at(-1)?.step ?? 0)).toBeLessThanOrEqual([...gaps][0] ?? 0)
  })

  it.each(['nan', 'NaN', '-nan', 'inf', '-Infinity', '1e999'])('F27 has diverged at %s', (value) => {
    const reader = read(`step 1 loss 3\nstep 2 loss ${value}\nstep 3 loss 2\n`)
    expect(reader.diverged).toBe(true)
    expect(reader.curve.map(({ step }) => step)).toEqual([1, 3])
  })

  it.each([
    ['one NaN', [2, 'nan'], false],
    ['two, with a number between', ['nan', 2, 'nan'], false],
    ['two in a row', [2, 'nan', 'inf'], true],
    ['two in a row at the beginning', ['nan', 'nan'], true],
    ['two in a row and a number again', ['nan', 'nan', 2], false],
  ] as const)('has diverged for good after %s: %j is %j', (_what, values, expected) => {
    const text = values.map((value, step) => `step ${step} loss ${value}\n`).join('')
    expect(read(text).divergedForGood).toBe(expected)
  })

  it.each(['', '1,5', '-', '2.5s'])('has not diverged at %j, which is no number at all', (value) => {
    expect(read(`step 1 loss ${value}\n`).diverged).toBe(false)
  })

  it('leaves out a point whose step is not a number', () => {
    expect(read('step one loss 3\n').curve).toEqual([])
  })
})

describe('measureTrial', () => {
  it.each([
    ['0.9979', 0.9979],
    ['-1.5', -1.5],
    ['+2', 2],
    ['.5', 0.5],
    ['5.', 5],
    ['1e-3', 0.001],
    ['1.5E+2', 150],
    ['0', 0],
    ['0.000', 0],
    ['0e5', 0],
    ['5e-324', 5e-324],
  ])('takes %s as %d', (text, value) => {
    expect(measureTrial(FINE, found(text), '', false, METRIC)).toEqual({ outcome: 'measured', value })
  })

  it.each([
    '1e-400',
    '-1e-400',
    '1e400',
    '0x10',
    '0b1',
    '0o7',
    '',
    ' ',
    '1,5',
    '1.234,5',
    '1 234',
    '1_000',
    '1.2.3',
    '--1',
    '1e',
    'e5',
    '.',
    '٣',
    '１',
    '0.5f',
    'None',
    'null',
    'true',
    '[1]',
    '0.5\u0000',
    '0.5\u200b',
    `0.${'5'.repeat(80)}`,
    '9'.repeat(500),
  ])('F31 refuses %j', (text) => {
    const measurement = measureTrial(FINE, found(text), '', false, METRIC)
    expect(measurement.outcome).toBe('invalid-metric')
    expect(measurement).not.toHaveProperty('value')
    expect(measurement.reason).toMatch(/^val_bpb is "/)
  })

  it.each(['nan', 'NaN', '-nan', 'inf', '-inf', 'Infinity', '+INF'])('F27 %s has diverged', (text) => {
    const measurement = measureTrial(FINE, found(text), '', false, METRIC)
    expect(measurement).toEqual({ outcome: 'diverged', reason: `val_bpb is ${text}` })
  })

  it('F27 a curve that went to NaN explains a missing metric', () => {
    expect(measure('step 1 loss nan\n').outcome).toBe('diverged')
    const missing = readMetricFile(undefined, 'm.json', 'v')
    expect(measureTrial(FINE, missing, '', true, METRIC).outcome).toBe('diverged')
  })

  it('F27 a curve that recovered does not spoil the metric', () => {
    expect(measure('step 1 loss nan\nval_bpb: 1\n')).toEqual({ outcome: 'measured', value: 1 })
  })

  it('F28 a run killed at the timeout counts as timed out, whatever it printed', () => {
    const killed = { code: null, signal: 'SIGKILL', timedOut: true }
    expect(measure('val_bpb: 0.1\nCUDA out of memory\n', killed)).toEqual({
      outcome: 'timed-out',
      reason: 'killed at the timeout',
    })
  })

  it('F29 no metric', () => {
    expect(measure('all done\n')).toEqual({
      outcome: 'no-metric',
      reason: 'no line of the output matches the pattern of val_bpb',
    })
  })

  it.each([
    ['different', 'val_bpb: 0.9\nval_bpb: 0.8\n', /2 times \(0\.9, 0\.8…\)/],
    ['equal', 'val_bpb: 0.9\nval_bpb: 0.9\n', /2 times/],
    ['many', 'val_bpb: 0.9\n'.repeat(50), /50 times \(0\.9, 0\.9, 0\.9…\)/],
    ['one of them not a number', 'val_bpb: 0.9\nval_bpb: nan\n', /2 times/],
  ])('F30 F58 two reported values are never reduced to one: %s', (_, output, reason) => {
    const measurement = measure(output)
    expect(measurement.outcome).toBe('invalid-metric')
    expect(measurement.reason).toMatch(reason)
  })

  it('a number printed before a crash does not count', () => {
    expect(measure('val_bpb: 0.1\n', { code: 1 }).outcome).toBe('crashed')
  })

  it.each([
    [0, 'measured'],
    [2.5, 'measured'],
    [5, 'measured'],
    [5.0001, 'invalid-metric'],
    [-0.0001, 'invalid-metric'],
  ])('%d is %s within bounds 0 to 5', (value, outcome) => {
    const bounded: Metric = { ...METRIC, bounds: [0, 5] }
    const measurement = measureTrial(FINE, found(String(value)), '', false, bounded)
    expect(measurement.outcome).toBe(outcome)
    if (outcome !== 'measured') expect(measurement.reason).toContain('outside its bounds 0 to 5')
  })
})

describe('a failed run', () => {
  it.each([
    [
      'F25 a Python error, though output follows',
      'Traceback (most recent call last):\n  File "train.py", line 3\nRuntimeError: shapes do not match\nwandb: synced\n',
      { code: 1 },
      { outcome: 'crashed', reason: 'RuntimeError: shapes do not match (exit code 1)' },
    ],
    [
      'F25 the last of several errors',
      'KeyError: "a"\nDuring handling of the above exception:\nValueError: b\n',
      { code: 1 },
      { outcome: 'crashed', reason: 'ValueError: b (exit code 1)' },
    ],
    [
      'F25 an error inside a progress bar line',
      '10 %|█ |\rAssertionError: loss\r\n',
      { code: 1 },
      { outcome: 'crashed', reason: 'AssertionError: loss (exit code 1)' },
    ],
    [
      'F25 an error of Node, before its stack',
      'TypeError: x is not a function\n    at train.js:3:1\n\nNode.js v24.0.0\n',
      { code: 1 },
      { outcome: 'crashed', reason: 'TypeError: x is not a function (exit code 1)' },
    ],
    [
      'F25 the last line when none looks like an error',
      'Loading\nFAIL\n\n',
      { code: 1 },
      { outcome: 'crashed', reason: 'FAIL (exit code 1)' },
    ],
    ['F25 silence', '', { code: 3 }, { outcome: 'crashed', reason: 'exit code 3' }],
    [
      'F25 a signal',
      '',
      { code: null, signal: 'SIGSEGV' },
      { outcome: 'crashed', reason: 'ended by SIGSEGV' },
    ],
    [
      'F26 CUDA out of memory',
      'torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 2 GiB\n',
      { code: 1 },
      {
        outcome: 'out-of-memory',
        reason: 'torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 2 GiB (exit code 1)',
      },
    ],
    [
      'F26 Python out of memory',
      'MemoryError\n',
      { code: 1 },
      { outcome: 'out-of-memory', reason: 'MemoryError (exit code 1)' },
    ],
    ['F26 exit code 137', '', { code: 137 }, { outcome: 'out-of-memory', reason: 'exit code 137' }],
    [
      'F26 killed by the kernel',
      'step 1\n',
      { code: null, signal: 'SIGKILL' },
      { outcome: 'out-of-memory', reason: 'step 1 (ended by SIGKILL)' },
    ],
  ])('%s', (_, output, exit, expected) => expect(measure(output, exit)).toEqual(expected))

  it.each([
    ['an endless error', `ValueError: ${'x'.repeat(100_000)}\n`, { code: 1 }],
    ['control characters for a metric', `val_bpb: ${'\u0001'.repeat(1000)}\n`, {}],
    ['three long metrics', `val_bpb: ${'9'.repeat(1000)}\n`.repeat(3), {}],
  ])('has a reason that its result file may hold: %s', (_, output, exit) => {
    const measurement = measure(output, exit, { ...METRIC, name: 'm'.repeat(400) })
    const { reason: __, ...result } = aTrialResult({ outcome: measurement.outcome })
    expect(trialResultSchema.safeParse({ ...result, ...measurement }).error).toBeUndefined()
  })

  it('is not slow to explain a hostile log', () => {
    const log = `${'a.'.repeat(150_000)}\n${'Error'.repeat(30_000)}\n`
    expect(measure(log, { code: 1 }).outcome).toBe('crashed')
  })
})

describe('readMetricFile', () => {
  function measureFile(text: string | undefined, key = 'val') {
    return measureTrial(FINE, readMetricFile(text, 'metrics.json', key), '', false, METRIC)
  }

  it.each([
    ['a number', '{"val": 0.5}', 'val', 0.5],
    ['a nested key', '{"eval": {"bpb": 0.5}}', 'eval.bpb', 0.5],
    ['a key in a list', '{"runs": [{"bpb": 1}, {"bpb": 0.5}]}', 'runs.1.bpb', 0.5],
    ['an exponent', '{"val": 5e-1}', 'val', 0.5],
    ['NaN at another key', '{"grad": NaN, "note": "a \\"NaN\\" b", "val": 0.5}', 'val', 0.5],
  ])('reads %s', (_, text, key, value) => {
    expect(measureFile(text, key)).toEqual({ outcome: 'measured', value })
  })

  it.each([
    ['F27 NaN', '{"val": NaN}', 'diverged', 'val_bpb is NaN'],
    ['F27 −Infinity', '{"val": -Infinity}', 'diverged', 'val_bpb is -Infinity'],
    ['F27 NaN in quotes', '{"val": "nan"}', 'diverged', 'val_bpb is nan'],
    ['F31 a number too small', '{"val": 1e-400}', 'invalid-metric', 'is "1e-400", which is not a decimal'],
    ['F31 a number too large', '{"val": 1e400}', 'invalid-metric', 'is "1e400", which is not a decimal'],
    ['F31 a number without end', `{"val": ${'1'.repeat(200)}}`, 'invalid-metric', 'not a decimal number'],
    ['F29 no file', undefined, 'no-metric', 'the script did not write metrics.json to $AUTORESEARCH_OUT'],
    ['F29 an empty file', '', 'no-metric', 'metrics.json is not valid JSON'],
    ['F29 a torn file', '{"val": 0.5', 'no-metric', 'metrics.json is not valid JSON'],
    ['F29 text that says NaN', 'the loss is NaN', 'no-metric', 'metrics.json is not valid JSON'],
    ['F29 another key', '{"value": 0.5}', 'no-metric', 'metrics.json has no number at val'],
    ['F29 a number in quotes', '{"val": "0.5"}', 'no-metric', 'metrics.json has no number at val'],
    ['F29 null', '{"val": null}', 'no-metric', 'metrics.json has no number at val'],
    ['F29 a list', '{"val": [0.5]}', 'no-metric', 'metrics.json has no number at val'],
    ['F29 a bare number', '0.5', 'no-metric', 'metrics.json has no number at val'],
  ])('%s', (_, text, outcome, reason) => {
    const measurement = measureFile(text)
    expect(measurement.outcome).toBe(outcome)
    expect(measurement.reason).toContain(reason)
  })

  it.each(['toString.length', '__proto__', 'constructor.name.length', 'val.text'])(
    'finds no number behind %s',
    (key) => expect(measureFile('{"val": 0.5}', key).outcome).toBe('no-metric'),
  )

  it('is not slow to read a hostile file', () => {
    const file = `{"val": ${'"\\'.repeat(300_000)}`
    expect(measureFile(file).outcome).toBe('no-metric')
  })
})
