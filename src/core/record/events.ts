// Every event a ledger may hold, in the present format. `docs/ledger.md` describes each; older formats are migrated in
// `migrate.ts`. A change of an event's meaning or shape is a new format.
import type { Candidate, CandidateEnd, Direction, Usage } from './candidate.ts'
import type { Certification, MergeRange } from './certification.ts'
import type { PersonRequest, RequestAnswer } from './request.ts'
import type { TrialResult } from './trial.ts'
import type { Verdict } from './verdict.ts'

/** The format that this release writes. */
export const LEDGER_FORMAT = 2

export type LedgerEvent =
  /** The first line. `rootSeed` is where every trial's seed comes from; `format` holds for all lines up to a `format` line. */
  | { kind: 'started'; rootSeed: string; format: number }
  /** From here on lines are in this format: a newer release continues the ledger of an older one. */
  | { kind: 'format'; format: number }
  /** The baseline branch now points here: at the start, after a merge, or because a person moved it. */
  | { kind: 'baseline'; commit: string; tree: string; cause: 'started' | 'merged' | 'pushed' }
  | { kind: 'proposed'; candidate: Candidate }
  /** A proposer was asked and nothing came of it; recorded because it cost something. */
  | {
      kind: 'no-proposal'
      id: string
      proposer: string
      reason: string
      usage: Usage
      /** What it was asked for; absent when it was a person's request, and in ledgers that did not record it. */
      direction?: Direction
      /** The request that it found nothing for; counts as an attempt. */
      request?: string
    }
  /** Insights were written after this many decided ideas, by a proposer or, without one, as a table. */
  | { kind: 'insights'; decided: number; proposer: string; usage: Usage }
  /** A person asks for something to be tried. */
  | { kind: 'requested'; request: PersonRequest }
  /** No candidate will take up the request. */
  | { kind: 'declined'; request: string; reason: string }
  /** The person was told what became of the request. */
  | { kind: 'answered'; request: string; answer: RequestAnswer }
  | { kind: 'opened'; candidate: string; pullRequest: number }
  /** The baseline moved under a waiting candidate and its change was replayed on the new one. */
  | {
      kind: 'rebased'
      candidate: string
      base: string
      head: string
      tree: string
      /** What it adds to the new baseline, which may contain part of it; absent in ledgers of before. */
      addedLines?: number
    }
  /** The trials that a workflow run has in hand from now on, whatever it had before. */
  | ({ kind: 'assigned'; run: string } & Assignment)
  | { kind: 'trial'; result: TrialResult }
  /** Of these trials, ids, that a workflow run had in hand no result came back. */
  | { kind: 'lost'; run: string; trials: readonly string[] }
  | { kind: 'judged'; candidate: string; head: string; verdict: Verdict }
  | { kind: 'ended'; candidate: string; end: CandidateEnd }
  /** The merges up to this commit are to be certified. */
  | { kind: 'certify'; to: string }
  /** What fresh runs said about a range of the baseline: that it holds, or that it does not. */
  | { kind: 'certification'; certification: Certification }
  /** The check run of a certification is on GitHub. */
  | { kind: 'announced'; from: MergeRange['from']; to: MergeRange['to'] }
  /** A merge that was refuted stays in the baseline, and why. */
  | { kind: 'not-reverted'; commit: string; reason: string }

/** What the jobs of one workflow run have in hand. */
export interface Assignment {
  /** `propose` hands trials to other jobs, and `judge` sees what comes back; `run` and `certify` train themselves. */
  command: 'propose' | 'run' | 'certify'
  /** Ids of the trials. */
  trials: readonly string[]
}
