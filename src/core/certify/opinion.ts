// What fresh runs say about a stretch of the baseline: that it holds, that it does not, or that more of them are needed.
import { type Bench, comparableTrials, noiseSigma } from '../evidence.ts'
import type { Direction } from '../metric.ts'
import type { State } from '../state.ts'
import { mean } from '../statistics/noise.ts'
import { formatNumber } from '../text.ts'
import { measuredValues, type TrialResult } from '../trial.ts'
import type { MeasuredEvidence } from '../verdict.ts'
import type { Certification, NextStretch, Stretch } from './stretch.ts'

export interface CertifyPolicy {
  direction: Direction
  /** Fresh runs of each end of a stretch; a merge that stands alone gets twice as many before it is refuted. */
  runs: number
  /** Merges after which certification begins by itself; 0 for never. */
  every: number
  /** Standard score from which a stretch holds. */
  holdZ: number
  /** The bench of certification, see `certificationConfig`. */
  bench: Bench
}

/** One-sided 5 %: of stretches that gained nothing, one in twenty holds. */
export const HOLD_Z = 1.645

/** Runs of one end that may fail before something else than a small gain is the matter. */
const MAX_FAILURES = 3

/** The fresh runs of a stretch, as the baseline (`from`) and the candidate (`to`) of one comparison. */
export function certificationEvidence(state: State, stretch: Stretch, bench?: Bench): MeasuredEvidence {
  const runs = (bench ? comparableTrials(state, bench) : [...state.trials.values()]).filter(
    ({ trial: { certifies } }) => certifies?.from === stretch.from && certifies.to === stretch.to,
  )
  const of = (commit: string) => runs.filter(({ trial }) => trial.head === commit)
  const sigma = bench && noiseSigma(state, bench)
  return { baseline: of(stretch.from), candidate: of(stretch.to), sigma }
}

type Opinion =
  | { kind: 'run'; runs: number }
  /** `from` does not train or is not evaluated: that says nothing about the merges. */
  | { kind: 'stuck'; reason: string }
  | { kind: 'decided'; certification: Certification }

/**
 * The opinion about a stretch on the evidence so far: z = gain / (σ √(1/n + 1/m)), one-sided. Looked at once, and for a
 * single merge a second time with twice the runs: undoing a merge that helps costs more than the runs that tell.
 */
export function judgeStretch(state: State, policy: CertifyPolicy, stretch: NextStretch): Opinion {
  const ends = { from: stretch.from.commit, to: stretch.to.commit }
  const evidence = certificationEvidence(state, ends, policy.bench)
  const [before, after] = [measuredValues(evidence.baseline), measuredValues(evidence.candidate)]
  const stuck = failure(evidence.baseline)
  if (stuck !== undefined) return { kind: 'stuck', reason: stuck }
  const about = {
    ...ends,
    merges: stretch.merges,
    runs: { candidate: after.length, baseline: before.length },
  }
  const broken = failure(evidence.candidate)
  if (broken !== undefined)
    return { kind: 'decided', certification: { ...about, holds: false, reason: broken } }
  const complete = Math.min(before.length, after.length)
  if (complete < policy.runs) return { kind: 'run', runs: policy.runs }
  const isSecondLook = complete > policy.runs
  if (isSecondLook && complete < 2 * policy.runs) return { kind: 'run', runs: 2 * policy.runs }
  const certification = compareEnds(about, before, after, evidence.sigma ?? 0, policy)
  const mayStillHold = stretch.merges === 1 && !isSecondLook && (certification.gain ?? 0) > 0
  if (!certification.holds && mayStillHold) return { kind: 'run', runs: 2 * policy.runs }
  return { kind: 'decided', certification }
}

function compareEnds(
  about: Omit<Certification, 'holds' | 'reason'>,
  before: readonly number[],
  after: readonly number[],
  sigma: number,
  { direction, holdZ }: CertifyPolicy,
): Certification {
  const gain = (direction === 'minimize' ? 1 : -1) * (mean(before) - mean(after))
  const standardError = sigma * Math.sqrt(1 / before.length + 1 / after.length)
  const z = standardError > 0 ? gain / standardError : undefined
  const holds = z === undefined ? gain > 0 : z >= holdZ
  const reason = describeComparison(about, gain, standardError, holds, holdZ)
  return { ...about, holds, reason, gain, sigma, ...(z === undefined ? {} : { z }) }
}

function describeComparison(
  { merges, runs }: Pick<Certification, 'merges' | 'runs'>,
  gain: number,
  standardError: number,
  holds: boolean,
  holdZ: number,
): string {
  const what = merges === 1 ? '1 merge' : `${merges} merges`
  const subject = holds
    ? `${what} certified${merges === 1 ? '' : ' together'}`
    : merges === 1
      ? `${what} does not hold`
      : `${what} do not hold together`
  const error = standardError > 0 ? ` ± ${formatNumber(standardError)}` : ''
  const fresh = `gain ${formatNumber(gain)}${error} over ${runs.candidate} + ${runs.baseline} fresh runs`
  if (standardError === 0) return `${subject}: ${fresh}; repeated runs are identical (σ = 0)`
  const z = (gain / standardError).toFixed(1)
  return `${subject}: ${fresh}, z = ${z}${holds ? '' : ` < ${holdZ}`}`
}

function failure(results: readonly TrialResult[]): string | undefined {
  const failed = results.filter(({ outcome }) => outcome !== 'measured')
  if (failed.length < MAX_FAILURES) return undefined
  const last = failed.at(-1)
  return `${failed.length} fresh runs ended ${last?.outcome}: ${last?.reason ?? 'no reason known'}`
}
