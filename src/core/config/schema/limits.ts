// Where a run stops, and where proposers are sent: `limits` and `search`.
import { z } from 'zod'
import { amount, between, count, hours, section, share } from '../fields.ts'

const gpuHours = hours()
  .meta({ description: 'Most hours of the device, training and evaluation together.', examples: [8] })
  .exactOptional()

/** @param tokens and dollars as the examples have them */
const modelLimits = (tokens: string, dollars: number) => ({
  tokens: count(0, 100_000_000_000, {
    description: 'Most model tokens, input and output together.',
    examples: [tokens],
  }).exactOptional(),
  dollars: amount()
    .meta({ description: 'Most dollars for models.', examples: [dollars] })
    .exactOptional(),
})

const candidateLimits = section(modelLimits('200k', 1)).meta({
  description: 'What inventing one candidate may cost. Its conversation ends there.',
  examples: [{ tokens: '200k', dollars: 1 }],
})

const weekLimits = section({ ...modelLimits('20M', 50), 'gpu-hours': gpuHours }).meta({
  description: 'Where research stops until the cost of seven days is below it again.',
  examples: [{ dollars: 50, 'gpu-hours': 40 }],
})

export const limits = section({
  candidates: count(1, 100_000, { description: 'Most new ideas per job.', examples: [20] }).prefault(20),
  waiting: count(1, 100_000, {
    description:
      'A round of a swarm proposes until this many candidates wait for their first run. Default: candidates.',
    examples: [40],
  }).exactOptional(),
  tokens: count(0, 100_000_000_000, {
    description: 'Most model tokens per run, input and output together.',
    examples: ['2M', '500k'],
  }).prefault('2M'),
  dollars: amount()
    .default(10)
    .meta({
      description: 'Most dollars for models per run. Counts only models with a price.',
      examples: [10],
    }),
  'gpu-hours': gpuHours,
  candidate: candidateLimits.exactOptional(),
  week: weekLimits.exactOptional(),
})
  .prefault({})
  .meta({
    description: 'Where a run stops.',
    examples: [{ candidates: 20, tokens: '2M', dollars: 10 }],
  })

export const search = section({
  'structural-share': share(0)
    .default(0.3)
    .meta({
      description: 'Least share of the candidates that change more than numbers.',
      examples: [0.3],
    }),
  novelty: share(0.3)
    .default(0.8)
    .meta({
      description: 'A change that has this share in common with a past one is refused before it is trained.',
      examples: [0.8],
    }),
  'retry-after': between(1, 1000)
    .default(5)
    .meta({ description: 'Merges after which a rejected or parked idea may be tried again.', examples: [5] }),
  'insights-every': between(1, 1000)
    .default(20)
    .meta({
      description: 'Settled candidates from one writing of the insights to the next.',
      examples: [20],
    }),
  'device-hour': z
    .number('a number of dollars above 0')
    .positive('a number of dollars above 0')
    .default(2)
    .meta({
      description: 'What an hour of the device is worth in dollars, to weigh it against what models cost.',
      examples: [2],
    }),
})
  .prefault({})
  .meta({
    description: 'In which directions proposers are sent, and what counts as new.',
    examples: [{ 'structural-share': 0.3, novelty: 0.8 }],
  })
