// Rules that decide about candidates, each played against a world until the budget is spent.

import { judgePolicy } from '../../src/core/plan/rules.ts'
import { mean, standardDeviation } from '../../src/core/statistics/noise.ts'
import { DEFAULTS } from '../../test/factories.ts'
import type { Change, Trouble, World } from './world.ts'

/** What a rule says of a change that it takes into the baseline. */
export interface Claim {
  /** Gain in σ. */
  claimed: number
  /** Stated probability that it breaks the promise; undefined when the rule states none. */
  risk?: number | undefined
  /** The gain in σ that it reaches if the claim is true; below 0 the loss that a simplification may cause. Default 0. */
  promised?: number
}

/** One change that a rule took into the baseline. */
export interface Merge extends Claim {
  change: Change
}

/** True when a merge breaks its promise: it does not help, or as a simplification loses more than its margin. */
export function isFalse({ change, promised = 0 }: Merge): boolean {
  return promised < 0 ? change.gain < promised : change.gain <= promised
}

interface Played {
  candidates: number
  merges: Merge[]
  /** Runs that were cut, in runs saved. */
  saved: number
  /** Candidates that gain 2 σ and more, and how many of them were cut. */
  winners: number
  winnersCut: number
  /** A/A candidates that were judged, and those that would have been merged. */
  aa?: { judged: number; accepted: number }
}

/** One night of research. */
export interface Night {
  world: World
  /** In runs. */
  budget: number
  trouble: Trouble
  /** Told of every merge, and may spend runs of its own on it. */
  onMerge?: (merge: Merge) => void
}

export type Rule = (night: Night) => Played

/** A gain that no cut may cost. */
const WINNER_SIGMAS = 2

/**
 * Goes through candidates until the budget is spent; `test` returns what it claims when it merges.
 *
 * @param ownIdea tests a candidate that the rule makes itself, before the next one is proposed; undefined when there is none
 */
export function play(
  { world, budget, onMerge }: Night,
  cut: boolean,
  test: (change: Change) => Claim | undefined,
  ownIdea: () => { change: Change; claim: Claim | undefined } | undefined = () => undefined,
): Played {
  const played: Played = { candidates: 0, merges: [], saved: 0, winners: 0, winnersCut: 0 }
  const take = (change: Change, claim: Claim): void => {
    world.merge(change)
    const merge = { ...claim, change }
    played.merges.push(merge)
    onMerge?.(merge)
  }
  while (world.cost < budget) {
    const own = ownIdea()
    if (own) {
      played.candidates += 1
      if (own.claim) take(own.change, own.claim)
      continue
    }
    const change = world.propose()
    played.candidates += 1
    const isWinner = change.gain >= WINNER_SIGMAS
    played.winners += Number(isWinner)
    const saved = cut ? world.cut(change) : undefined
    if (saved !== undefined) {
      played.saved += saved
      played.winnersCut += Number(isWinner)
      continue
    }
    const claim = test(change)
    if (claim !== undefined) take(change, claim)
  }
  return played
}

function runs(world: World, count: number, change?: Change): number[] {
  return Array.from({ length: count }, () => world.run(change))
}

/** karpathy/autoresearch: one run, kept when it is below the last number that was kept (by more than `margin` σ). */
export function greedy(margin = 0): Rule {
  return (night) => {
    const { world } = night
    let best = world.run()
    return play(night, false, (change) => {
      const loss = world.run(change)
      const claimed = best - loss
      if (claimed <= margin) return undefined
      best = loss
      return { claimed }
    })
  }
}

/** karpathy/autoresearch pull request 560: two runs of the baseline; what they differ by is the noise to beat. */
export const noiseFloor: Rule = (night) => {
  const { world } = night
  let measured = runs(world, 2)
  return play(night, false, (change) => {
    const loss = world.run(change)
    const claimed = Math.min(...measured) - loss
    if (claimed <= Math.abs((measured[0] ?? 0) - (measured[1] ?? 0))) return undefined
    measured = [loss, world.run(change)]
    return { claimed }
  })
}

/** Three seeds each, the lower mean wins. */
export const threeSeeds: Rule = (night) => {
  const { world } = night
  let best = mean(runs(world, 3))
  return play(night, false, (change) => {
    const value = mean(runs(world, 3, change))
    const claimed = best - value
    if (claimed <= 0) return undefined
    best = value
    return { claimed }
  })
}

/** One-sided 1 % points of Student's t distribution with 4 degrees of freedom. */
const T_1_PERCENT = 3.747

/** Three seeds each and Welch's test at p < 0.01, as speed run leaderboards ask for. */
export const threeSeedsTested: Rule = (night) => {
  const { world } = night
  let best = runs(world, 3)
  return play(night, false, (change) => {
    const values = runs(world, 3, change)
    const claimed = mean(best) - mean(values)
    const error = Math.hypot(standardDeviation(best) ?? 0, standardDeviation(values) ?? 0) / Math.sqrt(3)
    if (claimed < T_1_PERCENT * error) return undefined
    best = values
    return { claimed }
  })
}

/**
 * Outerloop 0.6: the baseline and the candidate run once each with one fresh seed, and the candidate is kept when it is better by
 * more than a floor that a person sets.
 *
 * @param floor in σ
 * @param correlation of the noise of two runs with one seed
 */
export function pairedFloor(floor: number, correlation = 0): Rule {
  return (night) =>
    play(night, false, (change) => {
      const [baseline, candidate] = night.world.pair(change, correlation)
      const claimed = baseline - candidate
      return claimed > floor ? { claimed } : undefined
    })
}

/**
 * The rule this project began with: after one run a gain of 1.5 σ, then up to four runs until z ≥ 2.5. A merge's
 * confirmation runs measure the next baseline, topped up to six.
 */
export function screened({ screenSigmas = 1.5, mergeZ = 2.5, baselineRuns = 6 } = {}): Rule {
  return (night) => {
    const { world } = night
    let baseline = runs(world, baselineRuns)
    return play(night, true, (change) => {
      const values = [world.run(change)]
      const claimed = () => mean(baseline) - mean(values)
      if (claimed() < screenSigmas) return undefined
      while (values.length < 4) {
        values.push(world.run(change))
        if (claimed() < 0.8) return undefined
        if (claimed() < mergeZ * Math.sqrt(1 / values.length + 1 / baseline.length)) continue
        const result = { claimed: claimed() }
        baseline = values.slice(1)
        while (baseline.length < baselineRuns) baseline.push(world.run(change))
        return result
      }
      return undefined
    })
  }
}

/** The judge of a configuration that sets nothing, with every default. */
export const SHIPPED = judgePolicy(DEFAULTS)
