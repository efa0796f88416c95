// The configuration: accepted values, their meaning, and the report of every mistake.
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import {
  type Config,
  type ConfigProblem,
  parseConfig,
  renderConfigProblems,
} from '../../../src/core/config/config.ts'
import { nearestWord } from '../../../src/core/config/edit-distance.ts'

const EXAMPLE = String.raw`baseline: autoresearch/baseline
editable: [train.mjs]
program: program.md
setup: node prepare.mjs
train: node train.mjs
evaluate: node evaluate.mjs
budget: 5m
timeout: 10m
metric: {name: val_bpb, direction: minimize, pattern: '^val_bpb:\s+(\S+)', bounds: [0.3, 20]}
progress: {pattern: 'step (?<step>\d+)\s+loss (?<value>\S+)'}
cut: 0.5%
sandbox: {kind: bubblewrap, read: [/opt/datasets], memory: 8G, out: 500M, processes: 64}
replicates: {baseline: 3, candidate: 2}
certify: {every: 5, runs: 6, evaluate: node evaluate.mjs --shard 2}
aa-every: never
review-above: 8 sigma
merge-risk: 5%
min-gain: 0.1%
simplicity: {removed-lines: 3, margin: 1 sigma, added-lines: 20, gain: 0.2%}
proposers: [{kind: openai, model: gpt-x, base-url: https://llm.example.com/v1}, {kind: knobs}]
search: {structural-share: 0.3, novelty: 0.8}
limits: {candidates: 20, tokens: 2M, dollars: 10}
`

const SANDBOX: Config['sandbox'] = { kind: 'bubblewrap', read: [], outBytes: 4 * 1024 ** 3 }

const SETUP_DEFAULTS = {
  setupPolicy: { environment: [], keep: 3 },
  outputs: [],
  ignore: ['*.md', 'LICENSE*'],
}

const SEARCH = {
  structuralShare: 0.3,
  novelty: 0.8,
  retryAfterMerges: 5,
  bundle: 4,
  insightsEvery: 20,
  deviceHourDollars: 2,
}

const SIZE = 'a size with its unit, from 1M to 1024T'
const DURATION = 'a duration with its unit, above 0 and at most 120h'

/** The four required fields, one per line, with some lines replaced or added. */
function aFile(lines: Record<string, string> = {}): string {
  const required = {
    editable: '[train.py]',
    train: 'python train.py',
    budget: '5m',
    metric: String.raw`{name: loss, direction: minimize, pattern: 'loss (\S+)'}`,
  }
  return Object.entries({ ...required, ...lines })
    .map(([key, value]) => `${key}: ${value}\n`)
    .join('')
}

function aMetric(rest: string): string {
  return aFile({ metric: `{name: loss, direction: minimize, ${rest}}` })
}

function configOf(text: string): Config {
  const parsed = parseConfig(text)
  if (parsed.kind === 'problems') throw new Error(renderConfigProblems('config', parsed.problems))
  return parsed.config
}

function problemsOf(text: string): ConfigProblem[] {
  const parsed = parseConfig(text)
  return parsed.kind === 'problems' ? parsed.problems : []
}

function onlyProblemOf(text: string): ConfigProblem | undefined {
  const problems = problemsOf(text)
  expect(problems.map(({ path, expected }) => `${path}: ${expected}`)).toHaveLength(1)
  return problems[0]
}

