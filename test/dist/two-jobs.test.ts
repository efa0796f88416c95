// Several jobs of the built action on one repository at the same time, as without a concurrency group.
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { replay } from '../../src/core/record/state.ts'
import { proposal, REPOSITORY, startResearch } from './research.ts'

const FAST_TIME = fileURLToPath(new URL('../chaos/fast-time.ts', import.meta.url))
/** The later jobs wait for the first: fast clocks, so that they look often. */
const environment = {
  CHAOS_SPEED: '5',
  CHAOS_EPOCH: String(Date.now()),
  NODE_OPTIONS: `--import=${FAST_TIME}`,
}

it('F123 three jobs at once work one after another: one pull request each, and nothing untrained is merged', async () => {
  const ideas = [
    proposal('Learn faster', 'LEARNING_RATE = 0.1', 'LEARNING_RATE = 0.4'),
    proposal('Widen', 'WIDTH = 32', 'WIDTH = 64'),
    proposal('Learn slower', 'LEARNING_RATE = 0.4', 'LEARNING_RATE = 0.01'),
  ]
  await using research = await startResearch(ideas)
  const inputs = { command: 'run', candidates: '1' }
  const jobs = await Promise.all(
    ['1', '2', '3'].map(async (runId) => (await research.start(inputs, { environment, runId })).finished),
  )
  expect(
    jobs.map(({ exitCode }) => exitCode),
    jobs.map(({ log }) => log).join('\n\n'),
  ).toEqual([0, 0, 0])
  const waited = jobs.filter(({ log }) => log.includes('Waiting, because another job works here'))
  expect(waited).toHaveLength(2)
  const { pulls, checkRuns, git } = research.github.repository(REPOSITORY)
  expect(pulls.map(({ title }) => title)).toEqual(ideas.map(({ label }) => label))
  expect(checkRuns.map(({ status }) => status)).toEqual(['completed', 'completed', 'completed'])
  const state = replay(await research.ledger())
  const ends = [...state.candidates.values()].map(({ end }) => end)
  expect(ends).toEqual([
    expect.objectContaining({ kind: 'merged', asTrained: true }),
    expect.objectContaining({ kind: 'merged', asTrained: true }),
    { kind: 'closed' },
  ])
  expect([...(await git.refs('refs/autoresearch/'))]).toEqual([])
})
