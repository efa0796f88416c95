// A trainer for a small repository, with the programs of test/fixtures/train as its training code.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execaSync } from 'execa'
import { systemClock } from '../../src/adapters/clock.ts'
import type { GitContext } from '../../src/adapters/git/git.ts'
import { createRepository } from '../../src/adapters/git/repository.ts'
import type { TrainerOptions } from '../../src/adapters/trainer/context.ts'
import { createTrainer } from '../../src/adapters/trainer/trainer.ts'
import type { TrialResult } from '../../src/core/record/trial.ts'
import { FakeLog } from '../fakes/log.ts'
import { aDirectory, aRemote, type Entry, trialOf } from '../scaffold.ts'

export const FIXTURES = fileURLToPath(new URL('../fixtures/train/', import.meta.url))
export const SHIM = fileURLToPath(new URL('../../python', import.meta.url))
export const CONFIG = '.github/autoresearch.yml'
export const NEVER = new AbortController().signal
const PATTERN = "pattern: '^val_loss: (\\S+)'"

/** Wherever there is bubblewrap, and always in CI, these are the outcomes of runs inside it. */
const INSTALLED = execaSync('bwrap', ['--version'], { reject: false }).exitCode === 0
export const SANDBOX = INSTALLED || process.env.CI === 'true' ? 'bubblewrap' : 'none'

export interface Setting {
  train?: string
  setup?: string
  timeout?: string
  source?: string
  sandbox?: string
  evaluate?: string
  cut?: string
  guard?: string
}

export function config({
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
export async function aTrainer(
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
  const { directory, log, trainer } = await aTrainerIn(context, fields)
  return { remote, context, directory, log, trainer, trial: await trialOf(context, remote.base, remote.base) }
}

export async function outcomeOf(fixture: string, setting: Setting = {}): Promise<TrialResult> {
  const { trainer, trial } = await aTrainer(fixture, setting)
  return trainer.run(trial, NEVER)
}

/** A trainer with folders of its own. */
export async function aTrainerIn(context: GitContext, fields: Partial<TrainerOptions> = {}) {
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
  return { directory, log, trainer }
}
