// Every event of the present ledger format as a zod schema: the source of `docs/ledger.schema.json` and of the tables in
// `docs/ledger.md`. It is proven equal to the type that the code uses, and is no part of the action.
import { z } from 'zod'
import type { LedgerEvent } from '../../src/core/record/events.ts'
import { sha } from '../../src/core/record/trial.ts'
import { candidate, candidateEnd, direction, usage } from './candidate.ts'
import { checkpoint } from './checkpoint.ts'
import { promotion, promotionName, promotionOutcome, stack } from './promotion.ts'
import { trialResult } from './trial.ts'
import { certification, verdict } from './verdict.ts'

const candidateId = z.string().meta({ description: 'Id of the candidate.' })
const requestId = z.string().meta({ description: 'Id of the request.' })
const run = z.string().meta({ description: 'Id of the workflow run.' })
const trialIds = z.array(z.string()).meta({ description: 'Ids of the trials.' })
const format = z.int().min(1)
const reason = z.string().meta({ description: 'Why, in words.' })

const request = z
  .strictObject({
    id: z.string().meta({ description: 'Id of the request.' }),
    source: z
      .discriminatedUnion('kind', [
        z
          .strictObject({ kind: z.literal('dispatch') })
          .meta({ description: 'Input of a dispatched workflow.' }),
        z
          .strictObject({
            kind: z.literal('issue'),
            number: z.int().min(1).meta({ description: 'Its number.' }),
          })
          .meta({ description: 'A labelled issue.' }),
      ])
      .meta({ id: 'RequestSource', description: 'Where a request was made.' }),
    by: z
      .string()
      .exactOptional()
      .meta({ description: 'Login of its author; absent when GitHub does not say.' }),
    text: z.string().meta({ description: 'The visible text, shortened.' }),
  })
  .meta({ id: 'PersonRequest', description: 'Something that a person wants tried.' })

const searching = [
  z
    .strictObject({
      kind: z.literal('proposed'),
      candidate: candidate.meta({ description: 'The candidate, as it was proposed.' }),
    })
    .meta({ description: 'A candidate exists, with its branch.' }),
  z
    .strictObject({
      kind: z.literal('no-proposal'),
      id: z.string().meta({ description: 'Id of the attempt.' }),
      proposer: z.string().meta({ description: 'Name of the proposer.' }),
      reason,
      usage: usage.meta({ description: 'What the attempt cost.' }),
      direction: direction.exactOptional().meta({
        description:
          'What the proposer was asked for; absent for a request, and in ledgers that did not record it.',
      }),
      request: requestId
        .exactOptional()
        .meta({ description: 'Id of the request; this counts as an attempt.' }),
    })
    .meta({ description: 'A proposer was asked and produced no candidate.' }),
  z
    .strictObject({
      kind: z.literal('insights'),
      decided: z.int().min(0).meta({ description: 'How many ideas were decided by then.' }),
      proposer: z.string().meta({ description: 'Name of the proposer that wrote them.' }),
      usage: usage.meta({ description: 'What writing them cost.' }),
    })
    .meta({ description: '`insights.md` was written.' }),
  z
    .strictObject({
      kind: z.literal('requested'),
      request: request.meta({ description: 'The request.' }),
    })
    .meta({ description: 'A person asked for something to be tried.' }),
  z
    .strictObject({ kind: z.literal('declined'), request: requestId, reason })
    .meta({ description: 'No candidate will take up the request.' }),
  z
    .strictObject({
      kind: z.literal('answered'),
      request: requestId,
      answer: z.enum(['opened', 'settled', 'declined']).meta({
        description:
          'The last answer: a pull request is open, its candidate was decided, or the request was declined.',
      }),
    })
    .meta({ description: 'The author was told what became of the request.' }),
] as const

export const trial = z
  .strictObject({
    kind: z.literal('trial'),
    result: trialResult.meta({ description: 'What the trial returned.' }),
  })
  .meta({ description: 'A trial returned a result.' })

