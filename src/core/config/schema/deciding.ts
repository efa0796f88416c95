// Number of trials, value of simpler code, and certification: `replicates`, `simplicity` and `certify`.
import { z } from 'zod'
import { between, every, gain, line, section } from '../fields.ts'

export const replicates = section({
  baseline: between(2, 50)
    .default(6)
    .meta({
      description: 'Trials of the baseline. Their spread is the noise that gains are compared with.',
      examples: [6],
    }),
  candidate: between(2, 20)
    .default(6)
    .meta({ description: 'Maximum trials of one candidate before it is decided.', examples: [6] }),
})
  .prefault({})
  .meta({ description: 'How often the same code is trained.', examples: [{ baseline: 6, candidate: 6 }] })

const simplicitySection = section({
  'removed-lines': between(1, 10_000)
    .default(5)
    .meta({
      description: 'A candidate that removes at least this many lines may be worse by margin.',
      examples: [5],
    }),
  margin: gain({
    description: 'How much worse a candidate that removes lines may be.',
    examples: ['0.5 sigma'],
  }).prefault('0.5 sigma'),
  'added-lines': between(1, 10_000)
    .default(50)
    .meta({
      description: 'A candidate that adds more than this many lines must improve by gain.',
      examples: [50],
    }),
  gain: gain({
    description: 'Minimum gain of a candidate that adds many lines.',
    examples: ['1 sigma'],
  }).prefault('1 sigma'),
})

export const simplicity = z
  .union([z.enum(['none'], '"none"'), simplicitySection], '"none" or a mapping')
  .meta({ description: 'How code size changes the required gain: none, or a mapping.', examples: ['none'] })
  .transform((written) => (written === 'none' ? undefined : written))
  .prefault({})

export const certify = section({
  every: every(1, 1000, {
    description:
      'Merges after which certification starts automatically. With never, only the command certify starts it.',
    examples: [5],
  }).prefault('never'),
  runs: between(2, 20)
    .default(4)
    .meta({
      description: 'Fresh runs of each end. A single merge gets twice as many before it is reverted.',
      examples: [4],
    }),
  evaluate: line('a command')
    .meta({
      description: 'Command used instead of evaluate, such as one that reads another validation shard.',
      examples: ['uv run evaluate.py --shard 2'],
    })
    .exactOptional(),
})
  .prefault({})
  .meta({
    description: 'How merges are tested again together, with fresh seeds.',
    examples: [{ every: 5, runs: 4 }],
  })
