// What the runs of a machine do to what is known about its level.
import { type LevelGrid, POINTS, POINTS_PER_SIGMA, totals } from './level-grid.ts'
import { CHANGE, JUMP_SD, MACHINES } from './machine-models.ts'

/** Part of a point's mass that a jump leaves at the next point, see `spread`. */
const JUMP_DECAY = Math.exp(-Math.SQRT2 / (JUMP_SD * POINTS_PER_SIGMA))

/** What may have happened to the machine meanwhile. */
export function passRuns(grid: LevelGrid, runs: number, sigma: number): LevelGrid {
  let { weights } = grid
  for (let run = 0; run < runs; run++) {
    const all = totals(weights)
    weights = MACHINES.map((machine, index) =>
      passRun(machine, weights[index] ?? all, all, sigma / grid.step),
    )
  }
  return { ...grid, weights }
}

/** @param perSigma points per σ */
function passRun(
  { share, drift, jump }: (typeof MACHINES)[number],
  masses: Float64Array,
  all: Float64Array,
  perSigma: number,
): Float64Array {
  // A normal step as one to a neighbour, with the same variance.
  const aside = Math.min(0.25, (drift * perSigma ** 2) / 2)
  const jumped = jump > 0 ? spread(masses) : masses
  const next = new Float64Array(POINTS)
  for (let at = 0; at < POINTS; at++) {
    const mass = masses[at] ?? 0
    const drifted = (1 - 2 * aside) * mass + aside * ((masses[at - 1] ?? mass) + (masses[at + 1] ?? mass))
    const moved = (1 - jump) * drifted + jump * (jumped[at] ?? 0)
    next[at] = (1 - CHANGE) * moved + CHANGE * share * (all[at] ?? 0)
  }
  return next
}

/** Spreads probabilities by the Laplace distribution of a jump, in one pass each way. */
function spread(masses: Float64Array): Float64Array {
  const scale = (1 - JUMP_DECAY) / (1 + JUMP_DECAY)
  const result = new Float64Array(POINTS)
  let carry = 0
  for (let index = 0; index < POINTS; index++) {
    carry = JUMP_DECAY * carry + (masses[index] ?? 0)
    result[index] = carry
  }
  carry = 0
  for (let index = POINTS - 1; index >= 0; index--) {
    result[index] = scale * ((result[index] ?? 0) + carry)
    carry = JUMP_DECAY * (carry + (masses[index] ?? 0))
  }
  return result
}
