// Rules that decide about candidates, each played against a world until the budget is spent.

import { type Evidence, judge } from '../../src/core/judge/judge.ts'
import type { JudgePolicy } from '../../src/core/judge/policy.ts'
import { judgePolicy } from '../../src/core/plan/rules.ts'
import type { TrialResult } from '../../src/core/record/trial.ts'
import {
  type BaselinePeriod,
  type Belief,
  believe,
  type CarriedBelief,
  endPeriod,
  NOTHING_CARRIED,
} from '../../src/core/statistics/belief.ts'
import { estimateNoise, mean, standardDeviation } from '../../src/core/statistics/noise.ts'
import { seedToShare } from '../../src/core/trial/shared-seed.ts'
import { aTrialResult, DEFAULTS } from '../../test/factories.ts'
import type { Trouble, Twin, World } from './world.ts'

/** One change that a rule took into the baseline. */
export interface Merge {
  /** In σ: what it really brought, and what the rule said it brings. */
  gain: number
  claimed: number
}

interface Played {
  candidates: number
  merges: Merge[]
  /** Runs that were cut, in runs saved. */
  saved: number
  /** Candidates that gain 2 σ and more, and how many of them were cut. */
  winners: number
  winnersCut: number
}

/** One night of research. */
interface Night {
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

/** Goes through candidates until the budget is spent; `test` answers what it claims when it merges. */
function play(
  { world, budget, onMerge }: Night,
  cut: boolean,
  test: (gain: number) => number | undefined,
): Played {
  const played: Played = { candidates: 0, merges: [], saved: 0, winners: 0, winnersCut: 0 }
  while (world.cost < budget) {
    const gain = world.propose()
    played.candidates += 1
    const isWinner = gain >= WINNER_SIGMAS
    played.winners += Number(isWinner)
    const saved = cut ? world.cut(gain) : undefined
    if (saved !== undefined) {
      played.saved += saved
      played.winnersCut += Number(isWinner)
      continue
    }
    const claimed = test(gain)
    if (claimed === undefined) continue
    world.level -= gain
    const merge = { gain, claimed }
    played.merges.push(merge)
    onMerge?.(merge)
  }
  return played
}

function runs(world: World, count: number, gain = 0): number[] {
  return Array.from({ length: count }, () => world.run(gain))
}

/** karpathy/autoresearch: one run, kept when it is below the last number that was kept (by more than `margin` σ). */
export function greedy(margin = 0): Rule {
  return (night) => {
    const { world } = night
    let best = world.run()
    return play(night, false, (gain) => {
      const loss = world.run(gain)
      const claimed = best - loss
      if (claimed <= margin) return undefined
      best = loss
      return claimed
    })
  }
}

/** karpathy/autoresearch pull request 560: two runs of the baseline; what they differ by is the noise to beat. */
export const noiseFloor: Rule = (night) => {
  const { world } = night
  let measured = runs(world, 2)
  return play(night, false, (gain) => {
    const loss = world.run(gain)
    const claimed = Math.min(...measured) - loss
    if (claimed <= Math.abs((measured[0] ?? 0) - (measured[1] ?? 0))) return undefined
    measured = [loss, world.run(gain)]
    return claimed
  })
}

/** Three seeds each, the lower mean wins. */
export const threeSeeds: Rule = (night) => {
  const { world } = night
  let best = mean(runs(world, 3))
  return play(night, false, (gain) => {
    const value = mean(runs(world, 3, gain))
    const claimed = best - value
    if (claimed <= 0) return undefined
    best = value
    return claimed
  })
}

/** One-sided 1 % points of Student's t distribution with 4 degrees of freedom. */
const T_1_PERCENT = 3.747

/** Three seeds each and Welch's test at p < 0.01, as speed run leaderboards ask for. */
export const threeSeedsTested: Rule = (night) => {
  const { world } = night
  let best = runs(world, 3)
  return play(night, false, (gain) => {
    const values = runs(world, 3, gain)
    const claimed = mean(best) - mean(values)
    const error = Math.hypot(standardDeviation(best) ?? 0, standardDeviation(values) ?? 0) / Math.sqrt(3)
    if (claimed < T_1_PERCENT * error) return undefined
    best = values
    return claimed
  })
}

/** A loss of 3.28 whose σ is 0.0019, as in modded-nanogpt: half a percent is 8.6 σ. */
const HALF_PERCENT_SIGMAS = (0.005 * 3.28) / 0.0019

/** Two runs against two of the baseline with the same seeds, kept when better by 0.5 % (Outerloop). */
export const pairedFloor: Rule = (night) => {
  const { world } = night
  let best = runs(world, 2)
  return play(night, false, (gain) => {
    const values = runs(world, 2, gain)
    const claimed = mean(best) - mean(values)
    if (claimed < HALF_PERCENT_SIGMAS) return undefined
    best = values
    return claimed
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
    return play(night, true, (gain) => {
      const values = [world.run(gain)]
      const claimed = () => mean(baseline) - mean(values)
      if (claimed() < screenSigmas) return undefined
      while (values.length < 4) {
        values.push(world.run(gain))
        if (claimed() < 0.8) return undefined
        if (claimed() < mergeZ * Math.sqrt(1 / values.length + 1 / baseline.length)) continue
        const result = claimed()
        baseline = values.slice(1)
        while (baseline.length < baselineRuns) baseline.push(world.run(gain))
        return result
      }
      return undefined
    })
  }
}

/** The judge of a configuration that sets nothing. It is told no numbers of lines. */
export const SHIPPED = judgePolicy(DEFAULTS)

/** What the scheduler does between runs, see core/schedule.ts. */
const BASELINE_SHARE = 1

/** Losses as the judge reads them. */
export function asRuns(losses: readonly number[]): TrialResult[] {
  return losses.map((value) => ({ ...TEMPLATE, value }))
}
const TEMPLATE = aTrialResult({ value: 0, wallSeconds: 300 })

/** The production judge: this project's `judge`, `believe` and `estimateNoise`, as the scheduler uses them. */
export function ours(policy: Partial<JudgePolicy> = {}, variant: Variant = {}): Rule {
  return (night) => {
    const rule = new Ours({ ...SHIPPED, ...policy }, variant, night)
    return play(night, true, (gain) => rule.test(gain))
  }
}

/** What the production judge might leave out, or know besides. */
interface Variant {
  /** Rejected candidates tell nothing about the baseline, nor about what changes do. */
  blind?: boolean
  /** A merged candidate's runs after its first measure the next baseline, at their word, topped up to six. */
  confirmedOnly?: boolean
  /** Runs more of what is merged, as the next baseline. */
  mergedRuns?: number
  /** The first run of every candidate has the seed of a run of its baseline, and their noise correlates this much. */
  sharedSeeds?: number
  /** It is told where the baseline truly is, which nobody can know: what not knowing it costs. */
  knowsLevel?: boolean
}

class Ours {
  readonly #policy: JudgePolicy
  readonly #variant: Variant
  readonly #world: World
  readonly #trouble: Trouble
  /** Repeated runs of equal code, for the noise. */
  readonly #groups: number[][] = []
  #carried: CarriedBelief = NOTHING_CARRIED
  #measured: number[] = []
  /** Runs of the baseline for which it was not selected. */
  #unselected: Run[] = []
  #tried: number[][] = []
  /** Places among `#tried`. */
  #sharing: number[] = []
  /** Until something new is known. */
  #belief: Belief | undefined

  constructor(policy: JudgePolicy, variant: Variant, { world, trouble }: Night) {
    this.#policy = policy
    this.#variant = variant
    this.#world = world
    this.#trouble = trouble
    for (let run = 0; run < policy.baselineReplicates; run++) this.#measureBaseline()
  }

  #run(gain = 0, twin?: Twin): Run {
    return { value: this.#world.run(gain, twin), noise: this.#world.lastNoise }
  }

  #measureBaseline(): void {
    const run = this.#run()
    this.#unselected.push(run)
    this.#measured.push(run.value)
  }

  test(gain: number): number | undefined {
    const twin = this.#twin()
    const candidate = [this.#run(gain, twin)]
    for (;;) {
      const values = valuesOf(candidate)
      const evidence = this.#evidence(values)
      const judgement = judge(evidence, this.#policy)
      if (judgement.kind === 'replicate') {
        if (!this.#isHeldUp(evidence)) candidate.push(this.#run(gain))
        else {
          this.#measureBaseline()
          this.#belief = undefined
        }
        continue
      }
      if (judgement.kind !== 'merge') return this.#reject(values, twin !== undefined)
      for (let more = 0; more < (this.#variant.mergedRuns ?? 0); more++) candidate.push(this.#run(gain))
      return this.#merge(candidate, gain, judgement.gain ?? 0)
    }
  }

  #evidence(values: readonly number[]): Evidence {
    const sigma = this.#sigma()
    this.#belief ??= believe(this.#carried, this.#period(), sigma)
    const known = this.#variant.knowsLevel && { level: { mean: this.#world.level, variance: 0 } }
    return { ...this.#belief, ...known, sigma, baseline: BASELINE, candidate: asRuns(values) }
  }

  #period(): BaselinePeriod {
    return { measured: this.#measured, tried: this.#variant.blind ? [] : this.#tried, sharing: this.#sharing }
  }

  #sigma(): number {
    if (this.#trouble.toldSigma !== undefined) return this.#trouble.toldSigma
    return estimateNoise([...this.#groups, this.#measured])?.sigma ?? 1
  }

  #isHeldUp({ level, sigma = 1, candidate }: Evidence): boolean {
    return (
      candidate.length >= 2 &&
      level !== undefined &&
      level.variance > (BASELINE_SHARE * sigma ** 2) / candidate.length
    )
  }

  /** The run of the baseline whose seed is shared. */
  #twin(): Twin | undefined {
    const correlation = this.#variant.sharedSeeds
    if (correlation === undefined) return undefined
    const measured = this.#unselected.map(({ value }, seed) => ({ value, trial: { seed } }))
    const run = this.#unselected[seedToShare(measured, this.#sigma()) ?? -1]
    return run && { noise: run.noise, correlation }
  }

  #reject(values: number[], sharesSeed: boolean): undefined {
    this.#belief = undefined
    if (sharesSeed) this.#sharing.push(this.#tried.length)
    this.#tried.push(values)
    this.#groups.push(values.slice(1))
  }

  #merge(candidate: Run[], gain: number, claimed: number): number {
    const values = valuesOf(candidate)
    this.#belief = undefined
    const { confirmedOnly } = this.#variant
    this.#carried = endPeriod(
      this.#carried,
      { ...this.#period(), ...(confirmedOnly ? {} : { merged: values }) },
      this.#sigma(),
    )
    this.#groups.push(this.#measured)
    this.#tried = []
    this.#sharing = []
    this.#unselected = candidate.slice(1)
    this.#measured = confirmedOnly ? values.slice(1) : []
    if (!confirmedOnly) this.#groups.push(values.slice(1))
    while (confirmedOnly && this.#measured.length < this.#policy.baselineReplicates)
      this.#measured.push(this.#world.run(gain))
    return claimed
  }
}

interface Run {
  value: number
  /** Unknown to the judge. */
  noise: number
}

function valuesOf(runs: readonly Run[]): number[] {
  return runs.map(({ value }) => value)
}

/** The judge reads of the baseline's runs only how long they took and that they vary. */
export const BASELINE = asRuns([0, 1])
