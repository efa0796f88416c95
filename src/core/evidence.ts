// Which recorded runs may be compared with which: the same testbed, the same configuration, and no run twice.
import { createHash } from 'node:crypto'
import type { Candidate } from './candidate.ts'
import type { Config } from './config/config.ts'
import type { State } from './state.ts'
import { purposeOf, type TrialResult } from './trial.ts'
import { mean, measuredValues, pooledSigma } from './verdict.ts'

/** What two numbers must share to be comparable. */
export interface Bench {
  /** Hash of the configuration. */
  config: string
  /** Hardware in words; undefined while nothing has been trained, or when the machine that will train is not known yet. */
  testbed: string | undefined
}

/** Hash of everything in the configuration that changes what a number means. */
export function measurementHash({
  setup,
  train,
  evaluate,
  budgetSeconds,
  timeoutSeconds,
  metric,
  progress,
  sandbox: { kind: sandbox },
}: Config): string {
  const meaning = { setup, train, evaluate, budgetSeconds, timeoutSeconds, metric, progress, sandbox }
  return createHash('sha256').update(JSON.stringify(meaning)).digest('hex').slice(0, 16)
}

/** Every comparable run of this code, in the order of the ledger, without those that certify. */
export function trialsOfTree(state: State, bench: Bench, tree: string): TrialResult[] {
  return comparableTrials(state, bench).filter(
    ({ trial }) => trial.tree === tree && purposeOf(trial) === 'judge',
  )
}

/**
 * The runs that measure a tree as the baseline. The first run of a merged candidate is left out: it was selected for
 * being good, so counting it would make the new baseline look better than it is. After a change of testbed that is the
 * first one there, whatever its number.
 */
export function baselineTrials(state: State, bench: Bench, tree: string): TrialResult[] {
  return trialsOfTree(state, bench, tree).filter(
    ({ outcome, trial }, index) => outcome === 'measured' && !(trial.candidate !== null && index === 0),
  )
}

/** Standard deviation of one run, pooled over all code that was run twice or more; undefined before that. */
export function noiseSigma(state: State, bench: Bench): number | undefined {
  const groups = Map.groupBy(comparableTrials(state, bench), (result) => result.trial.tree)
  return pooledSigma([...groups.values()].map(measuredValues))
}

export interface Evidence {
  baseline: TrialResult[]
  candidate: TrialResult[]
  sigma: number | undefined
}

/** What a candidate is judged on: its runs and those of the baseline it was built on. */
export function evidenceFor(state: State, bench: Bench, candidate: Candidate): Evidence {
  const base = state.baselines.find(({ commit }) => commit === candidate.base)
  return {
    baseline: base ? baselineTrials(state, bench, base.tree) : [],
    candidate: trialsOfTree(state, bench, candidate.tree),
    sigma: noiseSigma(state, bench),
  }
}

/**
 * Mean wall time of a run of the first baseline measured on this bench. Anchored there, because an allowance over the
 * present baseline would let every merge add a few percent of training time to the last.
 */
export function usualSeconds(state: State, bench: Bench): number | undefined {
  const [first] = state.baselines.flatMap(({ tree }) => {
    const runs = baselineTrials(state, bench, tree)
    return runs.length > 0 ? [runs] : []
  })
  return first && mean(first.map((result) => result.wallSeconds))
}

/** Mean of the metric over the runs that measure a tree as the baseline; undefined before the first. */
export function baselineMean(state: State, bench: Bench, tree: string): number | undefined {
  const values = measuredValues(baselineTrials(state, bench, tree))
  return values.length > 0 ? mean(values) : undefined
}

/** Every run made on this bench, whatever it was for, in the order of the ledger. */
export function comparableTrials(state: State, bench: Bench): TrialResult[] {
  return [...state.trials.values()].filter(
    (result) =>
      result.config === bench.config && (bench.testbed === undefined || result.testbed === bench.testbed),
  )
}
