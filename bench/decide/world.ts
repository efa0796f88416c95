// A world whose truth is known: candidates with true effects, and noisy runs that cost time. All numbers are in σ.
import { aRandom, gaussian } from '../../test/factories.ts'

/** Shares of candidates; together 1. */
export interface Mix {
  /** Gain of 0.5 to 1.5 σ. */
  small: number
  /** Gain of 0.3 to 1 σ. Default 0. */
  late?: number
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

/** Small gains only: what is left when a night's large ones are found. */
export const LATE: Mix = { small: 0, late: 0.15, large: 0, neutral: 0.3, harmful: 0.45, gross: 0.1 }
export const LATE_SPARSE: Mix = { ...SPARSE, small: 0, late: 0.05, large: 0 }
/** Nothing helps and nothing harms, so that every merge is false. */
export const NEUTRAL: Mix = { small: 0, large: 0, neutral: 1, harmful: 0, gross: 0 }

/** What else may be wrong with the world. */
export interface Trouble {
  /** Every run is on one of four hosts, whose means differ by this sd. */
  hostSd?: number
  /** The metric rises or falls with time; sd of the random walk, per run. */
  driftSd?: number
  /** The metric jumps by a draw with this sd after every 100 runs. */
  jumpSd?: number
  /** The judge is told σ times this; undefined: it estimates σ from the runs it has seen. */
  toldSigma?: number
  /** Noise of Student's t distribution with 5 degrees of freedom, scaled to variance 1. */
  heavyTails?: boolean
  /** `ownShare` of the candidates have runs with this standard deviation instead of 1. */
  ownSd?: number
  /** Default a half. */
  ownShare?: number
  /** In every other hundred runs the noise has this standard deviation. */
  busySd?: number
  /** Noise of the exponential distribution, which is good more often by far than bad by far. */
  skewed?: boolean
  /** The noise of a run and that of the next correlate this much. */
  correlation?: number
  /** This share of all runs is worse by 30 σ. */
  outliers?: number
  /** This share of all runs is better by 5 σ. */
  lucky?: number
  /** The metric is printed in steps of this size. */
  step?: number
  /** Share of proposals that repeat an earlier one, without its runs. */
  repeated?: number
  /** A quarter of the candidates removes this many lines. */
  removedLines?: number
}

/** One candidate. */
export interface Change {
  /** True gain over the baseline. */
  gain: number
  /** Standard deviation of its runs. */
  sd: number
  addedLines: number
}

const JUMP_EVERY = 100
const OUTLIER = 30
const LUCKY = -5
/** Runs after which the machine gets busy, and those after which it is free again. */
const BUSY_RUNS = 100

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
  /** Noise of the last run, which no rule is told. */
  lastNoise = 0
  readonly #random: () => number
  readonly #mix: Mix
  readonly #trouble: Trouble
  readonly #hosts: number[]
  readonly #proposed: Change[] = []
  readonly #merged = new Set<Change>()
  /** Standard deviation of the baseline's runs. */
  #sd = 1
  #runs = 0
  /** By how much the machine's numbers moved since the start. */
  #moved = 0
  /** Of the last run, where runs correlate. */
  #before = 0

  constructor(seed: number, mix: Mix, trouble: Trouble = {}) {
    this.#random = aRandom(seed)
    this.#mix = mix
    this.#trouble = trouble
    this.#hosts = Array.from({ length: 4 }, () => (trouble.hostSd ?? 0) * gaussian(this.#random))
  }