describe('a valid file', () => {
  test('is read field by field', () => {
    expect(configOf(EXAMPLE)).toEqual({
      baseline: 'autoresearch/baseline',
      editable: ['train.mjs'],
      maxLiteralKib: 4,
      program: 'program.md',
      setup: 'node prepare.mjs',
      ...SETUP_DEFAULTS,
      train: 'node train.mjs',
      evaluate: 'node evaluate.mjs',
      budgetSeconds: 300,
      timeoutSeconds: 600,
      allowance: 0.05,
      metric: {
        name: 'val_bpb',
        direction: 'minimize',
        bounds: [0.3, 20],
        source: { kind: 'pattern', pattern: String.raw`^val_bpb:\s+(\S+)` },
      },
      progress: { pattern: String.raw`step (?<step>\d+)\s+loss (?<value>\S+)` },
      cutBelow: 0.005,
      sandbox: {
        kind: 'bubblewrap',
        read: ['/opt/datasets'],
        memoryBytes: 8 * 1024 ** 3,
        outBytes: 500 * 1024 ** 2,
        processes: 64,
      },
      reviewAbove: { kind: 'sigmas', value: 8 },
      mergeRisk: 0.05,
      guards: [],
      guardRisk: 0.1,
      minGain: { kind: 'percent', value: 0.1 },
      simplicity: {
        removedLines: 3,
        margin: { kind: 'sigmas', value: 1 },
        addedLines: 20,
        gain: { kind: 'percent', value: 0.2 },
      },
      replicates: { baseline: 3, candidate: 2 },
      certify: { every: 5, runs: 6, evaluate: 'node evaluate.mjs --shard 2' },
      aaEvery: 0,
      jobs: { least: 1 },
      pullRequests: 'all',
      proposers: [
        {
          kind: 'openai',
          endpoints: [{ model: 'gpt-x', baseUrl: 'https://llm.example.com/v1' }],
          maxTurns: 20,
        },
        { kind: 'knobs' },
      ],
      search: SEARCH,
      limits: { candidates: 20, waiting: 20, tokens: 2_000_000, dollars: 10 },
    } satisfies Config)
  })

  test('gets defaults for all but four fields, and no keys for absent options', () => {
    expect(configOf(aFile())).toStrictEqual({
      baseline: 'autoresearch/baseline',
      editable: ['train.py'],
      maxLiteralKib: 4,
      ...SETUP_DEFAULTS,
      train: 'python train.py',
      budgetSeconds: 300,
      timeoutSeconds: 660,
      allowance: 0.05,
      metric: {
        name: 'loss',
        direction: 'minimize',
        source: { kind: 'pattern', pattern: String.raw`loss (\S+)` },
      },
      sandbox: SANDBOX,
      replicates: { baseline: 6, candidate: 20 },
      mergeRisk: 0.12,
      guards: [],
      guardRisk: 0.1,
      simplicity: {
        removedLines: 5,
        margin: { kind: 'sigmas', value: 0.5 },
        addedLines: 50,
        gain: { kind: 'sigmas', value: 1 },
      },
      certify: { every: 0, runs: 4 },
      aaEvery: 25,
      jobs: { least: 1 },
      pullRequests: 'all',
      proposers: [{ kind: 'knobs' }],
      search: SEARCH,
      limits: { candidates: 20, waiting: 20, tokens: 2_000_000, dollars: 10 },
    } satisfies Config)
  })

  test.each([
    ['with progress', { progress: "'(?<step>a)(?<value>b)'" }, 0.05],
    ['as written', { progress: "'(?<step>a)(?<value>b)'", cut: '5%' }, 0.05],
    ['never, when it says so', { progress: "'(?<step>a)(?<value>b)'", cut: 'none' }, undefined],
    ['never, without progress', {}, undefined],
    ['never, without progress and when it says so', { cut: 'none' }, undefined],
  ])('cuts hopeless trials: %s', (_what, { progress, ...lines }: Record<string, string>, expected) => {
    const written = progress === undefined ? lines : { ...lines, progress: `{pattern: ${progress}}` }
    expect(configOf(aFile(written)).cutBelow).toBe(expected)
  })

  test('may take the metric from a JSON file', () => {
    const { metric } = configOf(aMetric('file: out/metrics.json, key: val.bpb'))
    expect(metric.source).toEqual({ kind: 'file', file: 'out/metrics.json', key: 'val.bpb' })
  })

  test('may set part of a section and keep the other defaults', () => {
    const config = configOf(aFile({ replicates: '{candidate: 3}', limits: '{tokens: 500k}' }))
    expect(config.replicates).toEqual({ baseline: 6, candidate: 3 })
    expect(config.limits).toEqual({ candidates: 20, waiting: 20, tokens: 500_000, dollars: 10 })
  })

  test('may configure the search', () => {
    const search =
      '{structural-share: 0.5, novelty: 0.9, retry-after: 3, bundle: never, insights-every: 7, device-hour: 4.5}'
    expect(configOf(aFile({ search })).search).toEqual({
      structuralShare: 0.5,
      novelty: 0.9,
      retryAfterMerges: 3,
      bundle: 0,
      insightsEvery: 7,
      deviceHourDollars: 4.5,
    })
  })

  test('may limit device time, each candidate and each week', () => {
    const limits = '{gpu-hours: 8, candidate: {tokens: 200k}, week: {dollars: 50, gpu-hours: 40.5}}'
    expect(configOf(aFile({ limits })).limits).toStrictEqual({
      candidates: 20,
      waiting: 20,
      tokens: 2_000_000,
      dollars: 10,
      gpuHours: 8,
      candidate: { tokens: 200_000 },
      week: { dollars: 50, gpuHours: 40.5 },
    })
  })

  test.each([
    ['bubblewrap', {}],
    ['none', { kind: 'none' }],
    ['{}', {}],
    ['{kind: none}', { kind: 'none' }],
    ['{memory: 1.5G}', { memoryBytes: 1.5 * 1024 ** 3 }],
    ['{out: 8G, processes: 1000}', { outBytes: 8 * 1024 ** 3, processes: 1000 }],
    [
      '{read: [/opt/data, /home/ci/cache, /Users/ci/a b]}',
      { read: ['/opt/data', '/home/ci/cache', '/Users/ci/a b'] },
    ],
  ])('may write the sandbox as %s', (written, fields) => {
    expect(configOf(aFile({ sandbox: written })).sandbox).toStrictEqual({ ...SANDBOX, ...fields })
  })

  test('may ignore the number of lines', () => {
    expect(configOf(aFile({ simplicity: 'none' }))).not.toHaveProperty('simplicity')
  })

  test('may set part of the simplicity rules', () => {
    const { simplicity } = configOf(aFile({ simplicity: '{removed-lines: 1, gain: 2%}' }))
    expect(simplicity).toEqual({
      removedLines: 1,
      margin: { kind: 'sigmas', value: 0.5 },
      addedLines: 50,
      gain: { kind: 'percent', value: 2 },
    })
  })

  test('may hold back gains above a percentage of the metric', () => {
    const { reviewAbove } = configOf(aFile({ 'review-above': '10%' }))
    expect(reviewAbove).toEqual({ kind: 'percent', value: 10 })
  })

  test.each([
    ['never', 0],
    ['0', 0],
    ['7', 7],
  ])('may certify and run A/A candidates every %s', (written, every) => {
    const config = configOf(aFile({ certify: `{every: ${written}}`, 'aa-every': written }))
    expect(config).toMatchObject({ certify: { every, runs: 4 }, aaEvery: every })
  })

  test('may price a model and limit its turns', () => {
    const proposers = '[{kind: openai, model: m, max-turns: 5, price: {input: 1.25, output: 10}}]'
    expect(configOf(aFile({ proposers })).proposers).toEqual([
      {
        kind: 'openai',
        endpoints: [{ model: 'm', price: { input: 1.25, output: 10 } }],
        maxTurns: 5,
      },
    ])
  })

  test('may name fallback endpoints, at the same URL unless they set one', () => {
    const fallback = '[{model: n}, {model: o, base-url: http://localhost:8000/v1}]'
    const price = '{input: 1, cached-input: 0.1, output: 2}'
    const proposers = `[{kind: openai, model: m, base-url: https://a.example/v1, max-output: 16000, price: ${price}, fallback: ${fallback}}]`
    expect(configOf(aFile({ proposers })).proposers).toEqual([
      {
        kind: 'openai',
        endpoints: [
          { model: 'm', baseUrl: 'https://a.example/v1', price: { input: 1, cachedInput: 0.1, output: 2 } },
          { model: 'n', baseUrl: 'https://a.example/v1' },
          { model: 'o', baseUrl: 'http://localhost:8000/v1' },
        ],
        maxTurns: 20,
        maxOutputTokens: 16_000,
      },
    ])
  })

  test('may name a coding agent, whose timeout is ten minutes by default', () => {
    const needed = `kind: command, name: claude, run: claude -p, hosts: [api.anthropic.com, 'localhost:8000']`
    const more = 'secrets: [A_KEY], env: {LEVEL: debug}, read: [/opt/agents], timeout: 90s'
    expect(configOf(aFile({ proposers: `[{${needed}}, {${needed}, ${more}}]` })).proposers).toEqual([
      {
        kind: 'command',
        name: 'claude',
        run: 'claude -p',
        hosts: ['api.anthropic.com', 'localhost:8000'],
        secrets: [],
        env: {},
        read: [],
        timeoutSeconds: 600,
      },
      {
        kind: 'command',
        name: 'claude',
        run: 'claude -p',
        hosts: ['api.anthropic.com', 'localhost:8000'],
        secrets: ['A_KEY'],
        env: { LEVEL: 'debug' },
        read: ['/opt/agents'],
        timeoutSeconds: 90,
      },
    ])
  })

  test.each([
    'PYTHONPATH=$PYTHONPATH:src python -m lab.train',
    `PYTHONPATH=src:\${PYTHONPATH} make`,
    'PYTHONPATH="src:$PYTHONPATH" make',
    'MY_PYTHONPATH=src python train.py',
  ])('may add to PYTHONPATH: %s', (train) => {
    expect(configOf(aFile({ train: JSON.stringify(train) })).train).toBe(train)
  })

  test('may have quick checks', () => {
    expect(configOf(aFile({ checks: '[python -m py_compile train.py]' })).checks).toEqual([
      'python -m py_compile train.py',
    ])
  })

  test('may contain Windows line ends, a byte order mark, comments, anchors and block text', () => {
    const text = aFile({
      train: '|\n  cd src\n  python train.py',
      setup: '&prepare make',
      program: '*prepare',
    })
    const config = configOf(`\ufeff# research\n${text}`.replaceAll('\n', '\r\n'))
    expect(config).toMatchObject({ train: 'cd src\npython train.py\n', setup: 'make', program: 'make' })
  })

  test.each(['pattern: "(?<value>[0-9]+) of ([0-9]+)"', 'pattern: "(?:loss|err) ([0-9]+)"'])(
    'may mark the metric with %s',
    (source) => expect(problemsOf(aMetric(source))).toEqual([]),
  )

  test.each([
    'src/**/*.py',
    '"**/*.py"',
    '"*"',
    '"**"',
    'a/.github/x',
    '.githubs/x',
    'configs/.env.?',
    'a b.py',
  ])('may make %s editable', (glob) => expect(problemsOf(aFile({ editable: `[${glob}]` }))).toEqual([]))
})

