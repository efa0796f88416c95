// Whether the baseline can be measured at all, and when that is given up.
import { type Conditions, comparableTrials, trialsOfTree } from '../judge/evidence.ts'
import type { State } from '../record/state.ts'
import type { Outcome, TrialResult } from '../record/trial.ts'

/** Number of consecutive failed runs after which a baseline counts as broken. */
const MAX_BASELINE_FAILURES = 3
/** Outcomes of a first run that would only repeat: the command ran to its end, and its metric was not found, or a guard was beyond its limit. */
const REPEATING: ReadonlySet<Outcome> = new Set<Outcome>(['no-metric', 'invalid-metric', 'over-limit'])

/** Outcomes that another seed may not repeat. */
const SEED_DEPENDENT: ReadonlySet<Outcome> = new Set<Outcome>(['diverged', 'not-reached'])

/** Why the baseline cannot be measured, as a sentence. */
export function baselineFailure(state: State, conditions: Conditions): string | undefined {
  return findBaselineFailure(state, conditions)?.words
}

/** True once any run under this configuration returned a value, on any machine: the set-up works. */
export function hasMeasured(state: State, conditions: Conditions): boolean {
  const runs = comparableTrials(state, { ...conditions, testbed: undefined })
  return runs.some(({ outcome }) => outcome === 'measured')
}

/** The last run of a baseline that cannot be measured. */
export interface BaselineFailure {
  run: TrialResult
  /** What happened, as a sentence. */
  words: string
  /** False when the next job may try again. */
  isFinal: boolean
}

/**
 * Why the baseline cannot be measured; undefined while it may still be. A baseline that was never measured fails at once
 * when its metric was not found, and for this job when its run failed in any other way than by diverging or by missing its
 * target, which depend on the seed: the mistake is probably in the set-up, and may be fixed on the machine before the next job.
 *
 * @param before ids of the trials that ended before this job. Default: all
 */
export function findBaselineFailure(
  state: State,
  conditions: Conditions,
  before: { has(id: string): boolean } = state.trials,
): BaselineFailure | undefined {
  if (!state.baseline) return undefined
  const runs = trialsOfTree(state, conditions, state.baseline.tree)
  const failed = runs.slice(runs.findLastIndex(({ outcome }) => outcome === 'measured') + 1)
  const run = failed.at(-1)
  if (run === undefined) return undefined
  const isFirst = failed.length === runs.length && !hasMeasured(state, conditions)
  const isFinal = failed.length >= MAX_BASELINE_FAILURES || (isFirst && REPEATING.has(run.outcome))
  const endsJob = isFirst && !SEED_DEPENDENT.has(run.outcome) && !before.has(run.trial.id)
  if (!isFinal && !endsJob) return undefined
  const subject =
    failed.length === 1 ? 'the first run of the baseline' : `${failed.length} runs of the baseline`
  return { run, isFinal, words: `${subject} ended ${run.outcome}: ${run.reason ?? 'no reason known'}` }
}
