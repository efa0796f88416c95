// What the ledger says of candidates: the change, where it comes from, what it cost and how it ended.
import { z } from 'zod'
import { CATEGORIES } from '../../src/core/record/candidate.ts'
import { sha } from '../../src/core/record/trial.ts'
import { verdict } from './verdict.ts'

const tokens = z.int().min(0)

export const usage = z
  .strictObject({
    inputTokens: tokens.meta({ description: 'Tokens sent, including those read from a cache.' }),
    cachedTokens: tokens.exactOptional().meta({
      description: 'Tokens of `inputTokens` that the endpoint read from its cache; absent when none.',
    }),
    outputTokens: tokens.meta({ description: 'Tokens received.' }),
    dollars: z.number().min(0).meta({ description: 'Price in US dollars; 0 when no price is configured.' }),
    estimated: z.literal(true).exactOptional().meta({
      description: 'Some tokens were estimated from text lengths: an endpoint did not report them.',
    }),
  })
  .meta({ id: 'Usage', description: 'What one or more model requests cost.' })

const category = z.enum(CATEGORIES)

export const direction = z
  .strictObject({
    mode: z
      .enum(['explore', 'refine', 'combine', 'simplify', 'repair'])
      .meta({ description: 'Whether to invent something new or to start from earlier candidates.' }),
    category: category.meta({ description: 'Kind of change; `hyperparameter` allows only new constants.' }),
    structural: z.boolean().meta({ description: 'Whether the change must be more than new numbers.' }),
    sources: z.array(z.string()).meta({
      description: 'Ids of the candidates to start from: two for `combine`, one for `refine` and `repair`.',
    }),
  })
  .meta({ id: 'Direction', description: 'What a proposer was asked for.' })

const origin = z
  .discriminatedUnion('kind', [
    z
      .strictObject({
        kind: z.literal('idea'),
        direction: direction.exactOptional().meta({
          description: 'What the proposer was asked for; absent in ledgers that did not record it.',
        }),
      })
      .meta({ description: "A proposer's own idea." }),
    z
      .strictObject({
        kind: z.literal('combination'),
        direction: direction.meta({ description: 'What the proposer was asked for; names the sources.' }),
      })
      .meta({ description: 'Near misses combined in one change.' }),
    z
      .strictObject({
        kind: z.literal('request'),
        request: z.string().meta({ description: 'Id of the request.' }),
      })
      .meta({ description: "A person's request." }),
    z
      .strictObject({
        kind: z.literal('aa'),
        number: z.int().min(1).meta({ description: 'Number of the check, from 1.' }),
      })
      .meta({ description: 'An A/A check, which changes nothing and is never merged.' }),
    z
      .strictObject({ kind: z.literal('revert'), merge: sha.meta({ description: 'Commit of the merge.' }) })
      .meta({ description: 'Reverts a merge that certification refuted.' }),
    z
      .strictObject({
        kind: z.literal('bundle'),
        members: z.array(z.string()).min(2).meta({ description: 'Ids of the near misses.' }),
      })
      .meta({ description: 'Near misses that git merged into one change, from format 3.' }),
    z
      .strictObject({
        kind: z.literal('leave-out'),
        bundle: z.string().meta({ description: 'Id of the bundle.' }),
        member: z.string().meta({ description: 'Id of the near miss that is removed.' }),
      })
      .meta({ description: 'Removes one member of a merged bundle, from format 3.' }),
  ])
  .meta({ id: 'Origin', description: 'Why a candidate exists.' })

const knob = z
  .strictObject({
    file: z.string().meta({ description: 'Path relative to the repository.' }),
    name: z.string().meta({ description: 'Name of the constant.' }),
    from: z.number().meta({ description: 'Value in the baseline.' }),
    to: z.number().meta({ description: 'Value in the candidate.' }),
    context: z
      .string()
      .exactOptional()
      .meta({ description: 'Hash of all code that names the constant; absent in older ledgers.' }),
  })
  .meta({ id: 'Knob', description: 'One constant and the step taken on it. A switch is 0 or 1.' })

