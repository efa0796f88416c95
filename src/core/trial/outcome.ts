// Determines a run's outcome from its exit and its metric: one finite value within bounds, or the reason why there is none.

import { errorLine } from '../text/error-line.ts'
import {
  CURVE_DIVERGED,
  type Exit,
  type Measurement,
  type Metric,
  type MetricText,
  rewardsPrinting,
} from './metric.ts'
import { readNumber } from './written-number.ts'

/** The limit in the schema of a trial's result: a longer reason would make the result invalid. */
const MAX_REASON_CHARACTERS = 500

type MeasuredMetric = Pick<Metric, 'name' | 'bounds' | 'take'>

/**
 * Determines the outcome of a trial.
 *
 * @param found the values in the output or the metric file
 * @param log head and tail of the output, to explain a failure
 * @param diverged true when the curve reached NaN or an infinity
 */
export function measureTrial(
  exit: Exit,
  found: MetricText,
  log: string,
  diverged: boolean,
  metric: MeasuredMetric,
): Measurement {
  const measurement = findOutcome(exit, found, log, diverged, metric)
  if (measurement.reason === undefined) return measurement
  return { ...measurement, reason: measurement.reason.slice(0, MAX_REASON_CHARACTERS) }
}

function findOutcome(
  exit: Exit,
  found: MetricText,
  log: string,
  diverged: boolean,
  metric: MeasuredMetric,
): Measurement {
  if (exit.exceeded) return EXCEEDED[exit.exceeded]
  if (exit.timedOut) return { outcome: 'timed-out', reason: 'killed at the timeout' }
  if (exit.code !== 0) return measureFailure(exit, log)
  if (found.count === 0 && diverged) return CURVE_DIVERGED
  if (found.count === 0)
    return {
      outcome: 'no-metric',
      reason: found.problem ?? `no line of the output matches the pattern of ${metric.name}`,
    }
  const measured = found.several ? chooseValue(found, metric) : measureValue(found.texts[0] ?? '', metric)
  return rewardsPrinting(metric) ? { ...measured, metricLines: found.count } : measured
}

const EXCEEDED: Record<NonNullable<Exit['exceeded']>, Measurement> = {
  memory: { outcome: 'out-of-memory', reason: 'used more memory than `sandbox.memory` allows' },
  disk: { outcome: 'crashed', reason: 'wrote more to $AUTORESEARCH_OUT than `sandbox.out` allows' },
  processes: { outcome: 'crashed', reason: 'started more processes than `sandbox.processes` allows' },
}

function measureFailure(exit: Exit, log: string): Measurement {
  const ended = exit.code === null ? `ended by ${exit.signal}` : `exit code ${exit.code}`
  const outOfMemory =
    exit.code === 137 || exit.signal === 'SIGKILL' || /out of memory|OutOfMemoryError|MemoryError/i.test(log)
  const last = errorLine(log)
  const reason = last ? `${last} (${ended})` : ended
  return { outcome: outOfMemory ? 'out-of-memory' : 'crashed', reason }
}

/** Chooses among several values. A run whose last value is not finite has diverged, whichever value counts. */
function chooseValue({ texts, count, several }: MetricText, metric: MeasuredMetric): Measurement {
  const { name, take } = metric
  if (several === undefined || take === undefined)
    return {
      outcome: 'invalid-metric',
      reason: `${name} was printed ${count} times (${texts.join(', ')}…), and \`metric.take\` does not say which one counts${quote(several?.quotes)}`,
    }
  if (readNumber(several.last).kind === 'not-finite') return measureValue(several.last, metric)
  if (rewardsPrinting(metric) && several.refused !== undefined) return measureValue(several.refused, metric)
  return measureValue(several[take] ?? several.last, metric)
}

function quote(lines: readonly string[] = []): string {
  return lines.length === 0 ? '' : `: ${lines.join('; ')}`
}

function measureValue(text: string, metric: MeasuredMetric): Measurement {
  const read = readNumber(text)
  if (read.kind === 'not-finite') return { outcome: 'diverged', reason: `${metric.name} is ${read.text}` }
  if (read.kind === 'refused')
    return { outcome: 'invalid-metric', reason: `${metric.name} is ${read.problem}` }
  const [low, high] = metric.bounds ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]
  if (read.value < low || read.value > high)
    return {
      outcome: 'invalid-metric',
      reason: `${metric.name} is ${text}, outside its bounds ${low} to ${high}`,
    }
  return { outcome: 'measured', value: read.value }
}