const deciding = [
  z
    .strictObject({
      kind: z.literal('opened'),
      candidate: candidateId,
      pullRequest: z.int().min(1).meta({ description: 'Number of the pull request.' }),
    })
    .meta({ description: 'The pull request of a candidate is open.' }),
  z
    .strictObject({
      kind: z.literal('rebased'),
      candidate: candidateId,
      base: sha.meta({ description: 'Commit of the new baseline.' }),
      head: sha.meta({ description: "The candidate's new commit." }),
      tree: sha.meta({ description: 'Tree of `head`.' }),
      addedLines: z.int().exactOptional().meta({
        description: 'Lines it adds to the new baseline; absent in ledgers that did not record it.',
      }),
    })
    .meta({ description: 'The baseline moved, and the change of a waiting candidate was replayed on it.' }),
  z
    .strictObject({
      kind: z.literal('judged'),
      candidate: candidateId,
      head: sha.meta({ description: 'Commit that was judged.' }),
      verdict: verdict.meta({ description: 'The decision.' }),
    })
    .meta({ description: 'The judge decided about a candidate.' }),
  z
    .strictObject({
      kind: z.literal('refused'),
      candidate: candidateId,
      head: sha.meta({ description: 'Accepted commit.' }),
      reason,
    })
    .meta({ description: 'GitHub refused to merge an accepted candidate. Later jobs try again.' }),
  z
    .strictObject({
      kind: z.literal('ended'),
      candidate: candidateId,
      end: candidateEnd.meta({ description: 'How it ended.' }),
    })
    .meta({ description: 'A candidate is finished.' }),
  z
    .strictObject({
      kind: z.literal('certify'),
      to: sha.meta({ description: 'The newest merge to certify.' }),
    })
    .meta({ description: 'The merges up to this commit are to be certified.' }),
  z
    .strictObject({
      kind: z.literal('certification'),
      certification: certification.meta({ description: 'What fresh trials said.' }),
    })
    .meta({ description: 'A range of merges was confirmed or refuted.' }),
  z
    .strictObject({
      kind: z.literal('announced'),
      from: sha.meta({ description: 'Commit before the merges.' }),
      to: sha.meta({ description: 'Commit after the merges.' }),
    })
    .meta({ description: 'The check run of a certification is on GitHub.' }),
  z
    .strictObject({
      kind: z.literal('not-reverted'),
      commit: sha.meta({ description: 'Commit of the merge.' }),
      reason,
    })
    .meta({ description: 'A refuted merge stays in the baseline.' }),
] as const

const promoting = [
  z
    .strictObject({
      kind: z.literal('promote'),
      to: sha.meta({ description: 'The newest merge to promote.' }),
    })
    .meta({ description: 'The merges up to this commit are to be promoted to every larger scale.' }),
  z
    .strictObject({
      kind: z.literal('promotion'),
      promotion: promotion.meta({ description: 'What is tested.' }),
    })
    .meta({ description: 'Merges are tested together at a larger scale from now on.' }),
  z
    .strictObject({
      kind: z.literal('stack'),
      ...promotionName,
      stack: stack.meta({ description: 'The code.' }),
    })
    .meta({ description: 'Code to train at the larger scale exists on the remote.' }),
  z
    .strictObject({
      kind: z.literal('promoted'),
      ...promotionName,
      outcome: promotionOutcome.meta({ description: 'The decision.' }),
    })
    .meta({ description: 'Runs at the larger scale decided what is promoted and what does not transfer.' }),
  z
    .strictObject({
      kind: z.literal('published'),
      ...promotionName,
      pullRequest: z.int().min(1).exactOptional().meta({
        description: 'Number of the pull request that shows it; absent when there is none.',
      }),
    })
    .meta({ description: 'The outcome of a promotion is on GitHub.' }),
] as const

const running = [
  z
    .strictObject({
      kind: z.literal('started'),
      rootSeed: z.string().meta({ description: 'Source of the seed of every trial.' }),
      format: format.meta({ description: 'Format of this line and of those up to a `format` line.' }),
    })
    .meta({ description: 'The first line.' }),
  z
    .strictObject({
      kind: z.literal('format'),
      format: format.meta({ description: 'Format of this line and of those that follow.' }),
    })
    .meta({ description: 'A newer release continues the ledger of an older one.' }),
  z
    .strictObject({
      kind: z.literal('baseline'),
      commit: sha.meta({ description: 'Commit that the baseline branch points to.' }),
      tree: sha.meta({ description: 'Tree of the commit.' }),
      cause: z.enum(['started', 'merged', 'pushed']).meta({
        description: 'Why: the research started, a candidate was merged, or a person moved the branch.',
      }),
      merge: z
        .strictObject({
          pullRequest: z.number().int().meta({ description: 'Number of the pull request.' }),
          by: z.string().meta({ description: 'Login of who merged it.' }),
        })
        .exactOptional()
        .meta({ description: 'The merge of a candidate that another job or a person made.' }),
    })
    .meta({ description: 'The baseline branch has a new commit.' }),
  z
    .strictObject({
      kind: z.literal('assigned'),
      run,
      command: z.enum(['propose', 'run', 'certify', 'promote']).meta({
        description:
          'Command that assigned them. `propose` gives trials to other jobs; the others train themselves.',
      }),
      trials: trialIds,
      shared: z.array(z.array(z.string()).min(2)).exactOptional().meta({
        description:
          'Those of each train job that has several commits, from format 3; absent when every job has one.',
      }),
    })
    .meta({ description: 'A workflow run is responsible for these trials, and for no others.' }),
  z
    .strictObject({ kind: z.literal('lost'), run, trials: trialIds })
    .meta({ description: 'These trials of a workflow run returned nothing.' }),
] as const

export const eventSchema = z.discriminatedUnion('kind', [
  ...running,
  trial,
  ...searching,
  ...deciding,
  ...promoting,
  checkpoint,
])

/** `T` with unions and intersections spelled out and nothing readonly, so that equal types are identical. */
type Plain<T> = T extends object ? { -readonly [K in keyof T]: Plain<T[K]> } : T
type Identical<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false

/** Does not compile unless the schema describes exactly the events of the code, optional fields included. */
true satisfies Identical<Plain<z.infer<typeof eventSchema>>, Plain<LedgerEvent>>
