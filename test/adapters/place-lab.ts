// A repository with real code around it: what setup and training write, and where, as a trial in bubblewrap really finds it.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { systemClock } from '../../src/adapters/clock.ts'
import { createRepository } from '../../src/adapters/git/repository.ts'
import type { TrainerOptions } from '../../src/adapters/trainer/context.ts'
import { createTrainer } from '../../src/adapters/trainer/trainer.ts'
import type { TrialResult } from '../../src/core/record/trial.ts'
import { FakeLog } from '../fakes/log.ts'
import { aDirectory, aRemote, type Entry, trialOf } from '../scaffold.ts'

const SHIM = fileURLToPath(new URL('../../python', import.meta.url))
const CONFIG = '.github/autoresearch.yml'
const NEVER = new AbortController().signal

interface Lab extends Partial<TrainerOptions> {
  files?: Record<string, Entry>
  train: string
  /** Further lines of the configuration. */
  config?: string
}

/** An evaluator in a file of its own. What it prints besides the metric is kept by nobody: it prints 2 if `look` prints exactly this. */
export const seeing = (look: string, expected: string) => ({
  'evaluate.sh': `[ "$(\n${look}\n)" = '${expected}' ] && echo val_loss: 2 || echo val_loss: 9\n`,
})

function configText({ train, config = '' }: Pick<Lab, 'train' | 'config'>): string {
  return `
editable: [train.sh, 'src/**']
train: ${JSON.stringify(train)}
budget: 5s
timeout: 60s
metric: { name: val_loss, direction: minimize, pattern: '^val_loss: (\\S+)', bounds: [0, 100] }
${config}
`
}

/** A trainer for a repository, and what it takes to run its baseline and candidates. */
export async function aPlace({ files = {}, train, config = '', ...options }: Lab) {
  const remote = await aRemote({
    'train.sh': 'echo val_loss: 1\n',
    [CONFIG]: configText({ train, config }),
    ...files,
  })
  const directory = await aDirectory()
  const log = new FakeLog()
  const newTrainer = () =>
    createTrainer({
      repository: createRepository(remote.itself),
      clock: systemClock,
      log,
      testbed: '1 × TestGPU',
      configPath: CONFIG,
      resultsDirectory: join(directory, 'results'),
      cacheDirectory: join(directory, 'cache'),
      scratchDirectory: directory,
      shimDirectory: SHIM,
      environment: { PATH: '/usr/local/bin:/usr/bin:/bin' },
      secrets: [],
      runId: '7',
      runAttempt: 1,
      ...options,
    })
  let trainer = newTrainer()
  /** Goes on as a later job on the same machine would. */
  const nextJob = (): void => {
    trainer = newTrainer()
  }
  /** Runs the baseline, or a candidate that changes these files. */
  const run = async (changes?: Record<string, Entry>, base = remote.base): Promise<Ran> => {
    const head = changes === undefined ? base : await remote.commit(changes, { parent: base })
    const trial = await trialOf(remote.itself, base, head)
    const result = await trainer.run(trial, NEVER)
    const output = await readFile(join(directory, 'results', trial.id, 'log.txt'), 'utf8')
    return { result, output }
  }
  return { remote, directory, log, run, nextJob }
}

interface Ran {
  result: TrialResult
  output: string
}
