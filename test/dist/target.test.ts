// Research on speed: a candidate that reaches the target sooner, beside two that only say so.
import { expect, it } from 'vitest'
import { proposal, REPOSITORY, startResearch } from './research.ts'

const TRAIN = `
import { writeFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
const RATE = 1
const PRETENDED = 0
const START = ''
console.log(START)
let loss = 10
// Slow enough that a second more or less, on a machine that does other things too, does not hide what a candidate gains.
const pace = 500 + (Number(process.env.AUTORESEARCH_SEED) % 10)
for (;;) {
  await delay(pace)
  loss -= RATE
  writeFileSync(process.env.AUTORESEARCH_OUT + '/model', 'val_loss: ' + loss)
  console.log('val_loss: ' + (loss - PRETENDED))
}
`
const TIME = {
  metric: { kind: 'time-to-target', curve: 'val_loss', target: 1 },
  evaluate: 'cat "$AUTORESEARCH_OUT/model"',
  progress: undefined,
  budget: '6s',
  timeout: '60s',
}

it('merges what is faster, and nothing that only claims it', async () => {
  const paused = proposal('Call it a pause', "START = ''", "START = 'AUTORESEARCH_PAUSE'")
  const pretended = proposal('Print less', 'PRETENDED = 0', 'PRETENDED = 8.5')
  const fast = proposal('Learn faster', 'RATE = 1', 'RATE = 4.5')
  await using research = await startResearch([paused, pretended, fast], TIME, TRAIN)
  const job = await research.run({ command: 'run', candidates: '3' })
  expect(job.exitCode, job.log).toBe(0)
  const { pulls, checkRuns } = research.github.repository(REPOSITORY)
  const merged = pulls.filter((pull) => pull.merged).map(({ title }) => title)
  expect(merged, job.log).toEqual(['Learn faster'])
  const summaryOf = (title: string) => {
    const sha = pulls.find((pull) => pull.title === title)?.head.sha
    return checkRuns.find(({ headSha }) => headSha === sha)?.output.summary ?? ''
  }
  expect(summaryOf('Print less')).toContain('but the evaluator measured')
  expect(summaryOf('Call it a pause')).toMatch(/marked or printed beyond .* count as training/)
  expect(summaryOf('Learn faster')).toContain('Clock at the target')
  expect(pulls.find(({ title }) => title === 'Learn faster')?.body).toContain('until val_loss is 1 or less')
}, 240_000)
