// A made-up research problem whose best solution is known: switches that can be turned on, in categories, some of which
// work only with or against each other, and constants that have a best value. The unit of loss is σ, the noise of a run.
import { CATEGORIES, type Category } from '../../src/core/record/candidate.ts'
import { gaussian } from '../../test/factories.ts'

/**
 * What 123 ideas of a real session were worth, in σ: 40 quantiles of (best so far − value) in the public log of
 * karpathy/autoresearch, branch exp/H100/mar8, crashes and seed changes left out; σ = 0.0005 from its one change of
 * seed. Positive is better.
 */
const EFFECTS = [
  -22.06, -13.78, -7.68, -7.32, -5.26, -4.44, -3.9, -3.4, -3.26, -2.86, -2.6, -2.22, -2.06, -1.98, -1.8,
  -1.64, -1.56, -1.54, -1.3, -1.24, -1.12, -1.06, -0.96, -0.9, -0.78, -0.74, -0.58, -0.54, -0.46, -0.36, -0.3,
  -0.18, -0.04, 0.18, 0.44, 0.6, 0.96, 1.58, 2.02, 8.54,
]
const SWITCHES_PER_CATEGORY = 40
const KNOBS = 24
/** Of the log's 125 ideas one crashed and one diverged; agents that are less careful crash more. */
const CRASH_SHARE = 0.04
const INTERACTION_SHARE = 0.4
const INTERACTION_SIGMAS = 2
/** How unlike each other categories are: the sd of the logarithm of what their good ideas are worth. */
const CATEGORY_SPREAD = 0.7

export const STRUCTURAL = CATEGORIES.filter((category) => category !== 'hyperparameter')

export interface Switch {
  id: number
  category: Category
  /** Gain when it is implemented perfectly. */
  effect: number
  crashes: 'never' | 'until repaired' | 'always'
  /** Another switch that changes what this one is worth. */
  partner?: number
}

interface Knob {
  /** Where the optimum is, in doublings of the present value. */
  optimum: number
  /** What one doubling away from it costs. */
  curvature: number
}

/** Code: which switches are on, how well each is implemented (0 to 1), and the constants in doublings. */
export interface Code {
  quality: ReadonlyMap<number, number>
  knobs: readonly number[]
}

export interface Landscape {
  switches: readonly Switch[]
  knobs: readonly Knob[]
  /** Extra gain, or loss, when both are on; by the smaller id. */
  interactions: ReadonlyMap<number, number>
}

export const START: Code = { quality: new Map(), knobs: Array.from({ length: KNOBS }, () => 0) }

export function drawLandscape(random: () => number): Landscape {
  const richness = new Map(
    STRUCTURAL.map((category) => [category, Math.exp(CATEGORY_SPREAD * gaussian(random))]),
  )
  const switches = STRUCTURAL.flatMap((category) =>
    Array.from({ length: SWITCHES_PER_CATEGORY }, () =>
      drawSwitch(category, richness.get(category) ?? 1, random),
    ),
  ).map((one, id) => ({ ...one, id }) as Switch)
  const interactions = new Map<number, number>()
  for (let id = 0; id < switches.length * INTERACTION_SHARE; id += 2) {
    const [a, b] = [switches[(id * 7) % switches.length], switches[((id + 1) * 7) % switches.length]]
    if (!a || !b || a.partner !== undefined || b.partner !== undefined || a === b) continue
    a.partner = b.id
    b.partner = a.id
    interactions.set(Math.min(a.id, b.id), INTERACTION_SIGMAS * gaussian(random))
  }
  const knobs = Array.from({ length: KNOBS }, () => ({
    optimum: gaussian(random),
    curvature: Math.abs(drawEffect(random)),
  }))
  return { switches, knobs, interactions }
}

function drawSwitch(category: Category, richness: number, random: () => number): Omit<Switch, 'id'> {
  const drawn = drawEffect(random)
  const effect = drawn > 0 ? drawn * richness : drawn
  const fate = random() / CRASH_SHARE
  return { category, effect, crashes: fate < 0.5 ? 'always' : fate < 1 ? 'until repaired' : 'never' }
}

function drawEffect(random: () => number): number {
  return EFFECTS[Math.floor(random() * EFFECTS.length)] ?? 0
}

/** True loss in σ; 0 at the start. */
export function lossOf(
  { switches, knobs, interactions }: Landscape,
  { quality, knobs: values }: Code,
): number {
  let loss = 0
  for (const [id, grade] of quality) {
    const { effect = 0, partner } = switches[id] ?? {}
    loss -= effect > 0 ? grade * effect : effect
    if (partner !== undefined && id < partner && quality.has(partner)) loss -= interactions.get(id) ?? 0
  }
  for (const [id, { optimum, curvature }] of knobs.entries())
    loss += curvature * (((values[id] ?? 0) - optimum) ** 2 - optimum ** 2)
  return loss
}

/** The lowest loss there is: exact, because switches interact only in pairs. */
export function optimumOf({ switches, knobs, interactions }: Landscape): number {
  let gain = knobs.reduce((sum, { curvature, optimum }) => sum + curvature * optimum ** 2, 0)
  for (const { id, effect, crashes, partner } of switches) {
    const own = crashes === 'always' ? Number.NEGATIVE_INFINITY : effect
    const other = partner === undefined ? undefined : switches[partner]
    if (!other) gain += Math.max(0, own)
    else if (id < other.id) {
      const theirs = other.crashes === 'always' ? Number.NEGATIVE_INFINITY : other.effect
      gain += Math.max(0, own, theirs, own + theirs + (interactions.get(id) ?? 0))
    }
  }
  return -gain
}
