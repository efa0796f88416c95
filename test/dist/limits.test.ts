// A limit that is reached while the built action runs: the job ends well, and says which one it was.
import { expect, it } from 'vitest'
import { proposal, startResearch } from './research.ts'

it.concurrent.each([
  ['a run', { 'gpu-hours': 0.00001 }, 'the limit of 0.00001 GPU-hours is reached'],
  ['a week', { week: { 'gpu-hours': 0.00001 } }, 'the limit of 0.00001 GPU-hours per week is reached'],
])(
  'F10 GPU-hours of %s are used up: a clean stop with a summary, and no more trials',
  async (_, limits, sentence) => {
    const better = proposal('Learn faster', 'LEARNING_RATE = 0.1', 'LEARNING_RATE = 0.2')
    await using research = await startResearch([better], { limits })
    const job = await research.run({ command: 'run' })
    expect(job.exitCode, job.log).toBe(0)
    expect(job.log).toContain(`No more proposals: ${sentence}`)
    expect(JSON.parse(job.outputs.summary ?? '{}')).toMatchObject({ limit: sentence, trials: 1 })
    const events = await research.ledger()
    expect(events.filter(({ kind }) => kind === 'trial')).toHaveLength(1)
  },
)
