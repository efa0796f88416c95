// Whole trials of examples/nanogpt on the GPU, through the real trainer. Check 15 of docs/gpu.md.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { systemClock } from '../../src/adapters/clock.ts'
import { createRepository } from '../../src/adapters/git/repository.ts'
import { nvidiaDevices } from '../../src/adapters/trainer/nvidia.ts'
import { describeTestbed } from '../../src/adapters/trainer/testbed.ts'
import { createTrainer } from '../../src/adapters/trainer/trainer.ts'
import { FakeLog } from '../fakes/log.ts'
import { aDirectory, aRemote, trialOf } from '../scaffold.ts'
import { SKIP, saw } from './gpu-lab.ts'

const ROOT = join(import.meta.dirname, '../..')
const CONFIG = '.github/autoresearch.yml'
const FILES = ['train.py', 'evaluate.py', 'prepare.py', 'serve.py', 'program.md', 'requirements.txt']

/** The example as a repository, with this long to train and its model compiled for the evaluation. */
async function aResearch(seconds: number) {
  const read = (name: string) => readFileSync(join(ROOT, 'examples/nanogpt', name), 'utf8')
  const files = Object.fromEntries(FILES.map((name) => [name, read(name)]))
  const config = read(CONFIG).replace(/^budget: \S+/m, `budget: ${seconds}s`)
  const loading = '    model.load_state_dict(saved["weights"])\n'
  const compiling = files['train.py']?.replace(loading, `${loading}    model = torch.compile(model)\n`) ?? ''
  expect(compiling).toContain('torch.compile(model)\n\n')
  const remote = await aRemote({ ...files, 'train.py': compiling, [CONFIG]: config })
  const [directory, log] = [await aDirectory(), new FakeLog()]
  const trainer = createTrainer({
    repository: createRepository(remote.itself),
    clock: systemClock,
    log,
    testbed: await describeTestbed(),
    configPath: CONFIG,
    resultsDirectory: join(directory, 'results'),
    cacheDirectory: join(directory, 'cache'),
    scratchDirectory: directory,
    shimDirectory: join(ROOT, 'python'),
    environment: process.env,
    secrets: [],
    runId: '1',
    runAttempt: 1,
  })
  return { trainer, log, trial: await trialOf(remote.itself, remote.base, remote.base) }
}

test.skipIf(SKIP)(
  '15 nanogpt trains for 40 s and is evaluated by a compiled model',
  async () => {
    const before = await nvidiaDevices(undefined)
    const { trainer, log, trial } = await aResearch(40)
    const { curve, tail, ...result } = await trainer.run(trial, new AbortController().signal)
    saw(
      15,
      `${JSON.stringify(result)}; ${curve.length} points, the last ${JSON.stringify(curve.at(-1))}; ${tail ?? ''}`,
    )
    expect(result).toMatchObject({ outcome: 'measured', trust: 'separated' })
    expect(result.value).toBeLessThan(3)
    expect(log.lines.join('\n')).not.toContain('it ran on the processor')
    expect(log.lines.join('\n')).toContain('It is trained again with the compiler caches')
    expect(await nvidiaDevices(undefined)).toEqual(before)
  },
  240_000,
)
