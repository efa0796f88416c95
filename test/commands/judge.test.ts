// The `judge` job on what a round of a swarm left behind.
import { expect, test } from 'vitest'
import { judgeResults } from '../../src/commands/judge.ts'
import { propose } from '../../src/commands/propose.ts'
import type { ResultFile } from '../../src/ports/trainer.ts'
import { aWorld, now, settingsOf, trainAll } from '../fakes/swarm.ts'

/** The verdicts on one round of three candidates, whose results are read in this order. */
async function verdicts(inOrder: (files: ResultFile[]) => ResultFile[]) {
  const { world, candidates } = aWorld(0.02, 0.03, 0.5)
  const settings = settingsOf('1')
  const { batches } = await propose(world.ports(), settings)
  const { files } = await trainAll(batches, (trial) => world.trainer.run(trial))
  const results = { read: async () => inOrder(files) }
  await judgeResults({ ...world.ports(), results }, settings)
  return candidates.map((candidate) => now(world, candidate)?.verdict)
}

test('the order in which the results of a round are read changes no verdict', async () => {
  const asNamed = await verdicts((files) => files)
  expect(asNamed.map((verdict) => verdict?.kind)).toEqual(['reject', 'reject', 'reject'])
  expect(await verdicts((files) => files.toReversed())).toEqual(asNamed)
})

test('a result that lies there twice counts once', async () => {
  expect(await verdicts((files) => [...files, ...files])).toEqual(await verdicts((files) => files))
})
