// The outcome of a trial, from what its commands printed or wrote.
import type { Config } from '../../core/config/config.ts'
import type { Trial } from '../../core/record/trial.ts'
import { measureEvaluation } from '../../core/trial/evaluation.ts'
import { measureGuards } from '../../core/trial/guards.ts'
import type { Measurement, Metric, MetricSource, MetricText } from '../../core/trial/metric.ts'
import { readMetricFile } from '../../core/trial/metric-file.ts'
import { measureTrial } from '../../core/trial/outcome.ts'
import type { OutputReader } from '../../core/trial/output.ts'
import { isJudgeTrial } from '../../core/trial/protocol.ts'
import { confirmTarget, measureTarget } from '../../core/trial/target.ts'
import { readBoundedFileIn } from './bounded-file.ts'
import type { Evaluation } from './evaluation.ts'
import type { Ran } from './run-command.ts'

const MAX_METRIC_FILE_BYTES = 1024 * 1024

/** With an evaluator, only its number counts, whatever training printed. */
export async function measure(
  config: Config,
  trial: Pick<Trial, 'protocol'>,
  training: Ran,
  evaluation: Evaluation | undefined,
  out: string,
): Promise<Measurement> {
  if (training.leaked || evaluation?.leaked)
    return { outcome: 'invalid-metric', reason: 'its output contained a secret of this job' }
  if (training.ended) return training.ended
  const { metric } = config
  const { source } = metric
  // What certifies is tested for its metric alone, and another command may evaluate it.
  const guards = isJudgeTrial(trial) ? config.guards : []
  if (evaluation) {
    const { end, reader } = evaluation
    const measured = measuredBy(training, measureEvaluation(end, reader.metricText, readBy(metric)), source)
    const others = guards.map((guard) => ({
      guard,
      measured: measureEvaluation(end, reader.guardText(guard.name), guard),
    }))
    return measureGuards(measured, others)
  }
  const { exit, reader, log } = training
  const others = guards.map(async (guard) => {
    const text = await findMetric(guard.source, out, reader, guard.name)
    return { guard, measured: measureTrial(exit, text, log, false, guard) }
  })
  const measured = training.goal
    ? timeTo(training, source, config.evaluate !== undefined)
    : measureTrial(exit, await findMetric(source, out, reader), log, reader.diverged, metric)
  return measureGuards(measured, await Promise.all(others))
}

/** What an evaluator prints: the metric or, where the metric is a time, the value of the curve. */
function readBy(metric: Metric): Pick<Metric, 'name' | 'bounds' | 'take'> {
  return metric.source.kind === 'target' ? { name: metric.source.curve } : metric
}

/** The number that an evaluator printed, or the time that it confirms. */
function measuredBy(training: Ran, evaluated: Measurement, source: MetricSource): Measurement {
  if (source.kind !== 'target') return evaluated
  return confirmTarget(timeTo(training, source, true), evaluated, source)
}

/** The time to the target, as the training script reports it. */
function timeTo(training: Ran, source: MetricSource, isEvaluated: boolean): Measurement {
  const { exit, goal, isStopped, log, reader, wallSeconds } = training
  if (!goal || source.kind !== 'target') throw new Error('this run has no target')
  const { diverged } = reader
  const ended = { exit, watch: goal.watch, isStopped, log, diverged }
  return measureTarget({ ...ended, ...(isEvaluated && { trainedSeconds: wallSeconds }) }, source)
}

async function findMetric(
  source: MetricSource,
  out: string,
  reader: OutputReader,
  guard = '',
): Promise<MetricText> {
  if (source.kind !== 'file') return reader.guardText(guard)
  const text = await readBoundedFileIn(out, source.file, MAX_METRIC_FILE_BYTES)
  return readMetricFile(text, source.file, source.key)
}
