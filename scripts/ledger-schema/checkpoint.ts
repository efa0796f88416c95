// What the ledger says of a checkpoint: where reading may begin, and what is believed because of what is archived.
import { z } from 'zod'

const hash = z.string().regex(/^[0-9a-f]{64}$/)
const count = z.int().min(0)

const block = z
  .strictObject({
    file: z.int().min(1).meta({ description: 'Number of the file in `archive/`.' }),
    hash: hash.meta({ description: 'SHA-256 of the file.' }),
  })
  .meta({ id: 'Block', description: 'A file of archived ideas.' })

const level = z
  .strictObject({
    mean: z.number().meta({ description: 'Expected loss; negative values of a metric that is maximized.' }),
    variance: z.number().min(0).meta({ description: 'Variance of the estimate.' }),
    grid: z
      .strictObject({
        origin: z.number().meta({ description: 'Loss of the first point.' }),
        step: z.number().meta({ description: 'Distance between two points.' }),
        weights: z
          .array(z.array(z.number()))
          .meta({ description: 'Probability of each point on a steady, a drifting and a jumping machine.' }),
      })
      .exactOptional()
      .meta({ description: 'The whole distribution. Absent: a normal one.' }),
  })
  .meta({ id: 'FrozenLevel', description: 'Where the loss of a baseline was believed to be.' })

const belief = z
  .strictObject({
    effects: z.array(z.number()).meta({ description: 'Weights of what changes do, from no effect to 32 σ.' }),
    observations: count.meta({ description: 'How many candidates they were learned from, at most 1000.' }),
    level: level
      .exactOptional()
      .meta({ description: 'Loss of the baseline; absent while it is not measured.' }),
  })
  .meta({
    id: 'FrozenBelief',
    description: 'A belief as it was when the candidates behind it were archived.',
  })

const seconds = z.number().min(0)
const credits = z
  .strictObject({
    pausedSeconds: seconds.meta({ description: 'Pauses before the crossing.' }),
    intervalSeconds: seconds.meta({ description: 'The interval between two points around the target.' }),
    savingSeconds: seconds.meta({ description: 'Time from the crossing to the end of training.' }),
  })
  .exactOptional()
  .meta({
    id: 'Credits',
    description: 'Where the metric is a time to target: the longest of what it does not count, in seconds.',
  })

const archivedBelief = z
  .strictObject({
    config: z.string().meta({ description: 'Hash of the configuration of the runs.' }),
    testbed: z.string().nullable().meta({ description: 'Testbed of the runs; null: all together.' }),
    direction: z.enum(['minimize', 'maximize']).meta({ description: 'Which values are better.' }),
    guard: z
      .string()
      .exactOptional()
      .meta({ description: 'The guard that it is about; absent: the metric.' }),
    repeated: z.array(z.array(z.number())).meta({
      description:
        'The newest values of archived code that ran more than once, by code. They tell about noise.',
    }),
    first: z.strictObject({ value: z.number(), wallSeconds: z.number(), credits }).exactOptional().meta({
      description: 'Means of the first measured baseline; absent while it is not archived.',
    }),
    mostRuns: count.meta({ description: 'Runs of the baseline that was run most often.' }),
    period: count.meta({ description: 'The baseline that the belief is about, counted from 0.' }),
    weighed: count.meta({ description: "How many of the baseline's own runs are part of the belief." }),
    inherited: z.boolean().meta({ description: 'Whether its level was known before it was the baseline.' }),
    belief: belief.meta({ description: 'The belief.' }),
  })
  .meta({ id: 'ArchivedBelief', description: 'What archived runs told under one set of conditions.' })

export const checkpoint = z
  .strictObject({
    kind: z.literal('checkpoint'),
    state: hash.meta({ description: 'SHA-256 of the file in `checkpoints/`.' }),
    keep: count.meta({ description: 'How many decided candidates, the newest, are not archived.' }),
    blocks: z.array(block).meta({ description: 'Files with the ideas that are archived now.' }),
    beliefs: z
      .array(archivedBelief)
      .meta({ description: 'What is believed from now on because of everything that is archived.' }),
  })
  .meta({ description: 'Candidates that were decided long ago are archived; reading may begin here.' })
