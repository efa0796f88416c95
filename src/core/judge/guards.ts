// Numbers that a merge must not make worse: the verdict on the metric, corrected by what the runs say about the guards.
import type { State } from '../record/state.ts'
import type { TrialResult } from '../record/trial.ts'
import type { GuardFacts } from '../record/verdict.ts'
import { judgeReadings } from '../statistics/belief.ts'
import { mean } from '../statistics/noise.ts'
import { readRuns } from '../statistics/readings.ts'
import { formatNumber, formatShare } from '../text/numbers.ts'
import { type Conditions, evidenceFor } from './evidence.ts'
import { DEFAULT_OUTLIERS, type Evidence, type Judgement, losses, PARK_RISK } from './judge.ts'
import {
  DEFAULT_GUARD_RISK,
  inMetric,
  type JudgedGuard,
  type JudgePolicy,
  mostDoubtedRuns,
} from './policy.ts'

/** The guards that a comparison has to keep: those with a margin. Hard limits are kept by every run that counts. */
export function judgedGuards(
  guards: readonly (Pick<JudgedGuard, 'name' | 'direction'> & Partial<Pick<JudgedGuard, 'margin'>>)[],
): JudgedGuard[] {
  return guards.flatMap(({ name, direction, margin }) => (margin ? [{ name, direction, margin }] : []))
}

/** What merges together did to a guard, by fresh runs of both ends. */
export interface EndRuns {
  before: readonly TrialResult[]
  after: readonly TrialResult[]
  /** Number of merges between both ends. Each may cost the margin. */
  merges: number
}

/**
 * Why a guard did not hold: fresh runs say that it is more likely than not worse by more than the merges together may make it. That is the
 * risk at which the judge rejects a candidate.
 *
 * @param sigmaOf noise of one run of a guard; undefined when unknown
 * @returns undefined when all hold, or were not measured
 */
export function explainLostGuard(
  guards: readonly JudgedGuard[],
  { before, after, merges }: EndRuns,
  sigmaOf: (guard: JudgedGuard) => number | undefined,
): string | undefined {
  for (const guard of guards) {
    const [was, is] = [before, after].map((runs) => guardValues(runs, guard)) as [number[], number[]]
    const sigma = guard.margin.kind === 'sigmas' ? sigmaOf(guard) : 0
    if (was.length === 0 || is.length === 0 || sigma === undefined) continue
    const margin = merges * inMetric(guard.margin, { sigma, baseline: mean(was) })
    const worse = (guard.direction === 'minimize' ? 1 : -1) * (mean(is) - mean(was))
    if (worse <= margin) continue
    const [now, then, allowed] = [mean(is), mean(was), margin].map(formatNumber)
    return `guard ${guard.name} is ${now} against ${then}, and may be worse by ${allowed}`
  }
  return undefined
}

/** The values of a guard in the runs that have one. */
export function guardValues(runs: readonly TrialResult[], { name }: Pick<JudgedGuard, 'name'>): number[] {
  return runs.flatMap(({ guards = [] }) => guards.find((one) => one.name === name)?.value ?? [])
}

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

/** A margin counts as at most this many σ. */
const MARGIN_SIGMAS = 8
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
  if (facts.length < guards.length)
    return isAccepted
      ? { kind: 'replicate', reason: 'the guards of the baseline are not measured yet' }
      : judgement
  if (guards.length === 0 || judgement.kind === 'reject' || judgement.kind === 'park')
    return judgement.kind !== 'replicate' && facts.length > 0 ? { ...judgement, guards: facts } : judgement
  const risk = Math.min(
    1,
    facts.reduce((sum, one) => sum + one.risk, 0),
  )
  if (judgement.kind === 'replicate')
    return risk < HOPELESS_RISK
      ? judgement
      : { kind: 'reject', ...loss(facts, risk, guardRisk), runs: countsOf(guards) }
  if (risk <= guardRisk) {
    const kept = `; guards kept, risk ${formatShare(risk)} ≤ ${formatShare(guardRisk)}`
    return { ...judgement, reason: `${judgement.reason}${kept}`, guards: facts }
  }
  const lost = loss(facts, risk, guardRisk)
  const reason = `${lost.reason}; of the metric: ${judgement.reason}`
  if (risk < PARK_RISK && countsOf(guards).candidate < mostDoubtedRuns({ candidateReplicates }))
    return { kind: 'replicate', reason }
  return { ...judgement, kind: risk < PARK_RISK ? 'park' : 'reject', ...lost, reason }
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
  // Effects are known up to 32 σ. Where the margin is far beyond the noise, a larger σ is as good, and on the safe side.
  const scale = Math.max(sigma, margin / MARGIN_SIGMAS)
  const { mean: expected, variance } = level
  const known = scale === sigma ? level : { mean: expected, variance }
  const readings = readRuns(own, scale, outliers)
  return [{ ...facts, risk: judgeReadings({ level: known, effects }, readings, scale, -margin / scale).risk }]
}

/** Names the guard that is most likely lost. */
function loss(facts: GuardFacts[], risk: number, guardRisk: number) {
  const worst = facts.reduce((most, one) => (one.risk > most.risk ? one : most))
  const { name } = worst
  const [baseline, candidate, margin] = [worst.baseline, worst.candidate, worst.margin].map((value) =>
    formatNumber(value),
  )
  const shares = `risk ${formatShare(risk)} > ${formatShare(guardRisk)}`
  return {
    reason: `guard ${name} is ${candidate} against ${baseline}, and may be worse by ${margin}: ${shares}`,
    guards: facts,
    lostGuard: name,
  }
}

function countsOf(guards: readonly GuardEvidence[]): { candidate: number; baseline: number } {
  const [first] = guards
  return { candidate: first?.evidence.candidate.length ?? 0, baseline: first?.evidence.baseline.length ?? 0 }
}
