import { readdir, readFile, writeFile } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execaSync } from 'execa'
import { describe, expect, test } from 'vitest'
import { systemClock } from '../../src/adapters/clock.ts'
import { createRepository } from '../../src/adapters/git/repository.ts'
import type { TrainerOptions } from '../../src/adapters/trainer/context.ts'
import { createTrainer } from '../../src/adapters/trainer/trainer.ts'
import { AA_PATH, aaContent } from '../../src/core/judge/aa.ts'
import { TRIAL_FILE, type TrialResult, trialResultSchema } from '../../src/core/record/trial.ts'
import type { CutPlan } from '../../src/core/trial/curve.ts'
import { BaselineError, ConfigError, UserFacingError } from '../../src/errors.ts'
import { certifying } from '../factories.ts'
import { FakeLog } from '../fakes/log.ts'
import { aDirectory, aRemote, type Entry, trialOf } from '../scaffold.ts'
import { NO_PAUSE, withNvidiaSmi } from './device-lab.ts'

const FIXTURES = fileURLToPath(new URL('../fixtures/train/', import.meta.url))
const SHIM = fileURLToPath(new URL('../../python', import.meta.url))
/** One for each core, where the environment of the job says nothing else. */
const THREADS = String(availableParallelism())
const CONFIG = '.github/autoresearch.yml'
const NEVER = new AbortController().signal
const PATTERN = "pattern: '^val_loss: (\\S+)'"

/** Wherever there is bubblewrap, and always in CI, these are the outcomes of runs inside it. */
const INSTALLED = execaSync('bwrap', ['--version'], { reject: false }).exitCode === 0
const SANDBOX = INSTALLED || process.env.CI === 'true' ? 'bubblewrap' : 'none'

const COMPILER_CACHES = [
  ...['TORCHINDUCTOR_CACHE_DIR', 'TRITON_CACHE_DIR', 'JAX_COMPILATION_CACHE_DIR'],
  ...['CUDA_CACHE_PATH', 'NUMBA_CACHE_DIR', 'CCACHE_DIR'],
]

interface Setting {
  train?: string
  setup?: string
  timeout?: string
  source?: string
  sandbox?: string
  evaluate?: string
  cut?: string
  guard?: string
}

function config({
  train = 'node train.js',
  setup,
  timeout,
  source = PATTERN,
  sandbox = SANDBOX,
  evaluate,
  cut,
  guard,
}: Setting) {
  return `
editable: [train.js]
train: ${JSON.stringify(train)}
${setup === undefined ? '' : `setup: ${JSON.stringify(setup)}`}
${evaluate === undefined ? '' : `evaluate: ${JSON.stringify(evaluate)}`}
sandbox: ${sandbox}
budget: 1s
${timeout === undefined ? '' : `timeout: ${timeout}`}
metric: { name: val_loss, direction: minimize, bounds: [0.001, 20], ${source} }
progress: { pattern: 'step (?<step>\\d+)  loss (?<value>\\S+)' }
${cut === undefined ? '' : `cut: ${cut}`}
${guard === undefined ? '' : `guards: [{ name: vram, direction: minimize, ${guard} }]`}
`
}

/** A trainer for a repository whose baseline trains `fixture`. */
async function aTrainer(
  fixture: string,
  setting: Setting = {},
  { files = {}, ...fields }: Partial<TrainerOptions> & { files?: Record<string, Entry> } = {},
) {
  const train = await readFile(join(FIXTURES, `${fixture}.js`), 'utf8')
  const remote = await aRemote({
    'package.json': '{"type":"module"}',
    'train.js': train,
    'evaluate.js': 'honest\n',
    [CONFIG]: config(setting),
    ...files,
  })
  const context = remote.itself
  const directory = await aDirectory()
  const log = new FakeLog()
  const trainer = createTrainer({
    repository: createRepository(context),
    clock: systemClock,
    log,
    testbed: '1 × TestGPU, driver 1.0',
    configPath: CONFIG,
    resultsDirectory: join(directory, 'results'),
    cacheDirectory: join(directory, 'cache'),
    scratchDirectory: directory,
    shimDirectory: SHIM,
    environment: { PATH: process.env.PATH ?? '' },
    secrets: [],
    runId: '7',
    runAttempt: 1,
    ...fields,
  })
  return { remote, context, directory, log, trainer, trial: await trialOf(context, remote.base, remote.base) }
}

