// Plays a rule against many worlds of one mix and adds up what came of it.
import { exactInterval } from '../../src/core/judge/aa.ts'
import { mean } from '../../src/core/statistics/noise.ts'
import { meanAndError, percent, ratio, round } from '../numbers.ts'
import { isFalse, type Merge, type Rule } from './rules.ts'
import { type Mix, type Trouble, World } from './world.ts'

/** What a night costs, in runs. */
const BUDGET_RUNS = 700

/** null: there is nothing to divide by, such as the share of merges that are false when nothing was merged. */
export type Row = {
  rule: string
  runsPerCandidate: number | null
  /** Of the mean repetition. */
  merges: number
  /** Merges that broke their promise: without effect or harmful; of a simplification, worse by more than its margin. */
  falseMerges: number
  falseMergePercent: number | null
  falseMergeError: number | null
  /** Simplifications that were merged and lose nothing beyond their margin, but gain nothing either. */
  neutralSimplifications: number
  /** True gain in σ for every 100 runs, its standard error, and what part of greedy's that is. */
  gainPer100Runs: number
  standardError: number | null
  percentOfGreedy: number | null
  percentError: number | null
  /** True loss of the last baseline, in σ; it began at 0. */
  finalLoss: number
  /** Above 1: the rule promises more than there is (the winner's curse). */
  claimedOverTrue: number | null
  /** Mean of the stated risks, to be compared with `falseMergePercent`. */
  statedRiskPercent: number | null
  /** Share of the A/A candidates that would have been merged. */
  aaPercent: number | null
  /** Part of the runs that cuts saved, and of the winners (2 σ and more) that they lost. */
  savedPercent: number | null
  winnersCutPercent: number | null
}

/** Merges by the risk that was stated for them. */
type Calibration = {
  rule: string
  /** Bounds of the bin, in percent. */
  statedFrom: number
  statedTo: number
  merges: number
  /** Mean of the stated risks. */
  statedPercent: number
  falsePercent: number
  /** 95 % interval of the true share, see `intervalOf`. */
  lowPercent: number
  highPercent: number
}

export interface Measured {
  row: Row
  calibration: Calibration[]
}

/**
 * @param seed repetition i has seed `seed + i`, so that every rule meets the same worlds
 * @param greedy gain of the greedy rule for every 100 runs in the same mix of a world without trouble
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
): Measured {
  const nights = Array.from({ length: repetitions }, (_, index) => {
    const world = new World(seed + index, mix, trouble)
    const played = rule({ world, budget: BUDGET_RUNS, trouble })
    const { merges } = played
    const gain = sum(merges.map(({ change }) => change.gain))
    return {
      ...played,
      gain,
      per100: (100 * gain) / world.cost,
      cost: world.cost,
      claimed: sum(merges.map((merge) => merge.claimed)),
      wrong: merges.filter(isFalse).length,
    }
  })
  const total = (pick: (night: (typeof nights)[number]) => number) => sum(nights.map(pick))
  const gainPer100Runs = total((night) => night.per100) / repetitions
  const all = nights.flatMap(({ merges }) => merges)
  const falseMerges = total((night) => night.wrong)
  const [cost, saved, gain] = [
    total((night) => night.cost),
    total((night) => night.saved),
    total((night) => night.gain),
  ]
  const error = meanAndError(nights.map((night) => night.per100)).error
  const risks = all.flatMap(({ risk }) => risk ?? [])
  const clustered = nights.map(({ wrong, merges }) => ({ part: wrong, whole: merges.length }))
  const unit = greedy ?? gainPer100Runs
  const row: Row = {
    rule: name,
    runsPerCandidate: round(
      ratio(
        cost,
        total(({ candidates }) => candidates),
      ),
      2,
    ),
    merges: round(all.length / repetitions, 1),
    falseMerges: round(falseMerges / repetitions, 2),
    falseMergePercent: round(percent(falseMerges, all.length), 1),
    falseMergeError: round(shareError(clustered), 1),
    neutralSimplifications: round(all.filter(isNeutralSimplification).length / repetitions, 2),
    gainPer100Runs: round(gainPer100Runs, 2),
    standardError: round(error, 2),
    percentOfGreedy: round(percent(gainPer100Runs, unit), 1),
    percentError: error === null ? null : round(percent(error, unit), 1),
    finalLoss: round(-gain / repetitions, 1),
    claimedOverTrue: round(
      ratio(
        total(({ claimed }) => claimed),
        gain,
      ),
      2,
    ),
    statedRiskPercent: risks.length > 0 ? round(100 * mean(risks), 1) : null,
    aaPercent: round(
      percent(
        total(({ aa }) => aa?.accepted ?? 0),
        total(({ aa }) => aa?.judged ?? 0),
      ),
      1,
    ),
    savedPercent: round(percent(saved, cost + saved), 1),
    winnersCutPercent: round(
      percent(
        total(({ winnersCut }) => winnersCut),
        total(({ winners }) => winners),
      ),
      2,
    ),
  }
  return {
    row,
    calibration: calibrate(
      name,
      nights.map((night) => night.merges),
    ),
  }
}

function isNeutralSimplification(merge: Merge): boolean {
  return !isFalse(merge) && merge.change.gain <= 0
}

/** Bounds of the bins, in percent. */
const BINS = [0, 0.1, 1, 3, 10, 18, 100] as const

