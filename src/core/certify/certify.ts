// Certification: tests all merges since the last certified commit together, with fresh runs of both ends side by side.
import type { Config } from '../config/config.ts'
import { measurementHash } from '../config/measurement.ts'
import { judgedGuards } from '../judge/guards.ts'
import type { LedgerEvent } from '../record/events.ts'
import type { State } from '../record/state.ts'
import { BASE_SCALE, measuredValues, type Protocol, type Trial, type TrialResult } from '../record/trial.ts'
import { explainLoss } from '../trial/lost.ts'
import { trialId, trialSeed } from '../trial/protocol.ts'
import { type CertifyPolicy, certificationEvidence, HOLD_Z, judgeRange } from './opinion.ts'
import { isCertifying, type NextRange, nextRange, pendingMerges } from './ranges.ts'
import { decideReverts } from './revert.ts'

/** The configuration for certification, with its own evaluator if it has one. */
export function certificationConfig(config: Config): Config {
  const { evaluate } = config.certify
  return evaluate === undefined ? config : { ...config, evaluate }
}

/**
 * The policy of certification.
 *
 * @param testbed the testbed whose runs count; undefined: all
 */
export function certifyPolicy(config: Config, testbed: string | undefined): CertifyPolicy {
  const { every, runs } = config.certify
  const { direction } = config.metric
  const conditions = { config: measurementHash(certificationConfig(config)), testbed, direction }
  const { simplicity } = config
  const guards = judgedGuards(config.guards)
  return {
    ...{ direction, runs, every, holdZ: HOLD_Z, conditions },
    ...(simplicity && { simplicity }),
    ...(guards.length > 0 && { guards }),
  }
}

/** The runs that certification needs now; none while it cannot continue. */
export function planCertification(state: State, policy: CertifyPolicy): Trial[] {
  return certificationFailure(state, policy) === undefined ? missingRuns(state, policy) : []
}

/** Alternates between both ends, so that drift affects both equally. */
function missingRuns(state: State, policy: CertifyPolicy): Trial[] {
  const range = nextRange(state)
  const opinion = range && judgeRange(state, policy, range)
  if (opinion?.kind !== 'run') return []
  const { from, to } = range as NextRange
  const ends = { from: from.commit, to: to.commit }
  const protocol: Protocol = { purpose: 'certify', scale: BASE_SCALE, range: ends }
  const evidence = certificationEvidence(state, ends, policy.conditions)
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
    const id = trialId(tree, replicate, protocol)
    const seed = trialSeed(state.rootSeed, tree, replicate, protocol)
    trials.push({ id, candidate: null, base: commit, head: commit, tree, replicate, seed, protocol })
  }
  return trials
}

/** The last certifying replicate by tree. The count continues through all ranges, so that the seeds are always new. */
function lastReplicates(state: State): Map<string, number> {
  const archived = Object.entries(state.archive.replicates)
  const last = new Map(archived.map(([tree, { certify }]) => [tree, certify]))
  for (const { trial } of state.trials.values())
    if (trial.protocol.purpose === 'certify')
      last.set(trial.tree, Math.max(last.get(trial.tree) ?? 0, trial.replicate))
  return last
}

/** Requests certification of all pending merges; no event when none is pending or it is already requested. */
export function requestCertification(state: State): Extract<LedgerEvent, { kind: 'certify' }>[] {
  const last = pendingMerges(state).at(-1)
  return last && !isCertifying(state) ? [{ kind: 'certify', to: last.commit }] : []
}

/** What certification can decide now, as ledger events. Each event may allow further decisions. */
export function decideCertification(state: State, policy: CertifyPolicy): LedgerEvent[] {
  const isDue = policy.every > 0 && pendingMerges(state).length >= policy.every
  const range = nextRange(state)
  const opinion = range && judgeRange(state, policy, range)
  return [
    ...(isDue ? requestCertification(state) : []),
    ...(opinion?.kind === 'decided'
      ? [{ kind: 'certification', certification: opinion.certification } as const]
      : []),
    ...decideReverts(state),
  ]
}

/** Why certification cannot continue, as a sentence; undefined while it can. */
export function certificationFailure(state: State, policy: CertifyPolicy): string | undefined {
  const range = nextRange(state)
  const opinion = range && judgeRange(state, policy, range)
  if (opinion?.kind === 'stuck') return `the last certified commit cannot be measured: ${opinion.reason}`
  for (const { id, head, replicate } of missingRuns(state, policy)) {
    const loss = explainLoss(state, id)
    if (loss !== undefined) return `fresh run ${replicate} of ${head.slice(0, 7)} is ${loss}`
  }
  return undefined
}
