// How good a baseline gets within a number of trials, by how directions are chosen: the production rules against uniform
// categories, refinement only and random search, on landscapes whose optimum is known (bench/search/landscape.ts).
// Usage: `node bench/search.ts [repetitions] [first seed]`. Repetition r of every policy has the same landscape, drawn from its seed.
import { aRandom } from '../test/factories.ts'
import { drawLandscape, optimumOf } from './search/landscape.ts'
import { ours, type Policy, randomSearch, refineOnly, uniformCategories, uniformTurns, uniformWithNovelty } from './search/policies.ts'
import { Research } from './search/research.ts'

const repetitions = Number(process.argv[2] ?? 300)
const firstSeed = Number(process.argv[3] ?? 1000)
const CHECKPOINTS = [100, 700]
/** Of askings, so that a policy with nothing left to offer ends. */
const MAX_ASKED = 5000

const POLICIES: Record<string, Policy> = {
  ours,
  'uniform categories': uniformCategories,
  'refine only': refineOnly,
  'random search': randomSearch,
  'uniform, with novelty': uniformWithNovelty,
  'uniform turns, with novelty': uniformTurns,
}

interface Outcome {
  /** True loss of the baseline at each checkpoint, as a share of the way from the start to the optimum, 0 to 1. */
  reached: number[]
  /** The same in σ below the start. */
  gained: number[]
}

function research(policy: Policy, seed: number): Outcome {
  const landscape = drawLandscape(aRandom(seed))
  const random = aRandom(seed + 0x5eed)
  const session = new Research(landscape, random)
  const optimum = optimumOf(landscape)
  const losses: number[] = []
  for (let asked = 0; losses.length < CHECKPOINTS.length && asked < MAX_ASKED; asked++) {
    const before = session.loss
    policy(session, random)
    // A proposal that is decided beyond a checkpoint is not yet merged at it.
    while (session.trials > (CHECKPOINTS[losses.length] ?? Number.POSITIVE_INFINITY)) losses.push(before)
  }
  while (losses.length < CHECKPOINTS.length) losses.push(session.loss)
  return { reached: losses.map((loss) => loss / optimum), gained: losses.map((loss) => -loss) }
}

function meanAndError(values: readonly number[]): { mean: number; error: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  return { mean, error: Math.sqrt(squares / (values.length - 1) / values.length) }
}

const seeds = Array.from({ length: repetitions }, (_, index) => firstSeed + index)
const outcomes = new Map(
  Object.entries(POLICIES).map(([name, policy]) => [name, seeds.map((seed) => research(policy, seed))]),
)
const own = outcomes.get('ours') ?? []
const rows = [...outcomes].flatMap(([policy, results]) =>
  CHECKPOINTS.map((trials, at) => {
    const gained = meanAndError(results.map((result) => result.gained[at] ?? 0))
    const lead = meanAndError(
      results.map((result, index) => (own[index]?.gained[at] ?? 0) - (result.gained[at] ?? 0)),
    )
    const reached = meanAndError(results.map((result) => 100 * (result.reached[at] ?? 0))).mean
    return {
      policy,
      trials,
      gainSigmas: round(gained.mean),
      standardError: round(gained.error),
      ofOptimumPercent: round(reached),
      oursAheadSigmas: round(lead.mean),
      standardErrors: lead.error > 0 ? round(lead.mean / lead.error) : 0,
    }
  }),
)

function round(value: number): number {
  return Number(value.toFixed(2))
}

console.table(rows)
const span = `${seeds[0]} to ${seeds.at(-1)}`
console.log(JSON.stringify({ repetitions, seeds: span, checkpoints: CHECKPOINTS, rows }))
