// Numbers that a bench prints. What cannot be computed, such as a share of nothing or the error of one repetition, is null.
import { mean, standardDeviation } from '../src/core/statistics/noise.ts'

export function ratio(part: number, whole: number): number | null {
  const value = part / whole
  return Number.isFinite(value) ? value : null
}

export function percent(part: number, whole: number): number | null {
  return ratio(100 * part, whole)
}

export function round(value: number, digits: number): number
export function round(value: number | null, digits: number): number | null
export function round(value: number | null, digits: number): number | null {
  return value === null ? null : Number(value.toFixed(digits))
}

/** With the standard error of the mean; null of fewer than two values. */
export function meanAndError(values: readonly number[]): { mean: number | null; error: number | null } {
  const deviation = standardDeviation(values)
  return {
    mean: values.length === 0 ? null : mean(values),
    error: deviation === undefined ? null : deviation / Math.sqrt(values.length),
  }
}

/** The smallest value that this share of all values does not exceed. */
export function quantile(values: readonly number[], share: number): number | null {
  return values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) * share)] ?? null
}

/** Between the two middle values where there are two. */
export function median(values: readonly number[]): number | null {
  const sorted = values.toSorted((a, b) => a - b)
  const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]]
  return low === undefined || high === undefined ? null : (low + high) / 2
}
