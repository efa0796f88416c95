// A candidate that wins the metric and loses a guard, beside one that keeps it: the built action on real git, HTTP and processes.
import { expect, it } from 'vitest'
import { proposal, REPOSITORY, startResearch } from './research.ts'

const TRAIN = `
const WIDTH = 32
const RATE = 0.1
const noise = ((Math.sin(Number(process.env.AUTORESEARCH_SEED)) * 10000) % 1) * 0.01
console.log('val_loss: ' + (1 + Math.log2(RATE / 0.4) ** 2 + Math.log2(WIDTH / 64) ** 2 + noise).toFixed(6))
if (RATE < 1) console.log('memory: ' + (WIDTH * 10 + noise).toFixed(6))
`
const GUARDS = [
  { name: 'memory', direction: 'minimize', pattern: '^memory: (\\S+)', margin: '5%', max: 1000 },
]

it('merges what keeps its guard, and neither what loses it nor what does not print it', async () => {
  const wide = proposal('Widen', 'WIDTH = 32', 'WIDTH = 64')
  const silent = proposal('Say nothing of memory', 'RATE = 0.1', 'RATE = 1')
  const huge = proposal('Widen beyond the limit', 'WIDTH = 32', 'WIDTH = 128')
  const fast = proposal('Learn faster', 'RATE / 0.4', 'Math.max(RATE, 0.4) / 0.4')
  await using research = await startResearch(
    [wide, silent, huge, fast],
    { guards: GUARDS, 'review-above': '90%' },
    TRAIN,
  )
  const job = await research.run({ command: 'run', candidates: '4' })
  expect(job.exitCode, job.log).toBe(0)
  const { pulls, checkRuns } = research.github.repository(REPOSITORY)
  const summaryOf = (title: string) => {
    const sha = pulls.find((pull) => pull.title === title)?.head.sha
    return checkRuns.find(({ headSha }) => headSha === sha)?.output.summary ?? ''
  }
  const merged = pulls.filter((pull) => pull.merged).map(({ title }) => title)
  expect(merged).toEqual(['Learn faster'])
  expect(summaryOf('Learn faster')).toContain('guards kept, risk 0 %')
  expect(summaryOf('Widen')).toMatch(/\*\*Reject\*\*: guard memory is 6(39|40)/)
  expect(summaryOf('Widen')).toMatch(/\| memory \| 3(19|20)(\.\d+)? \| 6(39|40)/)
  expect(summaryOf('Say nothing of memory')).toContain('no line of the output matches the pattern of memory')
  expect(summaryOf('Widen beyond the limit')).toContain('above its maximum of 1000')
  expect(job.log).toContain('guard memory')
  const verdicts = (await research.ledger()).flatMap((event) =>
    event.kind === 'judged' ? [event.verdict] : [],
  )
  expect(verdicts.find(({ lostGuard }) => lostGuard === 'memory')).toMatchObject({ kind: 'reject' })
})