/** Every section is present, so that any one value can be replaced. JSON is YAML. */
function fileWith(path: string, value: unknown): string {
  const file = {
    ...parse(EXAMPLE),
    proposers: [
      { kind: 'openai', model: 'm', price: { input: 1, output: 2 } },
      { kind: 'command', name: 'a', run: 'a', hosts: ['a.example'], secrets: ['A'], env: {}, read: ['/a'] },
    ],
    limits: { candidates: 20, candidate: {}, week: {} },
  }
  const keys = path.split(/[.[\]]+/).filter((key) => key !== '')
  const last = keys.pop() ?? ''
  const parent = keys.reduce((section, key) => section[key], file)
  parent[last] = value
  return JSON.stringify(file)
}

// One rule per row: path, expected value, and values that violate the rule.
const RULES: [path: string, expected: string, values: unknown[]][] = [
  [
    'baseline',
    'a branch name',
    ['a b', 'a..b', '-a', 'a/', '/a', 'a//b', 'a.lock', 'a/.b', 'a~1', 'a:b', 'a@{b'],
  ],
  ['baseline', 'a branch name', ['@', 'a.', 'a*', 'a\\b', 'a\u0007', 7]],
  [
    'baseline',
    'a branch that is not reserved',
    ['autoresearch', 'autoresearch/ledger', 'autoresearch/c', 'autoresearch/c/1'],
  ],
  ['editable', 'a list of globs', ['train.py', null, undefined]],
  ['editable', 'at least one glob', [[]]],
  ['editable[0]', 'text that is not empty', ['']],
  [
    'editable[0]',
    'a relative path',
    ['/b', 'C:/a', 'a/../../b', '..', 'a\\b', 'src/', './a', 'a//b', 'a\nb', ' '],
  ],
  ['editable[0]', 'a glob with only *, ** and ?', ['!!a', '!{a,b}', '{a,b}', '[ab]', '+(a)']],
  ['editable', 'at least one glob without !', [['!a']]],
  [
    'editable[0]',
    'a glob outside .github/',
    ['.github', '.github/**', '.GitHub/a', '.git*/a', '.*', '.g?thub/a'],
  ],
  ['editable[0]', 'a glob outside .github/', ['**/.github/*', '**/**/.git**']],
  ['program', 'a relative path', ['../p.md', '/p.md', null]],
  ['setup', 'a command or a mapping', [null, ['make']]],
  ['train', 'a command', [undefined, null, 5, {}]],
  ['train', 'text that is not empty', ['', ' \n']],
  ['train', 'text without NUL characters', ['a\0b']],
  [
    'train',
    'a command that keeps the existing PYTHONPATH',
    [
      'PYTHONPATH=src python -m lab.train',
      'export PYTHONPATH=; python train.py',
      'A=$PYTHONPATH PYTHONPATH="src" make',
    ],
  ],
  ['evaluate', 'a command', [null, ['make'], {}]],
  ['evaluate', 'text that is not empty', ['', ' \n']],
  ['budget', DURATION, [undefined, 300, '300', '0s', '0.0001s', '5 minutes', '-5m', '121h', '30m1h']],
  ['timeout', DURATION, [300, 'never', '121h']],
  ['timeout', 'more than the budget of 300s', ['1m', '5m', '300s']],
  ['metric', 'a mapping', [undefined, null, 'loss', []]],
  ['metric.name', 'a name', [undefined, 5]],
  ['metric.name', '1 to 64 letters, digits or _ . / -', ['', 'a b', 'x'.repeat(65), 'lóss', 'a\n']],
  ['metric.direction', '"minimize" or "maximize"', [undefined, 'down', 'Minimize', 1]],
  ['metric.bounds', 'two numbers, the lower one first', [[2, 1], [1, 1], [1], [1, 2, 3], 5]],
  ['metric.bounds[1]', 'a finite number', ['20', null]],
  ['metric.pattern', 'pattern, or file and key', [undefined]],
  ['metric.pattern', 'a JavaScript regular expression', ['(a', '[', '(?P<value>a)']],
  [
    'metric.pattern',
    'exactly one capture group, or a group named value',
    ['a', '(?:a)', '(a)(b)', '(?<a>a)(?<b>b)'],
  ],
  ['progress', 'a mapping', [null, 'loss']],
  ['progress.pattern', 'a JavaScript regular expression', ['[']],
  ['progress.pattern', 'a regular expression with the named groups step and value', ['a', '(?<step>a)(b)']],
  ['cut', '"none", or a probability from 0.01% to 20%', [null, 2, '2', '0%', '0.005%', '21%', 'never', {}]],
  ['sandbox', '"bubblewrap", "none" or a mapping', [null, 'docker', 'Bubblewrap', '', true, []]],
  ['sandbox.kind', '"bubblewrap" or "none"', [null, 'docker']],
  ['sandbox.read', 'a list of absolute paths', [null, '/opt']],
  [
    'sandbox.read[0]',
    'an absolute path',
    [
      'opt',
      './opt',
      '~/data',
      '$HOME/data',
      'C:/data',
      '/',
      '//',
      '/opt/',
      '/opt//a',
      '/opt/./a',
      'a\n',
      '/a\n',
    ],
  ],
  ['sandbox.read[0]', 'an absolute path', ['/..', '/opt/../etc', '/opt/..']],
  [
    'sandbox.read[0]',
    'an absolute path',
    ['/root', '/home', '/home/ci', '/Users', '/Users/ci', '/var/home', '/var/home/ci'],
  ],
  ['sandbox.memory', SIZE, [8, '8', '8GB', '0M', '1K', '1023K', '1025T', null]],
  ['sandbox.out', SIZE, ['unlimited', '-1G', `${'9'.repeat(400)}G`]],
  ['sandbox.processes', 'a whole number from 16 to 100000', [15, 100_001, 64.5, '512']],
  ['sandbox.gpu', 'a known key', [1]],
  ['review-above', 'a gain above 0 in sigma or %', [null, 8, '8', '0%', '0 sigma', '8 s', '-1%', {}]],
  ['merge-risk', 'a share from 1% to 50%', [null, 0.2, '20', '0.9%', '51%', 'none']],
  ['min-gain', 'a gain above 0 in sigma or %', [null, 1, '1', '0%', '-1 sigma']],
  ['simplicity', '"none" or a mapping', [null, 'some', 5, []]],
  ['simplicity.removed-lines', 'a whole number from 1 to 10000', [0, 10_001, 1.5, '5']],
  ['simplicity.margin', 'a gain above 0 in sigma or %', [null, 0.5, '0 sigma']],
  ['simplicity.added-lines', 'a whole number from 1 to 10000', [0, 10_001, '50']],
  ['simplicity.gain', 'a gain above 0 in sigma or %', ['1', '0%']],
  ['replicates.baseline', 'a whole number from 2 to 50', [1, 51, 2.5, '6']],
  ['replicates.candidate', 'a whole number from 2 to 50', [0, 1, 51]],
  ['certify', 'a mapping', [null, 'never', []]],
  ['certify.every', 'a whole number from 1 to 1000, or never', [null, -1, 1001, 2.5, '5', 'always', true]],
  ['certify.runs', 'a whole number from 2 to 20', [1, 21, '4']],
  ['certify.evaluate', 'a command', [null, ['make']]],
  ['aa-every', 'a whole number from 1 to 100000, or never', [null, -1, 100_001, '25', 'often']],
  ['proposers', 'a list of proposers', [null, 'knobs', { kind: 'knobs' }]],
  ['proposers', 'at least one proposer', [[]]],
  ['proposers[0]', 'a mapping with kind', ['knobs', null]],
  ['proposers[0].kind', '"knobs", "openai" or "command"', [undefined, 'magic']],
  ['proposers[1].name', '1 to 40 letters, digits or _ . -', ['', 'a b', 'a'.repeat(41)]],
  ['proposers[1].run', 'a command', [undefined, 7]],
  ['proposers[1].hosts', 'at least one host', [[]]],
  ['proposers[1].hosts', 'a list of hosts', [undefined, 'a.example']],
  [
    'proposers[1].hosts[0]',
    'a host, with its port if it is not 443',
    ['https://a.example', '*.a.example', 'a.example/v1', 'a.example:0', '::1', 'a.example:99999'],
  ],
  ['proposers[1].secrets[0]', 'the name of an environment variable', ['A-KEY', '1A', 'A=b']],
  ['proposers[1].env', 'a mapping of names to texts', [['A'], 'A=b']],
  ['proposers[1].env.LEVEL', 'a text', [1, null]],
  ['proposers[1].read[0]', 'an absolute path', ['opt', '~/x', '/home/me']],
  ['proposers[1].timeout', 'a duration with its unit, above 0 and at most 120h', ['10', '0s', '121h', 600]],
  ['proposers[0].model', 'the name of a model', [undefined, 4]],
  [
    'proposers[0].base-url',
    'an http or https URL',
    ['ftp://a', 'a.example', 5, 'https://a/v1/chat/completions', 'https://a/v1?key=1'],
  ],
  ['proposers[0].max-turns', 'a whole number from 1 to 200', [0, 201]],
  ['proposers[0].price.output', 'a number of dollars, 0 or more', [undefined, -1, '1']],
  ['proposers[0].price.cached-input', 'a number of dollars, 0 or more', [-1, '1']],
  ['proposers[0].max-output', 'a whole number from 1 to 10000000', [0, '16k']],
  ['proposers[0].fallback', 'a list of mappings with model', ['gpt-y', { model: 'gpt-y' }]],
  ['checks', 'a list of commands', ['make lint', null]],
  ['checks', 'at most 10 commands', [Array.from({ length: 11 }, () => 'true')]],
  ['search', 'a mapping', [null, []]],
  ['search.structural-share', 'a number from 0 to 1', [-0.1, 1.1, '30%']],
  ['search.novelty', 'a number from 0.3 to 1', [0.2, 1.1]],
  ['search.retry-after', 'a whole number from 1 to 1000', [0, 1.5]],
  ['search.insights-every', 'a whole number from 1 to 1000', [0, 2.5]],
  ['search.device-hour', 'a number of dollars above 0', [0, -1]],
  ['limits', 'a mapping', [null, []]],
  ['limits.candidates', 'a count from 1 to 100000', [0, '0', '101k', 1.5]],
  ['limits.tokens', 'a count from 0 to 100000M', ['many', -1, '100001M', '0.5', null]],
  ['limits.dollars', 'a number of dollars, 0 or more', [-1, '10']],
  ['limits.gpu-hours', 'a number of hours, 0 or more', [-1, '8h']],
  ['limits.candidate', 'a mapping', [null, 3]],
  ['limits.candidate.tokens', 'a count from 0 to 100000M', ['many', -1]],
  ['limits.candidate.dollars', 'a number of dollars, 0 or more', [-1]],
  ['limits.week', 'a mapping', [null, 50]],
  ['limits.week.tokens', 'a count from 0 to 100000M', ['many']],
  ['limits.week.dollars', 'a number of dollars, 0 or more', ['50']],
  ['limits.week.gpu-hours', 'a number of hours, 0 or more', [-1]],
  ['colour', 'a known key', ['red']],
]

