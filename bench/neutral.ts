// How often the judge merges a candidate that changes nothing. Usage: `node bench/neutral.ts [candidates]`.
import type { TrialResult } from '../src/core/trial.ts'
import {
  type JudgePolicy,
  judge,
  measuredValues,
  pooledSigma,
  STARTING_THRESHOLDS,
} from '../src/core/verdict.ts'
import { aRandom, aTrialResult, gaussian } from '../test/factories.ts'

const candidates = Number(process.argv[2] ?? 12_000)
const SEED = 20_261_123
const random = aRandom(SEED)
const policy: JudgePolicy = {
  direction: 'minimize',
  baselineReplicates: 6,
  candidateReplicates: 4,
  ...STARTING_THRESHOLDS,
}

/** One run of code whose metric is 1 with a standard deviation of 0.01. */
function aRun(): TrialResult {
  return aTrialResult({ value: 1 + 0.01 * gaussian(random), wallSeconds: 300 })
}

/** Judges one neutral candidate to its end, with σ known or estimated from the baseline's runs alone. */
function settle(sigmaIsKnown: boolean): { merged: boolean; runs: number } {
  const baseline = Array.from({ length: policy.baselineReplicates }, aRun)
  const sigma = sigmaIsKnown ? 0.01 : (pooledSigma([measuredValues(baseline)]) ?? 0)
  const runs: TrialResult[] = []
  for (;;) {
    runs.push(aRun())
    const { kind } = judge(baseline, runs, sigma, policy)
    if (kind !== 'replicate') return { merged: kind === 'merge', runs: runs.length }
  }
}

const rows = [true, false].map((sigmaIsKnown) => {
  const settled = Array.from({ length: candidates }, () => settle(sigmaIsKnown))
  const merged = settled.filter((one) => one.merged).length
  const runs = settled.reduce((sum, one) => sum + one.runs, 0)
  return {
    sigma: sigmaIsKnown ? 'known, as after many runs' : 'from six baseline runs',
    mergedPercent: Number(((100 * merged) / candidates).toFixed(2)),
    runsPerCandidate: Number((runs / candidates).toFixed(2)),
  }
})
console.table(rows)
console.log(JSON.stringify({ seed: SEED, candidates, rows }))
