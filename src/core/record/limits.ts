// Where spending stops: what a run, a week and one candidate may still cost. A limit ends what would be begun next; what
// was begun ends by itself, so that nothing that was paid for is thrown away.
import { type Cost, tokensOf } from './cost.ts'
import { openCandidates, type State } from './state.ts'
import type { Trial } from './trial.ts'

/** Candidates and waiting from 1, all others from 0; what is absent has no limit. */
export interface Limits {
  /** New ideas of a job. */
  candidates: number
  /** Candidates that may wait for their first run when a round of a swarm ends proposing. */
  waiting: number
  tokens: number
  dollars: number
  /** Time of the device. */
  gpuHours?: number
  /** Of inventing one candidate. */
  candidate?: { tokens?: number; dollars?: number }
  /** Of seven days. */
  week?: { tokens?: number; dollars?: number; gpuHours?: number }
}

export interface Spent {
  run: Cost
  /** In the seven days before now, the run included. */
  week: Cost
}

export const WEEK_SECONDS = 7 * 24 * 3600
const HOUR_SECONDS = 3600

/** One limit: how much of it there is, how much is left, and how it is called. */
interface Room {
  limit: number
  left: number
  words: string
}

function rooms(limits: Limits, spent: Spent): { tokens: Room[]; dollars: Room[]; hours: Room[] } {
  const { week = {} } = limits
  const room = (limit: number | undefined, used: number, words: string): Room[] =>
    limit === undefined ? [] : [{ limit, left: limit - used, words }]
  const tokens = (cost: Cost) => tokensOf(cost.usage)
  const hours = (cost: Cost) => cost.deviceSeconds / HOUR_SECONDS
  return {
    tokens: [
      ...room(limits.tokens, tokens(spent.run), 'tokens'),
      ...room(week.tokens, tokens(spent.week), 'tokens a week'),
    ],
    dollars: [
      ...room(limits.dollars, spent.run.usage.dollars, 'dollars'),
      ...room(week.dollars, spent.week.usage.dollars, 'dollars a week'),
    ],
    hours: [
      ...room(limits.gpuHours, hours(spent.run), 'GPU-hours'),
      ...room(week.gpuHours, hours(spent.week), 'GPU-hours a week'),
    ],
  }
}

function least(all: readonly Room[]): number {
  return Math.min(Number.POSITIVE_INFINITY, ...all.map(({ left }) => left))
}

/** What inventing the next candidate may cost. */
export function proposalBudget(limits: Limits, spent: Spent): { tokens: number; dollars: number } {
  const { tokens, dollars } = rooms(limits, spent)
  const { candidate = {} } = limits
  return {
    tokens: Math.min(least(tokens), candidate.tokens ?? Number.POSITIVE_INFINITY),
    dollars: Math.min(least(dollars), candidate.dollars ?? Number.POSITIVE_INFINITY),
  }
}

/** Which limit is reached, as a sentence; undefined while there is room for another candidate. */
export function limitReached(limits: Limits, spent: Spent): string | undefined {
  const { tokens, dollars, hours } = rooms(limits, spent)
  const full = [...tokens, ...dollars, ...hours].find(({ left }) => left <= 0)
  return full && `the limit of ${full.limit} ${full.words} is reached`
}

/** Time of the device that may still be spent; infinite without a limit. */
export function deviceSecondsLeft(limits: Limits, spent: Spent): number {
  return least(rooms(limits, spent).hours) * HOUR_SECONDS
}

/**
 * The trials among the planned ones that may be run: as many as the device has time left for, and those that end what was
 * begun, which is a candidate that has been trained and is not decided yet, and a baseline that such a candidate waits for.
 * Certification can wait, and does.
 *
 * @param trialSeconds what one is expected to take
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