const REFUSED = RULES.flatMap(([path, expected, values]) =>
  values.map((value) => ({ path, expected, value })),
)

describe('refused', () => {
  test.each(REFUSED)('$path: $value, because $expected was expected', ({ path, expected, value }) => {
    const problem = onlyProblemOf(fileWith(path, value))
    expect(problem).toMatchObject({ path, expected })
    expect(problem?.hint).toMatch(/[^\s:]$/)
  })

  test.each([
    ['"a"', fileWith('budget', 'a')],
    ['300', fileWith('budget', 300)],
    ['nothing', fileWith('budget', null)],
    ['nothing', fileWith('budget', undefined)],
    ['true', fileWith('budget', true)],
    ['an empty list', fileWith('budget', [])],
    ['a list of 2', fileWith('budget', [1, 2])],
    ['an empty mapping', fileWith('budget', {})],
    ['a mapping with a, "b c"', fileWith('budget', { a: 1, 'b c': 2 })],
    ['"__proto__"', `${aFile()}__proto__: {a: 1}\n`],
    ['"https://…@a/v1"', fileWith('proposers[0].base-url', 'https://me:sk-key@a/v1')],
    ['Infinity', aMetric('pattern: "(a)", bounds: [0, .inf]')],
    ['a mapping with name, direction, pattern, file', aMetric('pattern: "(a)", file: m.json')],
  ])('shows the found value: %s', (found, file) => expect(onlyProblemOf(file)?.found).toBe(found))

  test.each([
    ['pattern and file', 'pattern: "(a)", file: m.json, key: a', 'metric', 'either pattern, or file and key'],
    ['pattern and key', 'pattern: "(a)", key: a', 'metric', 'either pattern, or file and key'],
    ['a file without key', 'file: m.json', 'metric.key', 'file and key together'],
    ['a key without file', 'key: a', 'metric.file', 'file and key together'],
    ['a file elsewhere', 'file: /m.json, key: a', 'metric.file', 'a relative path'],
    ['a key with an empty part', 'file: m.json, key: a..b', 'metric.key', 'a dotted path into the JSON file'],
  ])('a metric from %s', (_source, source, path, expected) => {
    expect(onlyProblemOf(aMetric(source))).toMatchObject({ path, expected })
  })

  test.each([
    ['an empty file', '', 'a mapping', 'nothing'],
    ['a file of comments', '# nothing here\n', 'a mapping', 'nothing'],
    ['a list', '- train.py\n', 'a mapping', 'a list of 1'],
    ['a text', 'train.py', 'a mapping', '"train.py"'],
    ['several documents', `${aFile()}---\n${aFile()}`, 'a single document', 'a second document'],
    ['more than 64 KiB', `# ${'é'.repeat(33_000)}\n`, 'at most 64 KiB', '33003 characters'],
  ])('%s, in one problem', (_what, file, expected, found) => {
    expect(onlyProblemOf(file)).toMatchObject({ path: '', expected, found })
  })

  test.each([
    ['tabs', aFile({ setup: '\n\tmake' }), 6, 'indent with spaces instead of tabs'],
    ['a duplicate key', `${aFile()}budget: 6m\n`, 5, 'remove one of the two keys'],
    [
      'an unquoted star',
      aFile({ editable: '[*.py]' }),
      1,
      `put text that begins with "*" in single quotes: '*.py'`,
    ],
    ['an unquoted !', aFile({ editable: '[!a]' }), 1, 'put text that begins with "!" in single quotes'],
    [
      'a backslash in double quotes',
      aMetric(String.raw`pattern: "(\S+)"`),
      4,
      String.raw`write text with backslashes in single quotes: '\s+'`,
    ],
    ['an open quote', aFile({ setup: "'make" }), 6, 'close the quote or bracket'],
    ['an unquoted colon', aFile({ train: 'echo: a: b' }), 2, `put text that contains ': ' in single quotes`],
    ['nesting without end', '['.repeat(20_000), 1, 'see docs/configuration.md for an example'],
    ['an alias bomb', aliasBomb(), 1, 'write out the values, without aliases or deep nesting'],
  ])('YAML with %s, in one problem', (_fault, file, line, hint) => {
    expect(onlyProblemOf(file)).toMatchObject({ line, hint })
  })
})