async function outcomeOf(fixture: string, setting: Setting = {}): Promise<TrialResult> {
  const { trainer, trial } = await aTrainer(fixture, setting)
  return trainer.run(trial, NEVER)
}

describe('what becomes of a run', () => {
  test.each<[string, Partial<TrialResult>]>([
    [
      'improves',
      {
        outcome: 'measured',
        value: 2.31,
        curve: [
          { step: 1, value: 3 },
          { step: 2, value: 2.4 },
        ],
      },
    ],
    ['regresses', { outcome: 'measured', value: 9.87 }],
    ['crashes', { outcome: 'crashed', reason: expect.stringContaining('do not match (exit code 1)') }],
    ['nan', { outcome: 'diverged' }],
    ['diverges-without-metric', { outcome: 'diverged' }],
    ['silent', { outcome: 'no-metric' }],
    ['two-metrics', { outcome: 'invalid-metric', reason: expect.stringContaining('2 times') }],
    ['not-a-number', { outcome: 'invalid-metric' }],
    ['out-of-bounds', { outcome: 'invalid-metric' }],
    ['out-of-memory-exit-137', { outcome: 'out-of-memory' }],
    ['cuda-out-of-memory', { outcome: 'out-of-memory' }],
  ])('F25 to F31 %s', async (fixture, expected) => {
    const result = await outcomeOf(fixture)
    expect(result).toMatchObject(expected)
    expect(result.value === undefined).toBe(result.outcome !== 'measured')
    expect(result.tail === undefined).toBe(result.outcome === 'measured')
  })

  test('training runs in the folder that the runner empties, and leaves nothing in it', async () => {
    const scratchDirectory = await aDirectory()
    const { trainer, trial, directory } = await aTrainer(
      'silent',
      { sandbox: 'none', train: 'pwd; touch beside; echo val_loss: 3' },
      { scratchDirectory },
    )
    expect(await trainer.run(trial, NEVER)).toMatchObject({ outcome: 'measured' })
    const log = await readFile(join(directory, 'results', trial.id, 'log.txt'), 'utf8')
    expect(log.startsWith(`${scratchDirectory}/`)).toBe(true)
    expect(await readdir(scratchDirectory)).toEqual([])
  })

  test('F33 a slow warm-up before the script’s own clock is on ours', async () => {
    const result = await outcomeOf('warms-up-slowly')
    expect(result).toMatchObject({ outcome: 'measured', value: 2.31 })
    expect(result.wallSeconds).toBeGreaterThan(1.5)
  })

  test('F28 forever: killed at the timeout, and the value it printed counts for nothing', async () => {
    const result = await outcomeOf('forever', { timeout: '3s' })
    expect(result).toMatchObject({ outcome: 'timed-out', tail: expect.stringContaining('val_loss: 0.01\n') })
    expect(result.value).toBeUndefined()
    expect(result.wallSeconds).toBeGreaterThanOrEqual(3)
  })

  test('F34 ignores-sigterm: timed out, no longer than the grace', async () => {
    const result = await outcomeOf('ignores-sigterm', { timeout: '3s' })
    expect(result.outcome).toBe('timed-out')
    expect(result.wallSeconds).toBeLessThan(30)
  })

  test('F39 a huge log is capped, head and tail kept, the metric found', async () => {
    const { trainer, trial, directory } = await aTrainer('huge-log')
    expect(await trainer.run(trial, NEVER)).toMatchObject({ outcome: 'measured', value: 2.31 })
    const log = await readFile(join(directory, 'results', trial.id, 'log.txt'), 'utf8')
    expect(log.length).toBeLessThan(400_000)
    expect(log.startsWith('first line\n')).toBe(true)
    expect(log).toContain('characters left out')
    expect(log.endsWith('val_loss: 2.31\n')).toBe(true)
  })

  test('the seed of the trial decides, and the same seed gives the same value', async () => {
    const { trainer, context, remote } = await aTrainer('deterministic')
    const values: (number | undefined)[] = []
    for (const seed of [1, 1, 2]) {
      const trial = await trialOf(context, remote.base, remote.base, { seed })
      values.push((await trainer.run(trial, NEVER)).value)
    }
    expect(values).toEqual([2.200001, 2.200001, 2.200002])
  })

  test.each([
    ['is removed', {}, []],
    ['is kept while debug logging is on', { RUNNER_DEBUG: '1' }, ['compiled', 'home', 'out', 'source']],
  ])('the folder of a trial %s', async (_, debug, left) => {
    const environment = { PATH: process.env.PATH ?? '', ...debug }
    const { trainer, trial, directory, log } = await aTrainer('writes-metric-file', {}, { environment })
    await trainer.run(trial, NEVER)
    const [kept] = (await readdir(directory)).filter((name) => name.startsWith('autoresearch-trial-'))
    expect(kept === undefined ? [] : (await readdir(join(directory, kept))).sort()).toEqual(left)
    expect(log.lines.some((line) => line.includes('kept the folder'))).toBe(kept !== undefined)
  })

  test('an abort ends the run, and no result is left that could be taken for a crash', async () => {
    const { trainer, trial, directory } = await aTrainer('forever')
    await trainer.run(trial, AbortSignal.timeout(300))
    expect(await readdir(join(directory, 'results', trial.id)).catch(() => [])).not.toContain(TRIAL_FILE)
  })
})

