// Certification and A/A candidates with the built action, on real git, real HTTP and real processes.
import { expect, it } from 'vitest'
import { replay } from '../../src/core/record/state.ts'
import { proposal, REPOSITORY, type Research, startResearch } from './research.ts'

const better = proposal('Learn faster', 'LEARNING_RATE = 0.1', 'LEARNING_RATE = 0.4')

const worse = proposal('Learn slower', 'LEARNING_RATE = 0.1', 'LEARNING_RATE = 0.01')

/** What a person would see of the repository afterwards. */
function seen({ github }: Research) {
  const { pulls, checkRuns } = github.repository(REPOSITORY)
  return {
    pulls: pulls.map(({ title, merged, state }) => `${title}: ${merged ? 'merged' : state}`),
    checks: checkRuns.map(({ name, conclusion }) => `${name}: ${conclusion}`),
  }
}

it.concurrent('certifies by itself what was merged, and has nothing to do the second time', async () => {
  await using research = await startResearch([better], { certify: { every: 1 } })
  const job = await research.run({ command: 'run', candidates: '1' })
  expect(job.exitCode, job.log).toBe(0)
  expect(job.log).toMatch(/1 merge certified: gain [34](?:\.\d+)? ± \S+ over 4 \+ 4 fresh runs, z = /)
  expect(seen(research).checks).toContain('autoresearch / certify: success')
  expect(JSON.parse(job.outputs.summary ?? '{}')).toMatchObject({
    certification: { certified: 1, refuted: 0, pending: 0 },
  })
  const before = await research.ledger()
  const again = await research.run({ command: 'certify' })
  expect(again.log).toContain('Every merge is certified already')
  expect(await research.ledger()).toEqual(before)
  expect(research.github.violations).toEqual([])
})

it.concurrent('undoes by a pull request what certification does not confirm', async () => {
  // On its shard the merge is worse by far.
  const isWorse = "require('fs').readFileSync('train.mjs', 'utf8').includes('LEARNING_RATE = 0.4') ? 1 : 0"
  const noise = 'Math.sin(process.env.AUTORESEARCH_SEED) / 100'
  const evaluate = `node -e "console.log('val_loss: ' + (1 + (${isWorse}) + ${noise}))"`
  await using research = await startResearch([better], {
    certify: { evaluate, runs: 2 },
    'aa-every': 'never',
  })
  await research.run({ command: 'run', candidates: '1' })
  const merged = replay(await research.ledger()).baseline
  const job = await research.run({ command: 'certify' })
  expect(job.exitCode, job.log).toBe(0)
  const state = replay(await research.ledger())
  const [certification] = [...state.certifications.values()]
  expect(certification).toMatchObject({ to: merged?.commit, holds: false })
  expect(seen(research).pulls).toEqual(['Learn faster: merged', 'Revert "Learn faster": merged'])
  expect(state.baseline?.tree).toBe(state.baselines[0]?.tree)
  expect(research.github.violations).toEqual([])
})

it.concurrent('runs an A/A candidate when one is due, and closes it', async () => {
  await using research = await startResearch([better, worse], { 'aa-every': 1 })
  const job = await research.run({ command: 'run', candidates: '2' })
  expect(job.exitCode, job.log).toBe(0)
  expect(seen(research).pulls, job.log).toHaveLength(3)
  expect(seen(research).pulls).toContain('[A/A] Change nothing, 1: closed')
  expect(seen(research).checks).toContain('autoresearch / val_loss: neutral')
  expect(JSON.parse(job.outputs.summary ?? '{}')).toMatchObject({ aa: { judged: 1 } })
  expect(job.summary).toMatch(/A\/A: [01] of 1 no-op candidate would have been merged/)
})
