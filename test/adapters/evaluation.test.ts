// Training and evaluation as a trial really runs them: each in a sandbox of its own.

import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execaSync } from 'execa'
import { describe, expect, test } from 'vitest'
import { systemClock } from '../../src/adapters/clock.ts'
import { createRepository } from '../../src/adapters/git/repository.ts'
import type { TrainerOptions } from '../../src/adapters/trainer/context.ts'
import { createTrainer } from '../../src/adapters/trainer/trainer.ts'
import type { TrialResult } from '../../src/core/record/trial.ts'
import { FakeLog } from '../fakes/log.ts'
import { aDirectory, aRemote, trialOf } from '../scaffold.ts'

const SHIM = fileURLToPath(new URL('../../python', import.meta.url))
const CONFIG = '.github/autoresearch.yml'

const installed = execaSync('bwrap', ['--version'], { reject: false }).exitCode === 0
if (!installed && process.env.CI !== 'true')
  console.warn('Skipped without bubblewrap: apt-get install bubblewrap')
const sandboxed = test.skipIf(!installed && process.env.CI !== 'true')

interface Fields extends Partial<TrainerOptions> {
  setup?: string
  /** The section of the configuration. */
  sandbox?: string
}

const SETUP = 'echo corpus > "$AUTORESEARCH_DATA/text"; echo answers > "$AUTORESEARCH_EVAL_DATA/text"'

/** Trains `train` and evaluates with `evaluate`, both shell scripts, in bubblewrap. */
async function resultOf(
  train: string,
  evaluate: string | undefined,
  { setup = SETUP, sandbox = 'bubblewrap', ...fields }: Fields = {},
): Promise<TrialResult> {
  const remote = await aRemote({
    'train.sh': train,
    ...(evaluate === undefined ? {} : { 'evaluate.sh': evaluate }),
    [CONFIG]: `
editable: [train.sh]
setup: ${setup}
sandbox: ${sandbox}
train: sh train.sh
${evaluate === undefined ? '' : 'evaluate: sh evaluate.sh'}
budget: 1s
timeout: 20s
metric: { name: val_loss, direction: minimize, pattern: '^val_loss: (\\S+)', bounds: [0, 100] }
`,
  })
  const directory = await aDirectory()
  const trainer = createTrainer({
    repository: createRepository(remote.itself),
    clock: systemClock,
    log: new FakeLog(),
    testbed: '1 × TestGPU',
    configPath: CONFIG,
    resultsDirectory: `${directory}/results`,
    cacheDirectory: `${directory}/cache`,
    scratchDirectory: directory,
    shimDirectory: SHIM,
    environment: { PATH: process.env.PATH ?? '' },
    secrets: [],
    runId: '7',
    runAttempt: 2,
    ...fields,
  })
  const trial = await trialOf(remote.itself, remote.base, remote.base)
  return trainer.run(trial, new AbortController().signal)
}

const EVALUATE = 'echo "val_loss: $(cat "$AUTORESEARCH_OUT/model")"'