function aliasBomb(): string {
  const levels = ['a', 'b', 'c', 'd', 'e', 'f']
  return levels
    .map(
      (name, index) => `${name}: &${name} [${Array(9).fill(index === 0 ? 'x' : `*${levels[index - 1]}`)}]\n`,
    )
    .join('')
}

test('refused: a metric file although there is an evaluator', () => {
  const file = aFile({
    evaluate: 'python evaluate.py',
    metric: '{name: loss, direction: minimize, file: m.json, key: a}',
  })
  expect(onlyProblemOf(file)).toMatchObject({
    path: 'metric.file',
    expected: 'pattern, because evaluate prints the metric',
    hint: 'write pattern instead of file and key, or remove evaluate',
  })
})

describe('F57 an evaluator', () => {
  const evaluatedBy = (evaluate: string, editable: string) =>
    aFile({ evaluate: JSON.stringify(evaluate), editable })

  test.each([
    ['python evaluate.py', "['*.py']", 'evaluate.py'],
    ['TARGETS=512 uv run ./evaluate.py --shard 2', "['**/*.py']", 'evaluate.py'],
    ['true; python -u "lab/evaluate.py" && true', "['lab/**']", 'lab/evaluate.py'],
    ['python -m lab.evaluate', "['lab/*.py']", 'lab/evaluate.py'],
    ['python -m lab', "['lab/*.py']", 'lab/__main__.py'],
    ['torchrun --nproc-per-node 2 evaluate.py', "['*.py']", 'evaluate.py'],
  ])('is refused when a candidate could rewrite it: %s with editable %s', (evaluate, editable, script) => {
    expect(onlyProblemOf(evaluatedBy(evaluate, editable))).toMatchObject({
      path: 'evaluate',
      expected: 'a command that no candidate can rewrite',
      hint: `add '!${script}' to editable, and the files that it imports`,
    })
  })

  test('for certification is refused for the same reason', () => {
    const file = aFile({ editable: "['*.py']", certify: '{ evaluate: python certify.py }' })
    expect(onlyProblemOf(file)).toMatchObject({ path: 'certify.evaluate' })
  })

  test.each([
    ['python evaluate.py', "['src/**/*.py', train.py]"],
    ['python evaluate.py --code train.py', '[train.py]'],
    [`node -e "const f = 'train.mjs'; require('fs').readFileSync('train.mjs')"`, '[train.mjs]'],
    [`python -c 'import train; print(open("train.py").read())'`, '[train.py]'],
    ['make evaluate', "['**/*.py']"],
    ['/opt/judge/evaluate.py', "['**/*.py']"],
    ['python $AUTORESEARCH_EVAL_DATA/evaluate.py', "['**/*.py']"],
  ])('is accepted when no candidate can rewrite it: %s with editable %s', (evaluate, editable) => {
    expect(configOf(evaluatedBy(evaluate, editable)).evaluate).toBe(evaluate)
  })
})

