// A mistake in the set-up: it costs one run of the baseline, and nobody sees a pull request.
import { describe, expect, test } from 'vitest'
import { judgeResults } from '../../src/commands/judge.ts'
import { propose } from '../../src/commands/propose.ts'
import { run } from '../../src/commands/run.ts'
import { measurementHash } from '../../src/core/config/measurement.ts'
import type { TrialResult } from '../../src/core/record/trial.ts'
import { BaselineError } from '../../src/errors.ts'
import type { Trainer } from '../../src/ports/trainer.ts'
import { configOf } from '../factories.ts'
import { anIdea, FakeProposer } from '../fakes/proposer.ts'
import { CONFIG_PATH, SETTINGS, World } from '../fakes/world.ts'

const CONFIG_TEXT = `editable: [train.py]
train: python train.py
budget: 5m
metric: { name: val_bpb, direction: minimize, pattern: '^val_bpb: (\\S+)' }
replicates: { baseline: 3, candidate: 2 }
search: { structural-share: 0 }
`
const NEVER = new AbortController().signal
const HASH = measurementHash(configOf(CONFIG_TEXT))
const SEVERAL =
  'val_bpb was printed 3 times (3, 2, 1…), and `metric.take` does not say which one counts: line 2: val_bpb: 3'

/** A world in which runs of the baseline fail until `mended` is set. */
function brokenWorld(failure: Pick<TrialResult, 'outcome'> & Partial<TrialResult>) {
  const files = new Map([
    ['train.py', '0'],
    [CONFIG_PATH, CONFIG_TEXT],
  ])
  const world = new World(files, { hash: () => HASH })
  const settings = { ...SETTINGS, candidates: 1 }
  const device = { mended: false }
  const ports = () => {
    const all = world.ports({ proposers: [new FakeProposer([anIdea('-1')])] })
    const { trainer } = all
    const failing: Trainer['run'] = async (trial) => {
      const result = await trainer.run(trial)
      const { value: _, ...failed } = { ...result, ...failure }
      return device.mended ? result : failed
    }
    return { ...all, trainer: { testbed: trainer.testbed, slots: 1, run: failing } }
  }
  return { world, settings, ports, device }
}

describe('F75 a first run of the baseline that fails', () => {
  test.each([
    ['invalid-metric', SEVERAL],
    ['no-metric', 'no line of the output matches the pattern of val_bpb'],
    ['crashed', "ModuleNotFoundError: No module named 'torch' (exit code 1)"],
    ['timed-out', 'killed at the timeout'],
    ['out-of-memory', 'CUDA out of memory'],
  ] as const)('%s: ends the job after one run, without a pull request', async (outcome, reason) => {
    const { world, settings, ports } = brokenWorld({ outcome, reason })
    await expect(run(ports(), settings)).rejects.toThrow(
      `the first run of the baseline ended ${outcome}: ${reason}`,
    )
    expect(world.trainer.trained).toHaveLength(1)
    expect(world.forge.pulls).toEqual([])
  })

  test('names the setting in the hint', async () => {
    const { settings, ports } = brokenWorld({ outcome: 'invalid-metric', reason: SEVERAL })
    await expect(run(ports(), settings)).rejects.toMatchObject({
      hint: expect.stringContaining('Add `take: last` under `metric`'),
    })
  })

  test('is not run again by the next job when its metric was not found', async () => {
    const { world, settings, ports } = brokenWorld({ outcome: 'invalid-metric', reason: SEVERAL })
    await expect(run(ports(), settings)).rejects.toThrow(BaselineError)
    await expect(run(ports(), settings)).rejects.toThrow('metric.take')
    expect(world.trainer.trained).toHaveLength(1)
  })

  test('is run again by the next job when it crashed, and research goes on', async () => {
    const { world, settings, ports, device } = brokenWorld({ outcome: 'crashed', reason: 'no disk' })
    await expect(run(ports(), settings)).rejects.toThrow(BaselineError)
    device.mended = true
    await run(ports(), settings)
    expect(world.forge.pulls).toHaveLength(1)
  })

  test('is repeated with another seed when it diverged', async () => {
    const { world, settings, ports } = brokenWorld({ outcome: 'diverged', reason: 'val_bpb is nan' })
    await expect(run(ports(), settings)).rejects.toThrow('3 runs of the baseline ended diverged')
    expect(world.trainer.trained).toHaveLength(3)
    expect(world.forge.pulls).toEqual([])
  })

  test('in a swarm it is the only trial of the first round', async () => {
    const { world, settings, ports } = brokenWorld({ outcome: 'no-metric', reason: 'none' })
    const { batches } = await propose(ports(), { ...settings, timeBudgetSeconds: 3600 })
    const trials = batches.flatMap((batch) => batch.trials)
    expect(trials).toMatchObject([{ candidate: null, replicate: 1 }])
    const { trainer, ...others } = ports()
    const results = await Promise.all(trials.map((trial) => trainer.run(trial, NEVER, undefined)))
    const files = results.map((result) => ({ kind: 'result', name: result.trial.id, result }) as const)
    await expect(judgeResults({ ...others, results: { read: async () => files } }, settings)).rejects.toThrow(
      'the first run of the baseline ended no-metric',
    )
    expect(world.forge.pulls).toEqual([])
  })
})
