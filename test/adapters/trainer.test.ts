// What becomes of a training run: its outcome, its metric and its memory.
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { TRIAL_FILE, type TrialResult, trialResultSchema } from '../../src/core/record/trial.ts'
import type { CutPlan } from '../../src/core/trial/curve.ts'
import { certifying } from '../factories.ts'
import { aDirectory, trialOf } from '../scaffold.ts'
import { aTrainer, CONFIG, config, FIXTURES, NEVER, outcomeOf, SANDBOX, type Setting } from './trainer-lab.ts'

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
  // Held for longer than a busy machine needs to look.
  const train = `exec node -e 'const kept = Buffer.alloc(200e6, 1); setTimeout(() => kept.fill(2), 6000)'`
  const evaluate = `exec node -e 'const kept = Buffer.alloc(600e6, 1); setTimeout(() => console.log("val_loss: 3"), 1500)'`

  test.skipIf(SANDBOX === 'none')('is that of training, and not of its evaluation', async () => {
    const { value, peakMemoryBytes } = await outcomeOf('silent', { train, evaluate, timeout: '120s' })
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
