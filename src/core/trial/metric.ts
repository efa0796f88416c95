// The metric of a trial: where it comes from, and what was found of it.
import type { Crossing, GuardValue, Outcome } from '../record/trial.ts'

export type MetricDirection = 'minimize' | 'maximize'

/** Which value counts when the metric is printed more than once. */
export type Take = 'last' | 'first' | 'lowest' | 'highest'

export interface Metric {
  name: string
  direction: MetricDirection
  /** Values outside this range are refused as implausible. */
  bounds?: [number, number]
  /** Absent: the metric must be printed exactly once. */
  take?: Take
  /** No seed is involved: equal code always gives the same value. */
  deterministic?: true
  source: MetricSource
}

/** A second number, read from the same output as the metric or measured from outside. */
export interface GuardMetric extends Omit<Metric, 'bounds' | 'deterministic' | 'source'> {
  source: MetricSource | OutsideSource
  /** Hard limits: a run beyond them does not count. */
  min?: number
  max?: number
}

export type MetricSource =
  /** A regular expression, matched against every line of the output. */
  | { kind: 'pattern'; pattern: string }
  /** A JSON or JSON Lines file that the script writes to `$AUTORESEARCH_OUT`; `key` is a dotted path. */
  | { kind: 'file'; file: string; key: string }
  | TargetSource

/** Seconds until a curve first reaches a target. */
export interface TargetSource {
  kind: 'target'
  /** What the curve is called in sentences. */
  curve: string
  /** A regular expression for the values of the curve, matched against every line of the output. */
  pattern: string
  target: number
  /** Whether values at or below the target reach it, as of a loss, or those at or above it, as of an accuracy. */
  reached: 'below' | 'above'
}

/** What the harness itself measures while training runs, in MiB. */
export const OUTSIDE_MEASURES = ['memory', 'device-memory'] as const

export interface OutsideSource {
  kind: 'outside'
  what: (typeof OUTSIDE_MEASURES)[number]
}

/** True when printing the metric more often makes a better value more likely. */
export function rewardsPrinting({ take }: Pick<Metric, 'take'>): boolean {
  return take === 'lowest' || take === 'highest'
}

/** How a process ended, observed from outside. */
export interface Exit {
  /** Exit code; null when a signal ended the process. */
  code: number | null
  signal: string | null
  /** True when it was killed at the timeout. */
  timedOut: boolean
  /** The sandbox limit that ended the process, if any. */
  exceeded?: 'disk' | 'memory' | 'processes'
}

export interface Measurement {
  outcome: Outcome
  value?: number
  reason?: string
  guards?: GuardValue[]
  /** Of a time to target. */
  crossing?: Crossing
  /** How often the metric was printed; present when printing it often could pay, see `rewardsPrinting`. */
  metricLines?: number
}

/** A run whose curve is not finite any more. */
export const CURVE_DIVERGED: Measurement = {
  outcome: 'diverged',
  reason: 'the curve reached NaN or infinity',
}

/** The metric as the script wrote it, not yet checked to be a number. */
export interface MetricText {
  /** The first few values found. */
  texts: readonly string[]
  /** Number of values found. */
  count: number
  /** Present when there are several values. */
  several?: Several
  /** Why the source could not be read; absent when it was readable. */
  problem?: string
}

/** Values of which one has to be chosen. */
export interface Several {
  first: string
  last: string
  /** The lowest and the highest finite number among them. */
  lowest?: string
  highest?: string
  /** The first value that is neither a number nor NaN nor infinite. */
  refused?: string
  /** The first two lines and the last one that hold a value, with their numbers: `line 3: val loss 2.0`. */
  quotes: readonly string[]
}