/** A baseline that falls from 4 to 2 over 100 steps, in no time: only steps count. */
const PLAN: CutPlan = {
  testbed: '1 × TestGPU, driver 1.0',
  sign: 1,
  windowSteps: 5,
  checkpoints: [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9].map((fraction) => ({
    fraction,
    step: 100 * fraction,
    seconds: 0.01 * fraction,
    level: 4 - 2 * fraction,
    ...(fraction < 0.3 ? {} : { gross: fraction, forecast: 0.5 }),
  })),
}

describe('a hopeless trial', () => {
  interface Options {
    setting?: Setting
    plan?: CutPlan
    replicate?: number
  }

  /** Trains the first run of a candidate whose code is `fixture`. */
  async function candidateOf(
    fixture: string,
    {
      setting = {},
      plan = PLAN,
      replicate = 1,
    }: { setting?: Setting; plan?: CutPlan; replicate?: number } = {},
  ) {
    const { trainer, context, remote, directory } = await aTrainer('improves', { timeout: '20s', ...setting })
    const code = await readFile(join(FIXTURES, `${fixture}.js`), 'utf8')
    const trial = await trialOf(context, remote.base, await remote.commit({ 'train.js': code }), {
      replicate,
    })
    const result = await trainer.run(trial, NEVER, plan)
    const text = await readFile(join(directory, 'results', trial.id, TRIAL_FILE), 'utf8')
    expect(trialResultSchema.parse(JSON.parse(text))).toEqual(result)
    return result
  }

  test('is cut, in the time it really took, and no evaluation follows', async () => {
    const result = await candidateOf('hopeless', { setting: { evaluate: 'echo val_loss: 1' } })
    expect(result).toMatchObject({ outcome: 'cut', reason: expect.stringContaining('at 30 % of the run') })
    expect(result.curve.at(-1)?.step).toBeGreaterThanOrEqual(30)
    expect(result.wallSeconds).toBeGreaterThan(0.6)
    expect(result.deviceSeconds).toBe(result.wallSeconds)
    expect(result.firstPointSeconds).toBeLessThan(result.wallSeconds)
    expect(result).not.toHaveProperty('value')
    expect(result).not.toHaveProperty('tail')
  })

  test('that only starts slowly is kept', async () => {
    const result = await candidateOf('starts-slowly')
    expect(result).toMatchObject({ outcome: 'measured', value: 2.31 })
  })

  test('F27 that is NaN for good is ended at once', async () => {
    const result = await candidateOf('nan-for-a-minute')
    expect(result).toMatchObject({ outcome: 'diverged', reason: 'the curve reached NaN or infinity' })
  })

  test.each<[string, Options]>([
    ['a later run of the candidate', { replicate: 2 }],
    ['the plan of another machine', { plan: { ...PLAN, testbed: 'another' } }],
    ['`cut: none`', { setting: { cut: 'none' } }],
  ])('is not cut: %s', async (_why, options) => {
    const setting = { timeout: '2s', ...options.setting }
    expect(await candidateOf('hopeless', { ...options, setting })).toMatchObject({ outcome: 'timed-out' })
  })

  test('is not cut: the baseline, even when it is NaN', async () => {
    for (const fixture of ['hopeless', 'nan-for-a-minute']) {
      const { trainer, trial } = await aTrainer(fixture, { timeout: '2s' })
      expect(await trainer.run(trial, NEVER, PLAN)).toMatchObject({ outcome: 'timed-out' })
    }
  })
})

