// What a trial's result must say to be believed: it comes from a machine that ran candidate code.
import type { State } from './state.ts'
import { type TrialResult, trialId, trialSeed } from './trial.ts'

/**
 * Checks a result against the ledger.
 *
 * @param config hash of the configuration as it is on the baseline now
 * @param bounds of the metric
 * @returns why it is refused; undefined when it may be recorded
 */
export function checkResult(
  state: State,
  config: string,
  result: TrialResult,
  bounds: readonly [number, number] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY],
): string | undefined {
  const { trial } = result
  if ((result.outcome === 'measured') !== (result.value !== undefined))
    return 'its outcome and its value contradict each other'
  if (result.value !== undefined && (result.value < bounds[0] || result.value > bounds[1]))
    return 'its value is outside the bounds of the metric'
  if (result.config !== config) return 'it was measured under another configuration'
  if (trial.id !== trialId(trial.tree, trial.replicate)) return 'its id does not belong to its code'
  if (trial.seed !== trialSeed(state.rootSeed, trial.tree, trial.replicate))
    return 'its seed is not the one assigned'
  return assigned(state, result) ? undefined : 'no such trial was assigned'
}

function assigned(state: State, { trial }: TrialResult): boolean {
  if (trial.candidate === null)
    return state.baselines.some(
      ({ commit, tree }) => trial.head === commit && trial.base === commit && trial.tree === tree,
    )
  const candidate = state.candidates.get(trial.candidate)
  return (
    candidate !== undefined &&
    candidate.head === trial.head &&
    candidate.base === trial.base &&
    candidate.tree === trial.tree
  )
}
