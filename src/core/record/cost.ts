// What research costs: model tokens, dollars and time of the device, by candidate, for each merge, in all and in a week.

import { addUsage, NO_USAGE, type Usage } from './candidate.ts'
import type { LedgerEvent } from './events.ts'
import { pastIdeas } from './ideas.ts'
import type { State } from './state.ts'

export interface Cost {
  /** What proposing took; dollars only of models that have a price. */
  usage: Usage
  /** What training and evaluating took. */
  deviceSeconds: number
}

export interface CostSummary {
  /** Everything in the ledger, the baseline's runs and askings that nothing came of included. */
  total: Cost
  /** The total by the number of merges that were not undone: what failed is part of what a merge costs. Undefined before the first. */
  perMerge: Cost | undefined
  /** By id of the candidate: inventing it and its own runs. */
  byCandidate: ReadonlyMap<string, Cost>
}

export const NO_COST: Cost = { usage: NO_USAGE, deviceSeconds: 0 }

function addCost(a: Cost, b: Cost): Cost {
  return { usage: addUsage(a.usage, b.usage), deviceSeconds: a.deviceSeconds + b.deviceSeconds }
}

/** What was spent between two moments, `before` being the earlier one. */
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

export function totalCost(state: Pick<State, 'usage' | 'trials'>): Cost {
  let deviceSeconds = 0
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

/** What one ledger line says was spent. */
function costOf(event: LedgerEvent): Cost {
  if (event.kind === 'trial') return { usage: NO_USAGE, deviceSeconds: event.result.deviceSeconds }
  if (event.kind === 'proposed') return { usage: event.candidate.usage, deviceSeconds: 0 }
  return event.kind === 'no-proposal' || event.kind === 'insights'
    ? { usage: event.usage, deviceSeconds: 0 }
    : NO_COST
}

/** What one ledger line cost, and when. */
export interface Spending {
  /** In milliseconds of the epoch; NaN when unreadable. */
  time: number
  cost: Cost
}

export function spendingOf(event: LedgerEvent, time: number): Spending {
  return { time, cost: costOf(event) }
}

/**
 * The lines that count since a moment: with `costSince` the one place that reads the times of ledger lines, which machines
 * with different clocks have written. A line counts by its own time or by that of any line before it, because it is not
 * older than they are: a clock that is behind hides no cost. A time that has not come yet counts for its own line alone:
 * a clock that is ahead makes no other line look recent.
 */
export function spentSince(spending: readonly Spending[], since: Date, now: Date): Spending[] {
  let latest = Number.NEGATIVE_INFINITY
  return spending.filter(({ time }) => {
    if (time > latest && time <= now.getTime()) latest = time
    return latest > since.getTime() || time > since.getTime()
  })
}

/** What was spent since a moment, see `spentSince`. */
export function costSince(spending: readonly Spending[], since: Date, now: Date): Cost {
  return spentSince(spending, since, now).reduce((sum, { cost }) => addCost(sum, cost), NO_COST)
}

export function tokensOf({ inputTokens, outputTokens }: Usage): number {
  return inputTokens + outputTokens
}