describe('how much memory it had', () => {
  const train = `exec node -e 'const kept = Buffer.alloc(200e6, 1); setTimeout(() => kept.fill(2), 1500)'`
  const evaluate = `exec node -e 'const kept = Buffer.alloc(600e6, 1); setTimeout(() => console.log("val_loss: 3"), 600)'`

  test.skipIf(SANDBOX === 'none')('is that of training, and not of its evaluation', async () => {
    const { value, peakMemoryBytes } = await outcomeOf('silent', { train, evaluate, timeout: '20s' })
    expect(value).toBe(3)
    // Far above an idle process and far below the evaluation; without a control group it is what was seen now and then.
    expect(peakMemoryBytes).toBeGreaterThan(150e6)
    expect(peakMemoryBytes).toBeLessThan(500e6)
  })

  test('is not known without a sandbox', async () => {
    expect(await outcomeOf('improves', { sandbox: 'none' })).not.toHaveProperty('peakMemoryBytes')
  })
})

describe('a run that certifies', () => {
  const setting = { train: 'node train.js', evaluate: 'echo val_loss: 3', sandbox: 'none' }
  const shard = 'certify: { evaluate: "echo val_loss: 4" }'

  test.each([
    ['is evaluated like any other', '', 3],
    ['is evaluated by the evaluator of certification, where there is one', shard, 4],
  ])('%s', async (_, extra, value) => {
    const files = { [CONFIG]: `${config(setting)}\n${extra}` }
    const { trainer, context, remote, trial } = await aTrainer('improves', setting, { files })
    const protocol = certifying(remote.base, remote.base)
    const fresh = await trainer.run(await trialOf(context, remote.base, remote.base, { protocol }), NEVER)
    const ordinary = await trainer.run(trial, NEVER)
    expect([fresh.value, ordinary.value]).toEqual([value, 3])
    expect(fresh.config === ordinary.config).toBe(extra === '')
  })
})

describe('a metric from a file', () => {
  const source = 'file: metrics.json, key: val.loss'

  test('is read from $AUTORESEARCH_OUT', async () => {
    expect(await outcomeOf('writes-metric-file', { source })).toMatchObject({
      outcome: 'measured',
      value: 2.31,
    })
  })

  test('a run that writes none has no metric, whatever it prints', async () => {
    expect(await outcomeOf('improves', { source })).toMatchObject({ outcome: 'no-metric' })
  })

  test('F62 a link is not followed', async () => {
    expect(await outcomeOf('links-metric-file', { source })).toMatchObject({ outcome: 'no-metric' })
  })

  test('F62 nor is a link that takes the place of its folder', async () => {
    const elsewhere = await aDirectory()
    await writeFile(join(elsewhere, 'metrics.json'), '{ "val": { "loss": 0.01 } }')
    const train = `ln -s ${elsewhere} "$AUTORESEARCH_OUT/logs"`
    const within = { source: 'file: logs/metrics.json, key: val.loss' }
    expect(await outcomeOf('silent', { ...within, train })).toMatchObject({ outcome: 'no-metric' })
    const honest = `mkdir "$AUTORESEARCH_OUT/logs"; cp ${elsewhere}/metrics.json "$AUTORESEARCH_OUT/logs"`
    expect(await outcomeOf('silent', { ...within, train: honest, sandbox: 'none' })).toMatchObject({
      value: 0.01,
    })
  })
})

