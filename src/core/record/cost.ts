// Research cost in model tokens, dollars and device time: per candidate, per merge, in total and per week.

import { addUsage, NO_USAGE, type Usage } from './candidate.ts'
import type { LedgerEvent } from './events.ts'
import { pastIdeas } from './ideas.ts'
import type { State } from './state.ts'

export interface Cost {
  /** Cost of proposing. Dollars count only models with a price. */
  usage: Usage
  /** Device time of training and evaluation. */
  deviceSeconds: number
}

export interface CostSummary {
  /** Everything in the ledger, including runs of the baseline and proposal attempts that produced no candidate. */
  total: Cost
  /** The total divided by the number of merges that were not reverted: failures are part of the cost of a merge. Undefined before the first merge. */
  perMerge: Cost | undefined
  /** Cost of proposing a candidate plus its runs, by candidate id. */
  byCandidate: ReadonlyMap<string, Cost>
}

export const NO_COST: Cost = { usage: NO_USAGE, deviceSeconds: 0 }

function addCost(a: Cost, b: Cost): Cost {
  return { usage: addUsage(a.usage, b.usage), deviceSeconds: a.deviceSeconds + b.deviceSeconds }
}

/** The cost between two points in time: total `a` minus the earlier total `before`. */
export function subtractCost(a: Cost, before: Cost): Cost {
  const { inputTokens, outputTokens, dollars } = before.usage
  const usage: Usage = {
    inputTokens: a.usage.inputTokens - inputTokens,
    outputTokens: a.usage.outputTokens - outputTokens,
    dollars: a.usage.dollars - dollars,
  }
  return { usage, deviceSeconds: a.deviceSeconds - before.deviceSeconds }
}

export function summariseCost(state: State): CostSummary {
  const byCandidate = new Map<string, Cost>()
  for (const { id, usage } of state.candidates.values()) byCandidate.set(id, { usage, deviceSeconds: 0 })
  for (const { trial, deviceSeconds } of state.trials.values()) {
    const cost = trial.candidate === null ? undefined : byCandidate.get(trial.candidate)
    if (cost) cost.deviceSeconds += deviceSeconds
  }
  const total = totalCost(state)
  const merges = pastIdeas(state).filter(({ end }) => end?.kind === 'merged').length
  return { total, perMerge: merges === 0 ? undefined : divide(total, merges), byCandidate }
}

export function totalCost(state: Pick<State, 'usage' | 'trials' | 'archive'>): Cost {
  let deviceSeconds = state.archive.deviceMilliseconds / 1000
  for (const result of state.trials.values()) deviceSeconds += result.deviceSeconds
  return { usage: state.usage, deviceSeconds }
}

function divide({ usage, deviceSeconds }: Cost, parts: number): Cost {
  const share = (count: number) => Math.round(count / parts)
  const { inputTokens, cachedTokens, outputTokens, dollars, estimated } = usage
  return {
    usage: {
      inputTokens: share(inputTokens),
      ...(cachedTokens !== undefined && { cachedTokens: share(cachedTokens) }),
      outputTokens: share(outputTokens),
      dollars: dollars / parts,
      ...(estimated && { estimated }),
    },
    deviceSeconds: deviceSeconds / parts,
  }
}

/** The cost that one event records. */
function costOf(event: LedgerEvent): Cost {
  if (event.kind === 'trial') return { usage: NO_USAGE, deviceSeconds: event.result.deviceSeconds }
  if (event.kind === 'proposed') return { usage: event.candidate.usage, deviceSeconds: 0 }
  return event.kind === 'no-proposal' || event.kind === 'insights'
    ? { usage: event.usage, deviceSeconds: 0 }
    : NO_COST
}

/** The cost and time of one ledger line. */
export interface Spending {
  /** Milliseconds since the Unix epoch; NaN when unreadable. */
  time: number
  cost: Cost
}

export function spendingOf(event: LedgerEvent, time: number): Spending {
  return { time, cost: costOf(event) }
}

/**
 * The ledger lines that count as written after `since`. Together with `costSince` this is the only use of ledger times,
 * because machines with different clocks write them. A line counts by the latest of its own time and the times of all lines
 * before it, because it cannot be older: a slow clock hides no cost. A time after `now` counts only for its own line, so a
 * fast clock makes no other line look recent.
 */
export function spentSince(spending: readonly Spending[], since: Date, now: Date): Spending[] {
  let latest = Number.NEGATIVE_INFINITY
  return spending.filter(({ time }) => {
    if (time > latest && time <= now.getTime()) latest = time
    return latest > since.getTime() || time > since.getTime()
  })
}

const SLOT_MILLISECONDS = 10 * 60 * 1000

/**
 * Sums up spending per ten minutes, each sum at the time of its latest line: a limit per week may count a line for ten
 * minutes too long, and never too short. Lines that are ahead of `now` stay as they are, see `spentSince`.
 */
export function sumUpSpending(spending: readonly Spending[], now: number): Spending[] {
  const sums: Spending[] = []
  let latest = 0
  for (const { time, cost } of spending) {
    const isAhead = time > now
    if (time > latest && !isAhead) latest = time
    const last = sums.at(-1)
    const isSameSlot = last && slotOf(last.time) === slotOf(latest)
    if (isAhead) sums.push({ time, cost })
    else if (isSameSlot) sums[sums.length - 1] = { time: latest, cost: addCost(last.cost, cost) }
    else sums.push({ time: latest, cost })
  }
  return sums
}

function slotOf(time: number): number {
  return Math.floor(time / SLOT_MILLISECONDS)
}

/** The total cost after `since`, see `spentSince`. */
export function costSince(spending: readonly Spending[], since: Date, now: Date): Cost {
  return spentSince(spending, since, now).reduce((sum, { cost }) => addCost(sum, cost), NO_COST)
}

export function tokensOf({ inputTokens, outputTokens }: Usage): number {
  return inputTokens + outputTokens
}