describe('a hint', () => {
  test.each([
    ['the right key', aFile({ repliactes: '{}' }), 'did you mean replicates?'],
    ['the right key in a section', aMetric("pattern: '(a)', bound: [0, 1]"), 'did you mean bounds?'],
    [
      'kebab-case',
      aFile({ proposers: '[{kind: openai, model: m, maxTurns: 5}]' }),
      'did you mean max-turns?',
    ],
    [
      'the known keys',
      aFile({ proposers: '[{kind: knobs, model: m}]' }),
      'remove it; known keys: kind, include, exclude',
    ],
    ['the right word', aFile({ proposers: '[{kind: knob}]' }), 'did you mean knobs?'],
    ['an example', aFile({ budget: '300' }), 'write, for example, `budget: 5m`'],
    ['an example in a list', aFile({ editable: '[1]' }), 'write, for example, `train.py`'],
    [
      'the keys of a section',
      aFile({ limits: '' }),
      'add keys below it: candidates, waiting, tokens, dollars, gpu-hours, candidate, week, total, open-pull-requests, target',
    ],
    [
      'the JavaScript form',
      aMetric("pattern: '(?P<value>a)'"),
      'remove the P: JavaScript writes a named group as (?<value>…)',
    ],
    ['what is wrong with a pattern', aMetric("pattern: '(a'"), 'fix the pattern: unterminated group'],
    ['the missing groups', aFile({ progress: "{pattern: 'a'}" }), 'add (?<step>…) and (?<value>…)'],
    ['the right sandbox', aFile({ sandbox: 'bubblewarp' }), 'did you mean bubblewrap?'],
    ['a sandbox', aFile({ sandbox: 'docker' }), 'write, for example, `sandbox: bubblewrap`'],
    ['the right kind of sandbox', aFile({ sandbox: '{kind: nome}' }), 'did you mean none?'],
    ['the right key of the sandbox', aFile({ sandbox: '{memmory: 8G}' }), 'did you mean memory?'],
    ['a size', aFile({ sandbox: '{memory: 8}' }), 'write, for example, `memory: 8G`'],
    [
      'that a home is too much',
      aFile({ sandbox: '{read: [/root]}' }),
      'name a folder inside it: home folders contain keys and tokens',
    ],
    ['a gain', aFile({ 'review-above': '8' }), 'write, for example, `review-above: 8 sigma`'],
    ['the progress that cut needs', aFile({ cut: '2%' }), 'add progress with a pattern, or remove cut'],
    [
      'the default timeout',
      aFile({ timeout: '1m' }),
      'remove timeout to use the default of 660s, or raise it',
    ],
    ['an example to begin with', '', 'start from the example in docs/configuration.md'],
  ])('names %s', (_what, file, hint) => {
    expect(onlyProblemOf(file)?.hint).toBe(hint)
  })

  test('for a misspelled required key is the only one: the correct key is not reported as missing', () => {
    expect(onlyProblemOf(aFile().replace('budget', 'budjet'))).toMatchObject({
      path: 'budjet',
      hint: 'did you mean budget?',
    })
  })
})

