// What an evaluation says: a number, or one of a few fixed sentences. Nothing that a process printed is repeated, because a
// model that was shown validation data could print it, and what a trial says reaches logs, pull requests and proposers.
import type { Exit, Measurement, Metric, MetricText } from './metric.ts'
import { measureTrial } from './outcome.ts'

/** How both sides of an evaluation ended. */
export interface EvaluationEnd {
  evaluator: Exit
  /** Absent: the evaluator runs the model itself. */
  model?: {
    /** It ended before the evaluator had asked everything; how it did. */
    left?: Exit
    /** Where the evaluation did not end in time: whether the model owed an answer for most of it. */
    isSlow: boolean
  }
}

/** Exit code by which a separate evaluator says that an answer of the model was unusable (EX_DATAERR). */
const UNUSABLE_ANSWER = 65

/** Prefix of the reason for a failed evaluation, which distinguishes it from a failed training. */
const IN_EVALUATION = 'in the evaluation: '

export function isFromEvaluation(reason: string): boolean {
  return reason.startsWith(IN_EVALUATION)
}

/** True when the model, not the evaluator, ended the evaluation. */
export function isFromModel(reason: string): boolean {
  return reason.startsWith(`${IN_EVALUATION}the model `)
}

/** @param found the values in the evaluator's output */
export function measureEvaluation(
  end: EvaluationEnd,
  found: MetricText,
  metric: Pick<Metric, 'name' | 'bounds' | 'take'>,
): Measurement {
  const { outcome, reason } = failureOf(end) ?? valueIn(end.evaluator, found, metric)
  if (reason === undefined) return valueIn(end.evaluator, found, metric)
  return { outcome, reason: `${IN_EVALUATION}${reason}` }
}

function failureOf({ evaluator, model }: EvaluationEnd): Measurement | undefined {
  if (model?.left) return sideFailed('the model', model.left, ' before the evaluator was done')
  if (evaluator.timedOut)
    return {
      outcome: 'timed-out',
      reason: model?.isSlow ? 'the model did not answer in time' : 'the evaluator was killed at the timeout',
    }
  if (model && evaluator.code === UNUSABLE_ANSWER)
    return { outcome: 'crashed', reason: 'the model gave an unusable answer' }
  if (evaluator.code !== 0 || evaluator.exceeded) return sideFailed('the evaluator', evaluator, '')
  return undefined
}

function sideFailed(side: string, { code, signal, exceeded }: Exit, when: string): Measurement {
  if (exceeded !== undefined) {
    const outcome = exceeded === 'memory' ? 'out-of-memory' : 'crashed'
    return { outcome, reason: `${side} ${EXCEEDED[exceeded]}` }
  }
  // A process that was killed is not out of memory: the model may have killed it, and the sandbox names a cap that it enforced.
  const how = code === null ? `was ended by ${signal}` : `ended with exit code ${code}`
  return { outcome: 'crashed', reason: `${side} ${how}${when}` }
}

const EXCEEDED: Record<NonNullable<Exit['exceeded']>, string> = {
  memory: 'used more memory than `sandbox.memory` allows',
  disk: 'wrote more than `sandbox.out` allows',
  processes: 'started more processes than `sandbox.processes` allows',
}

function valueIn(
  exit: Exit,
  found: MetricText,
  metric: Pick<Metric, 'name' | 'bounds' | 'take'>,
): Measurement {
  const measured = measureTrial(exit, found, '', false, metric)
  if (measured.reason === undefined || found.count === 0) return measured
  const [low, high] = metric.bounds ?? []
  const reasons: Partial<Record<Measurement['outcome'], string>> = {
    diverged: `${metric.name} is not a finite number`,
    'invalid-metric':
      found.several && metric.take === undefined
        ? `${metric.name} was printed more than once, and \`metric.take\` does not say which value counts`
        : `${metric.name} is not a plain number${low === undefined ? '' : ` from ${low} to ${high}`}`,
  }
  return { ...measured, reason: reasons[measured.outcome] ?? 'there is no value' }
}
