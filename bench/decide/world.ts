// A world whose truth is known: candidates with true effects, and noisy runs that cost time. All numbers are in σ.
import { aRandom, gaussian } from '../../test/factories.ts'

/** Shares of candidates; together 1. */
export interface Mix {
  /** Gain of 0.5 to 1.5 σ. */
  small: number
  /** Gain of 3 σ and more: 3 + a draw from the exponential distribution with mean 1. */
  large: number
  neutral: number
  /** Loss of 0.5 σ and more: 0.5 + a draw from the exponential distribution with mean 1.2. */
  harmful: number
  /** Loss of 30 to 100 σ. */
  gross: number
}

export const RICH: Mix = { small: 0.12, large: 0.03, neutral: 0.3, harmful: 0.45, gross: 0.1 }
/** What is not good is divided as in the rich mix. */
export const SPARSE: Mix = { small: 0.04, large: 0.01, neutral: 0.3353, harmful: 0.5029, gross: 0.1118 }

/** What else may be wrong with the world. */
export interface Trouble {
  /** Every run is on one of four hosts, whose means differ by this sd. */
  hostSd?: number
  /** The metric rises or falls with time; sd of the random walk, per run. */
  driftSd?: number
  /** The judge is told σ times this; undefined: it estimates σ from the runs it has seen. */
  toldSigma?: number
  /** Noise of Student's t distribution with 5 degrees of freedom, scaled to variance 1. */
  heavyTails?: boolean
}

/**
 * What the shipped rule does to the first run of a candidate that is behind by so many σ: how often it is cut, and the part
 * of a run that this saves on average. Measured by `npm run bench:cuts` (small effects, 5 %) on recorded curves.
 */
const CUTS: readonly { behind: number; share: number; saved: number }[] = [
  { behind: -2, share: 0, saved: 0 },
  { behind: 0, share: 0.004, saved: 0.001 },
  { behind: 1, share: 0.084, saved: 0.019 },
  { behind: 3, share: 0.76, saved: 0.217 },
  { behind: 10, share: 1, saved: 0.489 },
  { behind: 30, share: 1, saved: 0.564 },
  { behind: 60, share: 1, saved: 0.594 },
]

/** Between two rows on a straight line. */
function cutsAt(behind: number): { share: number; saved: number } {
  const after = CUTS.findIndex((row) => row.behind >= behind)
  const [left, right] = [CUTS[after - 1], CUTS[after]]
  if (!left || !right) return CUTS.at(after < 0 ? -1 : 0) ?? { share: 0, saved: 0 }
  const part = (behind - left.behind) / (right.behind - left.behind)
  const between = (from: number, to: number) => from + part * (to - from)
  return { share: between(left.share, right.share), saved: between(left.saved, right.saved) }
}

export interface Twin {
  noise: number
  correlation: number
}

export class World {
  /** Spent so far, in runs. */
  cost = 0
  /** True loss of the baseline; starts at 0, lower is better. */
  level = 0
  /** Noise of the last run: what its seed was worth. */
  lastNoise = 0
  readonly #random: () => number
  readonly #mix: Mix
  readonly #trouble: Trouble
  readonly #hosts: number[]
  #drift = 0

  constructor(seed: number, mix: Mix, trouble: Trouble = {}) {
    this.#random = aRandom(seed)
    this.#mix = mix
    this.#trouble = trouble
    this.#hosts = Array.from({ length: 4 }, () => (trouble.hostSd ?? 0) * gaussian(this.#random))
  }

  /** True gain of the next candidate. */
  propose(): number {
    const { small, large, neutral, harmful } = this.#mix
    const random = this.#random
    let at = random()
    const falls = (share: number) => {
      at -= share
      return at < 0
    }
    if (falls(small)) return 0.5 + random()
    if (falls(large)) return 3 - Math.log(1 - random())
    if (falls(neutral)) return 0
    if (falls(harmful)) return -0.5 + 1.2 * Math.log(1 - random())
    return -30 - 70 * random()
  }

  /**
   * Loss of one run of the baseline plus a change.
   *
   * @param twin a run with the same seed, and how much their noise correlates
   */
  run(gain = 0, twin?: Twin): number {
    this.cost += 1
    this.#drift += (this.#trouble.driftSd ?? 0) * gaussian(this.#random)
    const host = this.#hosts[Math.floor(4 * this.#random())] ?? 0
    this.lastNoise = this.#noise()
    if (twin)
      this.lastNoise = twin.correlation * twin.noise + Math.sqrt(1 - twin.correlation ** 2) * this.lastNoise
    return this.level - gain + this.lastNoise + host + this.#drift
  }

  /** The part of its first run that is saved because this candidate is cut; undefined when it is trained to the end. */
  cut(gain: number): number | undefined {
    const { share, saved } = cutsAt(-gain)
    if (this.#random() >= share) return undefined
    this.cost += 1 - saved / share
    return saved / share
  }

  #noise(): number {
    const normal = gaussian(this.#random)
    if (!this.#trouble.heavyTails) return normal
    let squares = 0
    for (let index = 0; index < 5; index++) squares += gaussian(this.#random) ** 2
    return (normal / Math.sqrt(squares / 5)) * Math.sqrt(3 / 5)
  }
}