describe('problems', () => {
  const FIVE_MISTAKES = String.raw`editable: [src/**, .github/workflows/ci.yml]
train: python train.py
budget: 300
metric:
  name: loss
  pattern: '(?<value>\S+)'
  bounds: [20, 0.3]
proposer: []
`

  test('in a file with five mistakes are all reported at once, each with its line', () => {
    expect(problemsOf(FIVE_MISTAKES).map(({ line, column, path }) => [line, column, path])).toEqual([
      [1, 20, 'editable[1]'],
      [3, 9, 'budget'],
      [4, 1, 'metric.direction'],
      [7, 3, 'metric.bounds'],
      [8, 1, 'proposer'],
    ])
  })

  test('between fields are reported even if other fields are wrong', () => {
    const file = aFile({
      budget: '5m',
      timeout: '1m',
      train: '',
      metric: '{pattern: "(a)", file: a, name: loss}',
    })
    expect(problemsOf(file).map(({ path }) => path)).toEqual([
      'train',
      'metric.direction',
      'metric',
      'timeout',
    ])
  })

  test('after a duplicate key are reported with it', () => {
    const file = `${aFile({ budget: 'soon' })}budget: later\n`
    expect(problemsOf(file).map(({ line, column, found }) => [line, column, found])).toEqual([
      [5, 1, 'a second "budget"'],
      [5, 9, '"later"'],
    ])
  })

  test('in one duration are not reported for the other duration too', () => {
    expect(onlyProblemOf(aFile({ budget: '300', timeout: '4m' }))).toMatchObject({ path: 'budget' })
  })

  test('with a missing key in a list item point at the item', () => {
    const file = aFile({ proposers: '\n  - kind: knobs\n  - kind: openai' })
    expect(onlyProblemOf(file)).toMatchObject({ line: 7, column: 5, path: 'proposers[1].model' })
  })

  test('are rendered on two lines each, with place, expected value, found value and hint', () => {
    const file = aFile({ metric: `{name: a, direction: down, pattern: '(a)'}`, replicate: '{}' })
    expect(renderConfigProblems('.github/autoresearch.yml', problemsOf(file))).toBe(
      `.github/autoresearch.yml:4:30  metric.direction: expected "minimize" or "maximize", found "down"
  hint: write, for example, \`direction: minimize\`
.github/autoresearch.yml:5:1  replicate: expected a known key, found "replicate"
  hint: did you mean replicates?`,
    )
  })

  test('with the whole file are rendered without a path', () => {
    expect(renderConfigProblems('c.yml', problemsOf(''))).toMatch(
      /^c\.yml:1:1 {2}expected a mapping, found nothing\n/,
    )
  })

  test('quote long and unusual text on one short line', () => {
    const file = aFile({ '"a\\nb"': '1', program: `/${'x'.repeat(500)}` })
    for (const line of renderConfigProblems('c.yml', problemsOf(file)).split('\n')) {
      // A hint that lists all fields is always long.
      expect(line.length).toBeLessThan(380)
    }
    expect(problemsOf(file).map(({ path }) => path)).toEqual(['"a\\nb"', 'program'])
  })

  test('are reported for any broken text without throwing', () => {
    const insertions = [
      '\t',
      ': ',
      '[',
      '*',
      '&a ',
      '\n',
      '"',
      '---\n',
      '%YAML 1.1\n---\n',
      '!!binary ',
      '? ',
      '<<: ',
    ]
    // Every second character is replaced by one of them, and each of them replaces about fifty characters.
    for (let at = 0; at < EXAMPLE.length; at += 2) {
      const inserted = insertions[(at / 2) % insertions.length] ?? ''
      const parsed = parseConfig(EXAMPLE.slice(0, at) + inserted + EXAMPLE.slice(at + 1))
      const places = parsed.kind === 'problems' ? parsed.problems : []
      expect(places.filter(({ line, column }) => line < 1 || column < 1)).toEqual([])
      expect(parsed.kind === 'config' || places.length > 0).toBe(true)
    }
  })

  test('with a value that contains itself are described', () => {
    expect(onlyProblemOf(aFile({ setup: '&loop [*loop]' }))).toMatchObject({
      path: 'setup',
      found: 'a list of 1',
    })
  })
})

