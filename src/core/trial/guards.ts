// Second numbers of a run: each must be there and within its hard limits, or the run does not count.
import type { GuardValue } from '../record/trial.ts'
import type { Exit, GuardMetric, Measurement, MetricText } from './metric.ts'
import { measureTrial } from './outcome.ts'

/** A guard, and the values that were found of it. */
export interface FoundGuard {
  guard: GuardMetric
  found: MetricText
}

/** Adds the guards to a run whose metric was measured; one that is missing or beyond its limits becomes the outcome. */
export function measureGuards(
  measured: Measurement,
  guards: readonly FoundGuard[],
  exit: Exit,
  log: string,
): Measurement {
  if (measured.outcome !== 'measured' || guards.length === 0) return measured
  const values: GuardValue[] = []
  for (const { guard, found } of guards) {
    const { outcome, value, reason } = measureTrial(exit, found, log, false, guard)
    if (value === undefined) return { outcome, reason: `guard ${guard.name}: ${reason}`.slice(0, 500) }
    const problem = beyondLimits(guard, value)
    if (problem !== undefined) return { outcome: 'over-limit', reason: problem }
    values.push({ name: guard.name, value })
  }
  return { ...measured, guards: values }
}

/** Why a value is beyond the hard limits of its guard. */
export function beyondLimits({ name, min, max }: GuardMetric, value: number): string | undefined {
  if (max !== undefined && value > max) return `guard ${name} is ${value}, above its maximum of ${max}`
  if (min !== undefined && value < min) return `guard ${name} is ${value}, below its minimum of ${min}`
  return undefined
}
