// How good a baseline gets within a number of trials. Directions: the production rules against uniform categories, refinement
// only and random search, on landscapes whose optimum is known (bench/search/landscape.ts). Constants: the search of the
// proposer `knobs` against the single steps it replaced and others, on made-up scripts (bench/search/constants/problem.ts).
import { mean } from '../src/core/statistics/noise.ts'
import { aRandom } from '../test/factories.ts'
import { readArguments } from './arguments.ts'
import { meanAndError, percent, ratio, round } from './numbers.ts'
import { Output, type Row } from './output.ts'
import { CONTESTANTS, compareConstantSearches } from './search/constants/measure.ts'
import { drawLandscape, optimumOf } from './search/landscape.ts'
import {
  ours,
  type Policy,
  randomSearch,
  refineOnly,
  uniformCategories,
  uniformTurns,
  uniformWithNovelty,
} from './search/policies.ts'
import { Research } from './search/research.ts'

const options = readArguments({
  name: 'search',
  measures:
    'How good a baseline gets within a number of trials, by how directions are chosen and constants are searched.',
  repetitions: 300,
  repetitionIs: 'landscapes on which each policy is tried, and scripts on which each search is',
  seed: 1000,
  seedDecides: 'landscape of the first repetition; repetition i has seed N + i for every policy',
  options: {
    part: { kind: 'texts', help: 'directions, constants or both', default: ['directions', 'constants'] },
    trials: {
      kind: 'counts',
      help: 'directions: measure the baseline after so many trials',
      default: [100, 700],
    },
    search: { kind: 'texts', help: 'constants: which searches', default: Object.keys(CONTESTANTS) },
    runs: { kind: 'counts', help: 'constants: measure the script after so many runs', default: [60, 150] },
  },
})
const checkpoints = options.trials.toSorted((a, b) => a - b)
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
  for (let asked = 0; losses.length < checkpoints.length && asked < MAX_ASKED; asked++) {
    const before = session.loss
    policy(session, random)
    // A proposal that is decided beyond a checkpoint is not yet merged at it.
    while (session.trials > (checkpoints[losses.length] ?? Number.POSITIVE_INFINITY)) losses.push(before)
  }
  while (losses.length < checkpoints.length) losses.push(session.loss)
  return { reached: losses.map((loss) => loss / optimum), gained: losses.map((loss) => -loss) }
}

const seeds = Array.from({ length: options.repetitions }, (_, index) => options.seed + index)

function compareDirections(): Row[] {
  const outcomes = new Map(
    Object.entries(POLICIES).map(([name, policy]) => [name, seeds.map((seed) => research(policy, seed))]),
  )
  const own = outcomes.get('ours') ?? []
  return [...outcomes].flatMap(([policy, results]) =>
    checkpoints.map((trials, at) => {
      const gained = meanAndError(results.map((result) => result.gained[at] ?? 0))
      const leads = results.map((result, index) => (own[index]?.gained[at] ?? 0) - (result.gained[at] ?? 0))
      const lead = meanAndError(leads)
      return {
        policy,
        trials,
        gainSigmas: round(gained.mean, 2),
        standardError: round(gained.error, 2),
        ofOptimumPercent: round(percent(mean(results.map((result) => result.reached[at] ?? 0)), 1), 2),
        oursAheadSigmas: round(lead.mean, 2),
        standardErrors: round(ratio(lead.mean ?? 0, lead.error ?? 0), 2),
      }
    }),
  )
}

const output = new Output('search', options)
if (options.part.includes('directions'))
  output.table('rows', 'Gain of the baseline in σ, by policy and number of trials', compareDirections())
if (options.part.includes('constants')) {
  const runs = options.runs.toSorted((a, b) => a - b)
  const { total, byShape } = compareConstantSearches(options.search, seeds, runs)
  output.table('constants', 'Gain of a script in σ, by search of its constants and number of runs', total)
  output.table('shapes', `The same after ${runs.at(-1)} runs, by shape of the loss`, byShape)
}
output.end()
