// What a candidate is judged on, and when there is enough of it.
import type { Candidate } from '../record/candidate.ts'
import type { State } from '../record/state.ts'
import type { Evidence } from './judge.ts'
import { beliefAt } from './periods.ts'
import { baselineTrials, type Conditions, noiseSigma, trialsOfTree } from './runs.ts'

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
  const sigma = noiseSigma(state, conditions, tree)
  return {
    ...beliefAt(state, conditions, base, sigma),
    baseline: commit ? baselineTrials(state, conditions, commit.tree) : [],
    candidate: trialsOfTree(state, conditions, tree),
    sigma,
  }
}