function calibrate(rule: string, nights: readonly (readonly Merge[])[]): Calibration[] {
  return BINS.slice(1).flatMap((statedTo, index) => {
    const statedFrom = BINS[index] ?? 0
    const inBin = nights.map((merges) =>
      merges.flatMap((merge) => {
        const stated = 100 * (merge.risk ?? Number.NaN)
        return stated > statedFrom && stated <= statedTo ? [{ merge, stated }] : []
      }),
    )
    const all = inBin.flat()
    if (all.length === 0) return []
    const groups = inBin.map((some) => ({
      part: some.filter(({ merge }) => isFalse(merge)).length,
      whole: some.length,
    }))
    const { low, high } = intervalOf(groups)
    return {
      rule,
      statedFrom,
      statedTo,
      merges: all.length,
      statedPercent: round(mean(all.map(({ stated }) => stated)), 2),
      falsePercent: round((100 * sum(groups.map(({ part }) => part))) / all.length, 2),
      lowPercent: round(100 * low, 2),
      highPercent: round(100 * high, 2),
    }
  })
}

/**
 * 95 % interval of a share whose members come in independent groups: the exact one, of as many members as would tell as much if they were
 * independent (Korn & Graubard, Survey Methodology 24, 1998). The merges of one night are not, because they share what the judge believes.
 *
 * @param groups those with no member as well
 */
export function intervalOf(groups: readonly { part: number; whole: number }[]): {
  low: number
  high: number
} {
  const [part, whole] = [sum(groups.map((group) => group.part)), sum(groups.map((group) => group.whole))]
  const share = part / whole
  const error = (shareError(groups) ?? 0) / 100
  const effect = Math.max(1, (error ** 2 * whole) / (share * (1 - share)) || 1)
  const [count, total] = [part / effect, Math.round(whole / effect)]
  const [fewer, more] = [Math.floor(count), Math.ceil(count)].map((one) => exactInterval(one, total))
  const between = (low = 0, high = 0) => low + (count - Math.floor(count)) * (high - low)
  return { low: between(fewer?.low, more?.low), high: between(fewer?.high, more?.high) }
}

/** Standard error, in percent, of a share whose members come in independent groups (Cochran, Sampling Techniques, 1977, ch. 6). */
function shareError(groups: readonly { part: number; whole: number }[]): number | null {
  const whole = sum(groups.map((group) => group.whole))
  const share = ratio(sum(groups.map(({ part }) => part)), whole)
  if (share === null || groups.length < 2) return null
  const squares = sum(groups.map((group) => (group.part - share * group.whole) ** 2))
  return (100 * Math.sqrt((squares * groups.length) / (groups.length - 1))) / whole
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
