// What a trial's result must say to be believed: it comes from a machine that ran candidate code.

import { isAa } from '../record/candidate.ts'
import type { State } from '../record/state.ts'
import { isSandboxed, type TrialResult } from '../record/trial.ts'
import { trialId, trialSeed } from './protocol.ts'

/** What the configuration on the baseline demands of every result now. */
export interface Demands {
  /** Hash of the configuration, see `measurementHash`. */
  hash: string
  /** Of the metric. */
  bounds?: readonly [number, number]
  /** There is an `evaluate` command, so what training printed does not count. */
  evaluated: boolean
  sandboxKind: 'bubblewrap' | 'none'
}

/** Every number. */
const UNBOUNDED = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY] as const

/**
 * Checks a result against the ledger and the configuration.
 *
 * @returns why it is refused; undefined when it may be recorded
 */
export function checkResult(
  state: State,
  result: TrialResult,
  { hash, bounds = UNBOUNDED, evaluated, sandboxKind }: Demands,
): string | undefined {
  const { trial } = result
  if ((result.outcome === 'measured') !== (result.value !== undefined))
    return 'its outcome and its value contradict each other'
  if (result.value !== undefined && (result.value < bounds[0] || result.value > bounds[1]))
    return 'its value is outside the bounds of the metric'
  if (result.config !== hash) return 'it was measured under another configuration'
  if (evaluated && result.trust === 'self-reported')
    return 'its number comes from the training script, and the configuration has an evaluate command'
  if (sandboxKind === 'bubblewrap' && !isSandboxed(result))
    return 'it was made without the sandbox that the configuration demands'
  const { tree, protocol, replicate } = trial
  if (trial.id !== trialId(tree, replicate, protocol)) return 'its id does not belong to its code'
  if (trial.seed !== trialSeed(state.rootSeed, tree, replicate, protocol))
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
    candidate.tree === trial.tree &&
    isAa(candidate) === (trial.aa === true)
  )
}