  propose(): Change {
    const { repeated = 0, ownSd = 1, ownShare = 0.5, removedLines = 0 } = this.#trouble
    if (repeated > 0 && this.#proposed.length > 0 && this.#random() < repeated) return this.#repeat()
    const gain = this.#gain()
    const sd = ownSd !== 1 && this.#random() < ownShare ? ownSd : 1
    const addedLines = removedLines > 0 && this.#random() < 0.25 ? -removedLines : 0
    const change = { gain, sd, addedLines }
    this.#proposed.push(change)
    return change
  }

  /** Takes a change into the baseline. */
  merge(change: Change): void {
    this.level -= change.gain
    this.#sd = change.sd
    this.#merged.add(change)
  }

  /**
   * Loss of one run of the baseline, or of the baseline plus a change.
   *
   * @param twin a run with the same seed, and how much their noise correlates
   */
  run(change?: Change, twin?: Twin): number {
    const loss = this.#mean(change)
    this.lastNoise = this.#noise(change?.sd ?? this.#sd)
    if (twin)
      this.lastNoise = twin.correlation * twin.noise + Math.sqrt(1 - twin.correlation ** 2) * this.lastNoise
    return this.#roundToStep(loss + this.lastNoise)
  }

  /**
   * One run each of the baseline and of the baseline plus a change, with one seed.
   *
   * @param correlation of their noise
   */
  pair(change: Change, correlation: number): [number, number] {
    const common = Math.sqrt(correlation) * this.#noise(1)
    const own = Math.sqrt(1 - correlation)
    const loss = (one?: Change) =>
      this.#roundToStep(this.#mean(one) + (one?.sd ?? this.#sd) * (common + own * this.#noise(1)))
    return [loss(), loss(change)]
  }

  /** The part of its first run that is saved because this candidate is cut; undefined when it is trained to the end. */
  cut({ gain }: Change): number | undefined {
    const { share, saved } = cutsAt(-gain)
    if (this.#random() >= share) return undefined
    this.cost += 1 - saved / share
    return saved / share
  }

  /** The same change once more. In the baseline it gains nothing. */
  #repeat(): Change {
    const earlier = this.#proposed[Math.floor(this.#random() * this.#proposed.length)]
    if (!earlier) throw new Error('nothing was proposed')
    return this.#merged.has(earlier) ? { ...earlier, gain: 0 } : earlier
  }

  #gain(): number {
    const { small, late = 0, large, neutral, harmful } = this.#mix
    const random = this.#random
    let at = random()
    const falls = (share: number) => {
      at -= share
      return at < 0
    }
    if (falls(small)) return 0.5 + random()
    if (falls(late)) return 0.3 + 0.7 * random()
    if (falls(large)) return 3 - Math.log(1 - random())
    if (falls(neutral)) return 0
    if (falls(harmful)) return -0.5 + 1.2 * Math.log(1 - random())
    return -30 - 70 * random()
  }

  /** Expected loss of the next run; the machine moves with every run. */
  #mean(change?: Change): number {
    const { driftSd = 0, jumpSd = 0 } = this.#trouble
    this.cost += 1
    this.#runs += 1
    this.#moved += driftSd * gaussian(this.#random)
    if (jumpSd > 0 && this.#runs % JUMP_EVERY === 0) this.#moved += jumpSd * gaussian(this.#random)
    const host = this.#hosts[Math.floor(4 * this.#random())] ?? 0
    return this.level - (change?.gain ?? 0) + host + this.#moved
  }

  #noise(sd: number): number {
    const { heavyTails, outliers = 0, lucky = 0, skewed, busySd = 1, correlation = 0 } = this.#trouble
    if (skewed) return sd * (1 + Math.log(1 - this.#random()))
    if (lucky > 0 && this.#random() < lucky) return LUCKY + sd * gaussian(this.#random)
    if (correlation > 0) {
      this.#before = correlation * this.#before + Math.sqrt(1 - correlation ** 2) * gaussian(this.#random)
      return sd * this.#before
    }
    const busy = Math.floor(this.#runs / BUSY_RUNS) % 2 === 1 ? busySd : 1
    const normal = busy * sd * gaussian(this.#random)
    const far = outliers > 0 && this.#random() < outliers ? OUTLIER : 0
    if (!heavyTails) return normal + far
    let squares = 0
    for (let index = 0; index < 5; index++) squares += gaussian(this.#random) ** 2
    return (normal / Math.sqrt(squares / 5)) * Math.sqrt(3 / 5) + far
  }

  #roundToStep(loss: number): number {
    const { step = 0 } = this.#trouble
    return step > 0 ? step * Math.round(loss / step) : loss
  }
}
