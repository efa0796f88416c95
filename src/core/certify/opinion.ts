// Decides from fresh runs whether a range of the baseline holds, does not hold, or needs more runs.
import { type Conditions, comparableTrials, noiseSigma } from '../judge/evidence.ts'
import { explainLostGuard } from '../judge/guards.ts'
import { type MeasuredEvidence, NOT_WORSE_Z } from '../judge/judge.ts'
import { inMetric, isSimplification, type JudgedGuard, type Simplicity, type Units } from '../judge/policy.ts'
import { type Certification, type MergeRange, rangeKey } from '../record/certification.ts'
import type { State } from '../record/state.ts'
import { measuredValues, type TrialResult } from '../record/trial.ts'
import { mean } from '../statistics/noise.ts'
import { formatNumber, formatScore } from '../text/numbers.ts'
import type { MetricDirection } from '../trial/metric.ts'
import type { NextRange } from './ranges.ts'

export interface CertifyPolicy {
  direction: MetricDirection
  /** Fresh runs of each end of a range; a single merge gets twice as many before it is refuted. */
  runs: number
  /** Merges after which certification starts automatically; 0: never. */
  every: number
  /** Minimum standard score of a range that holds. */
  holdZ: number
  simplicity?: Simplicity
  /** Default: none. */
  guards?: readonly JudgedGuard[]
  /** The conditions of certification, see `certificationConfig`. */
  conditions: Conditions
}

/** One-sided 5 %: of groups without a gain one in 20 holds. Of single merges one in 13 does, because a second test follows. */
export const HOLD_Z = 1.645

/** Number of failed runs of one end from which the code, not the size of the gain, is the problem. */
const MAX_FAILURES = 3

/** The fresh runs of a range, as the baseline (`from`) and the candidate (`to`) of one comparison. */
export function certificationEvidence(
  state: State,
  range: MergeRange,
  conditions?: Conditions,
): MeasuredEvidence {
  const runs = (conditions ? comparableTrials(state, conditions) : [...state.trials.values()]).filter(
    ({ trial: { protocol } }) =>
      protocol.purpose === 'certify' && rangeKey(protocol.range) === rangeKey(range),
  )
  const of = (commit: string) => runs.filter(({ trial }) => trial.head === commit)
  const sigma = conditions && noiseSigma(state, conditions)
  return { baseline: of(range.from), candidate: of(range.to), sigma }
}

type Opinion =
  | { kind: 'run'; runs: number }
  /** Runs of `from` fail, which says nothing about the merges. */
  | { kind: 'stuck'; reason: string }
  | { kind: 'decided'; certification: Certification }

/**
 * Judges a range on the evidence so far by a one-sided test: z = (gain + margin) / (σ √(1/n + 1/m)), where the margin is
 * the total that the range's simplifications may cost. The test is done once; a single merge is tested a second time with
 * twice the runs, because reverting a merge that helps costs more than those runs.
 */
export function judgeRange(state: State, policy: CertifyPolicy, range: NextRange): Opinion {
  const ends = { from: range.from.commit, to: range.to.commit }
  const evidence = certificationEvidence(state, ends, policy.conditions)
  const [before, after] = [measuredValues(evidence.baseline), measuredValues(evidence.candidate)]
  const stuck = failure(evidence.baseline)
  if (stuck !== undefined) return { kind: 'stuck', reason: stuck }
  const runs = { candidate: after.length, baseline: before.length }
  const about = { ...ends, merges: range.merges, runs }
  const broken = failure(evidence.candidate)
  if (broken !== undefined)
    return { kind: 'decided', certification: { ...about, holds: false, reason: broken } }
  const complete = Math.min(before.length, after.length)
  if (complete < policy.runs) return { kind: 'run', runs: policy.runs }
  const isSecondLook = complete > policy.runs
  if (isSecondLook && complete < 2 * policy.runs) return { kind: 'run', runs: 2 * policy.runs }
  const demand = demandOn(range, policy, { sigma: evidence.sigma ?? 0, baseline: mean(before) })
  const certification = compareEnds(about, before, after, demand, policy)
  const { gain = 0 } = certification
  const lost = lostGuard(state, policy, evidence, range)
  const mayStillHold = range.merges === 1 && !isSecondLook && gain + demand.margin > 0
  if ((!certification.holds || lost) && mayStillHold) return { kind: 'run', runs: 2 * policy.runs }
  return { kind: 'decided', certification: lost ? withoutGuard(certification, lost) : certification }
}

