// The judge that ships, played as the scheduler uses it, with every default of a configuration that sets nothing.
import { DEFAULT_OUTLIERS, type Evidence, judge, type ResearchYield } from '../../src/core/judge/judge.ts'
import { type JudgePolicy, requirement } from '../../src/core/judge/policy.ts'
import { BUNDLE_SIGMAS, MAX_MEMBER_AGE, MEMBER_SIGMAS } from '../../src/core/propose/bundles.ts'
import type { TrialResult } from '../../src/core/record/trial.ts'
import {
  type CarriedBelief,
  conclude,
  endPeriod,
  NOTHING_CARRIED,
  type Observed,
  type RunNoise,
  type WeighedPeriod,
  weighPeriod,
} from '../../src/core/statistics/belief.ts'
import type { Level } from '../../src/core/statistics/level.ts'
import { HALF_WIDTH, POINTS, POINTS_PER_SIGMA } from '../../src/core/statistics/level-grid.ts'
import { MACHINES, STEADY } from '../../src/core/statistics/machine-models.ts'
import {
  estimateNoise,
  type Noise,
  newestRepeated,
  repeatedIn,
  upperBoundFactor,
} from '../../src/core/statistics/noise.ts'
import { learnCodeShares, likelySpreads, ONE_SPREAD } from '../../src/core/statistics/spreads.ts'
import { seedToShare } from '../../src/core/trial/shared-seed.ts'
import { aTrialResult, DEFAULTS } from '../../test/factories.ts'
import { type Claim, type Night, play, type Rule, SHIPPED } from './rules.ts'
import type { Change, Twin, World } from './world.ts'

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
  /** The first run of every candidate has the seed of a run of its baseline, and their noise correlates this much. */
  sharedSeeds?: number
  /** Runs more of what is merged, as the next baseline. */
  mergedRuns?: number
  /** How near misses are merged into bundles, or `false` for not at all. Default: as in the configuration. */
  bundles?: Bundling | false
  /** It is told where the baseline truly is, which nobody can know: what not knowing it costs. */
  knowsLevel?: boolean
}

interface Bundling {
  /** Members of a bundle at most. */
  most: number
  /** Part of the sum of its members' gains that a bundle brings. Default 1: effects add up. */
  share?: number
  /** Lines that each member adds. Above 0, a merged bundle is taken apart. Default 0. */
  lines?: number
}

/** A rejected candidate, and the gain that is expected of it. */
interface NearMiss {
  change: Change
  gain: number
  /** Its number. */
  at: number
}

/** The production judge: this project's `judge`, `believe` and `estimateNoise`, as the scheduler uses them. */
export function ours(policy: Partial<JudgePolicy> = {}, variant: Variant = {}): Rule {
  return (night) => {
    const rule = new Ours({ ...SHIPPED, ...policy }, variant, night)
    const played = play(
      night,
      true,
      (change) => rule.next(change),
      () => rule.ownIdea(),
    )
    return { ...played, aa: rule.aa }
  }
}

function asBaseline(loss: number): Observed {
  return { kind: 'baseline', losses: [loss] }
}

/** Effects add up in these worlds, for every rule. */
const SHIPPED_BUNDLES: Bundling | false = DEFAULTS.search.bundle ? { most: DEFAULTS.search.bundle } : false

const NO_CHANGE: Change = { gain: 0, sd: 1, addedLines: 0 }

/** A level that is known, on a machine that does not move. A level without a grid would be as uncertain as a grid is coarse. */
function exactly(at: number, sigma: number): Level {
  const step = sigma / POINTS_PER_SIGMA
  const weights = MACHINES.map((_, machine) =>
    new Float64Array(POINTS).fill(machine === STEADY ? 1 : 0, HALF_WIDTH, HALF_WIDTH + 1),
  )
  return { mean: at, variance: 0, grid: { origin: at - HALF_WIDTH * step, step, weights } }
}

/** The noise where a judge is told σ: it takes the place of the estimate, and repeated runs are read by it. */
function toldNoise(
  groups: readonly number[][],
  told: number,
  { degreesOfFreedom, outliers }: Noise,
): KnownNoise {
  const codes = newestRepeated(groups).flatMap((group) => repeatedIn(group, told))
  const raised = upperBoundFactor(degreesOfFreedom)
  const spreads = likelySpreads(degreesOfFreedom, raised, learnCodeShares(codes))
  return { sigma: told * raised, outliers, spreads }
}

/** What the judge is told of the noise. */
type KnownNoise = Omit<Noise, 'degreesOfFreedom'>

/** The runs of one candidate, and its claimed gain if it was merged. */
interface Spent {
  runs: number
  gain?: number
}

