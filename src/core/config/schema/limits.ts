// When a run stops, and how ideas are searched: `limits` and `search`.
import { z } from 'zod'
import { amount, between, count, duration, every, help, section, share } from '../fields.ts'

const gpuHours = amount('hours')
  .meta(help('Maximum device hours for training and evaluation together.', 8))
  .exactOptional()

/** Limits on model cost. `tokens` and `dollars` are the examples in their descriptions. */
const modelLimits = (tokens: string, dollars: number) => ({
  tokens: count(
    0,
    100_000_000_000,
    help('Maximum model tokens, input and output together.', tokens),
  ).exactOptional(),
  dollars: amount('dollars').meta(help('Maximum cost of models in dollars.', dollars)).exactOptional(),
})

const candidateLimits = section(modelLimits('200k', 1)).meta(
  help('Maximum cost of proposing one candidate. The conversation ends when it is reached.', {
    tokens: '200k',
    dollars: 1,
  }),
)

const weekLimits = section({ ...modelLimits('20M', 50), 'gpu-hours': gpuHours }).meta(
  help(
    'Maximum cost of seven days. Research stops until the cost of the last seven days is below it again.',
    { dollars: 50, 'gpu-hours': 40 },
  ),
)

const totalLimits = section({ ...modelLimits('200M', 500), 'gpu-hours': gpuHours }).meta(
  help('Maximum cost of the whole research, since the first line of the ledger.', {
    dollars: 500,
    'gpu-hours': 400,
  }),
)

export const limits = section({
  candidates: count(1, 100_000, help('Maximum new ideas per job.', 20)).prefault(20),
  waiting: count(
    1,
    100_000,
    help(
      'Each round of a swarm proposes until this many candidates wait for their first run. Default: candidates.',
      40,
    ),
  ).exactOptional(),
  tokens: count(
    0,
    100_000_000_000,
    help('Maximum model tokens per run, input and output together.', '2M', '500k'),
  ).prefault('2M'),
  dollars: amount('dollars')
    .default(10)
    .meta(help('Maximum cost of models per run in dollars. Counts only models with a price.', 10)),
  'gpu-hours': gpuHours,
  candidate: candidateLimits.exactOptional(),
  week: weekLimits.exactOptional(),
  total: totalLimits.exactOptional(),
  'open-pull-requests': between(1, 1000)
    .meta(
      help(
        'Maximum open pull requests, those that wait for a person included. No idea is requested while so many are open.',
        5,
      ),
    )
    .exactOptional(),
  target: z
    .number('a number')
    .meta(
      help(
        'Value of the metric at which research ends: the mean of the baseline is as good or better.',
        0.98,
      ),
    )
    .exactOptional(),
})
  .prefault({})
  .meta(help('When a run stops.', { candidates: 20, tokens: '2M', dollars: 10 }))

export const jobs = section({
  time: duration(
    help(
      'Training time that a train job gets: candidates share a job until its runs take this long. Default: every candidate has a job of its own.',
      '30m',
    ),
  ).exactOptional(),
  least: between(1, 256)
    .default(1)
    .meta(help('Train jobs that there are before candidates share one: the number of runners.', 8)),
})
  .prefault({})
  .meta(help('How swarm.yml divides the trials of a round among train jobs.', { time: '30m', least: 8 }))

export const search = section({
  'structural-share': share(0)
    .default(0.3)
    .meta(help('Minimum share of candidates that change more than numbers.', 0.3)),
  novelty: share(0.3)
    .default(0.8)
    .meta(
      help('A change that shares at least this much with a past change is refused before training.', 0.8),
    ),
  'retry-after': between(1, 1000)
    .default(5)
    .meta(help('Merges after which a rejected or parked idea may be tried again.', 5)),
  bundle: every(
    2,
    8,
    help(
      'Near misses that are merged into one candidate at most, without asking a proposer. With never, none are.',
      4,
    ),
  ).prefault(4),
  'insights-every': between(1, 1000)
    .default(20)
    .meta(help('Decided candidates between two updates of the insights.', 20)),
  'device-hour': z
    .number('a number of dollars above 0')
    .positive('a number of dollars above 0')
    .default(2)
    .meta(help('Value of a device hour in dollars, to weigh device time against the cost of models.', 2)),
})
  .prefault({})
  .meta(
    help('Which kinds of ideas are requested, and what counts as new.', {
      'structural-share': 0.3,
      novelty: 0.8,
    }),
  )
