// Numbers that a merge must not make worse: the verdict on the metric, corrected by what the runs say about the guards.
import type { State } from '../record/state.ts'
import type { GuardFacts } from '../record/verdict.ts'
import { judgeReadings } from '../statistics/belief.ts'
import { mean } from '../statistics/noise.ts'
import { readRuns } from '../statistics/readings.ts'
import { formatNumber, formatShare } from '../text/numbers.ts'
import { type Conditions, evidenceFor } from './evidence.ts'
import { DEFAULT_OUTLIERS, type Evidence, type Judgement, losses, PARK_RISK } from './judge.ts'
import { DEFAULT_GUARD_RISK, inMetric, type JudgedGuard, type JudgePolicy } from './policy.ts'

export interface GuardEvidence {
  guard: JudgedGuard
  /** Of the guard's values. */
  evidence: Evidence
}

/** What the record knows of each guard. */
export function guardEvidence(
  state: State,
  conditions: Conditions,
  { guards = [] }: JudgePolicy,
  candidate: Parameters<typeof evidenceFor>[2],
): GuardEvidence[] {
  return guards.map((guard) => {
    const { name, direction } = guard
    return { guard, evidence: evidenceFor(state, { ...conditions, direction, guard: name }, candidate) }
  })
}

/** A candidate whose guards are this surely lost gets no further run, whatever its metric. */
const HOPELESS_RISK = 0.95

/**
 * Corrects a judgement of the metric. A merge also needs the risk that any guard is worse by more than its margin to be at most
 * `guardRisk`; the sum over the guards bounds it, however they depend on each other (Bonferroni). Until then the candidate is run again.
 */
export function withGuards(
  judgement: Judgement,
  guards: readonly GuardEvidence[],
  { guardRisk = DEFAULT_GUARD_RISK, candidateReplicates }: JudgePolicy,
): Judgement {
  const facts = guards.flatMap(examine)
  const isAccepted = judgement.kind === 'merge' || judgement.kind === 'review'
  if (guards.length === 0 || facts.length < guards.length)
    return isAccepted && guards.length > 0
      ? { kind: 'replicate', reason: 'the guards of the baseline are not measured yet' }
      : judgement
  const risk = Math.min(
    1,
    facts.reduce((sum, one) => sum + one.risk, 0),
  )
  const runs = Math.max(...guards.map(({ evidence }) => evidence.candidate.length))
  if (judgement.kind === 'replicate')
    return risk < HOPELESS_RISK
      ? judgement
      : {
          kind: 'reject',
          reason: describe(facts, guards, risk, guardRisk),
          guards: facts,
          runs: countsOf(guards),
        }
  if (!isAccepted) return { ...judgement, guards: facts }
  if (risk <= guardRisk) {
    const kept = `; guards kept, risk ${formatShare(risk)} ≤ ${formatShare(guardRisk)}`
    return { ...judgement, reason: `${judgement.reason}${kept}`, guards: facts }
  }
  const reason = `${describe(facts, guards, risk, guardRisk)}; of the metric: ${judgement.reason}`
  if (risk < PARK_RISK && runs < candidateReplicates) return { kind: 'replicate', reason }
  return { ...judgement, kind: risk < PARK_RISK ? 'park' : 'reject', reason, guards: facts }
}

/** Nothing while the guard's noise or baseline is unknown, and before the candidate ran. */
function examine({ guard, evidence }: GuardEvidence): GuardFacts[] {
  const { level, sigma, outliers = DEFAULT_OUTLIERS, effects, baseline } = evidence
  const [own, before] = [losses(evidence.candidate, guard), losses(baseline, guard)]
  const center = sigma === 0 ? mean(before) : level?.mean
  if (sigma === undefined || center === undefined || Number.isNaN(center) || own.length === 0) return []
  const margin = inMetric(guard.margin, { sigma, baseline: center })
  const sign = guard.direction === 'minimize' ? 1 : -1
  const facts = { name: guard.name, baseline: sign * center, candidate: sign * mean(own), margin, sigma }
  if (sigma === 0 || level === undefined) return [{ ...facts, risk: mean(own) - center > margin ? 1 : 0 }]
  const readings = readRuns(own, sigma, outliers)
  return [{ ...facts, risk: judgeReadings({ level, effects }, readings, sigma, -margin / sigma).risk }]
}

/** The guard that is most likely lost. */
function describe(
  facts: readonly GuardFacts[],
  guards: readonly GuardEvidence[],
  risk: number,
  guardRisk: number,
): string {
  const worst = facts.reduce((most, one) => (one.risk > most.risk ? one : most))
  const { direction } = guards.find(({ guard }) => guard.name === worst.name)?.guard ?? {}
  const [baseline, candidate, margin] = [worst.baseline, worst.candidate, worst.margin].map((value) =>
    formatNumber(value),
  )
  const allowed = `may be ${margin} ${direction === 'maximize' ? 'lower' : 'higher'}`
  return `guard ${worst.name} is ${candidate} (baseline ${baseline}, ${allowed}), risk ${formatShare(risk)} > ${formatShare(guardRisk)}`
}

function countsOf(guards: readonly GuardEvidence[]): { candidate: number; baseline: number } {
  const [first] = guards
  return { candidate: first?.evidence.candidate.length ?? 0, baseline: first?.evidence.baseline.length ?? 0 }
}
