// The judge that ships, played as the scheduler uses it, with every default of a configuration that sets nothing.
import { type Evidence, judge } from '../../src/core/judge/judge.ts'
import { type JudgePolicy, requirement } from '../../src/core/judge/policy.ts'
import type { TrialResult } from '../../src/core/record/trial.ts'
import {
  type BaselinePeriod,
  type Belief,
  believe,
  type CarriedBelief,
  endPeriod,
  NOTHING_CARRIED,
} from '../../src/core/statistics/belief.ts'
import { estimateNoise } from '../../src/core/statistics/noise.ts'
import { aTrialResult, DEFAULTS } from '../../test/factories.ts'
import { type Claim, type Night, play, type Rule, runs, SHIPPED } from './rules.ts'
import type { Change, World } from './world.ts'

/** Losses as the judge reads them. */
export function asRuns(
  losses: readonly number[],
  { direction }: Pick<JudgePolicy, 'direction'>,
): TrialResult[] {
  return losses.map((loss) => ({ ...TEMPLATE, value: direction === 'minimize' ? loss : -loss }))
}
const TEMPLATE = aTrialResult({ value: 0, wallSeconds: 300 })

/** What the production judge might leave out, or know besides. */
interface Variant {
  /** Candidates between two A/A candidates; 0 for none. Default: that of the configuration. */
  aaEvery?: number
  /** Rejected candidates tell nothing about the baseline, nor about what changes do. */
  blind?: boolean
  /** Runs more of what is merged, as the next baseline. */
  mergedRuns?: number
  /** It is told where the baseline truly is, which nobody can know: what not knowing it costs. */
  knowsLevel?: boolean
}

/** The production judge: this project's `judge`, `believe` and `estimateNoise`, as the scheduler uses them. */
export function ours(policy: Partial<JudgePolicy> = {}, variant: Variant = {}): Rule {
  return (night) => {
    const rule = new Ours({ ...SHIPPED, ...policy }, variant, night)
    const played = play(night, true, (change) => rule.next(change))
    return { ...played, aa: rule.aa }
  }
}

const NO_CHANGE: Change = { gain: 0, sd: 1, addedLines: 0 }

class Ours {
  readonly aa = { judged: 0, accepted: 0 }
  readonly #policy: JudgePolicy
  readonly #variant: Variant
  readonly #world: World
  readonly #toldSigma: number | undefined
  /** Repeated runs of equal code, for the noise. */
  readonly #groups: number[][] = []
  #candidates = 0
  #carried: CarriedBelief = NOTHING_CARRIED
  #measured: number[]
  #tried: number[][] = []
  /** Until something new is known. */
  #belief: Belief | undefined

  constructor(policy: JudgePolicy, variant: Variant, { world, trouble }: Night) {
    this.#policy = policy
    this.#variant = variant
    this.#world = world
    this.#toldSigma = trouble.toldSigma
    this.#measured = runs(world, policy.baselineReplicates)
  }

  next(change: Change): Claim | undefined {
    const { aaEvery = DEFAULTS.aaEvery } = this.#variant
    if (aaEvery > 0 && this.#candidates > 0 && this.#candidates % aaEvery === 0) this.#testAa()
    this.#candidates += 1
    const { values, claim } = this.#test(change)
    this.#belief = undefined
    if (claim) this.#merge(values, change)
    else this.#reject(values)
    return claim
  }

  /** Its runs count for the noise only. */
  #testAa(): void {
    const { values, claim } = this.#test(NO_CHANGE)
    this.aa.judged += 1
    this.aa.accepted += Number(claim !== undefined)
    this.#belief = undefined
    this.#groups.push(values.slice(1))
  }

  #test(change: Change): { values: number[]; claim: Claim | undefined } {
    const values = [this.#world.run(change)]
    for (;;) {
      const evidence = this.#evidence(values)
      const judgement = judge(evidence, this.#policy, { addedLines: change.addedLines })
      if (judgement.kind === 'replicate') this.#runAgain(evidence, values, change)
      else if (judgement.kind !== 'merge') return { values, claim: undefined }
      else {
        const { gain = 0, risk } = judgement
        const units = { sigma: evidence.sigma ?? 1, baseline: 0 }
        const promised = requirement(this.#policy, change.addedLines, units).gain
        return { values, claim: { claimed: gain, risk, promised } }
      }
    }
  }

  /** As `planBaseline`: the baseline, when its level is less certain than the candidate's mean. */
  #runAgain({ level, sigma = 1, candidate }: Evidence, values: number[], change: Change): void {
    const isHeldUp = candidate.length >= 2 && !!level && level.variance > sigma ** 2 / candidate.length
    if (!isHeldUp) values.push(this.#world.run(change))
    else {
      this.#measured.push(this.#world.run())
      this.#belief = undefined
    }
  }

  #evidence(values: readonly number[]): Evidence {
    const sigma = this.#sigma()
    this.#belief ??= believe(this.#carried, this.#period(), sigma)
    const known = this.#variant.knowsLevel && { level: { mean: this.#world.level, variance: 0 } }
    const baseline = asRuns([0, 1], this.#policy)
    return { ...this.#belief, ...known, sigma, baseline, candidate: asRuns(values, this.#policy) }
  }

  #period(): BaselinePeriod {
    return { measured: this.#measured, tried: this.#variant.blind ? [] : this.#tried }
  }

  #sigma(): number {
    if (this.#toldSigma !== undefined) return this.#toldSigma
    return estimateNoise([...this.#groups, this.#measured])?.sigma ?? 1
  }

  #reject(values: number[]): void {
    this.#tried.push(values)
    this.#groups.push(values.slice(1))
  }

  #merge(values: number[], change: Change): void {
    for (let more = 0; more < (this.#variant.mergedRuns ?? 0); more++) values.push(this.#world.run(change))
    this.#carried = endPeriod(this.#carried, { ...this.#period(), merged: values }, this.#sigma())
    this.#groups.push(this.#measured, values.slice(1))
    this.#tried = []
    this.#measured = []
  }
}
