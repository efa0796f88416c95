// The content of the report: how the baseline improved and how every candidate ended.
import type { Config } from '../config/config.ts'
import { type AaTally, tallyAa } from '../judge/aa.ts'
import { baselineMean, type Conditions, noiseSigma, trialsOfTree } from '../judge/evidence.ts'
import { archivedBelief } from '../judge/runs.ts'
import type { ProposerTally } from '../propose/proposer-tally.ts'
import type { Archive } from '../record/archive.ts'
import { type Candidate, isAa } from '../record/candidate.ts'
import { type Cost, type CostSummary, NO_COST, summariseCost } from '../record/cost.ts'
import type { State } from '../record/state.ts'
import { isOpenStatus, type OpenStatus, STATUSES, type Status, statusOf } from '../record/status.ts'
import { measuredValues, type Outcome, type TrialResult } from '../record/trial.ts'
import { mean } from '../statistics/noise.ts'
import type { Metric } from '../trial/metric.ts'
import { type CertificationTally, tallyCertification } from './certification.ts'
import { type MachineTally, tallyMachines } from './machines.ts'
import { type LadderTally, tallyLadder } from './promotion.ts'

/** A candidate's status as reports count it: all open statuses are merged into `open`. */
export type Standing = Exclude<Status, OpenStatus> | 'open'
export const STANDINGS: readonly Standing[] = [...STATUSES.filter((status) => !isOpenStatus(status)), 'open']

export interface Report {
  metric: Pick<Metric, 'name' | 'direction' | 'deterministic'>
  /** Means of the first measured baseline and of the current one; undefined until measured. */
  before: number | undefined
  after: number | undefined
  sigma: number | undefined
  /** In the order of their last trial, candidates without trials last. Of archived candidates, the latest merges. */
  rows: ReportRow[]
  /** How many candidates there are, those without a row included. */
  candidates: number
  counts: Record<Standing, number>
  trials: number
  cost: CostSummary
  /** The configured limit that stops research, as a sentence; undefined while none does. */
  limit: string | undefined
  certification: CertificationTally
  /** Undefined where there is one scale. */
  ladder: LadderTally | undefined
  /** Undefined while there is one class of machines. */
  machines: MachineTally | undefined
  /** Undefined before the first A/A candidate is decided. */
  aa: AaTally | undefined
  /** Undefined in jobs that do not train. */
  run: RunTimes | undefined
  /** What became of asking each proposer in this job; empty in jobs that do not propose. */
  proposers: readonly ProposerTally[]
}

export interface RunTimes {
  /** Wall time of the job that reports. */
  seconds: number
  /** Training time within that, summed over the machine's slots. */
  busySeconds: number
  /** Number of slots, each of which trains one trial at a time. Default 1. */
  devices?: number
}

export interface ReportRow {
  candidate: Candidate
  /** Place among all candidates, from 1, so that charts and tables use the same numbers. */
  position: number
  standing: Standing
  /** How its first failed run ended, when it crashed or was cut. */
  failure?: Outcome
  /** Mean over its measured runs; absent without any. */
  value?: number
  /**
   * Value minus the mean of the baseline that it was trained on, in the metric's own sign, as in the check; where that mean
   * is archived, minus the level that the judge estimated.
   */
  delta?: number
  runs: number
  cost: Cost
  /** For a merged candidate, the mean of the baseline that its merge created. */
  level?: number
}

/** Share of the job's time, from its start to its end, that the devices spent training, 0 to 1. */
export function busyFraction(run: RunTimes | undefined): number {
  const available = run === undefined ? 0 : run.seconds * (run.devices ?? 1)
  return run === undefined || available <= 0 ? 0 : run.busySeconds / available
}

/** Builds the report. Values count only from runs under `conditions`; costs count from all runs. */
export function buildReport(
  state: State,
  conditions: Conditions,
  config: Pick<Config, 'metric' | 'search'> & { ladder?: Config['ladder'] },
  run?: RunTimes,
  limit?: string,
  proposers: readonly ProposerTally[] = [],
): Report {
  const means = state.baselines.map(({ tree }) => baselineMean(state, conditions, tree))
  const levels = new Map(state.baselines.map(({ commit }, index) => [commit, means[index]]))
  const cost = summariseCost(state)
  const { archive } = state
  const rows = inOrderOfLastTrial(state).map((candidate, index) => ({
    ...reportRow(trialsOfTree(state, conditions, candidate.tree), levels, config.metric, candidate),
    position: archive.candidates + index + 1,
    cost: cost.byCandidate.get(candidate.id) ?? NO_COST,
  }))
  return {
    metric: config.metric,
    before: archivedBelief(state, conditions)?.first?.value ?? means.find((value) => value !== undefined),
    after: means.at(-1),
    sigma: noiseSigma(state, conditions),
    rows: [...archivedRows(archive, config.metric), ...rows],
    candidates: archive.candidates + rows.length,
    counts: countStandings(archive, rows),
    trials: archive.trials + state.trials.size,
    cost,
    limit,
    certification: tallyCertification(state),
    ladder: tallyLadder(state, config),
    machines: tallyMachines(state, config.search.deviceHourDollars),
    aa: tallyAa(state.candidates.values(), state.archive.aa),
    run,
    proposers,
  }
}

