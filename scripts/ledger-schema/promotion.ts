// What the ledger says of promotions: what is tested at a larger scale, and what came of it.
import { z } from 'zod'
import { sha } from '../../src/core/record/trial.ts'

const number = z.number()
const merge = sha.meta({ description: 'Commit of the merge on the baseline branch.' })
const merges = z.array(sha)
const scale = z.string().meta({ description: 'Scale that is promoted to.' })
const count = z.int().min(1).meta({ description: 'Number among the promotions to this scale, from 1.' })

export const promotionName = { scale, number: count }

const member = z
  .strictObject({
    merge,
    gain: number.meta({ description: "Expected gain at the small scale, in the metric's unit." }),
    deviation: number.meta({ description: 'Standard deviation of that expectation.' }),
    scaleDependent: z.literal(true).exactOptional().meta({
      description: 'Present for a kind of change that often depends on the scale.',
    }),
  })
  .meta({ id: 'StackMember', description: 'A merge that is tested at the larger scale.' })

const aside = z
  .strictObject({ merge, reason: z.string().meta({ description: 'Why, in words.' }) })
  .meta({ id: 'SetAside', description: 'A merge that cannot be tested.' })

export const promotion = z
  .strictObject({
    ...promotionName,
    config: z.string().meta({ description: 'Hash of the configuration at this scale.' }),
    base: sha.meta({ description: 'Commit of the promoted code that it starts from.' }),
    members: z.array(member).meta({ description: 'The merges, oldest first.' }),
    follows: merges.meta({
      description:
        'Commits of the baseline that are part of all tested code: what people pushed, and reverts of promoted merges.',
    }),
    aside: z
      .array(aside)
      .meta({ description: 'Merges that do not apply without others that were not promoted.' }),
  })
  .meta({ id: 'Promotion', description: 'Merges that are tested together at a larger scale.' })

export const stack = z
  .strictObject({
    members: merges.meta({ description: 'Merges that it should have.' }),
    applied: merges.exactOptional().meta({
      description: 'Merges that it has; absent when it has all that it should have.',
    }),
    commit: sha.meta({ description: 'Commit that is trained.' }),
    tree: sha.meta({ description: 'Tree of the commit.' }),
  })
  .meta({ id: 'Stack', description: 'Promoted code with some of the merges that are tested.' })

const memberOutcome = z
  .strictObject({
    merge,
    promoted: z.boolean().meta({ description: 'Whether it is part of the promoted code.' }),
    gain: number.meta({ description: "Expected gain at the larger scale, in the metric's unit." }),
    positive: z.number().min(0).max(1).meta({ description: 'Probability that the gain is above 0.' }),
  })
  .meta({ id: 'MemberOutcome', description: 'What is believed of a merge at the larger scale.' })

const stackRuns = z
  .strictObject({
    members: merges.meta({ description: 'Merges in the code that ran.' }),
    losses: z.array(number).meta({
      description:
        'Values of its runs, negated where more is better. A failed run has one that is far too high.',
    }),
  })
  .meta({ id: 'StackRuns', description: 'Runs of one stack.' })

export const promotionOutcome = z
  .strictObject({
    promoted: z
      .strictObject({
        commit: sha.meta({ description: 'Commit of the promoted code.' }),
        tree: sha.meta({ description: 'Its tree.' }),
      })
      .exactOptional()
      .meta({ description: 'The promoted code; absent when nothing holds.' }),
    reason: z.string().meta({ description: 'One sentence, as the pull request shows it.' }),
    confidence: z.number().min(0).max(1).exactOptional().meta({
      description: 'Probability that what is promoted gains more than 0.',
    }),
    gain: number.exactOptional().meta({
      description: "Expected gain of what is promoted, in the metric's unit.",
    }),
    sigma: z.number().min(0).meta({ description: 'Assumed standard deviation of one run at this scale.' }),
    members: z.array(memberOutcome).meta({ description: 'What is believed of each merge.' }),
    runs: z.array(stackRuns).meta({ description: 'All runs.' }),
    undo: z.literal(true).exactOptional().meta({
      description: 'Present when merges that were not promoted are reverted at the first scale, too.',
    }),
  })
  .meta({ id: 'PromotionOutcome', description: 'What a promotion came to.' })
