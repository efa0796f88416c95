// The seed that the first run of a searched constant shares with a run of its baseline. Where training is deterministic under a
// fixed seed, equal results then show that the constant does nothing, at no cost.
//
// Only candidates that change named constants by search share a seed: their code is not written by anyone who could make use of
// knowing it. Every other candidate has seeds that depend on its own code. Nothing is merged on a first run, and all later
// runs have seeds of their own.
import { type Candidate, isIdea, knobsOf } from '../record/candidate.ts'
import type { State } from '../record/state.ts'
import type { Trial, TrialResult } from '../record/trial.ts'
import { mean } from '../statistics/noise.ts'
import { isJudgeTrial } from './protocol.ts'

/** True for candidates whose first run may share a seed with the baseline. Those of older releases recorded no context. */
export function mayShareSeed(candidate: Pick<Candidate, 'knob' | 'knobs' | 'origin'>): boolean {
  const knobs = knobsOf(candidate)
  return isIdea(candidate) && knobs.length > 0 && knobs.every(({ context }) => context !== undefined)
}

/** With fewer runs of the baseline, the run nearest to their mean may still be a lucky one. */
const MIN_BASELINE_RUNS = 4

/**
 * The seed of the run nearest to the mean, so that no candidate inherits the luck of one run of the baseline.
 *
 * @param baseline comparable runs of the baseline that it was not selected for
 * @param sigma noise of one run; 0 where repeated runs are identical
 * @returns undefined when there are too few
 */
export function seedToShare(
  baseline: readonly (Pick<TrialResult, 'value'> & { trial: Pick<Trial, 'seed'> })[],
  sigma: number | undefined,
): number | undefined {
  const measured = baseline.flatMap(({ value, trial }) => (value === undefined ? [] : [{ value, trial }]))
  if (measured.length < MIN_BASELINE_RUNS && sigma !== 0) return undefined
  const center = mean(measured.map(({ value }) => value))
  const distance = ({ value }: { value: number }) => Math.abs(value - center)
  const [first, ...others] = measured
  return (
    first && others.reduce((best, run) => (distance(run) < distance(best) ? run : best), first).trial.seed
  )
}

/** True when the trial has the seed of a recorded run of its baseline, and may have it. */
export function isSharedSeed(state: State, trial: Trial): boolean {
  const candidate = trial.candidate === null ? undefined : state.candidates.get(trial.candidate)
  if (!candidate || !mayShareSeed(candidate) || trial.replicate !== 1 || !isJudgeTrial(trial)) return false
  const base = state.baselines.find(({ commit }) => commit === trial.base)
  return [...state.trials.values()].some(
    (run) => run.trial.tree === base?.tree && isJudgeTrial(run.trial) && run.trial.seed === trial.seed,
  )
}
