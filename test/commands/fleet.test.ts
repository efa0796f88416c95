// A swarm of two kinds of machines: whatever kind a trial lands on, its number is compared with numbers of that kind only.
import { expect, test } from 'vitest'
import type { Candidate } from '../../src/core/record/candidate.ts'
import type { Trial, TrialResult } from '../../src/core/record/trial.ts'
import { CONDITIONS } from '../factories.ts'
import { aWorld, now, round } from '../fakes/swarm.ts'
import type { World } from '../fakes/world.ts'

const OTHER = '1 × OtherGPU, driver 2.0'

/** On other machines everything comes out better by far. */
function onMachines(world: World, isOther: (trial: Trial) => boolean) {
  return async (trial: Trial): Promise<TrialResult> => {
    const result = await world.trainer.run(trial)
    return isOther(trial) ? { ...result, testbed: OTHER, value: (result.value ?? 0) - 1 } : result
  }
}

const is =
  ({ id }: Candidate) =>
  (trial: Trial) =>
    trial.candidate === id

test('what is decided on one kind shows the runs of that kind, whatever came in last', async () => {
  const { world, candidates } = aWorld(0.5, 0)
  const [worse, neutral = worse] = candidates
  await round(world, '1', onMachines(world, is(neutral)))
  expect(now(world, worse)).toMatchObject({
    verdict: { kind: 'reject', testbed: CONDITIONS.testbed, runs: { candidate: 1, baseline: 3 } },
    end: { kind: 'closed' },
  })
  // Against the mean of the baseline on that kind; on the other one it would be behind by more than 1.
  const check = world.forge.checks.get(`${worse.head} autoresearch / val_bpb`)
  expect(check?.title).toMatch(/^val_bpb (2\.9|3\.0)\d+ \(\+0\.[45]\d+, z = −\d+\.\d\): reject$/)
  expect(world.pullOf(worse)?.state).toBe('closed')
})

test('a number of another kind is no gain: the baseline is measured there first, and the judge says what it costs', async () => {
  const { world, candidates } = aWorld(0.5, 0)
  const [worse, neutral = worse] = candidates
  const lines = await round(world, '1', onMachines(world, is(neutral)))
  expect(now(world, neutral)?.verdict).toBeUndefined()
  expect(lines).toContainEqual(
    expect.stringMatching(
      /came from 2 kinds of machines \(1 × TestGPU, driver 1\.0; 1 × OtherGPU, driver 2\.0\)/,
    ),
  )
  for (const id of ['2', '3', '4', '5', '6'])
    await round(
      world,
      id,
      onMachines(world, () => true),
    )
  expect(now(world, neutral)).toMatchObject({ verdict: { testbed: OTHER }, end: { kind: 'closed' } })
})

test('machines that take turns settle every candidate, and merge none that is worse', async () => {
  const { world, candidates } = aWorld(0.2, -0.2, 0)
  const [worse, better = worse, neutral = worse] = candidates
  let trials = 0
  for (let id = 1; id <= 20; id++)
    await round(
      world,
      `${id}`,
      onMachines(world, () => trials++ % 3 === 0),
    )
  expect(candidates.map((candidate) => now(world, candidate)?.end?.kind)).toEqual([
    'closed',
    'merged',
    'closed',
  ])
  expect([worse, neutral].map((candidate) => now(world, candidate)?.verdict?.kind)).not.toContain('merge')
  expect(now(world, better)?.verdict?.kind).toBe('merge')
  expect(trials).toBeLessThan(60)
})
