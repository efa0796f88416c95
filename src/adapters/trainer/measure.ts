// The outcome of a trial, from what its commands printed or wrote.
import type { Config } from '../../core/config/config.ts'
import type { Trial } from '../../core/record/trial.ts'
import { measureGuards } from '../../core/trial/guards.ts'
import type { GuardMetric, Measurement, MetricSource, MetricText } from '../../core/trial/metric.ts'
import { readMetricFile } from '../../core/trial/metric-file.ts'
import { measureTrial, ofEvaluation } from '../../core/trial/outcome.ts'
import type { OutputReader } from '../../core/trial/output.ts'
import { isJudgeTrial } from '../../core/trial/protocol.ts'
import { readBoundedFileIn } from './bounded-file.ts'
import type { Ran } from './run-command.ts'

const MAX_METRIC_FILE_BYTES = 1024 * 1024

/** With an evaluator, only its number counts, whatever training printed. */
export async function measure(
  config: Config,
  trial: Pick<Trial, 'protocol'>,
  training: Ran,
  evaluation: Ran | undefined,
  out: string,
): Promise<Measurement> {
  if (training.leaked || evaluation?.leaked)
    return { outcome: 'invalid-metric', reason: 'its output contained a secret of this job' }
  if (training.ended) return training.ended
  const { metric } = config
  // What certifies is tested for its metric alone, and another command may evaluate it.
  const guards = isJudgeTrial(trial) ? config.guards : []
  if (evaluation) {
    const { exit, reader, log } = evaluation
    const { several, ...found } = reader.metricText
    // Without the lines: what an evaluator prints may hold its data, and the reason is shown to proposers.
    const text = several ? { ...found, several: { ...several, quotes: [] } } : found
    const measured = await withGuards(measureTrial(exit, text, log, false, metric), guards, evaluation, out)
    if (measured.reason === undefined) return measured
    return { ...measured, reason: ofEvaluation(measured.reason) }
  }
  const { exit, reader, log } = training
  const found = await findMetric(metric.source, out, reader)
  const measured = measureTrial(exit, found, log, reader.diverged, metric)
  return withGuards(measured, guards, training, out)
}

async function withGuards(
  measured: Measurement,
  guards: readonly GuardMetric[],
  { exit, reader, log }: Ran,
  out: string,
): Promise<Measurement> {
  const found = guards.map(async (guard) => ({
    guard,
    found: await findMetric(guard.source, out, reader, guard.name),
  }))
  return measureGuards(measured, await Promise.all(found), exit, log)
}

async function findMetric(
  source: MetricSource,
  out: string,
  reader: OutputReader,
  guard = '',
): Promise<MetricText> {
  if (source.kind === 'pattern') return reader.guardText(guard)
  const text = await readBoundedFileIn(out, source.file, MAX_METRIC_FILE_BYTES)
  return readMetricFile(text, source.file, source.key)
}
