// What the ledger says of decisions: verdicts on candidates, and certifications of merges.
import { z } from 'zod'
import { sha, trialResultSchema } from '../../src/core/record/trial.ts'

const runs = z
  .strictObject({
    candidate: z.int().min(0).meta({ description: 'Trials of the candidate, or of `to`.' }),
    baseline: z.int().min(0).meta({ description: 'Trials of the baseline, or of `from`.' }),
  })
  .meta({ id: 'Runs', description: 'How many trials were compared.' })

const optionalNumber = z.number().exactOptional()
const optionalSigma = z.number().min(0).exactOptional()

const guard = z
  .strictObject({
    name: z.string().meta({ description: 'Name of the guard.' }),
    baseline: z.number().meta({ description: "Estimated value of the baseline, in the guard's unit." }),
    candidate: z.number().meta({ description: "Mean of the candidate's trials." }),
    margin: z.number().min(0).meta({ description: 'How much worse it may be.' }),
    sigma: z.number().min(0).meta({ description: 'Standard deviation of one trial.' }),
    risk: z
      .number()
      .min(0)
      .max(1)
      .meta({ description: 'Probability that it is worse by more than the margin.' }),
  })
  .meta({ id: 'GuardFacts', description: 'What the trials of a candidate said about a guard.' })

export const verdict = z
  .strictObject({
    kind: z.enum(['merge', 'reject', 'park', 'review']).meta({
      description:
        'The decision. `park`: not proven, kept as a near miss. `review`: looks like an improvement that a person must confirm.',
    }),
    reason: z.string().meta({ description: 'One sentence, as the check run shows it.' }),
    gain: optionalNumber.meta({
      description: "Expected gain after shrinking the measurement, in the metric's unit; positive is better.",
    }),
    measured: optionalNumber.meta({
      description: 'Measured gain over the estimated baseline; absent when σ is 0.',
    }),
    sigma: optionalSigma.meta({
      description: "Standard deviation of one trial that the judge used, in the metric's unit.",
    }),
    z: optionalNumber.meta({ description: 'Measured gain over its standard error; absent when σ is 0.' }),
    risk: z
      .number()
      .min(0)
      .max(1)
      .exactOptional()
      .meta({ description: 'Probability that the candidate misses the required gain.' }),
    guards: z
      .array(guard)
      .exactOptional()
      .meta({ description: 'What the trials said about each guard; absent without guards.' }),
    lostGuard: z
      .string()
      .exactOptional()
      .meta({ description: 'The guard that decided against the candidate; absent when none did.' }),
    runs: runs.meta({ description: 'How many trials were compared.' }),
    failure: trialResultSchema.shape.outcome
      .exclude(['measured'])
      .exactOptional()
      .meta({ description: 'How the deciding trial failed; absent when the trials could be compared.' }),
    noEffect: z.literal(true).exactOptional().meta({
      description:
        "Present when the first run equals the baseline's run with the same seed, so that the change does nothing.",
    }),
    conflict: sha.exactOptional().meta({
      description:
        'The merge that the change conflicts with; present where proposers are asked once to combine the two.',
    }),
    testbed: z.string().exactOptional().meta({
      description:
        'Hardware and driver of the trials; absent in older ledgers and where no numbers were compared.',
    }),
  })
  .meta({ id: 'Verdict', description: "The judge's decision about a candidate." })

export const certification = z
  .strictObject({
    from: sha.meta({ description: 'Commit of the baseline before the merges.' }),
    to: sha.meta({ description: 'Commit of the baseline after the merges.' }),
    merges: z.int().min(1).meta({ description: 'How many merges the range spans.' }),
    holds: z.boolean().meta({ description: 'Whether fresh trials confirmed the gain.' }),
    reason: z.string().meta({ description: 'One sentence, as the check run shows it.' }),
    gain: optionalNumber.meta({
      description: "Measured gain of `to` over `from`, in the metric's unit; positive is better.",
    }),
    sigma: optionalSigma.meta({ description: "Standard deviation of one trial, in the metric's unit." }),
    margin: optionalNumber.meta({
      description: 'What the simplifications in the range may cost together; absent when it has none.',
    }),
    z: optionalNumber.meta({
      description: 'Gain and margin together over their standard error; absent when σ is 0.',
    }),
    runs: runs.meta({ description: 'Fresh trials of `to` and of `from`.' }),
  })
  .meta({ id: 'Certification', description: 'What fresh trials said about a range of merges.' })
