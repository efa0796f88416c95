// What a candidate is judged on, and when there is enough of it.
import { type Candidate, isIdea } from '../record/candidate.ts'
import type { State } from '../record/state.ts'
import { type Evidence, LESSON_SIGMAS, type ResearchYield } from './judge.ts'
import { beliefAt } from './periods.ts'
import {
  baselineTrials,
  type Conditions,
  noiseUnder,
  placeOf,
  type RunsUnder,
  runsUnder,
  trialsOfTree,
} from './runs.ts'

export { beliefAt, missingBaselineRuns } from './periods.ts'
export {
  baselineMean,
  baselineTrials,
  type Conditions,
  comparableTrials,
  noiseSigma,
  trialsOfTree,
  usualSeconds,
} from './runs.ts'

export function evidenceFor(
  state: State,
  conditions: Conditions,
  { base, tree }: Pick<Candidate, 'base' | 'tree'>,
): Evidence {
  const commit = state.baselines.find((baseline) => baseline.commit === base)
  const noise = noiseUnder(state, conditions, tree)
  const baseline = commit ? baselineTrials(state, conditions, commit.tree) : []
  const candidate = trialsOfTree(state, conditions, tree)
  const { places } = runsUnder(state, conditions)
  const first = placeOf(places, candidate[0])
  return {
    ...beliefAt(state, conditions, base, noise),
    baseline,
    candidate,
    compared: baseline.some((run) => placeOf(places, run) > first),
    sigma: noise?.sigma,
    ...(noise && { outliers: noise.outliers, spreads: noise.spreads }),
    yield: researchYield(state, conditions),
  }
}

/** What research brought longer ago says little about what it brings now. */
const YIELD_RUNS = 500

/** What the latest runs were spent on, and what was merged with them. */
function researchYield(state: State, conditions: Conditions): ResearchYield {
  const runs = runsUnder(state, conditions)
  runs.yield ??= yieldOf(state, runs)
  return runs.yield
}

function yieldOf(state: State, { judged, all, places }: RunsUnder): ResearchYield {
  const oldest = all.length - YIELD_RUNS
  const merged = [...state.candidates.values()].filter(
    (candidate) =>
      isIdea(candidate) &&
      candidate.end?.kind === 'merged' &&
      placeOf(places, judged.get(candidate.tree)?.at(-1)) >= oldest,
  )
  const gains = merged.flatMap(({ tree, verdict }) =>
    judged.has(tree) && verdict?.gain !== undefined && verdict.sigma
      ? [Math.min(verdict.gain / verdict.sigma, LESSON_SIGMAS)]
      : [],
  )
  const gain = gains.reduce((sum, one) => sum + one, 0)
  return { runs: Math.min(all.length, YIELD_RUNS), merges: gains.length, gain }
}
