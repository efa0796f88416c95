// A machine with several slots: trials run at the same time, none twice, and one that fails ends the others.
import { describe, expect, test } from 'vitest'
import { run } from '../../src/commands/run.ts'
import { measurementHash } from '../../src/core/config/measurement.ts'
import type { Trial } from '../../src/core/record/trial.ts'
import type { Trainer } from '../../src/ports/trainer.ts'
import { configOf } from '../factories.ts'
import { anIdea, FakeProposer, noIdea } from '../fakes/proposer.ts'
import { CONFIG_PATH, SETTINGS, World } from '../fakes/world.ts'

const CONFIG_TEXT = `editable: [train.py]
train: python train.py
budget: 5m
metric: { name: val_bpb, direction: minimize, pattern: '^val_bpb: (\\S+)' }
replicates: { baseline: 3, candidate: 2 }
limits: { candidates: 12 }
search: { structural-share: 0 }
`
const HASH = measurementHash(configOf(CONFIG_TEXT))
const SLOTS = 4
const IDEAS = Array.from({ length: 12 }, (_, index) => anIdea(String(index % 3 === 0 ? -1 : 1 + index)))

/** A trial ends when every slot is taken, or when nothing else can be started: the others then run beside it for sure. */
function machineOf(world: World) {
  const running = new Map<string, Trial>()
  const seen = { most: 0, twice: [] as string[], pairs: [] as string[] }
  const trainer: Trainer = {
    testbed: world.trainer.testbed,
    slots: SLOTS,
    async run(trial) {
      if (running.has(trial.id)) seen.twice.push(trial.id)
      const isCandidate = trial.candidate !== null
      if (isCandidate && [...running.values()].some(({ tree }) => tree === trial.tree))
        seen.pairs.push(trial.id)
      running.set(trial.id, trial)
      seen.most = Math.max(seen.most, running.size)
      // Long enough for every lane that has a trial to start it.
      for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve))
      running.delete(trial.id)
      return world.trainer.run(trial)
    },
  }
  return { trainer, seen }
}

function aWorld(): World {
  const files = new Map([
    ['train.py', '0'],
    [CONFIG_PATH, CONFIG_TEXT],
  ])
  return new World(files, { hash: () => HASH })
}

describe('a machine with four slots', () => {
  test('runs trials at the same time, each once, and decides every candidate', async () => {
    const world = aWorld()
    const { trainer, seen } = machineOf(world)
    const ports = { ...world.ports({ proposers: [new FakeProposer(IDEAS)] }), trainer }
    const { session, times } = await run(ports, SETTINGS)
    expect(seen.most).toBe(SLOTS)
    expect(seen.twice).toEqual([])
    expect(seen.pairs).toEqual([])
    expect([...session.state.candidates.values()].filter(({ end }) => end === undefined)).toEqual([])
    expect(session.running.size).toBe(0)
    expect(times.devices).toBe(SLOTS)
    const ids = [...session.state.trials.keys()]
    expect(new Set(ids).size).toBe(ids.length)
  })

  test('starts one run until a first one was measured', async () => {
    const world = aWorld()
    const { trainer } = machineOf(world)
    const started: number[] = []
    let running = 0
    const counting: Trainer = {
      ...trainer,
      async run(...args) {
        started.push(++running)
        const result = await trainer.run(...args)
        running--
        return result
      },
    }
    await run({ ...world.ports({ proposers: [new FakeProposer(IDEAS)] }), trainer: counting }, SETTINGS)
    expect(started.slice(0, 2)).toEqual([1, 1])
    expect(Math.max(...started)).toBe(SLOTS)
  })

  test('ends all lanes when one fails, and keeps no trial as running', async () => {
    const world = aWorld()
    const { trainer } = machineOf(world)
    let count = 0
    const failing: Trainer = {
      ...trainer,
      async run(...args) {
        if (++count === 6) throw new Error('the device failed')
        return trainer.run(...args)
      },
    }
    const ports = { ...world.ports({ proposers: [new FakeProposer(IDEAS)] }), trainer: failing }
    await expect(run(ports, SETTINGS)).rejects.toThrow('the device failed')
    // What was recorded is whole: the next job continues and decides everything.
    const { session } = await run(
      { ...world.ports({ proposers: [new FakeProposer([noIdea()])] }), trainer },
      SETTINGS,
    )
    expect([...session.state.candidates.values()].filter(({ end }) => end === undefined)).toEqual([])
  })
})
