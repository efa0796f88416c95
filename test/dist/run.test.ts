// The built action as one job, from proposals to a merge, on real git, real HTTP and real processes.
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { FinishedJob } from '../runner.ts'
import { proposal, REPOSITORY, type Research, startResearch } from './research.ts'

const better = proposal('Learn faster', 'LEARNING_RATE = 0.1', 'LEARNING_RATE = 0.4')
const worse = proposal('Learn slower', 'LEARNING_RATE = 0.1', 'LEARNING_RATE = 0.01')
const broken = proposal('Use a layer that does not exist', 'WIDTH = 32', 'WIDTH = HEIGHT')

let research: Research
let job: FinishedJob

beforeAll(async () => {
  research = await startResearch([worse, broken, better])
  job = await research.run({ command: 'run', candidates: '3' })
})
afterAll(() => research[Symbol.asyncDispose]())

it('merges what improves, closes what does not, and names what crashes', () => {
  expect(job.exitCode, job.log).toBe(0)
  const { pulls, checkRuns } = research.github.repository(REPOSITORY)
  const ends = pulls.map(({ title, merged, state, head }) => {
    const checks = checkRuns.filter(({ headSha }) => headSha === head.sha)
    return { title, merged, state, checks: checks.map(({ name, conclusion }) => `${name}: ${conclusion}`) }
  })
  expect(ends).toHaveLength(3)
  const end = { state: 'closed', merged: false, checks: ['autoresearch / val_loss: failure'] }
  expect(ends).toContainEqual({ ...end, title: 'Learn slower' })
  expect(ends).toContainEqual({ ...end, title: 'Use a layer that does not exist' })
  const success = { state: 'closed', merged: true, checks: ['autoresearch / val_loss: success'] }
  expect(ends).toContainEqual({ ...success, title: 'Learn faster' })
  expect(checkRuns.some(({ output }) => output.summary?.includes('HEIGHT is not defined'))).toBe(true)
  expect(research.github.violations).toEqual([])
})

it('costs at most five content-creating requests a candidate', () => {
  const writes = research.github.requests.filter(({ contentCreating }) => contentCreating)
  expect(research.github.repository(REPOSITORY).pulls).toHaveLength(3)
  expect(writes.length).toBeLessThanOrEqual(15)
})

it('leaves the merged tree equal to the tree that was trained', async () => {
  const events = await research.ledger()
  const candidates = events.flatMap((event) => (event.kind === 'proposed' ? [event.candidate] : []))
  const trained = candidates.find(({ title }) => title === 'Learn faster')?.tree
  const merged = events.findLast((event) => event.kind === 'baseline')
  expect(merged).toMatchObject({ tree: trained, cause: 'merged' })
  expect(events).toContainEqual(
    expect.objectContaining({ kind: 'ended', end: expect.objectContaining({ asTrained: true }) }),
  )
})
