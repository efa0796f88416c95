// Checks a trial's result before it is recorded, because it comes from a machine that ran candidate code.

import { isAa } from '../record/candidate.ts'
import type { State } from '../record/state.ts'
import { isSandboxed, type TrialResult } from '../record/trial.ts'
import { beyondLimits } from './guards.ts'
import type { GuardMetric } from './metric.ts'
import { isJudgeTrial, trialId, trialSeed } from './protocol.ts'
import { isSharedSeed } from './shared-seed.ts'

/** What the baseline's current configuration demands of every result. */
export interface Demands {
  /** Hash of the configuration, see `measurementHash`. */
  hash: string
  /** Bounds of the metric. */
  bounds?: readonly [number, number]
  /** What every judging run measures besides. Default: none. */
  guards?: readonly GuardMetric[]
  /** An `evaluate` command exists, so a metric that training printed does not count. */
  evaluated: boolean
  sandboxKind: 'bubblewrap' | 'none'
}

/** Accepts every number. */
const UNBOUNDED = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY] as const

/**
 * Checks that a result belongs to an assigned trial and to the current configuration. The value, the wall time and the
 * testbed cannot be verified: they are accepted as reported.
 *
 * @returns why the result is refused; undefined when it may be recorded
 */
export function checkResult(
  state: State,
  result: TrialResult,
  { hash, bounds = UNBOUNDED, guards = [], evaluated, sandboxKind }: Demands,
): string | undefined {
  const { trial } = result
  if ((result.outcome === 'measured') !== (result.value !== undefined))
    return 'its outcome and its value contradict each other'
  if (result.value !== undefined && (result.value < bounds[0] || result.value > bounds[1]))
    return 'its value is outside the bounds of the metric'
  if (result.value !== undefined && !hasGuards(result, guards))
    return 'its guards are not those of the configuration, or beyond their limits'
  if (result.config !== hash) return 'it was measured under another configuration'
  if (evaluated && result.trust === 'self-reported')
    return 'its value comes from the training script, but the configuration has an evaluate command'
  if (sandboxKind === 'bubblewrap' && !isSandboxed(result))
    return 'it was measured without the sandbox that the configuration requires'
  const { tree, protocol, replicate } = trial
  if (trial.id !== trialId(tree, replicate, protocol)) return 'its id does not match its code'
  if (trial.seed !== trialSeed(state.rootSeed, tree, replicate, protocol) && !isSharedSeed(state, trial))
    return 'its seed is not the one assigned'
  return assigned(state, result) ? undefined : 'no such trial was assigned'
}

/** Certifying runs have none: another command may evaluate them. */
function hasGuards({ trial, guards: found = [] }: TrialResult, guards: readonly GuardMetric[]): boolean {
  const wanted = isJudgeTrial(trial) ? guards : []
  return (
    found.length === wanted.length &&
    wanted.every((guard, index) => {
      const one = found[index]
      return one?.name === guard.name && beyondLimits(guard, one.value) === undefined
    })
  )
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
