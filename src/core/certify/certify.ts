// Certification: proves the merges since the last certified commit together, with fresh runs of both ends side by side.
import type { Config } from '../config/config.ts'
import { type Bench, comparableTrials, type Evidence, measurementHash, noiseSigma } from '../evidence.ts'
import type { LedgerEvent } from '../ledger.ts'
import type { Direction } from '../metric.ts'
import type { State } from '../state.ts'
import { formatNumber } from '../text.ts'
import { BASE_SCALE, purposeOf, type Trial, type TrialResult, trialId, trialSeed } from '../trial.ts'
import { mean, measuredValues } from '../verdict.ts'
import { decideReverts } from './revert.ts'
import {
  type Certification,
  isCertifying,
  type NextStretch,
  nextStretch,
  pendingMerges,
  type Stretch,
} from './stretch.ts'

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

/** The configuration that certification measures under: its own evaluator, where there is one. */
export function certificationConfig(config: Config): Config {
  const { evaluate } = config.certify
  return evaluate === undefined ? config : { ...config, evaluate }
}

/** What certification measures under `config`, on a machine. */
export function certifyPolicy(config: Config, testbed: string | undefined): CertifyPolicy {
  const { every, runs } = config.certify
  const bench = { config: measurementHash(certificationConfig(config)), testbed }
  return { direction: config.metric.direction, runs, every, holdZ: HOLD_Z, bench }
}

/** The fresh runs of a stretch, as the baseline (`from`) and the candidate (`to`) of one comparison. */
export function certificationEvidence(state: State, stretch: Stretch, bench?: Bench): Evidence {
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
function judgeStretch(state: State, policy: CertifyPolicy, stretch: NextStretch): Opinion {
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

/** The runs that certification needs now, both ends in turn, so that whatever drifts meets both alike. */
export function planCertification(state: State, policy: CertifyPolicy): Trial[] {
  const stretch = nextStretch(state)
  const opinion = stretch && judgeStretch(state, policy, stretch)
  if (opinion?.kind !== 'run') return []
  const { from, to } = stretch as NextStretch
  const certifies = { from: from.commit, to: to.commit }
  const evidence = certificationEvidence(state, certifies, policy.bench)
  const missing = (results: readonly TrialResult[]) =>
    Math.max(0, opinion.runs - measuredValues(results).length)
  const left = { from: missing(evidence.baseline), to: missing(evidence.candidate) }
  const replicates = lastReplicates(state)
  const trials: Trial[] = []
  while (left.from + left.to > 0) {
    const end = left.from >= left.to ? 'from' : 'to'
    left[end] -= 1
    const { commit, tree } = end === 'from' ? from : to
    const replicate = (replicates.get(tree) ?? 0) + 1
    replicates.set(tree, replicate)
    trials.push({
      id: trialId(tree, replicate, 'certify'),
      candidate: null,
      base: commit,
      head: commit,
      tree,
      replicate,
      seed: trialSeed(state.rootSeed, tree, replicate, 'certify'),
      scale: BASE_SCALE,
      certifies,
    })
  }
  return trials
}

/** By tree: certification counts its own replicates, through all stretches, so that its seeds are fresh every time. */
function lastReplicates(state: State): Map<string, number> {
  const last = new Map<string, number>()
  for (const { trial } of state.trials.values())
    if (purposeOf(trial) === 'certify')
      last.set(trial.tree, Math.max(last.get(trial.tree) ?? 0, trial.replicate))
  return last
}

/** Asks for the certification of every merge that is not settled; nothing when there is none. */
export function askForCertification(state: State): Extract<LedgerEvent, { kind: 'certify' }>[] {
  const last = pendingMerges(state).at(-1)
  return last && !isCertifying(state) ? [{ kind: 'certify', to: last.commit }] : []
}

/** What certification can decide now, as ledger events; each may make another possible. */
export function decideCertification(state: State, policy: CertifyPolicy): LedgerEvent[] {
  const isDue = policy.every > 0 && pendingMerges(state).length >= policy.every
  const stretch = nextStretch(state)
  const opinion = stretch && judgeStretch(state, policy, stretch)
  return [
    ...(isDue ? askForCertification(state) : []),
    ...(opinion?.kind === 'decided'
      ? [{ kind: 'certification', certification: opinion.certification } as const]
      : []),
    ...decideReverts(state),
  ]
}

/** Why certification cannot go on; undefined while it can. */
export function certificationFailure(state: State, policy: CertifyPolicy): string | undefined {
  const stretch = nextStretch(state)
  const opinion = stretch && judgeStretch(state, policy, stretch)
  return opinion?.kind === 'stuck' ? opinion.reason : undefined
}