describe('what training sees', () => {
  test('F54 the allowlist and the variables of the trial, and nothing else of our environment', async () => {
    const secrets = {
      INPUT_TOKEN: 'secret-1',
      'INPUT_OPENAI-API-KEY': 'secret-2',
      GITHUB_TOKEN: 'secret-3',
      OPENAI_API_KEY: 'secret-4',
      ACTIONS_RUNTIME_TOKEN: 'secret-5',
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'secret-6',
      GITHUB_ENV: '/runner/secret-7',
      GITHUB_OUTPUT: '/runner/secret-8',
      RUNNER_TEMP: '/runner/secret-9',
      AWS_SECRET_ACCESS_KEY: 'secret-10',
      SSH_AUTH_SOCK: '/secret-11',
      NODE_OPTIONS: '--title=secret-12',
      HTTPS_PROXY: 'http://secret-13@127.0.0.1',
    }
    const allowed = { PATH: process.env.PATH ?? '', LANG: 'C.UTF-8', CUDA_VISIBLE_DEVICES: '0' }
    const { trainer, trial, directory } = await aTrainer(
      'prints-environment',
      { sandbox: 'none' },
      {
        environment: { ...secrets, ...allowed },
      },
    )
    const result = await trainer.run(trial, NEVER)
    const log = await readFile(join(directory, 'results', trial.id, 'log.txt'), 'utf8')
    expect(`${log}${JSON.stringify(result)}`).not.toContain('secret-')
    const seen = JSON.parse(/^environment: (.*)$/m.exec(log)?.[1] ?? '') as Record<string, string>
    // The shell adds these itself.
    for (const own of ['PWD', 'OLDPWD', 'SHLVL', '_']) delete seen[own]
    const { HOME = '', TMPDIR = '', AUTORESEARCH_DATA = '', AUTORESEARCH_OUT = '', ...rest } = seen
    for (const cache of COMPILER_CACHES) {
      expect(rest[cache]).toMatch(/\/compiled\/\w+$/)
      delete rest[cache]
    }
    expect(rest).toEqual({
      ...allowed,
      PYTHONHASHSEED: String(trial.seed),
      PYTHONDONTWRITEBYTECODE: '1',
      PYTHONPATH: SHIM,
      OMP_NUM_THREADS: THREADS,
      PYTHONUNBUFFERED: '1',
      AUTORESEARCH_SEED: String(trial.seed),
      AUTORESEARCH_BUDGET_SECONDS: '1',
    })
    expect(AUTORESEARCH_DATA).toContain(join(directory, 'cache'))
    expect(
      new Set([HOME, TMPDIR, AUTORESEARCH_OUT, AUTORESEARCH_DATA, /^directory: (.*)$/m.exec(log)?.[1]]).size,
    ).toBe(5)
    for (const path of [HOME, TMPDIR, AUTORESEARCH_OUT])
      expect(path.startsWith(process.env.HOME ?? '-')).toBe(false)
  })

  test('F77 a thread count that the training command sets, and no other that would override it', async () => {
    const names = 'OMP|OPENBLAS|MKL|BLIS|NUMEXPR|VECLIB'
    const { trainer, trial, directory } = await aTrainer('silent', {
      train: `OMP_NUM_THREADS=1 python3 -c 'import os; print(os.environ)' && echo val_loss: 1`,
    })
    await trainer.run(trial, NEVER)
    const log = await readFile(join(directory, 'results', trial.id, 'log.txt'), 'utf8')
    const counts = [...log.matchAll(new RegExp(`'((?:${names})\\w*_THREADS)': '(\\d+)'`, 'g'))]
    expect(new Set(counts.map(([, , count]) => count))).toEqual(new Set(['1']))
  })

  test('F74 the output of Python as it is printed, so that a killed run has it', async () => {
    const program = 'import os; print("step 1  loss 3"); print("before the end"); os.kill(os.getpid(), 15)'
    const { trainer, trial } = await aTrainer('silent', { train: `exec python3 -c '${program}'` })
    const result = await trainer.run(trial, NEVER)
    expect(result).toMatchObject({ outcome: 'crashed', curve: [{ step: 1, value: 3 }] })
    expect(result.tail).toContain('before the end')
  })

  test('the sealed tree of the commit, without .git', async () => {
    const { trainer, trial, directory } = await aTrainer('improves', {
      train: 'ls -A | sort; echo val_loss: 1',
    })
    await trainer.run(trial, NEVER)
    expect(await readFile(join(directory, 'results', trial.id, 'log.txt'), 'utf8')).toBe(
      '.github\nevaluate.js\npackage.json\ntrain.js\nval_loss: 1\n',
    )
  })

  test('of an A/A candidate the tree of the baseline, under the seed of the candidate', async () => {
    const { trainer, remote, context, directory } = await aTrainer('deterministic', {
      train: 'ls -A .github | sort; node train.js',
    })
    const head = await remote.commit({ [AA_PATH]: aaContent(1) }, { parent: remote.base })
    const trial = await trialOf(context, remote.base, head, { seed: 5, aa: true })
    expect(await trainer.run(trial, NEVER)).toMatchObject({ outcome: 'measured', value: 2.200005 })
    const log = await readFile(join(directory, 'results', trial.id, 'log.txt'), 'utf8')
    expect(log.split('\n')[0]).toBe('autoresearch.yml')
  })

  test('F57 what an A/A candidate changes beside its own file is not trained', async () => {
    const { trainer, remote, context } = await aTrainer('improves')
    const rigged = await remote.commit({ [AA_PATH]: aaContent(1), 'train.js': '' }, { parent: remote.base })
    const unmarked = await remote.commit({ [AA_PATH]: aaContent(1) }, { parent: remote.base })
    const trials = [
      await trialOf(context, remote.base, rigged, { aa: true }),
      await trialOf(context, remote.base, unmarked),
    ]
    for (const trial of trials) await expect(trainer.run(trial, NEVER)).rejects.toThrow(UserFacingError)
  })

  test('F57 removed: unmarked, what the A/A candidate changes is trained and counts', async () => {
    const { trainer, remote, context } = await aTrainer('improves')
    const head = await remote.commit(
      { 'train.js': 'console.log("val_loss: 0.01")\n' },
      { parent: remote.base },
    )
    expect((await trainer.run(await trialOf(context, remote.base, head), NEVER)).value).toBe(0.01)
    const marked = await trialOf(context, remote.base, head, { aa: true })
    await expect(trainer.run(marked, NEVER)).rejects.toThrow(UserFacingError)
  })

  test('F57 a candidate that changes a fixed file is not trained', async () => {
    const { trainer, context, remote, directory } = await aTrainer('improves', {
      train: `touch ran; node train.js`,
    })
    for (const change of [
      { 'evaluate.js': 'rigged\n' },
      { [CONFIG]: config({ train: 'echo val_loss: 0.01' }) },
    ]) {
      const head = await remote.commit({ 'train.js': 'console.log("val_loss: 0.01")\n', ...change })
      const run = trainer.run(await trialOf(context, remote.base, head), NEVER)
      await expect(run).rejects.toThrow(UserFacingError)
    }
    expect(await readdir(join(directory)).then((names) => names.includes('results'))).toBe(false)
  })

  test('F57 the configuration is that of the base', async () => {
    const { trainer, context, remote } = await aTrainer('improves')
    const head = await remote.commit({ 'train.js': 'console.log("val_loss: 1.5")\n' })
    const result = await trainer.run(await trialOf(context, remote.base, head), NEVER)
    expect(result).toMatchObject({ outcome: 'measured', value: 1.5 })
  })

  test('a broken configuration is said in words, with its line', async () => {
    const { trainer, trial } = await aTrainer('improves', {}, { files: { [CONFIG]: 'editable: []\n' } })
    const refusal = await trainer.run(trial, NEVER).catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(ConfigError)
    expect(String(refusal)).toContain(CONFIG)
  })
})

