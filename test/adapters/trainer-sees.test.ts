// What a training run sees of the machine, and what it leaves there.
import { readdir, readFile } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { systemClock } from '../../src/adapters/clock.ts'
import { AA_PATH, aaContent } from '../../src/core/judge/aa.ts'
import { TRIAL_FILE, trialResultSchema } from '../../src/core/record/trial.ts'
import { BaselineError, ConfigError, UserFacingError } from '../../src/errors.ts'
import { trialOf } from '../scaffold.ts'
import { NO_PAUSE, withNvidiaSmi } from './device-lab.ts'
import { aTrainer, CONFIG, config, NEVER, SHIM } from './trainer-lab.ts'

/** One for each core, where the environment of the job says nothing else. */
const THREADS = String(availableParallelism())
const COMPILER_CACHES = [
  ...['TORCHINDUCTOR_CACHE_DIR', 'TRITON_CACHE_DIR', 'JAX_COMPILATION_CACHE_DIR'],
  ...['CUDA_CACHE_PATH', 'NUMBA_CACHE_DIR', 'CCACHE_DIR'],
]

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
        // Where rustup is installed, its folder is named, too.
        environment: { ...secrets, ...allowed, RUSTUP_HOME: '/nowhere' },
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
