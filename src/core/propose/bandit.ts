// A bandit for arms whose value changes over time: Thompson sampling from a discounted Gamma posterior of gain per cost.

/** Gain and cost of one decided attempt with an arm. */
export interface Pull<Arm> {
  arm: Arm
  /** Confirmed gain in standard deviations of one run, 0 or more. */
  gain: number
  /** Cost of 0 or more, in the same unit for all pulls: device hours, with or without dollars converted to hours. */
  cost: number
}

/** An attempt counts half after this many later ones: about two nights on one machine with a budget of five minutes. */
const HALF_LIFE = 200
/** Share of uniform draws, because an arm may look bad only through bad luck. */
const EXPLORATION_FLOOR = 0.1
/** A gain counts as at most this many average gains, so that one lucky result does not dominate for weeks. */
const MAX_EVENTS = 3

/** Discounted sums of confirmed gains, in units of the average gain, and of costs. */
interface Tally {
  events: number
  cost: number
}

/**
 * Draws one arm, better ones more often. Gains are events at an unknown rate per cost (Gamma–Poisson; Thompson, 1933).
 * The prior of every arm is an exponential distribution whose mean is the pooled rate of all arms; it weighs as much as one
 * event. A pull's weight halves with every `HALF_LIFE` later pulls (Garivier and Moulines, On upper-confidence bound policies
 * for switching bandits, 2011).
 *
 * @param arms the available arms
 * @param pulls past pulls, oldest first; pulls of unavailable arms only affect the prior
 * @param random uniform in [0, 1)
 * @returns undefined when no arm is available
 */
export function drawArm<Arm>(
  arms: readonly Arm[],
  pulls: readonly Pull<Arm>[],
  random: () => number,
): Arm | undefined {
  if (random() < EXPLORATION_FLOOR) return arms[Math.floor(random() * arms.length)]
  const { total, tallies } = tally(pulls)
  // Before the first pull, one gain in ten attempts is assumed.
  const usualCost = total.cost > 0 ? total.cost / total.pulls : 1
  const rate = (total.events + 1) / (total.cost + 10 * usualCost)
  return best(arms, (arm) => {
    const { events, cost } = tallies.get(arm) ?? { events: 0, cost: 0 }
    return drawGamma(1 + events, random) / (1 / rate + cost)
  })
}

function tally<Arm>(pulls: readonly Pull<Arm>[]): {
  total: Tally & { pulls: number }
  tallies: Map<Arm, Tally>
} {
  const gains = pulls.flatMap(({ gain }) => (gain > 0 ? [gain] : []))
  const averageGain = gains.reduce((sum, gain) => sum + gain, 0) / gains.length
  const total = { events: 0, cost: 0, pulls: 0 }
  const tallies = new Map<Arm, Tally>()
  for (const [index, { arm, gain, cost }] of pulls.entries()) {
    const weight = 0.5 ** ((pulls.length - 1 - index) / HALF_LIFE)
    const events = gain > 0 ? weight * Math.min(MAX_EVENTS, gain / averageGain) : 0
    const own = tallies.get(arm) ?? { events: 0, cost: 0 }
    tallies.set(arm, { events: own.events + events, cost: own.cost + weight * cost })
    total.events += events
    total.cost += weight * cost
    total.pulls += weight
  }
  return { total, tallies }
}

/** The item with the highest score; the first of several with equal scores. */
export function best<Item>(items: readonly Item[], score: (item: Item) => number): Item | undefined {
  let found: { item: Item; score: number } | undefined
  for (const item of items) {
    const value = score(item)
    if (!found || value > found.score) found = { item, score: value }
  }
  return found?.item
}

/** A draw from the standard normal distribution (Box and Muller). */
export function drawNormal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
}

/**
 * A draw from the Gamma distribution with scale 1 (Marsaglia and Tsang, A simple method for generating gamma variables,
 * 2000).
 *
 * @param shape 1 or more
 */
function drawGamma(shape: number, random: () => number): number {
  const d = shape - 1 / 3
  for (;;) {
    const x = drawNormal(random)
    const v = (1 + x / Math.sqrt(9 * d)) ** 3
    if (v > 0 && Math.log(1 - random()) < x ** 2 / 2 + d - d * v + d * Math.log(v)) return d * v
  }
}
