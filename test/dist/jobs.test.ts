// The same steps as separate jobs: propose, train without a token, judge.

import { cp, mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { TrialBatch } from '../../src/core/trial/batch.ts'
import { proposal, REPOSITORY, type Research, startResearch } from './research.ts'

const better = proposal('Learn faster', 'LEARNING_RATE = 0.1', 'LEARNING_RATE = 0.4')
const worse = proposal('Learn slower', 'LEARNING_RATE = 0.1', 'LEARNING_RATE = 0.01')

/** Runs every batch from a checkout alone, as a job without a token, and gathers the results as download-artifact would. */
async function trainAll(on: Research, batches: readonly TrialBatch[], round: number): Promise<string> {
  const gathered = join(on.directory, `artifacts-${round}`)
  await mkdir(gathered, { recursive: true })
  const before = on.github.requests.length
  for (const [index, batch] of batches.entries()) {
    const inputs = { command: 'train', token: '', trials: JSON.stringify(batch) }
    const job = await on.run(inputs, { ref: batch.head })
    expect(job.exitCode, job.log).toBe(0)
    await cp(job.outputs.results ?? '', join(gathered, `batch-${index}`), { recursive: true })
  }
  expect(on.github.requests, 'requests of jobs that train').toHaveLength(before)
  expect(await readdir(gathered)).toHaveLength(batches.length)
  return gathered
}

/** Goes round until nothing is left to train; returns each candidate's verdict by title. */
async function settleInRounds(on: Research, candidates: number): Promise<Record<string, string | undefined>> {
  let job = await on.run({ command: 'propose', candidates: String(candidates) })
  expect(job.exitCode, job.log).toBe(0)
  for (let round = 1; job.outputs['has-trials'] === 'true' && round < 10; round += 1) {
    const results = await trainAll(on, JSON.parse(job.outputs.trials ?? '[]'), round)
    job = await on.run({ command: 'judge', results })
    expect(job.exitCode, job.log).toBe(0)
  }
  return verdicts(on)
}

async function verdicts(on: Research): Promise<Record<string, string | undefined>> {
  const events = await on.ledger()
  const titles = events.flatMap((event) => (event.kind === 'proposed' ? [event.candidate] : []))
  return Object.fromEntries(
    titles.map(({ id, title }) => [
      title,
      events
        .flatMap((event) => (event.kind === 'judged' && event.candidate === id ? [event.verdict.kind] : []))
        .at(-1),
    ]),
  )
}

it.concurrent('reaches the same verdicts as run, and trains without a token or a request to GitHub', async () => {
  await using inOneJob = await startResearch([better])
  await using inThree = await startResearch([better])
  const [, verdictsOfThree] = await Promise.all([
    inOneJob.run({ command: 'run', candidates: '1' }),
    settleInRounds(inThree, 1),
  ])
  expect(verdictsOfThree).toEqual(await verdicts(inOneJob))
  expect(verdictsOfThree).toEqual({ 'Learn faster': 'merge' })
  expect(inThree.github.repository(REPOSITORY).pulls.map(({ merged }) => merged)).toEqual([true])
})

it.concurrent('F41 judging the same results twice changes nothing', async () => {
  await using research = await startResearch([worse])
  const proposed = await research.run({ command: 'propose', candidates: '1' })
  const results = await trainAll(research, JSON.parse(proposed.outputs.trials ?? '[]'), 1)
  await research.run({ command: 'judge', results })
  const before = {
    ledger: await research.ledger(),
    requests: research.github.requests.filter((r) => r.contentCreating).length,
  }
  const again = await research.run({ command: 'judge', results })
  expect(again.exitCode, again.log).toBe(0)
  expect(await research.ledger()).toEqual(before.ledger)
  expect(research.github.requests.filter((r) => r.contentCreating)).toHaveLength(before.requests)
})

/** Long enough to be watched; with a hundredth of the learning rate it does not learn. */
const WATCHED = `const LEARNING_RATE = 0.1
for (let step = 0; step <= 100; step += 1) {
  console.log(\`step \${step}  loss \${(2 + 2 * Math.exp(-step * LEARNING_RATE / 2)).toFixed(4)}\`)
  await new Promise((resolve) => setTimeout(resolve, 10))
}
console.log(\`val_loss: \${(2 + Math.sin(Number(process.env.AUTORESEARCH_SEED)) / 100).toFixed(6)}\`)
`

it.concurrent('cuts a hopeless trial in a job that has no ledger, and rejects its candidate', async () => {
  await using research = await startResearch(
    [proposal('Learn not at all', 'LEARNING_RATE = 0.1', 'LEARNING_RATE = 0.001')],
    {},
    WATCHED,
  )
  // The baseline first: without its curves nothing is known to be hopeless.
  await settleInRounds(research, 0)
  expect(await settleInRounds(research, 1)).toEqual({ 'Learn not at all': 'reject' })
  const trials = (await research.ledger()).flatMap((event) => (event.kind === 'trial' ? [event.result] : []))
  expect(trials.filter(({ trial }) => trial.candidate === null).map(({ outcome }) => outcome)).toEqual(
    Array.from({ length: 3 }, () => 'measured'),
  )
  const [cut] = trials.filter(({ trial }) => trial.candidate !== null)
  expect(cut).toMatchObject({ outcome: 'cut', reason: expect.stringContaining('at 30 % of the run') })
  expect(cut?.curve.at(-1)?.step).toBeLessThan(100)
})
