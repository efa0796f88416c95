// What is kept of candidates that a checkpoint archived: sums, the merges, and what is believed because of the others.
import type { FrozenBelief } from '../statistics/belief.ts'
import type { Candidate, Category } from './candidate.ts'
import type { Status } from './status.ts'

export interface Archive {
  /** Archived candidates of every origin. */
  candidates: number
  /** Ideas among them. All are decided. */
  ideas: number
  /** Archived runs, those of baselines included. */
  trials: number
  /** Device time of these runs. Whole milliseconds, so that the sum does not depend on the order. */
  deviceMilliseconds: number
  statuses: Readonly<Partial<Record<Status, number>>>
  categories: Readonly<Partial<Record<Category, CategoryTally>>>
  /** A/A candidates: how many there were, were judged and would have been merged, and how many candidates came after the last. */
  aa: { total: number; judged: number; accepted: number; candidatesSince: number }
  /** Every merge and every revert, oldest first. */
  kept: readonly KeptCandidate[]
  /** Ideas with the largest gains that were not merged, a few per category, oldest first. */
  best: readonly Candidate[]
  /** The latest rejections by people. */
  rejections: readonly { title: string; words: string }[]
  /** Ids of candidates that were simplified, or tried to be. */
  simplified: readonly string[]
  /** The last replicates of archived trees that were a baseline, which may come back. */
  replicates: Readonly<Record<string, { judge: number; certify: number; promote?: number }>>
  /** What was believed when the last of them were archived, by what makes numbers comparable. */
  beliefs: readonly ArchivedBelief[]
  /** The files beside the ledger that list the archived ideas, oldest first. */
  blocks: readonly Block[]
}

/** A candidate without its longest texts, and what reports show of its runs. */
export interface KeptCandidate {
  candidate: Candidate
  /** How many candidates were archived by then, itself included. */
  position: number
  /** Number of measured runs, and their mean. */
  runs: number
  value?: number
  /** Of a merge: the mean of the baseline that it made, without the run that it was selected for. */
  level?: number
  deviceSeconds: number
}

export interface CategoryTally {
  /** Ideas. */
  tried: number
  /** Ideas whose code failed to run. */
  failed: number
}

/** What archived runs told about noise, baselines and effects, under one set of conditions. */
export interface ArchivedBelief {
  config: string
  /** Null: on all testbeds together. */
  testbed: string | null
  direction: 'minimize' | 'maximize'
  /** The guard that it is about; absent: the metric. */
  guard?: string
  /** The newest values of archived code that ran more than once, by code. They tell about the noise. */
  repeated: readonly (readonly number[])[]
  /** Mean of the metric and of the wall time of the first baseline that was measured. */
  first?: {
    value: number
    wallSeconds: number
    /** Where the metric is a time to target: the longest of what it does not count. */
    credits?: { pausedSeconds: number; intervalSeconds: number; savingSeconds: number }
  }
  /** Runs of the baseline that was run most often. */
  mostRuns: number
  /** The baseline that the belief is about: its place among all baselines, from 0. */
  period: number
  /** How many of this baseline's own runs are part of the belief. */
  weighed: number
  /** True when its level was known before it was the baseline. */
  inherited: boolean
  belief: FrozenBelief
}

/** A file that lists archived ideas, one per line. */
export interface Block {
  /** Number of the file, from 1. */
  file: number
  /** SHA-256 of its content, in hexadecimal. */
  hash: string
}

export const EMPTY_ARCHIVE: Archive = {
  candidates: 0,
  ideas: 0,
  trials: 0,
  deviceMilliseconds: 0,
  statuses: {},
  categories: {},
  aa: { total: 0, judged: 0, accepted: 0, candidatesSince: 0 },
  kept: [],
  best: [],
  rejections: [],
  simplified: [],
  replicates: {},
  beliefs: [],
  blocks: [],
}
