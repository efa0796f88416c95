// Second numbers of a run: each must be there and within its hard limits, or the run does not count.
import type { GuardValue } from '../record/trial.ts'
import type { GuardMetric, Measurement, MetricText, OutsideSource } from './metric.ts'

const OF_GUARD = 'guard '

/** True when a guard, not the metric, is the reason of an outcome. */
export function isFromGuard(reason: string): boolean {
  return reason.startsWith(OF_GUARD)
}

/** A guard, and what was measured of it as if it were the metric. */
export interface MeasuredGuard {
  guard: GuardMetric
  measured: Measurement
}

/** What was measured from outside while training ran. */
export interface OutsideReadings {
  peakMemoryBytes?: number | undefined
  /** Of all devices, above what was in use before. */
  deviceMebibytes?: number | undefined
}

/** The reading of a guard as if the script had printed it. */
export function outsideText({ what }: OutsideSource, readings: OutsideReadings): MetricText {
  const { peakMemoryBytes, deviceMebibytes } = readings
  const mebibytes = what === 'device-memory' ? deviceMebibytes : inMebibytes(peakMemoryBytes)
  if (mebibytes !== undefined) return { texts: [String(mebibytes)], count: 1 }
  const missing =
    what === 'device-memory'
      ? 'nvidia-smi reported no memory of a device'
      : 'the memory of this run was not measured'
  return { texts: [], count: 0, problem: missing }
}

function inMebibytes(bytes: number | undefined): number | undefined {
  return bytes === undefined ? undefined : Math.round((100 * bytes) / 1024 ** 2) / 100
}

/** Adds the guards to a run whose metric was measured; one that is missing or beyond its limits becomes the outcome. */
export function measureGuards(measured: Measurement, guards: readonly MeasuredGuard[]): Measurement {
  if (measured.outcome !== 'measured' || guards.length === 0) return measured
  const values: GuardValue[] = []
  for (const { guard, measured: found } of guards) {
    const { outcome, value, reason } = found
    if (value === undefined) return { outcome, reason: `${OF_GUARD}${guard.name}: ${reason}`.slice(0, 500) }
    const problem = beyondLimits(guard, value)
    if (problem !== undefined) return { outcome: 'over-limit', reason: problem }
    values.push({ name: guard.name, value })
  }
  return { ...measured, guards: values }
}

/** Why a value is beyond the hard limits of its guard. */
export function beyondLimits({ name, min, max }: GuardMetric, value: number): string | undefined {
  if (max !== undefined && value > max) return `${OF_GUARD}${name} is ${value}, above its maximum of ${max}`
  if (min !== undefined && value < min) return `${OF_GUARD}${name} is ${value}, below its minimum of ${min}`
  return undefined
}
