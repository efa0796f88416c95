// What the gains of a small scale are worth at a larger one. A merge with the small gain e is believed to gain β·e + δ there,
// with δ ~ N(0, τ²); a few merges fail to transfer and harm. Runs at the larger scale of any stacks of merges (none, all, the
// first few, all but one) are observations of sums of those gains, so that every run counts for every question.
import { normalProbability } from '../statistics/normal.ts'

/** A merge, as the small scale knows it. */
export interface Member {
  id: string
  /** Posterior of its gain at the small scale, in the metric's unit; larger is better. */
  gain: { mean: number; variance: number }
  /** True for changes that often depend on the scale: width, schedule, learning rate. */
  isScaleDependent: boolean
}

/** Runs of the last promoted code with some members applied. */
export interface StackRuns {
  /** Ids of the members applied. */
  members: ReadonlySet<string>
  /** Measured losses: lower is better, whatever the metric's direction. */
  losses: readonly number[]
}

/** A promotion: its members and all runs at the larger scale so far. */
export interface Episode {
  members: readonly Member[]
  stacks: readonly StackRuns[]
  /** Standard deviation of one run at the larger scale, in the metric's unit, above 0. */
  sigma: number
  /** What is left of selections of members when those that need others are left out, too. */
  inseparable?: readonly { asked: readonly string[]; applied: readonly string[] }[]
}

/** How gains carry over: `beta` is β, `spread` is τ relative to the typical small gain. */
interface Transfer {
  beta: number
  spread: number
  /** Belief in it; all sum up to 1. */
  weight: number
}

export type TransferBelief = readonly Transfer[]

const BETAS: readonly (readonly [number, number])[] = [
  [0.1, 0.1],
  [0.4, 0.25],
  [0.7, 0.4],
  [1, 0.25],
]
const SPREADS = [0.25, 0.5, 1, 2]

/** Before any promotion: β around 0.7, τ anywhere from a quarter to twice the typical gain. */
export const UNTESTED: TransferBelief = BETAS.flatMap(([beta, weight]) =>
  SPREADS.map((spread) => ({ beta, spread, weight: weight / SPREADS.length })),
)

/** Chance that a merge fails at the larger scale, and for changes that often depend on it. */
const FAILURE = 0.03
const SCALE_DEPENDENT_FAILURE = 0.09
/** At most so many failures are considered together: three at once are rarer than one in a thousand stacks of ten. */
const MAX_FAILURES = 2

/** A Gaussian belief about all gains, given one transfer and one set of failing members. */
interface Component {
  failing: readonly number[]
  weight: number
  mean(of: ReadonlySet<string>): number
  variance(of: ReadonlySet<string>): number
}

/** What is believed about the gains of an episode's members at the larger scale. */
export interface GainBelief {
  /** Probability that the members together gain more than 0. */
  positive(of: ReadonlySet<string>): number
  /** Expected gain of the members together, in the metric's unit. */
  expected(of: ReadonlySet<string>): number
  /** Probability that exactly this member, or it and another, fails to transfer. */
  failing(id: string): number
}

/** @param transfer what earlier promotions taught */
export function believeGains(episode: Episode, transfer: TransferBelief): GainBelief {
  const components = weigh(transfer.flatMap((one) => componentsOf(episode, one)))
  const sum = (part: (component: Component) => number) =>
    components.reduce((total, component) => total + component.weight * part(component), 0)
  return {
    positive: (of) => sum((one) => chanceAboveZero(one.mean(of), one.variance(of))),
    expected: (of) => sum((one) => one.mean(of)),
    failing(id) {
      const index = episode.members.findIndex((member) => member.id === id)
      return sum((one) => Number(one.failing.includes(index)))
    },
  }
}

/** Learns from a promotion how gains carry over, by the likelihood of its runs under each possibility. */
export function learnTransfer(before: TransferBelief, episode: Episode): TransferBelief {
  const logs = before.map((one) => {
    const components = componentsOf(episode, { ...one, weight: 1 })
    return Math.log(one.weight) + logSum(components.map(({ logWeight }) => logWeight))
  })
  const total = logSum(logs)
  return before.map((one, index) => ({ ...one, weight: Math.exp((logs[index] ?? Number.NaN) - total) }))
}

type Unweighed = Omit<Component, 'weight'> & { logWeight: number }

function weigh(components: readonly Unweighed[]): Component[] {
  const total = logSum(components.map(({ logWeight }) => logWeight))
  return components
    .map(({ logWeight, ...component }) => ({ ...component, weight: Math.exp(logWeight - total) }))
    .filter(({ weight }) => weight > 1e-9)
}

function componentsOf(episode: Episode, transfer: Transfer): Unweighed[] {
  const chances = episode.members.map(({ isScaleDependent }) =>
    isScaleDependent ? SCALE_DEPENDENT_FAILURE : FAILURE,
  )
  return subsets(episode.members.length, MAX_FAILURES).map((failing) => {
    const prior = chances.reduce(
      (sum, chance, index) => sum + Math.log(failing.includes(index) ? chance : 1 - chance),
      Math.log(transfer.weight),
    )
    const { logLikelihood, ...moments } = condition(episode, transfer, failing)
    return { failing, logWeight: prior + logLikelihood, ...moments }
  })
}

