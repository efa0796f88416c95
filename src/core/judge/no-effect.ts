// Finds changes without effect: a run that equals a run of its baseline with the same seed, to the last bit of its value and of
// its curve. Where equal runs differ by chance, as on many GPUs, nothing is ever equal, and nothing is concluded.
import type { Candidate } from '../record/candidate.ts'
import type { State } from '../record/state.ts'
import type { TrialResult } from '../record/trial.ts'
import { type Conditions, trialsOfTree } from './evidence.ts'

/** A number with fewer digits may be equal by chance. */
const MIN_DIGITS = 4

/** True when the first run of a candidate shows that it changes nothing. */
export function hasNoEffect(
  state: State,
  conditions: Conditions,
  { base, tree }: Pick<Candidate, 'base' | 'tree'>,
): boolean {
  const baseline = state.baselines.find(({ commit }) => commit === base)
  const [run] = trialsOfTree(state, conditions, tree)
  if (run?.value === undefined || baseline === undefined || baseline.tree === tree) return false
  const runs = trialsOfTree(state, conditions, baseline.tree)
  return runs.some((twin) => twin.trial.seed === run.trial.seed && isSameRun(run, twin, runs))
}

function isSameRun(run: TrialResult, twin: TrialResult, baseline: readonly TrialResult[]): boolean {
  if (!Object.is(run.value, twin.value) || run.curve.length !== twin.curve.length) return false
  if (run.curve.length === 0) return isExact(twin, baseline)
  return run.curve.every(({ step, value }, index) => {
    const other = twin.curve[index]
    return step === other?.step && Object.is(value, other.value)
  })
}

/** Without a curve, equal values prove something only where different runs have different, precise values. */
function isExact({ trial, value = 0 }: TrialResult, baseline: readonly TrialResult[]): boolean {
  const isRepeated = baseline.some((other) => other.trial.seed !== trial.seed && other.value === value)
  return (
    !isRepeated && String(value).replace(/e.*/, '').replace(/\D/g, '').replace(/^0+/, '').length >= MIN_DIGITS
  )
}
