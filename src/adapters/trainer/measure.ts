// The outcome of a trial, from what its commands printed or wrote.
import type { Config } from '../../core/config/config.ts'
import type { Trial } from '../../core/record/trial.ts'
import { measureEvaluation } from '../../core/trial/evaluation.ts'
import { measureGuards, outsideText } from '../../core/trial/guards.ts'
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
  const { exit, reader, log, deviceMebibytes, goal } = training
  const readings = { peakMemoryBytes: exit.peakMemoryBytes, deviceMebibytes }
  const printed = evaluation?.reader ?? reader
  const measuredGuards = guards.map(async (guard) => {
    const { source, name } = guard
    const isOutside = source.kind === 'outside'
    const text = isOutside ? outsideText(source, readings) : await findMetric(source, out, printed, name)
    const measured =
      evaluation && !isOutside
        ? measureEvaluation(evaluation.end, text, guard)
        : measureTrial(exit, text, log, false, guard)
    return { guard, measured }
  })
  const reported =
    source.kind === 'target' && goal
      ? measureTarget(
          {
            ...{ exit, log, watch: goal.watch, diverged: reader.diverged },
            ...(evaluation && { trainedSeconds: training.wallSeconds }),
          },
          source,
        )
      : measureTrial(exit, await findMetric(source, out, reader), log, reader.diverged, metric)
  const measured = evaluation ? measureEvaluated(evaluation, reported, metric) : reported
  return measureGuards(measured, await Promise.all(measuredGuards))
}

/** The number that an evaluator printed or, where the metric is a time, the reported time if that number confirms it. */
function measureEvaluated({ end, reader }: Evaluation, reported: Measurement, metric: Metric): Measurement {
  const { source } = metric
  const isTime = source.kind === 'target'
  const evaluated = measureEvaluation(end, reader.metricText, isTime ? { name: source.curve } : metric)
  return isTime ? confirmTarget(reported, evaluated, source) : evaluated
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