describe('a process left on the device', () => {
  const LEFT =
    'case "$1" in *apps*) echo "GPU-1f0e, 4242, /usr/bin/python3" ;; *) echo "0, GPU-1f0e, L4, 1" ;; esac'

  test('F38 the next trial is not begun', async () => {
    const clock = { ...systemClock, ...NO_PAUSE }
    const { trainer, trial, directory } = await aTrainer('improves', {}, { clock })
    await withNvidiaSmi(LEFT)
    await expect(trainer.run(trial, NEVER)).rejects.toThrow('4242, /usr/bin/python3')
    expect(await readdir(directory)).not.toContain('results')
  })

  test('F38 removed: where nobody can say who is on the device, it is measured beside it', async () => {
    const { trainer, trial } = await aTrainer('improves')
    await withNvidiaSmi(`${LEFT} >&2; exit 9`)
    expect(await trainer.run(trial, NEVER)).toMatchObject({ outcome: 'measured', value: 2.31 })
  })
})

describe('a device that a trial is given', () => {
  const driver = (used: number) => `case "$*" in
*apps*) ;;
*-lms*) printf 'GPU-1f0e, 3\\nGPU-2e1d, 3\\nGPU-1f0e, ${used}\\n'; exec sleep 60 ;;
*memory*) echo "GPU-1f0e, 3 MiB" ;;
*) echo "0, GPU-1f0e, L4, 1"; echo "1, GPU-2e1d, L4, 1" ;; esac`

  test.each([
    ['and does not use, is warned about: the result is filed under it', 3, 1],
    ['and uses, is not', 600, 0],
  ])('%s', async (_, used, warnings) => {
    const { trainer, trial, log } = await aTrainer('improves')
    await withNvidiaSmi(driver(used))
    expect(await trainer.run(trial, NEVER)).toMatchObject({ outcome: 'measured' })
    expect(log.lines.filter((line) => line.includes('it ran on the processor'))).toHaveLength(warnings)
  })

  test.each([
    ['700', { outcome: 'measured', guards: [{ name: 'vram', value: 597 }] }],
    ['500', { outcome: 'over-limit', reason: 'guard vram is 597, above its maximum of 500' }],
  ])('is measured from outside for a guard with the maximum %s', async (max, expected) => {
    const guard = `measure: device-memory, max: ${max}`
    const { trainer, trial } = await aTrainer('improves', { guard })
    await withNvidiaSmi(driver(600))
    expect(await trainer.run(trial, NEVER)).toMatchObject(expected)
  })

  test('counts with all others that it is given: what each takes of its time', async () => {
    const { trainer, trial } = await aTrainer('improves')
    await withNvidiaSmi(driver(3))
    const { deviceSeconds, wallSeconds } = await trainer.run(trial, NEVER)
    expect(deviceSeconds).toBe(2 * wallSeconds)
  })
})

