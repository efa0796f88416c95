// What the ledger says of trials. The rules are those by which a trial's file is read; the descriptions are added here.
import { z } from 'zod'
import { trialResultSchema, trialSchema } from '../../src/core/record/trial.ts'

/** The same fields with a description each. */
function described<Shape extends Record<string, z.ZodType>>(
  shape: Shape,
  descriptions: Readonly<Record<keyof Shape, string>>,
): Shape {
  const entries = Object.entries(shape).map(([name, schema]) => [
    name,
    schema.meta({ description: descriptions[name as keyof Shape] }),
  ])
  return Object.fromEntries(entries) as Shape
}

const [judging, certifying, promoting] = trialSchema.shape.protocol.options
const SCALE = 'Rung of the ladder; `base` without a ladder.'

const protocol = z
  .discriminatedUnion('purpose', [
    z
      .strictObject(described(judging.shape, { purpose: 'What the number is for.', scale: SCALE }))
      .meta({ description: 'Helps to judge a candidate.' }),
    z
      .strictObject(
        described(
          {
            ...certifying.shape,
            range: z.strictObject(
              described(certifying.shape.range.shape, {
                from: 'Commit before the merges.',
                to: 'Commit after the merges.',
              }),
            ),
          },
          { purpose: 'What the number is for.', scale: SCALE, range: 'The merges that it helps to certify.' },
        ),
      )
      .meta({ description: 'Helps to certify a range of merges, and counts for nothing else.' }),
    z
      .strictObject(
        described(promoting.shape, {
          purpose: 'What the number is for.',
          scale: 'Rung of the ladder that is promoted to.',
          promotion: 'Number of the promotion among those to this scale, from 1.',
        }),
      )
      .meta({ description: 'Helps to decide a promotion, and counts for no other.' }),
  ])
  .meta({
    id: 'Protocol',
    description: 'What the number of a trial is for. Numbers of different protocols are never compared.',
  })

const trial = z
  .strictObject(
    described(
      { ...trialSchema.shape, protocol },
      {
        id: 'Name of the trial, made from what is trained, where it counts and its number.',
        candidate: 'Id of the candidate; null when the baseline itself is measured.',
        base: 'Commit of the baseline.',
        head: 'Commit that is trained.',
        tree: 'Tree of `head`.',
        replicate:
          'Number of the trial among those of the same tree, from 1; certification and promotion count apart.',
        seed: 'Seed given to the training command.',
        protocol: "What the trial's number is for.",
        aa: 'Present when the candidate is an A/A check: the trained code is that of the baseline.',
      },
    ),
  )
  .meta({ id: 'Trial', description: 'One planned training run of one commit with one seed.' })

const curvePoint = z.strictObject(
  described(trialResultSchema.shape.curve.element.shape, {
    step: 'Step of the training script.',
    value: "Value of the progress metric, in the metric's unit.",
  }),
)
const curve = z.array(curvePoint).max(200)

export const trialResult = z
  .strictObject(
    described(
      { ...trialResultSchema.shape, trial, curve },
      {
        trial: 'What was trained.',
        config: 'Hash of the configuration that the trial ran under.',
        testbed: 'Hardware and driver, in words; only equal testbeds are compared.',
        outcome: 'How the trial ended.',
        value: "Value of the metric, in the metric's unit; present exactly when the outcome is `measured`.",
        metricLines: 'How often the metric was printed; present when `metric.take` is `lowest` or `highest`.',
        guards:
          'Values of the guards, in the order of the configuration; absent without guards, and where the metric was not measured.',
        crossing:
          'When the curve reached its target, on the clock of the harness; present exactly when the metric is a time to target and the outcome is `measured`.',
        reason: 'Why there is no value, in one line.',
        trust: 'Whether a separate evaluation or the training script reported the value.',
        sandbox: 'What isolated the code, in words.',
        runId: 'Id of the workflow run.',
        runAttempt: 'Attempt of the workflow run, from 1.',
        wallSeconds: 'Wall time of training and evaluation, in seconds.',
        trainingSeconds: 'Wall time of training alone, in seconds; absent when nothing else ran.',
        deviceSeconds: 'How long the device was occupied, in seconds.',
        peakMemoryBytes: 'Largest main memory that training used, in bytes; absent without a sandbox.',
        curve: 'Values during training, at most 200 points. Stored in a file beside the events.',
        firstPointSeconds: 'Wall time until the first point of the curve, in seconds: the preparation.',
        tail: 'End of the output of a failed trial. Written by the candidate, so never trusted.',
      },
    ),
  )
  .meta({ description: 'What a trial returned.' })
