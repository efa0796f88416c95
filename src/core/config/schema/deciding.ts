// Number of trials, value of simpler code, and certification: `replicates`, `simplicity` and `certify`.
import { z } from 'zod'
import { between, every, gain, help, line, section } from '../fields.ts'

export const replicates = section({
  baseline: between(2, 50)
    .default(6)
    .meta(help('Trials of the baseline. Their spread is the noise that gains are compared with.', 6)),
  candidate: between(2, 50)
    .default(20)
    .meta(help('Maximum trials of one candidate before it is decided. Few need more than two.', 20)),
})
  .prefault({})
  .meta(help('How often the same code is trained.', { baseline: 6, candidate: 20 }))

const simplicitySection = section({
  'removed-lines': between(1, 10_000)
    .default(5)
    .meta(help('A candidate that removes at least this many lines may be worse by margin.', 5)),
  margin: gain(help('How much worse a candidate that removes lines may be.', '0.5 sigma')).prefault(
    '0.5 sigma',
  ),
  'added-lines': between(1, 10_000)
    .default(50)
    .meta(help('A candidate that adds more than this many lines must improve by gain.', 50)),
  gain: gain(help('Minimum gain of a candidate that adds many lines.', '1 sigma')).prefault('1 sigma'),
})

export const simplicity = z
  .union([z.enum(['none'], '"none"'), simplicitySection], '"none" or a mapping')
  .meta(help('How code size changes the required gain: none, or a mapping.', 'none'))
  .transform((written) => (written === 'none' ? undefined : written))
  .prefault({})

export const certify = section({
  every: every(
    1,
    1000,
    help(
      'Merges after which certification starts automatically. With never, only the command certify starts it.',
      5,
    ),
  ).prefault('never'),
  runs: between(2, 20)
    .default(4)
    .meta(help('Fresh runs of each end. A single merge gets twice as many before it is reverted.', 4)),
  evaluate: line('a command')
    .meta(
      help(
        'Command used instead of evaluate, such as one that reads another validation shard.',
        'uv run evaluate.py --shard 2',
      ),
    )
    .exactOptional(),
})
  .prefault({})
  .meta(help('How merges are tested again together, with fresh seeds.', { every: 5, runs: 4 }))
