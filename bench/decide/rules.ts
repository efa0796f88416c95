// Rules that decide about candidates, each played against a world until the budget is spent.
import { DEFAULT_MERGE_RISK, type JudgePolicy } from '../../src/core/policy.ts'
import {
  type Belief,
  believe,
  type Era,
  endEra,
  NO_TRACK,
  type Track,
} from '../../src/core/statistics/belief.ts'
import { estimateNoise, mean, standardDeviation } from '../../src/core/statistics/noise.ts'
import type { TrialResult } from '../../src/core/trial.ts'
import { type Evidence, judge } from '../../src/core/verdict.ts'
import { aTrialResult } from '../../test/factories.ts'
import type { Trouble, World } from './world.ts'

/** One change that a rule took into the baseline. */
export interface Merge {
  /** In σ: what it really brought, and what the rule said it brings. */
  gain: number
  claimed: number
}

export interface Played {
  candidates: number
  merges: Merge[]
  /** Runs that were cut, in runs saved. */
  saved: number
}

export type Rule = (world: World, budget: number, trouble: Trouble) => Played

/** Goes through candidates until the budget is spent; `test` answers what it claims when it merges. */
function play(
  world: World,
  budget: number,
  cut: boolean,
  test: (gain: number) => number | undefined,
): Played {
  const played: Played = { candidates: 0, merges: [], saved: 0 }
  while (world.cost < budget) {
    const gain = world.propose()
    played.candidates += 1
    const saved = cut ? world.cut(gain) : undefined
    if (saved !== undefined) {
      played.saved += saved
      continue
    }
    const claimed = test(gain)
    if (claimed === undefined) continue
    world.level -= gain
    played.merges.push({ gain, claimed })
  }
  return played
}

function runs(world: World, count: number, gain = 0): number[] {
  return Array.from({ length: count }, () => world.run(gain))
}

/** karpathy/autoresearch: one run, kept when it is below the last number that was kept (by more than `margin` σ). */
export function greedy(margin = 0): Rule {
  return (world, budget) => {
    let best = world.run()
    return play(world, budget, false, (gain) => {
      const loss = world.run(gain)
      const claimed = best - loss
      if (claimed <= margin) return undefined
      best = loss
      return claimed
    })
  }
}

/** karpathy/autoresearch pull request 560: two runs of the baseline; what they differ by is the noise to beat. */
export const noiseFloor: Rule = (world, budget) => {
  let measured = runs(world, 2)
  return play(world, budget, false, (gain) => {
    const loss = world.run(gain)
    const claimed = Math.min(...measured) - loss
    if (claimed <= Math.abs((measured[0] ?? 0) - (measured[1] ?? 0))) return undefined
    measured = [loss, world.run(gain)]
    return claimed
  })
}

/** Three seeds each, the lower mean wins. */
export const threeSeeds: Rule = (world, budget) => {
  let best = mean(runs(world, 3))
  return play(world, budget, false, (gain) => {
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
export const threeSeedsTested: Rule = (world, budget) => {
  let best = runs(world, 3)
  return play(world, budget, false, (gain) => {
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
export const pairedFloor: Rule = (world, budget) => {
  let best = runs(world, 2)
  return play(world, budget, false, (gain) => {
    const values = runs(world, 2, gain)
    const claimed = mean(best) - mean(values)
    if (claimed < HALF_PERCENT_SIGMAS) return undefined
    best = values
    return claimed
  })
}

/** The rule this project began with: screen at 1.5 σ, up to four runs, z ≥ 2.5; six runs of every baseline. */
export const screened: Rule = (world, budget) => {
  let baseline = runs(world, 6)
  return play(world, budget, true, (gain) => {
    const values = [world.run(gain)]
    const claimed = () => mean(baseline) - mean(values)
    if (claimed() < 1.5) return undefined
    while (values.length < 4) {
      values.push(world.run(gain))
      if (claimed() < 0.8) return undefined
      if (claimed() < 2.5 * Math.sqrt(1 / values.length + 1 / baseline.length)) continue
      const result = claimed()
      baseline = values.slice(1)
      while (baseline.length < 6) baseline.push(world.run(gain))
      return result
    }
    return undefined
  })
}

export const SHIPPED: JudgePolicy = {
  direction: 'minimize',
  baselineReplicates: 6,
  candidateReplicates: 6,
  mergeRisk: DEFAULT_MERGE_RISK,
}

/** What the scheduler does between runs, see core/schedule.ts. */
const BASELINE_SHARE = 1
const MIN_ACCEPTED_RUNS = 3

function result(value: number): TrialResult {
  return { ...TEMPLATE, value }
}
const TEMPLATE = aTrialResult({ value: 0, wallSeconds: 300 })

/** The production judge: this project's `judge`, `believe` and `estimateNoise`, as the scheduler uses them. */
export function ours(policy: Partial<JudgePolicy> = {}): Rule {
  return (world, budget, trouble) => {
    const rule = new Ours({ ...SHIPPED, ...policy }, world, trouble)
    return play(world, budget, true, (gain) => rule.test(gain))
  }
}

class Ours {
  readonly #policy: JudgePolicy
  readonly #world: World
  readonly #trouble: Trouble
  /** Repeated runs of equal code, for the noise. */
  readonly #groups: number[][] = []
  #track: Track = NO_TRACK
  #measured: number[]
  #tried: number[][] = []
  /** Until something new is known. */
  #belief: Belief | undefined

  constructor(policy: JudgePolicy, world: World, trouble: Trouble) {
    this.#policy = policy
    this.#world = world
    this.#trouble = trouble
    this.#measured = runs(world, policy.baselineReplicates)
  }

  test(gain: number): number | undefined {
    const values = [this.#world.run(gain)]
    for (;;) {
      const evidence = this.#evidence(values)
      const judgement = judge(evidence, this.#policy)
      if (judgement.kind === 'replicate') {
        if (!this.#isHeldUp(evidence)) values.push(this.#world.run(gain))
        else {
          this.#measured.push(this.#world.run())
          this.#belief = undefined
        }
        continue
      }
      if (judgement.kind !== 'merge') return this.#reject(values)
      while (values.length < MIN_ACCEPTED_RUNS) values.push(this.#world.run(gain))
      return this.#merge(values, judgement.gain ?? 0)
    }
  }

  #evidence(values: readonly number[]): Evidence {
    const sigma = this.#sigma()
    this.#belief ??= believe(this.#track, this.#era(), sigma)
    return { ...this.#belief, sigma, baseline: BASELINE, candidate: values.map(result) }
  }

  #era(): Era {
    return { measured: this.#measured, tried: this.#tried }
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

  #reject(values: number[]): undefined {
    this.#belief = undefined
    this.#tried.push(values)
    this.#groups.push(values.slice(1))
  }

  #merge(values: number[], claimed: number): number {
    this.#belief = undefined
    this.#track = endEra(this.#track, { ...this.#era(), merged: values }, this.#sigma())
    this.#groups.push(this.#measured, values.slice(1))
    this.#measured = []
    this.#tried = []
    return claimed
  }
}

/** The judge reads of the baseline's runs only how long they took and that they vary. */
const BASELINE = [result(0), result(1)]
