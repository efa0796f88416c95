// The metric and the curve in what well-known repositories print. The formats are theirs, the numbers are not.
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { Exit, Metric, Take } from '../../../src/core/trial/metric.ts'
import { readMetricFile } from '../../../src/core/trial/metric-file.ts'
import { measureTrial } from '../../../src/core/trial/outcome.ts'
import { OutputReader } from '../../../src/core/trial/output.ts'

const FINE: Exit = { code: 0, signal: null, timedOut: false }

function outputOf(name: string): string {
  return readFileSync(new URL(`../../fixtures/outputs/${name}`, import.meta.url), 'utf8')
}

interface Reading {
  pattern: string
  progress: string
  take?: Take
}

function readOutput(name: string, { pattern, progress, take }: Reading) {
  const metric: Metric = {
    name: 'val_loss',
    direction: 'minimize',
    ...(take && { take }),
    source: { kind: 'pattern', pattern },
  }
  const reader = new OutputReader(metric, progress)
  const output = outputOf(name)
  // Chunks that split lines, numbers and progress bars.
  for (let at = 0; at < output.length; at += 37) reader.push(output.slice(at, at + 37))
  reader.end()
  return {
    measured: measureTrial(FINE, reader.metricText, reader.log, reader.diverged, metric),
    steps: reader.curve.map(({ step }) => step),
    log: reader.log,
    output,
  }
}

const REPOSITORIES: [string, Reading, number, number[]][] = [
  [
    'autoresearch.txt',
    {
      pattern: '^val_bpb:\\s+(\\S+)',
      progress: 'step (?<step>\\d+) .*\\| loss: (?<value>\\S+)',
    },
    1.01337,
    [0, 476, 952],
  ],
  [
    'nanochat.txt',
    {
      pattern: '^Minimum validation bpb: (\\S+)',
      progress: '^step (?<step>\\d+)/.* loss: (?<value>\\S+)',
    },
    0.86124,
    [0, 1, 2],
  ],
  [
    'nanoGPT.txt',
    {
      pattern: '^step \\d+: train loss \\S+, val loss (\\S+)',
      progress: '^step (?<step>\\d+): .* val loss (?<value>\\S+)',
      take: 'last',
    },
    2.2316,
    [0, 250, 500],
  ],
  [
    'llm.c.txt',
    {
      pattern: '^val loss (\\S+)',
      progress: '^step (?<step>\\d+): train loss (?<value>\\S+)',
      take: 'last',
    },
    4.27119,
    [0, 10, 20, 30, 40],
  ],
  [
    'llm.c-cuda.txt',
    {
      pattern: '^val loss (\\S+)',
      progress: '^step\\s+(?<step>\\d+)/\\d+ \\| loss (?<value>\\S+)',
      take: 'last',
    },
    6.160214,
    [1, 200],
  ],
  [
    'modded-nanogpt.txt',
    {
      pattern: '^step:\\d+/\\d+ val_loss:(\\S+)',
      progress: '^step:(?<step>\\d+)/\\d+ val_loss:(?<value>\\S+)',
      take: 'last',
    },
    3.2791,
    [0, 250, 1490],
  ],
  [
    'litgpt.txt',
    {
      pattern: '^Final evaluation \\| val loss: (\\S+)',
      progress: 'iter (?<step>\\d+) .* loss train: (?<value>[^ ,]+)',
    },
    4.79,
    [16, 160, 480],
  ],
  [
    'transformers.txt',
    {
      pattern: '^\\s+eval_loss\\s+=\\s+(\\S+)',
      progress: "'eval_loss': (?<value>\\S+).*'epoch': '(?<step>[\\d.]+)",
    },
    5.7421,
    [0.33],
  ],
]

test.each(REPOSITORIES)('F73 F75 the metric and the curve of %s are read', (name, reading, value, steps) => {
  const read = readOutput(name, reading)
  expect(read.measured).toEqual({ outcome: 'measured', value })
  expect(read.steps).toEqual(steps)
  expect(read.log).toBe(read.output)
})

test.each(REPOSITORIES.filter(([, { take }]) => take !== undefined))(
  'F75 without take, %s is refused with the setting and its own lines',
  (name, { pattern, progress }) => {
    const { measured } = readOutput(name, { pattern, progress })
    expect(measured.outcome).toBe('invalid-metric')
    expect(measured.reason).toMatch(/^val_loss was printed \d times .*`metric\.take`.*: line \d+: .*val.loss/)
  },
)

test('the results file of transformers is read', () => {
  const metric: Metric = {
    name: 'eval_loss',
    direction: 'minimize',
    source: { kind: 'file', file: 'all_results.json', key: 'eval_loss' },
  }
  const found = readMetricFile(outputOf('transformers.all_results.json'), 'all_results.json', 'eval_loss')
  expect(measureTrial(FINE, found, '', false, metric)).toEqual({
    outcome: 'measured',
    value: 5.742104053497314,
  })
})