describe('evaluation', () => {
  sandboxed('F58 overrules whatever training printed', async () => {
    const result = await resultOf('echo 3 > "$AUTORESEARCH_OUT/model"; echo "val_loss: 0.01"', EVALUATE)
    expect(result).toMatchObject({ outcome: 'measured', value: 3, trust: 'evaluated' })
  })

  sandboxed('a number that only training prints is self-reported', async () => {
    const result = await resultOf('echo "val_loss: 2"', undefined)
    expect(result).toMatchObject({ outcome: 'measured', value: 2, trust: 'self-reported' })
  })

  sandboxed('is distinguished from training when it fails', async () => {
    const result = await resultOf('true', EVALUATE)
    expect(result.outcome).not.toBe('measured')
    expect(result.reason).toContain('in the evaluation')
  })

  sandboxed('does not happen when training failed', async () => {
    const result = await resultOf('echo 3 > "$AUTORESEARCH_OUT/model"; exit 1', EVALUATE)
    expect(result).toMatchObject({ outcome: 'crashed' })
    expect(result.reason).not.toContain('evaluation')
  })

  sandboxed('F54 its data are not there while training runs', async () => {
    const train =
      'echo "seen: [$AUTORESEARCH_EVAL_DATA]"; find / -name text -path "*evaluation*" 2>/dev/null; exit 1'
    const result = await resultOf(train, EVALUATE)
    expect(result.tail).toBe('seen: []\n')
  })

  sandboxed('F54 nor does a folder that is shown to training hold them', async () => {
    const cacheDirectory = await aDirectory()
    const findAnswers = `grep -rh answers '${cacheDirectory}' > "$AUTORESEARCH_OUT/model"; cat "$AUTORESEARCH_OUT/model"`
    for (const read of [cacheDirectory, `${cacheDirectory}/acme`])
      await expect(
        resultOf(findAnswers, EVALUATE, {
          cacheDirectory: join(cacheDirectory, 'acme', 'gpt'),
          sandbox: `{ read: ['${read}'] }`,
        }),
      ).rejects.toThrow(/names .* which would show the evaluation data to training/)
  })

  sandboxed('does not happen when training wrote too much, although it came to its end', async () => {
    const piece = 'head -c 900000 /dev/zero > "$AUTORESEARCH_OUT'
    const train = `echo 3 > "$AUTORESEARCH_OUT/model"; ${piece}/one"; ${piece}/two"`
    const result = await resultOf(train, EVALUATE, { sandbox: '{ out: 1M }' })
    expect(result).toMatchObject({ outcome: 'crashed', reason: expect.stringContaining('sandbox.out') })
  })

  sandboxed('sees its data, and cannot change what training left', async () => {
    const evaluate =
      'grep -q answers "$AUTORESEARCH_EVAL_DATA/text" || exit 4; echo 1 > "$AUTORESEARCH_OUT/model" || exit 3'
    const result = await resultOf('echo 3 > "$AUTORESEARCH_OUT/model"', evaluate)
    expect(result.reason).toBe('in the evaluation: the evaluator ended with exit code 3')
  })
})

sandboxed(
  'what `uv sync` of setup installs is there for `uv run`, at the same path and read-only',
  async () => {
    // What `uv` does with these variables, in two lines.
    const setup =
      'mkdir -p "$UV_PROJECT_ENVIRONMENT/bin" && echo "echo $UV_PROJECT_ENVIRONMENT" > "$UV_PROJECT_ENVIRONMENT/bin/tool"'
    const train =
      'sh "$UV_PROJECT_ENVIRONMENT/bin/tool"; echo "$UV_PROJECT_ENVIRONMENT, no sync: $UV_NO_SYNC"; > "$UV_PROJECT_ENVIRONMENT/bin/tool"; exit 1'
    const { tail = '' } = await resultOf(train, EVALUATE, { setup })
    const [installed = '', found, denied] = tail.split('\n')
    expect(installed).toMatch(/-venv$/)
    expect(found).toBe(`${installed}, no sync: 1`)
    expect(denied).toMatch(/Read-only file system/)
  },
)

describe('a result', () => {
  sandboxed('names its run and its sandbox', async () => {
    const result = await resultOf('echo 3 > "$AUTORESEARCH_OUT/model"', EVALUATE)
    expect(result).toMatchObject({
      runId: '7',
      runAttempt: 2,
      sandbox: expect.stringContaining('bubblewrap'),
    })
  })

  sandboxed('F70 took as long as training and evaluation together', async () => {
    const looks = [100, 130, 200]
    const clock = { ...systemClock, monotonicSeconds: () => looks.shift() ?? 207 }
    const result = await resultOf('echo 3 > "$AUTORESEARCH_OUT/model"', EVALUATE, { clock })
    expect(result).toMatchObject({
      outcome: 'measured',
      wallSeconds: 37,
      trainingSeconds: 30,
      deviceSeconds: 37,
    })
  })

  sandboxed(
    'F68 with a secret of the job in its output does not count, and the secret is not kept',
    async () => {
      const secret = 'ghs_0123456789abcdef'
      const train = `echo 3 > "$AUTORESEARCH_OUT/model"; echo ${secret}`
      const result = await resultOf(train, EVALUATE, { secrets: [secret] })
      expect(result).toMatchObject({
        outcome: 'invalid-metric',
        reason: 'its output contained a secret of this job',
      })
      expect(JSON.stringify(result)).not.toContain(secret)
    },
  )
})
