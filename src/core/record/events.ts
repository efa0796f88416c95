// Every event of the current ledger format. `docs/ledger.md` describes each event; `migrate.ts` migrates older formats.
// Changing the meaning or shape of an event requires a new format.
import type { ArchivedBelief, Block } from './archive.ts'
import type { Candidate, CandidateEnd, Direction, Usage } from './candidate.ts'
import type { Certification, MergeRange } from './certification.ts'
import type { Promotion, PromotionName, PromotionOutcome, Stack } from './promotion.ts'
import type { PersonRequest, RequestAnswer } from './request.ts'
import type { TrialResult } from './trial.ts'
import type { Verdict } from './verdict.ts'

/** The ledger format that this release writes. */
export const LEDGER_FORMAT = 3

export type LedgerEvent =
  /** The first line. `rootSeed` is where every trial's seed comes from; `format` holds for all lines up to a `format` line. */
  | { kind: 'started'; rootSeed: string; format: number }
  /** The following lines are in this format: a newer release continues the ledger of an older one. */
  | { kind: 'format'; format: number }
  /** The baseline branch now points here: at the start, after a merge, or because a person moved it. */
  | ({ kind: 'baseline'; cause: 'started' | 'merged' | 'pushed' } & BaselineCommit)
  | { kind: 'proposed'; candidate: Candidate }
  /** A proposal attempt that produced no candidate; recorded because of its cost. */
  | {
      kind: 'no-proposal'
      id: string
      proposer: string
      reason: string
      usage: Usage
      /** The direction that the proposer was given; absent for a person's request, and in ledgers that did not record it. */
      direction?: Direction
      /** The person's request that the attempt was for; counts as one of its attempts. */
      request?: string
    }
  /** Insights were written after this number of decided ideas, by a proposer or as a table. */
  | { kind: 'insights'; decided: number; proposer: string; usage: Usage }
  /** A person asks for something to be tried. */
  | { kind: 'requested'; request: PersonRequest }
  /** No candidate will implement the request. */
  | { kind: 'declined'; request: string; reason: string }
  /** The author of the request was informed about it. */
  | { kind: 'answered'; request: string; answer: RequestAnswer }
  | { kind: 'opened'; candidate: string; pullRequest: number }
  /** The baseline moved, and the change of an open candidate was replayed on the new baseline. */
  | {
      kind: 'rebased'
      candidate: string
      base: string
      head: string
      tree: string
      /** Lines that it adds to the new baseline, which may contain part of the change; absent in older ledgers. */
      addedLines?: number
    }
  /** The trials that a workflow run is responsible for from now on; replaces its earlier assignment. */
  | ({ kind: 'assigned'; run: string } & Assignment)
  | { kind: 'trial'; result: TrialResult }
  /** These trials, by id, were assigned to a workflow run and returned no result. */
  | { kind: 'lost'; run: string; trials: readonly string[] }
  | { kind: 'judged'; candidate: string; head: string; verdict: Verdict }
  /** GitHub refused to merge the accepted `head`, for this reason. Later jobs try again. */
  | { kind: 'refused'; candidate: string; head: string; reason: string }
  | { kind: 'ended'; candidate: string; end: CandidateEnd }
  /** Requests certification of the merges up to this commit. */
  | { kind: 'certify'; to: string }
  /** Fresh runs decided whether a range of the baseline holds. */
  | { kind: 'certification'; certification: Certification }
  /** The check run of a certification was published. */
  | { kind: 'announced'; from: MergeRange['from']; to: MergeRange['to'] }
  /** A refuted merge stays in the baseline, for this reason. */
  | { kind: 'not-reverted'; commit: string; reason: string }
  /** Requests promotion of the merges up to this commit to every larger scale. */
  | { kind: 'promote'; to: string }
  /** Merges are tested at a larger scale from now on. */
  | { kind: 'promotion'; promotion: Promotion }
  /** Code to train at the larger scale exists, reachable on the remote. */
  | ({ kind: 'stack' } & PromotionName & { stack: Stack })
  /** Runs at the larger scale decided what is promoted. */
  | ({ kind: 'promoted' } & PromotionName & { outcome: PromotionOutcome })
  /** GitHub shows the outcome: as a pull request, or because the branch was moved. */
  | ({ kind: 'published' } & PromotionName & { pullRequest?: number })
  | ({ kind: 'checkpoint' } & Checkpoint)

export interface BaselineCommit {
  commit: string
  tree: string
  /** The merge of a candidate that another job or a person made. `by`: login of who merged it. */
  merge?: { pullRequest: number; by: string }
}

/** A place from which the ledger can be read: older decided candidates are archived, and the state is in a file beside it. */
export interface Checkpoint {
  /** SHA-256 of the file with the state, in hexadecimal. */
  state: string
  /** How many decided candidates, the newest, are not archived. */
  keep: number
  /** Files with what is archived now. */
  blocks: readonly Block[]
  /** What is believed from now on because of all that is archived. */
  beliefs: readonly ArchivedBelief[]
}

/** The trials that the jobs of one workflow run are responsible for. */
export interface Assignment {
  /** `propose` assigns trials to other jobs, whose results `judge` reads; the others train themselves. */
  command: 'propose' | 'run' | 'certify' | 'promote'
  /** Ids of the trials. */
  trials: readonly string[]
  /** Those of each train job that has several commits; absent when every job has one. */
  shared?: readonly (readonly string[])[]
}
