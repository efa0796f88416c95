// Limits on spending, per run, week, candidate and in total, and on work that waits for people. A reached limit prevents new work; work in progress is completed, so that
// nothing that was paid for is lost.

import { formatNumber } from '../text/numbers.ts'
import { type Cost, tokensOf } from './cost.ts'
import { openCandidates, type State } from './state.ts'
import { statusOf } from './status.ts'
import type { Trial } from './trial.ts'

/** `candidates` and `waiting` are at least 1, all others at least 0. An absent value means no limit. */
export interface Limits {
  /** Maximum new ideas per job. */
  candidates: number
  /** Number of candidates waiting for their first run at which a round of a swarm stops proposing. */
  waiting: number
  tokens: number
  dollars: number
  /** Device time. */
  gpuHours?: number
  /** Cost of proposing one candidate. */
  candidate?: { tokens?: number; dollars?: number }
  /** Cost of seven days. */
  week?: CostLimits
  /** Cost of the whole research. */
  total?: CostLimits
  /** Open pull requests, at least 1. */
  openPullRequests?: number
  /** Value of the metric at which research has reached its aim. */
  target?: number
}

interface CostLimits {
  tokens?: number
  dollars?: number
  gpuHours?: number
}

export interface Spent {
  run: Cost
  /** Cost of the last seven days, including this run. */
  week: Cost
  /** Cost of everything in the ledger, including this run. */
  total: Cost
}

export const WEEK_SECONDS = 7 * 24 * 3600
const HOUR_SECONDS = 3600

/** One limit: its size, what is left of it, and its unit in words. */
interface Room {
  limit: number
  left: number
  words: string
}

function rooms(limits: Limits, spent: Spent): { tokens: Room[]; dollars: Room[]; hours: Room[] } {
  const { week = {}, total = {} } = limits
  const room = (limit: number | undefined, used: number, words: string): Room[] =>
    limit === undefined ? [] : [{ limit, left: limit - used, words }]
  const tokens = (cost: Cost) => tokensOf(cost.usage)
  const hours = (cost: Cost) => cost.deviceSeconds / HOUR_SECONDS
  return {
    tokens: [
      ...room(limits.tokens, tokens(spent.run), 'tokens'),
      ...room(week.tokens, tokens(spent.week), 'tokens per week'),
      ...room(total.tokens, tokens(spent.total), 'tokens in total'),
    ],
    dollars: [
      ...room(limits.dollars, spent.run.usage.dollars, 'dollars'),
      ...room(week.dollars, spent.week.usage.dollars, 'dollars per week'),
      ...room(total.dollars, spent.total.usage.dollars, 'dollars in total'),
    ],
    hours: [
      ...room(limits.gpuHours, hours(spent.run), 'GPU-hours'),
      ...room(week.gpuHours, hours(spent.week), 'GPU-hours per week'),
      ...room(total.gpuHours, hours(spent.total), 'GPU-hours in total'),
    ],
  }
}

function least(all: readonly Room[]): number {
  return Math.min(Number.POSITIVE_INFINITY, ...all.map(({ left }) => left))
}

/** Maximum cost of proposing one candidate. */
export interface Budget {
  tokens: number
  dollars: number
}

/** Other proposers that are asked side by side with the next one: together they stay within what is left. */
export interface Sharing {
  /** Budgets of those being asked, whose cost is not recorded yet. */
  promised: readonly Budget[]
  /** How many more could be asked beside them. */
  others: number
}

const ALONE: Sharing = { promised: [], others: 0 }

/** Maximum cost of proposing the next candidate. */
export function proposalBudget(limits: Limits, spent: Spent, { promised, others } = ALONE): Budget {
  const all = rooms(limits, spent)
  const { candidate = {} } = limits
  const share = (kind: keyof Budget) => {
    const left = promised.reduce((rest, budget) => rest - budget[kind], least(all[kind]))
    return Math.min(left / (1 + others), candidate[kind] ?? Number.POSITIVE_INFINITY)
  }
  return { tokens: Math.floor(share('tokens')), dollars: share('dollars') }
}

/** The limit on spending that is reached, as a sentence; undefined while another candidate is affordable. */
export function costLimitReached(limits: Limits, spent: Spent): string | undefined {
  const { tokens, dollars, hours } = rooms(limits, spent)
  const full = [...tokens, ...dollars, ...hours].find(({ left }) => left <= 0)
  return full && `the limit of ${full.limit} ${full.words} is reached`
}

/**
 * A sentence once research has reached its aim.
 *
 * @param value mean of the metric over the runs of the baseline; undefined before the first
 */
export function targetReached(
  { target }: Limits,
  direction: 'minimize' | 'maximize',
  value: number | undefined,
): string | undefined {
  if (target === undefined || value === undefined) return undefined
  const isReached = direction === 'minimize' ? value <= target : value >= target
  return isReached ? `the target ${target} is reached: the baseline has ${formatNumber(value)}` : undefined
}

/** Candidates whose pull requests are open: those in work, and those that wait for a person. */
function openPullRequests(state: State): { all: number; withPeople: number } {
  const statuses = [...state.candidates.values()].map(statusOf)
  const withPeople = statuses.filter((status) => status === 'reviewing' || status === 'handed-over').length
  const inWork = statuses.filter((status) => status === 'waiting' || status === 'merging').length
  return { all: withPeople + inWork, withPeople }
}

/** A sentence once all pull requests that may be open wait for people: nothing that this action does closes one. */
export function peopleAreBusy({ openPullRequests: most }: Limits, state: State): string | undefined {
  if (most === undefined || openPullRequests(state).withPeople < most) return undefined
  return `the limit of ${most} open pull requests is reached, and all of them wait for a person`
}

/** Whether one more pull request may be opened. @param coming pull requests that may still come of work under way */
export function mayOpenAnother({ openPullRequests: most }: Limits, state: State, coming: number): boolean {
  return most === undefined || openPullRequests(state).all + coming < most
}

/** Remaining device time in seconds; infinite without a limit. */
export function deviceSecondsLeft(limits: Limits, spent: Spent): number {
  return least(rooms(limits, spent).hours) * HOUR_SECONDS
}

/**
 * The planned trials that may still run: as many as fit into the remaining device time, plus those that complete started
 * work. Started work is a candidate that has been trained and is not decided, and the baseline that it waits for.
 * Certification has to wait.
 *
 * @param secondsLeft remaining device time
 * @param trialSeconds expected duration of one trial
 */
export function affordableTrials(
  state: State,
  planned: readonly Trial[],
  secondsLeft: number,
  trialSeconds: number,
): Trial[] {
  const begun = openCandidates(state).some(
    (candidate) => candidate.verdict === undefined && isBegun(state, candidate.tree),
  )
  let left = secondsLeft
  return planned.filter(({ candidate, tree, protocol }) => {
    const fits = left > 0
    left -= trialSeconds
    return fits || (begun && protocol.purpose === 'judge' && (candidate === null || isBegun(state, tree)))
  })
}

function isBegun(state: State, tree: string): boolean {
  return [...state.trials.values()].some(({ trial }) => trial.tree === tree)
}
