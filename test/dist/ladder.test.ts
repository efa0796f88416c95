// The ladder with the built action, on real git, real HTTP and real processes.
import { execa } from 'execa'
import { expect, it } from 'vitest'
import { pastIdeas } from '../../src/core/record/ideas.ts'
import { replay } from '../../src/core/record/state.ts'
import { proposal, REPOSITORY, startResearch } from './research.ts'

/** At depth 24, a smaller width is best. */
const TRAIN = `const LEARNING_RATE = 0.1
// Lines between the two, so that both changes
// can be applied without the other.
const WIDTH = 32
const seed = Number(process.env.AUTORESEARCH_SEED)
const noise = ((Math.sin(seed) * 10000) % 1) * 0.01
const best = process.env.DEPTH === '24' ? 4 : 256
const loss = 1 + 0.02 * (Math.log2(LEARNING_RATE / 0.4) ** 2 + Math.log2(WIDTH / best) ** 2) + noise
console.log('val_loss: ' + loss.toFixed(6))
`
const FIELDS = {
  scales: [
    { name: 'd12' },
    { name: 'd24', train: 'DEPTH=24 node train.mjs', budget: '1s', timeout: '10s', after: { merges: 2 } },
  ],
  promote: { to: 'main' },
  'review-above': '1000%',
  'aa-every': 'never',
}

it.concurrent('promotes what holds at the larger scale, and records what does not transfer', async () => {
  const transfers = proposal('Learn faster', 'LEARNING_RATE = 0.1', 'LEARNING_RATE = 0.4')
  const fails = proposal('Widen', 'WIDTH = 32', 'WIDTH = 64')
  await using research = await startResearch([transfers, fails], FIELDS, TRAIN)
  const first = await research.run({ command: 'run', candidates: '1' })
  expect(first.exitCode, first.log).toBe(0)
  const second = await research.run({ command: 'run', candidates: '1' })
  expect(second.log).toMatch(/d24: 1 of 2 merges promoted: .*Does not transfer: #2 "Widen"/)
  const { pulls, gitDir } = research.github.repository(REPOSITORY)
  expect(pulls.map(({ title, merged, base }) => [title, merged, base.ref])).toEqual([
    ['Learn faster', true, 'autoresearch/baseline'],
    ['Widen', true, 'autoresearch/baseline'],
    [expect.stringContaining('Promote 1 of 2 merges'), false, 'main'],
  ])
  expect(pulls[2]?.body).toContain('| #2 | Widen | d24 |')
  const git = async (...args: string[]) => (await execa('git', ['-C', gitDir, ...args])).stdout
  const promoted = await git('show', 'refs/tags/autoresearch/d24/1:train.mjs')
  expect(promoted).toContain('LEARNING_RATE = 0.4')
  expect(promoted).toContain('WIDTH = 32')
  expect(await git('rev-parse', 'refs/tags/autoresearch/d24/1')).toBe(pulls[2]?.head.sha)
  expect(await git('branch', '--list', 'autoresearch/s/*')).toBe('')
  expect(JSON.parse(second.outputs.summary ?? '{}')).toMatchObject({ ladder: { promoted: 1, dropped: 1 } })
  const before = await research.ledger()
  const again = await research.run({ command: 'promote' })
  expect(again.log).toContain('No merge waits to be promoted')
  expect(await research.ledger()).toEqual(before)
  expect(replay(before).promotions.get('d24/1')?.published).toEqual({ pullRequest: 3 })
  expect(research.github.violations).toEqual([])
})

it.concurrent('reverts what does not transfer, where the configuration says so', async () => {
  const transfers = proposal('Learn faster', 'LEARNING_RATE = 0.1', 'LEARNING_RATE = 0.4')
  const fails = proposal('Widen', 'WIDTH = 32', 'WIDTH = 64')
  await using research = await startResearch(
    [transfers, fails],
    { ...FIELDS, promote: { to: 'main', undo: true } },
    TRAIN,
  )
  for (let job = 0; job < 2; job += 1) await research.run({ command: 'run', candidates: '1' })
  const { pulls, gitDir } = research.github.repository(REPOSITORY)
  const revert = pulls.find(({ title }) => title === 'Revert "Widen"')
  expect(revert).toMatchObject({ merged: true, base: { ref: 'autoresearch/baseline' } })
  expect(revert?.body).toMatch(/pull request 2 does not transfer to d24: expected gain -/)
  const { stdout } = await execa('git', ['-C', gitDir, 'show', 'autoresearch/baseline:train.mjs'])
  expect(stdout).toContain('LEARNING_RATE = 0.4')
  expect(stdout).toContain('WIDTH = 32')
  const widen = pastIdeas(replay(await research.ledger())).find(({ title }) => title === 'Widen')
  expect(widen?.verdict?.reason).toBe('merged, and reverted because it does not transfer to d24')
  expect(research.github.violations).toEqual([])
})

it.concurrent('a person starts a promotion of fewer merges', async () => {
  const transfers = proposal('Learn faster', 'LEARNING_RATE = 0.1', 'LEARNING_RATE = 0.4')
  await using research = await startResearch([transfers], FIELDS, TRAIN)
  await research.run({ command: 'run', candidates: '1' })
  const job = await research.run({ command: 'promote' })
  expect(job.exitCode, job.log).toBe(0)
  expect(job.log).toMatch(/d24: 1 merge promoted: expected gain/)
  expect(research.github.violations).toEqual([])
})

it.concurrent('with one scale, there is nothing to promote', async () => {
  await using research = await startResearch([], {})
  const job = await research.run({ command: 'promote' })
  expect(job.exitCode).toBe(1)
  expect(job.log).toContain('has one scale')
  expect(job.log).toContain('docs/ladder.md shows how')
})