const words = z
  .strictObject({
    by: z.string().meta({ description: 'Login of the person.' }),
    text: z.string().meta({ description: 'The visible text, shortened.' }),
  })
  .meta({ id: 'Words', description: 'What a person with write access wrote.' })

export const candidateEnd = z
  .discriminatedUnion('kind', [
    z
      .strictObject({
        kind: z.literal('merged'),
        commit: sha.meta({ description: 'Commit of the merge on the baseline branch.' }),
        asTrained: z.boolean().meta({ description: 'Whether the merged code is exactly what was trained.' }),
      })
      .meta({ description: 'Merged into the baseline.' }),
    z.strictObject({ kind: z.literal('closed') }).meta({ description: 'Closed without a merge.' }),
    z
      .strictObject({
        kind: z.literal('withdrawn'),
        reason: z.string().meta({ description: 'What the person did.' }),
        words: words
          .exactOptional()
          .meta({ description: 'Last comment of a person with write access on the closed pull request.' }),
      })
      .meta({ description: 'A person closed the pull request or pushed to it.' }),
    z
      .strictObject({
        kind: z.literal('handed-over'),
        reason: z.string().meta({ description: 'Why a person must decide.' }),
      })
      .meta({ description: 'The pull request waits for a person.' }),
  ])
  .meta({ id: 'CandidateEnd', description: "How a candidate's life ended." })

export const candidate = z
  .strictObject({
    id: z
      .string()
      .meta({ description: 'Name made from `base` and `tree`, so that equal changes get equal ids.' }),
    origin: origin.meta({ description: 'Why the candidate exists.' }),
    title: z.string().meta({ description: 'Title of the pull request.' }),
    hypothesis: z.string().meta({ description: 'Why the change should help, in words.' }),
    category: category.meta({ description: 'Kind of change.' }),
    expectedEffect: z
      .string()
      .meta({ description: "The proposer's guess, in words; shown, never used to decide." }),
    proposer: z.string().meta({ description: 'Name of the proposer, with its model if it has one.' }),
    standsInFor: z
      .string()
      .exactOptional()
      .meta({ description: 'The proposer whose turn it was, when its fallback endpoint answered.' }),
    knob: knob.exactOptional().meta({ description: 'The constant that changed, when it is only one.' }),
    knobs: z
      .array(knob)
      .exactOptional()
      .meta({ description: 'The constants that changed, when they are several.' }),
    addedLines: z
      .int()
      .exactOptional()
      .meta({ description: 'Lines of code added less lines removed, without comments and blank lines.' }),
    changeKey: z.string().meta({ description: 'Hash of the normalised change; recognises a repeated idea.' }),
    sketch: z
      .string()
      .exactOptional()
      .meta({ description: 'Excerpt of the normalised change; recognises a nearly equal idea.' }),
    constantsOnly: z
      .literal(true)
      .exactOptional()
      .meta({ description: 'Present when the change consists only of numbers.' }),
    usage: usage.meta({ description: 'What inventing it cost.' }),
    base: sha.meta({ description: 'Commit of the baseline that `head` was built on.' }),
    head: sha.meta({ description: "The candidate's commit, exactly one on top of `base`." }),
    tree: sha.meta({ description: 'Tree of `head`: the code that is trained.' }),
    rebases: z.int().min(0).meta({ description: 'How often the change was replayed on a newer baseline.' }),
    pullRequest: z
      .int()
      .min(1)
      .exactOptional()
      .meta({ description: 'Number of its pull request; set when the ledger is replayed.' }),
    verdict: verdict
      .exactOptional()
      .meta({ description: "The judge's decision on `head`; set when the ledger is replayed." }),
    refusal: z
      .string()
      .exactOptional()
      .meta({ description: 'Why GitHub refused to merge it; set when the ledger is replayed.' }),
    end: candidateEnd.exactOptional().meta({ description: 'How it ended; set when the ledger is replayed.' }),
  })
  .meta({ id: 'Candidate', description: 'One proposed change and its hypothesis.' })