test('a baseline that runs longer than its budget is warned about once', async () => {
  let seconds = 0
  const monotonicSeconds = () => (seconds += 50)
  const { trainer, trial, log } = await aTrainer(
    'improves',
    {},
    { clock: { ...systemClock, monotonicSeconds } },
  )
  for (let run = 0; run < 2; run += 1) await trainer.run(trial, NEVER)
  expect(log.lines.filter((line) => line.includes('A run of the baseline took'))).toHaveLength(1)
})

describe('what a trial leaves', () => {
  test('trial.json as it was returned, valid by the schema, and the log; the scratch directory is gone', async () => {
    const { trainer, trial, directory } = await aTrainer('prints-environment', { sandbox: 'none' })
    const result = await trainer.run(trial, NEVER)
    const folder = join(directory, 'results', trial.id)
    expect((await readdir(folder)).sort()).toEqual(['log.txt', TRIAL_FILE])
    const file = JSON.parse(await readFile(join(folder, TRIAL_FILE), 'utf8'))
    expect(trialResultSchema.parse(file)).toEqual(result)
    expect(result).toMatchObject({ trial, testbed: '1 × TestGPU, driver 1.0' })
    const log = await readFile(join(folder, 'log.txt'), 'utf8')
    const scratch = /^directory: (.*)$/m.exec(log)?.[1] ?? ''
    expect(scratch.startsWith(tmpdir())).toBe(true)
    await expect(readdir(scratch)).rejects.toThrow('ENOENT')
  })

  test.each(['crashes', 'silent'])('%s: a result that the schema accepts as well', async (fixture) => {
    const { trainer, trial, directory } = await aTrainer(fixture)
    await trainer.run(trial, NEVER)
    const text = await readFile(join(directory, 'results', trial.id, TRIAL_FILE), 'utf8')
    expect(trialResultSchema.safeParse(JSON.parse(text)).success).toBe(true)
  })
})

describe('setup', () => {
  const setup = 'echo run >> "$AUTORESEARCH_DATA/runs"; echo corpus > "$AUTORESEARCH_DATA/corpus.txt"'
  const train = 'cat "$AUTORESEARCH_DATA/runs"; echo val_loss: 1'

  test('runs once for all trials, candidates included, and training finds what it made', async () => {
    const { trainer, context, remote, directory, trial } = await aTrainer('improves', { setup, train })
    const head = await remote.commit({ 'train.js': 'other\n' })
    const candidate = await trialOf(context, remote.base, head)
    for (const one of [trial, candidate]) {
      await trainer.run(one, NEVER)
      expect(await readFile(join(directory, 'results', one.id, 'log.txt'), 'utf8')).toBe('run\nval_loss: 1\n')
    }
    expect(await readdir(join(directory, 'cache'))).toHaveLength(1)
  })

  test('a failure is an error of the baseline', async () => {
    const { trainer, trial, directory } = await aTrainer('improves', { setup: 'echo no disk >&2; exit 7' })
    const failure = await trainer.run(trial, NEVER).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(BaselineError)
    expect(String(failure)).toMatch(/exit code 7[\s\S]*no disk/)
    expect(await readdir(join(directory, 'cache'))).toEqual([])
  })
})