function lostGuard(
  state: State,
  { guards = [], conditions }: CertifyPolicy,
  { baseline: before, candidate: after }: MeasuredEvidence,
  { merges }: NextRange,
): string | undefined {
  return explainLostGuard(guards, { before, after, merges }, ({ name, direction }) =>
    noiseSigma(state, { ...conditions, direction, guard: name }),
  )
}

function withoutGuard(certification: Certification, lost: string): Certification {
  const { merges, reason } = certification
  const subject = describeSubject({ merges, holds: false })
  return { ...certification, holds: false, reason: `${subject}: ${lost}; of the metric: ${reason}` }
}

/** The requirement that a range must meet. */
interface Demand {
  sigma: number
  /** Number of merges in it that were simplifications. */
  simplifications: number
  /** Total loss that they may cause, in the metric's unit. */
  margin: number
  holdZ: number
}

/** Applies the judge's requirements: each simplification may cost its margin, alone or in a group. */
function demandOn(
  { merges, addedLines }: NextRange,
  { simplicity, holdZ }: CertifyPolicy,
  units: Units,
): Demand {
  const { sigma } = units
  if (!simplicity) return { sigma, simplifications: 0, margin: 0, holdZ }
  const simplifications = addedLines.filter((lines) => isSimplification(simplicity, lines)).length
  const margin = simplifications * inMetric(simplicity.margin, units)
  return { sigma, simplifications, margin, holdZ: simplifications === merges ? NOT_WORSE_Z : holdZ }
}

function compareEnds(
  about: Omit<Certification, 'holds' | 'reason'>,
  before: readonly number[],
  after: readonly number[],
  demand: Demand,
  { direction }: CertifyPolicy,
): Certification {
  const { sigma, simplifications, margin, holdZ } = demand
  const gain = (direction === 'minimize' ? 1 : -1) * (mean(before) - mean(after))
  const standardError = sigma * Math.sqrt(1 / before.length + 1 / after.length)
  const z = standardError > 0 ? (gain + margin) / standardError : undefined
  const holds = z === undefined ? holdsExactly(about.merges, gain, demand) : z >= holdZ
  const reason = describeComparison({ ...about, holds, gain, standardError, z }, demand)
  return {
    ...about,
    holds,
    reason,
    gain,
    sigma,
    ...(simplifications > 0 && { margin }),
    ...(z !== undefined && { z }),
  }
}

/** Without noise, an equal value is neither worse nor a gain. */
function holdsExactly(merges: number, gain: number, { simplifications, margin }: Demand): boolean {
  return simplifications === merges ? gain >= -margin : gain > -margin
}

interface Comparison extends Pick<Certification, 'merges' | 'runs' | 'holds'> {
  gain: number
  standardError: number
  z: number | undefined
}

function describeComparison(comparison: Comparison, demand: Demand): string {
  const { runs, holds, gain, standardError, z } = comparison
  const error = standardError > 0 ? ` ± ${formatNumber(standardError)}` : ''
  const fresh = `gain ${formatNumber(gain)}${error} over ${runs.candidate} + ${runs.baseline} fresh runs`
  const found = `${describeSubject(comparison)}: ${fresh}${describeMargin(comparison, demand)}`
  if (z === undefined) return `${found}; repeated runs are identical (σ = 0)`
  return `${found}, z = ${formatScore(z)}${holds ? '' : ` < ${demand.holdZ}`}`
}

function describeSubject({ merges, holds }: Pick<Comparison, 'merges' | 'holds'>): string {
  if (merges === 1) return holds ? '1 merge certified' : '1 merge does not hold'
  return `${merges} merges ${holds ? 'certified together' : 'do not hold together'}`
}

function describeMargin({ merges }: Comparison, { simplifications, margin }: Demand): string {
  if (simplifications === 0) return ''
  const worse = `may be worse by ${formatNumber(margin)}`
  if (merges === 1) return `, as a simplification it ${worse}`
  return `, with ${simplifications} ${simplifications === 1 ? 'simplification' : 'simplifications'} they ${worse}`
}

function failure(results: readonly TrialResult[]): string | undefined {
  const failed = results.filter(({ outcome }) => outcome !== 'measured')
  if (failed.length < MAX_FAILURES) return undefined
  const last = failed.at(-1)
  return `${failed.length} fresh runs ended ${last?.outcome}: ${last?.reason ?? 'no reason known'}`
}