function countStandings(
  { statuses }: Archive,
  rows: readonly Pick<ReportRow, 'standing'>[],
): Record<Standing, number> {
  const counts = Object.fromEntries(STANDINGS.map((standing) => [standing, 0])) as Record<Standing, number>
  for (const standing of STANDINGS) if (standing !== 'open') counts[standing] = statuses[standing] ?? 0
  for (const { standing } of rows) counts[standing] += 1
  return counts
}

/** The latest archived merges. */
function archivedRows({ kept }: Archive, metric: Pick<Metric, 'direction'>): ReportRow[] {
  const merges = kept.filter(({ candidate }) => candidate.end?.kind === 'merged').slice(-MAX_MERGES)
  return merges.map(({ candidate, position, runs, value, level = value, deviceSeconds }) => ({
    candidate,
    position,
    standing: 'merged',
    runs,
    cost: { usage: candidate.usage, deviceSeconds },
    ...(value !== undefined && { value }),
    ...deltaOf(candidate, metric),
    ...(level !== undefined && { level }),
  }))
}

/** @param from mean of the baseline that the candidate was trained on, where it is known */
function deltaOf(
  candidate: Candidate,
  { direction }: Pick<Metric, 'direction'>,
  value?: number,
  from?: number,
): Pick<ReportRow, 'delta'> {
  // An A/A candidate changes nothing, so its measured gain is pure noise.
  if (isAa(candidate)) return {}
  if (value !== undefined && from !== undefined) return { delta: value - from }
  const gain = candidate.verdict?.measured ?? candidate.verdict?.gain
  return gain === undefined ? {} : { delta: direction === 'minimize' ? -gain : gain }
}

/** Sorted by last trial, because a candidate that waited for another's merge was measured again after it. */
function inOrderOfLastTrial(state: State): Candidate[] {
  const lastTrial = new Map<string | null, number>()
  for (const [index, { trial }] of [...state.trials.values()].entries()) lastTrial.set(trial.candidate, index)
  const key = ({ id }: Candidate) => lastTrial.get(id) ?? Number.MAX_SAFE_INTEGER
  return [...state.candidates.values()].sort((a, b) => key(a) - key(b))
}

/**
 * @param trials trials of the candidate
 * @param levels mean of each baseline, by commit
 */
function reportRow(
  trials: readonly TrialResult[],
  levels: ReadonlyMap<string, number | undefined>,
  metric: Pick<Metric, 'direction'>,
  candidate: Candidate,
): Omit<ReportRow, 'cost' | 'position'> {
  const values = measuredValues(trials)
  const { verdict, end } = candidate
  const status = statusOf(candidate)
  const standing = isOpenStatus(status) ? 'open' : status
  const failure = verdict?.failure
  const value = values.length > 0 ? mean(values) : undefined
  const level = end?.kind === 'merged' ? (levels.get(end.commit) ?? value) : undefined
  return {
    candidate,
    standing,
    runs: values.length,
    ...(failure !== undefined && { failure }),
    ...(value !== undefined && { value }),
    ...deltaOf(candidate, metric, value, levels.get(candidate.base)),
    ...(level !== undefined && { level }),
  }
}

/** Maximum rows in a report; the ledger holds all. */
const MAX_NEWEST = 500
const MAX_MERGES = 500

/** The rows that are shown, in order: the latest older merges, then the newest candidates. */
export function shownRows({ rows }: Pick<Report, 'rows'>): ReportRow[] {
  const newest = rows.slice(-MAX_NEWEST)
  const merges = rows.slice(0, -MAX_NEWEST).filter(({ standing }) => standing === 'merged')
  return [...merges.slice(-MAX_MERGES), ...newest]
}

/** `Not shown: 4200 older candidates, which are in the ledger only.` Undefined when all are shown. */
export function leftOutWords(report: Pick<Report, 'rows' | 'candidates'>): string | undefined {
  const left = report.candidates - shownRows(report).length
  if (left === 0) return undefined
  const candidates = left === 1 ? 'candidate, which is' : 'candidates, which are'
  return `Not shown: ${left} older ${candidates} in the ledger only.`
}