/** Index sets of at most `most` of the first `count` numbers. */
function subsets(count: number, most: number): number[][] {
  let last: number[][] = [[]]
  const all = [...last]
  for (let size = 1; size <= Math.min(most, count); size++) {
    last = last.flatMap((set) =>
      Array.from({ length: count }, (_, index) => index)
        .filter((index) => index > (set.at(-1) ?? -1))
        .map((index) => [...set, index]),
    )
    all.push(...last)
  }
  return all
}

/**
 * Conditions the gains on the runs: x ~ N(μ, D) with D diagonal, y = A x + noise, so that x | y has the mean
 * μ + D Aᵀ S⁻¹ (y − A μ) and the covariance D − D Aᵀ S⁻¹ A D with S = A D Aᵀ + R (Bishop, Pattern Recognition and Machine
 * Learning, 2006, section 2.3.3). x is the level of the promoted code followed by the gains.
 */
function condition(
  { members, stacks, sigma }: Episode,
  { beta, spread }: Transfer,
  failing: readonly number[],
): { logLikelihood: number } & Pick<Component, 'mean' | 'variance'> {
  const typical = typicalGain(members, sigma)
  const priors = members.map(({ gain }, index) =>
    failing.includes(index)
      ? { mean: -2 * typical, variance: (2 * typical) ** 2 }
      : { mean: beta * gain.mean, variance: beta ** 2 * gain.variance + (spread * typical) ** 2 },
  )
  const measured = stacks.filter(({ losses }) => losses.length > 0)
  const center = meanOf(measured[0]?.losses ?? [0])
  const level = { mean: center, variance: (100 * (sigma + typical) * (1 + members.length)) ** 2 }
  const x = [level, ...priors]
  const rows = measured.map(({ members: applied }) => [
    1,
    ...members.map(({ id }) => (applied.has(id) ? -1 : 0)),
  ])
  const s = rows.map((row, i) =>
    rows.map(
      (other, j) =>
        row.reduce((sum, a, k) => sum + a * (x[k]?.variance ?? 0) * (other[k] ?? 0), 0) +
        (i === j ? sigma ** 2 / (measured[i]?.losses.length ?? 1) : 0),
    ),
  )
  const factor = cholesky(s)
  const rest = measured.map(
    ({ losses }, i) => meanOf(losses) - (rows[i] ?? []).reduce((sum, a, k) => sum + a * (x[k]?.mean ?? 0), 0),
  )
  const white = solveLower(factor, rest)
  const logLikelihood = white.reduce(
    (sum, value, i) => sum - 0.5 * value ** 2 - Math.log(factor[i]?.[i] ?? 1),
    0,
  )
  const project = (of: ReadonlySet<string>) => {
    const included = members.map(({ id }) => (of.has(id) ? 1 : 0))
    const along = rows.map((row) =>
      included.reduce((sum: number, one, k) => sum + one * (priors[k]?.variance ?? 0) * (row[k + 1] ?? 0), 0),
    )
    return { included, along: solveLower(factor, along) }
  }
  return {
    logLikelihood,
    mean(of) {
      const { included, along } = project(of)
      const prior = included.reduce((sum: number, one, k) => sum + one * (priors[k]?.mean ?? 0), 0)
      return prior + along.reduce((sum, value, i) => sum + value * (white[i] ?? 0), 0)
    },
    variance(of) {
      const { included, along } = project(of)
      const prior = included.reduce((sum: number, one, k) => sum + one * (priors[k]?.variance ?? 0), 0)
      return Math.max(0, prior - along.reduce((sum, value) => sum + value ** 2, 0))
    },
  }
}

/** Root mean square of the small gains; at least a tenth of the noise, so that a stack of nothing has a scale too. */
export function typicalGain(members: readonly Member[], sigma: number): number {
  return Math.max(0.1 * sigma, Math.sqrt(meanOf(members.map(({ gain }) => gain.mean ** 2))))
}

function chanceAboveZero(mean: number, variance: number): number {
  return variance > 0 ? normalProbability(mean / Math.sqrt(variance)) : Number(mean > 0)
}

function meanOf(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length
}

function logSum(logs: readonly number[]): number {
  const highest = Math.max(...logs)
  return highest + Math.log(logs.reduce((sum, log) => sum + Math.exp(log - highest), 0))
}

/** The lower triangular L with L Lᵀ = `matrix`, which must be symmetric and positive definite. */
function cholesky(matrix: readonly (readonly number[])[]): number[][] {
  const lower: number[][] = matrix.map(() => [])
  for (const [i, row] of matrix.entries())
    for (let j = 0; j <= i; j++) {
      const [left, right] = [lower[i] ?? [], lower[j] ?? []]
      let value = row[j] ?? 0
      for (let k = 0; k < j; k++) value -= (left[k] ?? 0) * (right[k] ?? 0)
      left[j] = i === j ? Math.sqrt(Math.max(value, Number.MIN_VALUE)) : value / (right[j] ?? 1)
    }
  return lower
}

/** Solves L x = b by forward substitution. */
function solveLower(lower: readonly (readonly number[])[], b: readonly number[]): number[] {
  const x: number[] = []
  for (const [i, row] of lower.entries()) {
    let value = b[i] ?? 0
    for (let k = 0; k < i; k++) value -= (row[k] ?? 0) * (x[k] ?? 0)
    x.push(value / (row[i] ?? 1))
  }
  return x
}
