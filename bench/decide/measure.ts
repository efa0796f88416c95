// Plays a rule against many worlds of one mix and adds up what came of it.
import type { Rule } from './rules.ts'
import { type Mix, type Trouble, World } from './world.ts'

/** What a night costs, in runs. */
const BUDGET_RUNS = 700
/** Repetition i has seed FIRST_SEED + i, so that every rule meets the same worlds. */
export const FIRST_SEED = 1000

export interface Row {
  rule: string
  runsPerCandidate: number
  /** Of the mean repetition. */
  merges: number
  falseMerges: number
  falseMergePercent: number
  /** True gain in σ for every 100 runs, its standard error, and what part of greedy's that is. */
  gainPer100Runs: number
  standardError: number
  percentOfGreedy: number
  /** True loss of the last baseline, in σ; it began at 0. */
  finalLoss: number
  /** Above 1: the rule promises more than there is (the winner's curse). */
  claimedOverTrue: number
  /** Part of the runs that cuts saved, and of the winners (2 σ and more) that they lost. */
  savedPercent: number
  winnersCutPercent: number
}

/** @param greedy gain of the greedy rule for every 100 runs in the same mix; undefined for that rule itself */
export function measure(
  name: string,
  rule: Rule,
  mix: Mix,
  {
    repetitions,
    trouble = {},
    greedy,
  }: { repetitions: number; trouble?: Trouble; greedy?: number | undefined },
): Row {
  const nights = Array.from({ length: repetitions }, (_, index) => {
    const world = new World(FIRST_SEED + index, mix, trouble)
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
  const variance = total((night) => (night.per100 - gainPer100Runs) ** 2) / (repetitions - 1)
  return {
    rule: name,
    runsPerCandidate: round(total((night) => night.cost) / total((night) => night.candidates), 2),
    merges: round(total((night) => night.merges) / repetitions, 1),
    falseMerges: round(total((night) => night.wrong) / repetitions, 2),
    falseMergePercent: round((100 * total((night) => night.wrong)) / total((night) => night.merges), 1),
    gainPer100Runs: round(gainPer100Runs, 2),
    standardError: round(Math.sqrt(variance / repetitions), 2),
    percentOfGreedy: round((100 * gainPer100Runs) / (greedy ?? gainPer100Runs), 1),
    finalLoss: round(-total((night) => night.gain) / repetitions, 1),
    claimedOverTrue: round(total((night) => night.claimed) / total((night) => night.gain), 2),
    savedPercent: round(
      (100 * total((night) => night.saved)) / total((night) => night.cost + night.saved),
      1,
    ),
    winnersCutPercent: round((100 * total((night) => night.winnersCut)) / total((night) => night.winners), 2),
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits))
}
