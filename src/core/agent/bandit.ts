// A bandit for choices whose value fades: Thompson sampling on a discounted Gamma posterior of the gain per cost. Pure:
// chance is passed in.

/** What one settled attempt with an arm brought and cost. */
export interface Pull {
  /** Confirmed gain in standard deviations of one run, 0 or more. */
  gain: number
  /** In the unit of the choice: hours of the device, or hours and dollars; 0 or more. */
  cost: number
}

/** Settled attempts after which one counts half: a direction that is worked out is left within a few nights. */
const HALF_LIFE = 60
/** The prior weighs as much as this many attempts of average cost and average yield. */
const PRIOR_ATTEMPTS = 4
/** This part of the draws is uniform: what looks bad today may only have been unlucky. */
const EXPLORATION_FLOOR = 0.2
/** A single larger gain is believed only up to here, so that one stroke of luck does not decide for weeks. */
const MAX_GAIN = 6

/**
 * Draws one arm, better ones more often. Gains are taken as counts at an unknown rate per cost (Gamma–Poisson), with
 * the rate of all arms together as the prior mean; every pull weighs ½ per `HALF_LIFE` pulls after it (Thompson, 1933;
 * discounting as in Garivier and Moulines, On upper-confidence bound policies for switching bandits, 2011).
 *
 * @param pulls oldest first, of all arms; those of arms that are not on offer count for the prior only
 * @param random uniform in [0, 1)
 * @returns undefined when nothing is on offer
 */
export function drawArm<Arm>(
  arms: readonly Arm[],
  pulls: readonly { arm: Arm; pull: Pull }[],
  random: () => number,
): Arm | undefined {
  if (random() < EXPLORATION_FLOOR) return arms[Math.floor(random() * arms.length)]
  const sums = new Map(arms.map((arm) => [arm, { gain: 0, cost: 0 }]))
  const total = { gain: 0, cost: 0, weight: 0 }
  for (const [index, { arm, pull }] of pulls.entries()) {
    const weight = 0.5 ** ((pulls.length - 1 - index) / HALF_LIFE)
    const gain = weight * Math.min(MAX_GAIN, Math.max(0, pull.gain))
    const sum = sums.get(arm)
    if (sum) {
      sum.gain += gain
      sum.cost += weight * pull.cost
    }
    total.gain += gain
    total.cost += weight * pull.cost
    total.weight += weight
  }
  // One gain of σ in ten attempts is assumed before anything is known.
  const usualCost = total.cost > 0 ? total.cost / total.weight : 1
  const rate = (total.gain + 1) / (total.cost + 10 * usualCost)
  const priorCost = PRIOR_ATTEMPTS * usualCost
  return best(arms, (arm) => {
    const { gain, cost } = sums.get(arm) ?? { gain: 0, cost: 0 }
    return drawGamma(priorCost * rate + gain, random) / (priorCost + cost)
  })
}

/** The item with the highest score; the first of equals. */
export function best<Item>(items: readonly Item[], score: (item: Item) => number): Item | undefined {
  let found: { item: Item; score: number } | undefined
  for (const item of items) {
    const value = score(item)
    if (!found || value > found.score) found = { item, score: value }
  }
  return found?.item
}

/** A draw from the normal distribution with sd 1 (Box and Muller). */
export function drawNormal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
}

/** A draw from the Gamma distribution with scale 1 (Marsaglia and Tsang, A simple method for generating gamma variables, 2000). */
function drawGamma(shape: number, random: () => number): number {
  if (shape < 1) return drawGamma(shape + 1, random) * (1 - random()) ** (1 / shape)
  const d = shape - 1 / 3
  for (;;) {
    const x = drawNormal(random)
    const v = (1 + x / Math.sqrt(9 * d)) ** 3
    if (v > 0 && Math.log(1 - random()) < x ** 2 / 2 + d - d * v + d * Math.log(v)) return d * v
  }
}