/** As in core/judge/evidence.ts. */
const YIELD_RUNS = 500

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
  #observed: Observed[] = []
  /** What is weighed of them, with this noise. */
  #weighed: { part: WeighedPeriod; count: number; sigma: number; belief: CarriedBelief } | undefined
  /** Whether the baseline ran after the first run of the candidate that is tested. */
  #compared = false
  /** Noise of the runs of the candidate that is tested. */
  #noises: number[] = []
  #estimated: { runs: number; noise: KnownNoise } | undefined
  /** The baseline's own runs, for the noise. */
  #measured: number[] = []
  /** Runs of the baseline for which it was not selected, and their noise. */
  #unselected: { value: number; noise: number }[] = []
  /** Runs and claimed gain of merges, the latest of which count. */
  readonly #spent: Spent[] = []
  #nearMisses: NearMiss[] = []
  /** Members of merged bundles that are to be tried without. */
  #leaveOuts: (Change & { removesGain: true })[] = []

  constructor(policy: JudgePolicy, variant: Variant, { world, trouble }: Night) {
    this.#policy = policy
    this.#variant = variant
    this.#world = world
    this.#toldSigma = trouble.toldSigma
    for (let run = 0; run < policy.baselineReplicates; run++) this.#measureBaseline()
  }

  next(change: Change): Claim | undefined {
    const { aaEvery = DEFAULTS.aaEvery } = this.#variant
    if (aaEvery > 0 && this.#candidates > 0 && this.#candidates % aaEvery === 0) this.#testAa()
    this.#candidates += 1
    return this.#decide(change)
  }

  /** What the action proposes itself: a bundle of near misses, or a merged one without a member. As core/propose/bundles.ts. */
  ownIdea(): { change: Change; claim: Claim | undefined } | undefined {
    const { bundles = SHIPPED_BUNDLES } = this.#variant
    if (!bundles) return undefined
    const { share = 1, lines = 0 } = bundles
    const without = this.#leaveOuts.shift()
    if (without) return { change: without, claim: this.#decide(without, true) }
    this.#nearMisses = this.#nearMisses.filter(({ at }) => at > this.#candidates - MAX_MEMBER_AGE)
    const members = this.#nearMisses.toSorted((a, b) => b.gain - a.gain).slice(0, bundles.most)
    const expected = members.reduce((sum, { gain }) => sum + gain, 0)
    if (members.length < 2 || expected < BUNDLE_SIGMAS * this.#noise().sigma) return undefined
    this.#nearMisses = this.#nearMisses.filter((one) => !members.includes(one))
    const gain = share * members.reduce((sum, one) => sum + one.change.gain, 0)
    const sd = Math.max(...members.map((one) => one.change.sd))
    const change = { gain, sd, addedLines: lines * members.length, isBundle: true }
    const claim = this.#decide(change, true)
    if (claim && lines > 0)
      this.#leaveOuts = members.map((one) => ({
        gain: -share * one.change.gain,
        sd,
        addedLines: -lines,
        removesGain: true,
      }))
    return { change, claim }
  }

  #decide(change: Change, isOwn = false): Claim | undefined {
    const { values, claim, expected } = this.#test(change)
    this.#spent.push({ runs: values.length, ...(claim && { gain: claim.claimed }) })
    if (claim) this.#merge(values, change)
    else this.#reject(values)
    const isNearMiss = !claim && !isOwn && expected >= MEMBER_SIGMAS * this.#noise().sigma
    if (isNearMiss) this.#nearMisses.push({ change, gain: expected, at: this.#candidates })
    return claim
  }

  /** Its runs count for the noise only. */
  #testAa(): void {
    const { values, claim } = this.#test(NO_CHANGE)
    this.aa.judged += 1
    this.aa.accepted += Number(claim !== undefined)
    this.#groups.push(values.slice(1))
  }

  #measureBaseline(): void {
    const value = this.#world.run()
    this.#compared = true
    this.#unselected.push({ value, noise: this.#world.lastNoise })
    this.#measured.push(value)
    this.#observed.push(asBaseline(value))
  }

  /** The run of the baseline whose seed is shared. */
  #twin(): Twin | undefined {
    const correlation = this.#variant.sharedSeeds
    if (correlation === undefined) return undefined
    const measured = this.#unselected.map(({ value }, seed) => ({ value, trial: { seed } }))
    const run = this.#unselected[seedToShare(measured, this.#noise().sigma) ?? -1]
    return run && { noise: run.noise, correlation }
  }

  #test(change: Change): { values: number[]; claim: Claim | undefined; expected: number } {
    const values = [this.#world.run(change, this.#twin())]
    this.#noises = [this.#world.lastNoise]
    this.#compared = false
    for (;;) {
      const evidence = this.#evidence(values)
      const judgement = judge(evidence, this.#policy, change)
      if (judgement.kind === 'replicate' && judgement.of === 'baseline') this.#measureBaseline()
      else if (judgement.kind === 'replicate') this.#runAgain(evidence, values, change)
      else if (judgement.kind !== 'merge') return { values, claim: undefined, expected: judgement.gain ?? 0 }
      else {
        const { gain = 0, risk } = judgement
        const units = { sigma: evidence.sigma ?? 1, baseline: 0 }
        const promised = requirement(this.#policy, change.addedLines, units).gain
        return { values, claim: { claimed: gain, risk, promised }, expected: gain }
      }
    }
  }

  /** As `planBaseline`: the baseline, when its level is less certain than the candidate's mean. */
  #runAgain({ level, sigma = 1, candidate }: Evidence, values: number[], change: Change): void {
    const isHeldUp = candidate.length >= 2 && !!level && level.variance > sigma ** 2 / candidate.length
    if (!isHeldUp) {
      values.push(this.#world.run(change))
      this.#noises.push(this.#world.lastNoise)
    } else {
      this.#measureBaseline()
    }
  }

  #evidence(values: readonly number[]): Evidence {
    const { sigma, outliers, spreads } = this.#noise()
    const belief = this.#believe({ sigma, outliers })
    const known = this.#variant.knowsLevel && { level: exactly(this.#world.level, sigma) }
    const baseline = asRuns([0, 1], this.#policy)
    const candidate = asRuns(values, this.#policy)
    return {
      ...belief,
      ...known,
      sigma,
      outliers,
      spreads,
      yield: this.#yield(),
      compared: this.#compared,
      baseline,
      candidate,
    }
  }

  /** What was weighed before is not weighed again while the noise is much the same. */
  #believe(noise: RunNoise): CarriedBelief {
    const known = this.#weighed
    const isSame = known !== undefined && Math.abs(known.sigma / noise.sigma - 1) < 0.03
    if (isSame && known.count === this.#observed.length) return known.belief
    const part = isSame
      ? weighPeriod(this.#carried, { observed: this.#observed }, noise, known.part, known.count)
      : weighPeriod(this.#carried, { observed: this.#observed }, noise)
    // What was learned during the period is learned again when the observations have grown, not at every candidate.
    const { effects, learnedFrom } = isSame ? known.belief : this.#carried
    const belief = conclude({ ...this.#carried, effects, learnedFrom }, part)
    const sigma = isSame ? known.sigma : noise.sigma
    this.#weighed = { part, belief, count: this.#observed.length, sigma }
    return belief
  }

  #yield(): ResearchYield {
    let [total, first] = [0, this.#spent.length]
    while (first > 0 && total < YIELD_RUNS) total += this.#spent[--first]?.runs ?? 0
    const recent = this.#spent.slice(first)
    const gains = recent.flatMap(({ gain }) => gain ?? [])
    return { runs: total, merges: gains.length, gain: gains.reduce((sum, gain) => sum + gain, 0) }
  }

  #noise(): KnownNoise {
    const groups = [...this.#groups, this.#measured]
    const runs = groups.reduce((sum, group) => sum + group.length, 0)
    if (this.#estimated?.runs === runs) return this.#estimated.noise
    const found = estimateNoise(groups)
    const noise =
      found && this.#toldSigma !== undefined
        ? toldNoise(groups, this.#toldSigma, found)
        : (found ?? { outliers: DEFAULT_OUTLIERS, spreads: ONE_SPREAD, sigma: 1 })
    this.#estimated = { runs, noise }
    return noise
  }

  #reject(values: number[]): void {
    if (!this.#variant.blind) this.#observed.push({ kind: this.#twin() ? 'paired' : 'tried', losses: values })
    this.#groups.push(values.slice(1))
  }

  #merge(values: number[], change: Change): void {
    const others = values.slice(1).map((value, index) => ({ value, noise: this.#noises[index + 1] ?? 0 }))
    for (let more = 0; more < (this.#variant.mergedRuns ?? 0); more++) {
      values.push(this.#world.run(change))
      others.push({ value: values.at(-1) ?? 0, noise: this.#world.lastNoise })
    }
    this.#unselected = others
    const period = { observed: this.#observed, merged: values }
    this.#carried = endPeriod(this.#carried, period, this.#noise())
    this.#groups.push(this.#measured, values.slice(1))
    this.#weighed = undefined
    this.#observed = []
    this.#measured = []
  }
}
