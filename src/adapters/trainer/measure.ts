// The outcome of a trial, from what its commands printed or wrote.
import type { Config } from '../../core/config/config.ts'
import { measureEvaluation } from '../../core/trial/evaluation.ts'
import type { Measurement, MetricSource, MetricText } from '../../core/trial/metric.ts'
import { readMetricFile } from '../../core/trial/metric-file.ts'
import { measureTrial } from '../../core/trial/outcome.ts'
import type { OutputReader } from '../../core/trial/output.ts'
import { readBoundedFileIn } from './bounded-file.ts'
import type { Evaluation } from './evaluation.ts'
import type { Ran } from './run-command.ts'

const MAX_METRIC_FILE_BYTES = 1024 * 1024

/** With an evaluator, only its number counts, whatever training printed. */
export async function measure(
  config: Config,
  training: Ran,
  evaluation: Evaluation | undefined,
  out: string,
): Promise<Measurement> {
  if (training.leaked || evaluation?.leaked)
    return { outcome: 'invalid-metric', reason: 'its output contained a secret of this job' }
  if (training.ended) return training.ended
  const { metric } = config
  if (evaluation) return measureEvaluation(evaluation.end, evaluation.reader.metricText, metric)
  const { exit, reader, log } = training
  const found = await findMetric(metric.source, out, reader)
  return measureTrial(exit, found, log, reader.diverged, metric)
}

async function findMetric(source: MetricSource, out: string, reader: OutputReader): Promise<MetricText> {
  if (source.kind === 'pattern') return reader.metricText
  const text = await readBoundedFileIn(out, source.file, MAX_METRIC_FILE_BYTES)
  return readMetricFile(text, source.file, source.key)
}
