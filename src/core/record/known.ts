// The shape of the state: everything that is known from the ledger.
import { type Archive, EMPTY_ARCHIVE } from './archive.ts'
import { type Candidate, type Direction, NO_USAGE, type Usage } from './candidate.ts'
import type { Certification } from './certification.ts'
import type { Assignment, BaselineCommit } from './events.ts'
import type { KnownRequest } from './request.ts'
import type { TrialResult } from './trial.ts'

export interface State {
  rootSeed: string
  /** Format of the ledger's last lines; 0 before the first. */
  format: number
  /** The commit candidates are judged against; undefined only before the first run. */
  baseline: BaselineCommit | undefined
  /** Every baseline there was, oldest first; the last one is `baseline`. */
  baselines: readonly BaselineCommit[]
  /** In the order they were proposed. */
  candidates: ReadonlyMap<string, Candidate>
  /** Every trial ever recorded, by id, in the order of the ledger. */
  trials: ReadonlyMap<string, TrialResult>
  /** What each workflow run had in hand last. */
  assigned: ReadonlyMap<string, Assignment>
  /** By trial, the workflow runs that lost it. */
  losses: ReadonlyMap<string, ReadonlySet<string>>
  /** Trials that were lost since a result last came back. */
  lostSince: ReadonlySet<string>
  /** What proposing has cost so far, failed attempts included. */
  usage: Usage
  /** How often proposers were asked, with or without result. */
  asked: number
  /** Commits up to which certification was asked for. */
  certifyRequests: ReadonlySet<string>
  /** By range, in the order in which they were decided. */
  certifications: ReadonlyMap<string, Certification>
  /** Stretches whose certification GitHub shows. */
  announced: ReadonlySet<string>
  /** Refuted merges that stay in the baseline, with the reason. */
  notReverted: ReadonlyMap<string, string>
  /** Settled ideas when insights were last written; 0 before that. */
  decidedAtLastInsights: number
  /** The askings that nothing came of, by id. */
  emptyAttempts: ReadonlyMap<string, EmptyAttempt>
  /** What people asked for, by id, oldest first. */
  requests: ReadonlyMap<string, KnownRequest>
  /** What is kept of the candidates that checkpoints archived; they are in none of the collections above. */
  archive: Archive
}

export interface EmptyAttempt {
  proposer: string
  usage: Usage
  direction?: Direction
}

/** Before the first line. */
export const NOTHING: State = {
  rootSeed: '',
  format: 0,
  baseline: undefined,
  baselines: [],
  candidates: new Map(),
  trials: new Map(),
  assigned: new Map(),
  losses: new Map(),
  lostSince: new Set(),
  usage: NO_USAGE,
  asked: 0,
  certifyRequests: new Set(),
  certifications: new Map(),
  announced: new Set(),
  notReverted: new Map(),
  decidedAtLastInsights: 0,
  emptyAttempts: new Map(),
  requests: new Map(),
  archive: EMPTY_ARCHIVE,
}