describe('nearestWord', () => {
  test.each([
    ['tain', 'train'],
    ['Train', 'train'],
    ['max_turns', 'max-turns'],
    ['maxTurns', 'max-turns'],
    ['colour', undefined],
    ['x'.repeat(10_000), undefined],
  ])('suggests for $0: $1', (word, meant) =>
    expect(nearestWord(word, ['train', 'timeout', 'max-turns'])).toBe(meant),
  )

  test('suggests nothing when there are no words', () => expect(nearestWord('a', [])).toBeUndefined())
})

describe('a time to target', () => {
  const timed = (rest: string) => aFile({ metric: `{kind: time-to-target, ${rest}}` })

  test.each([
    ['curve: val_bpb, target: 0.98', 'val_bpb: 0.9123', '0.9123'],
    ['curve: val_bpb, target: 0.98', 'step 3 | val_bpb=0.9123 | lr 1', '0.9123'],
    ['curve: val_bpb, target: 0.98', '{"val_bpb": 0.9123}', '0.9123}'],
    ['curve: val_bpb, target: 0.98', 'best_val_bpb: 0.9123', undefined],
    ['curve: val/bpb, target: 0.98', 'val/bpb 0.9123', '0.9123'],
    [String.raw`curve: '^eval (\S+)', target: 0.98`, 'eval 0.9', '0.9'],
    [String.raw`curve: 'bpb (?<value>\S+) (x)', target: 0.98`, 'bpb 0.9 x', '0.9'],
  ])('%s finds the value in %s', (rest, line, value) => {
    const { source } = configOf(timed(rest)).metric
    if (source.kind !== 'target') throw new Error('this is no time to target')
    const match = new RegExp(source.pattern).exec(line)
    expect(match?.groups?.value ?? match?.[1]).toBe(value)
  })

  test('is better when lower, has a name, and may be cut', () => {
    const { metric, cutBelow } = configOf(timed('curve: val_bpb, target: 0.98'))
    expect(metric).toMatchObject({ name: 'seconds_to_val_bpb', direction: 'minimize' })
    expect(metric.source).toMatchObject({ kind: 'target', target: 0.98, reached: 'below' })
    expect(cutBelow).toBe(0.05)
    expect(configOf(timed('name: speed, curve: acc, target: 0.9, reached: above')).metric).toMatchObject({
      name: 'speed',
      source: { reached: 'above' },
    })
  })

  test.each([
    ['curve: val_bpb', 'metric.target', 'a finite number'],
    ['target: 1', 'metric.curve', 'a name or a regular expression'],
    ["curve: '(a)(b)', target: 1", 'metric.curve', 'exactly one capture group, or a group named value'],
    [
      'curve: a, target: 1, direction: maximize',
      'metric.direction',
      'no direction beside kind: time-to-target',
    ],
    ["curve: a, target: 1, pattern: 'a (b)'", 'metric.pattern', 'no pattern beside kind: time-to-target'],
    ['curve: a, target: 1, reached: up', 'metric.reached', '"below" or "above"'],
  ])('with %s names %s', (rest, path, expected) => {
    expect(onlyProblemOf(timed(rest))).toMatchObject({ path, expected })
  })

  test('is asked for by its fields', () => {
    expect(onlyProblemOf(aMetric(String.raw`pattern: 'a (\S+)', target: 1`))).toMatchObject({
      path: 'metric.target',
      hint: 'add kind: time-to-target, or remove target',
    })
  })

  test.each(['name', 'direction'])('another metric needs its %s', (field) => {
    const written = { name: 'name: loss, ', direction: 'direction: minimize, ' }
    const rest = Object.entries(written).map(([key, text]) => (key === field ? '' : text))
    const text = aFile({ metric: `{${rest.join('')}pattern: '(a)'}` })
    expect(onlyProblemOf(text)).toMatchObject({ path: `metric.${field}`, found: 'nothing' })
  })
})
