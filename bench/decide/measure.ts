// Plays a rule against many worlds of one mix and adds up what came of it.
import { meanAndError, percent, ratio, round } from '../numbers.ts'
import type { Rule } from './rules.ts'
import { type Mix, type Trouble, World } from './world.ts'

/** What a night costs, in runs. */
const BUDGET_RUNS = 700

/** null: there is nothing to divide by, such as the share of merges that are false when nothing was merged. */
export type Row = {
  rule: string
  runsPerCandidate: number | null
  /** Of the mean repetition. */
  merges: number
  falseMerges: number
  falseMergePercent: number | null
  /** True gain in σ for every 100 runs, its standard error, and what part of greedy's that is. */
  gainPer100Runs: number
  standardError: number | null
  percentOfGreedy: number | null
  /** True loss of the last baseline, in σ; it began at 0. */
  finalLoss: number
  /** Above 1: the rule promises more than there is (the winner's curse). */
  claimedOverTrue: number | null
  /** Part of the runs that cuts saved, and of the winners (2 σ and more) that they lost. */
  savedPercent: number | null
  winnersCutPercent: number | null
}

/**
 * @param seed repetition i has seed `seed + i`, so that every rule meets the same worlds
 * @param greedy gain of the greedy rule for every 100 runs in the same mix; undefined for that rule itself
 */
export function measure(
  name: string,
  rule: Rule,
  mix: Mix,
  {
    repetitions,
    seed,
    trouble = {},
    greedy,
  }: { repetitions: number; seed: number; trouble?: Trouble; greedy?: number | undefined },
): Row {
  const nights = Array.from({ length: repetitions }, (_, index) => {
    const world = new World(seed + index, mix, trouble)
    const { candidates, merges, saved, winners, winnersCut } = rule({ world, budget: BUDGET_RUNS, trouble })
    const gain = sum(merges.map((merge) => merge.gain))
    return {
      gain,
      per100: (100 * gain) / world.cost,
      cost: world.cost,
      saved,
      winners,
      winnersCut,
      candidates,
      claimed: sum(merges.map((merge) => merge.claimed)),
      merges: merges.length,
      wrong: merges.filter((merge) => merge.gain <= 0).length,
    }
  })
  const total = (pick: (night: (typeof nights)[number]) => number) => sum(nights.map(pick))
  const gainPer100Runs = total((night) => night.per100) / repetitions
  const merges = total((night) => night.merges)
  const falseMerges = total((night) => night.wrong)
  const cost = total((night) => night.cost)
  const saved = total((night) => night.saved)
  const gain = total((night) => night.gain)
  const winnersCut = total((night) => night.winnersCut)
  return {
    rule: name,
    runsPerCandidate: round(
      ratio(
        cost,
        total((night) => night.candidates),
      ),
      2,
    ),
    merges: round(merges / repetitions, 1),
    falseMerges: round(falseMerges / repetitions, 2),
    falseMergePercent: round(percent(falseMerges, merges), 1),
    gainPer100Runs: round(gainPer100Runs, 2),
    standardError: round(meanAndError(nights.map((night) => night.per100)).error, 2),
    percentOfGreedy: round(percent(gainPer100Runs, greedy ?? gainPer100Runs), 1),
    finalLoss: round(-gain / repetitions, 1),
    claimedOverTrue: round(
      ratio(
        total((night) => night.claimed),
        gain,
      ),
      2,
    ),
    savedPercent: round(percent(saved, cost + saved), 1),
    winnersCutPercent: round(
      percent(
        winnersCut,
        total((night) => night.winners),
      ),
      2,
    ),
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
