// Determines a run's outcome from its output: exactly one finite value within bounds, or the reason why there is none.

import type { CurvePoint, Outcome } from '../record/trial.ts'

export type MetricDirection = 'minimize' | 'maximize'

export interface Metric {
  name: string
  direction: MetricDirection
  /** Values outside this range are refused as implausible. */
  bounds?: [number, number]
  source: MetricSource
}

export type MetricSource =
  /** A regular expression, matched against every line of the output. */
  | { kind: 'pattern'; pattern: string }
  /** A JSON file that the script writes to `$AUTORESEARCH_OUT`; `key` is a dotted path. */
  | { kind: 'file'; file: string; key: string }

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
  /** Why the source could not be read; absent when it was readable. */
  problem?: string
}

/**
 * Characters of a line that are matched; the rest of the line is skipped. A pattern such as `val.*loss: (\S+)` takes
 * quadratic time, and blocks all timers meanwhile.
 */
const MAX_LINE_CHARACTERS = 4096
const HEAD_CHARACTERS = 64 * 1024
const TAIL_CHARACTERS = 256 * 1024
const MAX_CURVE_POINTS = 200
/** No number is longer. One more character is kept, so that cutting a longer text does not produce a number. */
const MAX_VALUE_CHARACTERS = 64
/** The limit in the schema of a trial's result: a longer reason would make the result invalid. */
const MAX_REASON_CHARACTERS = 500

/** Prefix of the reason for a failed evaluation, which distinguishes it from a failed training. */
const IN_EVALUATION = 'in the evaluation: '

export function ofEvaluation(reason: string): string {
  return `${IN_EVALUATION}${reason}`.slice(0, MAX_REASON_CHARACTERS)
}

export function isFromEvaluation(reason: string): boolean {
  return reason.startsWith(IN_EVALUATION)
}

/**
 * Reads the output of a run while it is written, in bounded memory: finds the metric and the curve, and keeps the head and
 * the tail.
 */
export class OutputReader {
  readonly #metric: RegExp | undefined
  readonly #progress: RegExp | undefined
  #line = ''
  #texts: string[] = []
  #count = 0
  #curve: CurvePoint[] = []
  #stride = 1
  #points = 0
  #head = ''
  #tail = ''
  #dropped = 0
  #diverged = false
  #notFiniteInARow = 0

  constructor(metric: Metric, progressPattern?: string) {
    this.#metric = metric.source.kind === 'pattern' ? new RegExp(metric.source.pattern, 'g') : undefined
    this.#progress = progressPattern === undefined ? undefined : new RegExp(progressPattern)
  }

  push(text: string): void {
    this.#keep(text)
    // Progress bars end their lines with \r. The empty line that \r\n then yields matches nothing.
    const lines = text.split(/[\r\n]/)
    const last = lines.pop() ?? ''
    for (const line of lines) {
      this.#readLine(this.#line + line)
      this.#line = ''
    }
    this.#line = (this.#line + last).slice(0, MAX_LINE_CHARACTERS)
  }

  /** Reads the last, unterminated line. Call once, after the last `push`. */
  end(): void {
    this.#readLine(this.#line)
    this.#line = ''
  }

  /** The values that the pattern found; meaningless for a metric from a file. */
  get metricText(): MetricText {
    return { texts: this.#texts, count: this.#count }
  }

  get curve(): readonly CurvePoint[] {
    return this.#curve
  }

  /** True once the progress pattern has matched NaN or an infinity. */
  get diverged(): boolean {
    return this.#diverged
  }

  /** True when the last two values were NaN or infinite. A single one may be a step that the script skipped. */
  get divergedForGood(): boolean {
    return this.#notFiniteInARow >= 2
  }

  /** The output; the middle of a long output is left out. */
  get log(): string {
    const excess = Math.max(0, this.#tail.length - TAIL_CHARACTERS)
    const dropped = this.#dropped + excess
    if (dropped === 0) return this.#head + this.#tail
    return `${this.#head}\n[… ${dropped} characters left out …]\n${this.#tail.slice(excess)}`
  }

  #readLine(line: string): void {
    if (line === '') return
    const text = line.slice(0, MAX_LINE_CHARACTERS)
    if (this.#metric)
      for (const match of text.matchAll(this.#metric)) {
        this.#count += 1
        if (this.#texts.length < 3)
          this.#texts.push((match.groups?.value ?? match[1] ?? '').slice(0, MAX_VALUE_CHARACTERS + 1))
      }
    const groups = this.#progress?.exec(text)?.groups
    if (groups) this.#addPoint(Number(groups.step), groups.value ?? '')
  }

  /** Keeps at most 200 evenly spaced points: when full, every other point is removed and the stride doubles. */
  #addPoint(step: number, text: string): void {
    const value = Number(text)
    const notFinite = NOT_FINITE.test(text) || Math.abs(value) === Number.POSITIVE_INFINITY
    this.#diverged ||= notFinite
    this.#notFiniteInARow = notFinite ? this.#notFiniteInARow + 1 : 0
    if (!Number.isFinite(step) || !Number.isFinite(value)) return
    if (this.#points++ % this.#stride !== 0) return
    this.#curve.push({ step, value })
    if (this.#curve.length < MAX_CURVE_POINTS) return
    this.#curve = this.#curve.filter((_, index) => index % 2 === 0)
    this.#stride *= 2
  }

  #keep(text: string): void {
    const room = HEAD_CHARACTERS - this.#head.length
    this.#head += text.slice(0, Math.max(0, room))
    this.#tail += text.slice(Math.max(0, room))
    // Cuts only at twice the needed length, because each cut copies the text and output arrives in small chunks.
    if (this.#tail.length < 2 * TAIL_CHARACTERS) return
    const excess = this.#tail.length - TAIL_CHARACTERS
    this.#dropped += excess
    this.#tail = this.#tail.slice(excess)
  }
}

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
  metric: Metric,
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
  metric: Metric,
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
  if (found.count > 1)
    return {
      outcome: 'invalid-metric',
      reason: `${metric.name} was reported ${found.count} times (${found.texts.join(', ')}…), but must be reported exactly once`,
    }
  return measureValue(found.texts[0] ?? '', metric)
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

/** The line most likely to name the error: the last one that looks like `SomethingError: …`, or else the last line. */
function errorLine(log: string): string | undefined {
  const lines = log
    .split(/[\r\n]/)
    .map((line) => line.trim())
    .filter((line) => line !== '')
  return (lines.findLast((line) => /^(\w+\.)*\w*(Error|Exception)\b.*:/.test(line)) ?? lines.at(-1))?.slice(
    0,
    300,
  )
}

const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i
const NOT_FINITE = /^[+-]?(nan|inf|infinity)$/i

function measureValue(text: string, metric: Metric): Measurement {
  if (NOT_FINITE.test(text)) return { outcome: 'diverged', reason: `${metric.name} is ${text}` }
  const value = Number(text)
  const underflowed = value === 0 && /[1-9]/.test(text.split(/e/i)[0] ?? '')
  const tooLong = text.length > MAX_VALUE_CHARACTERS
  if (tooLong || !DECIMAL.test(text) || !Number.isFinite(value) || underflowed)
    return {
      outcome: 'invalid-metric',
      reason: `${metric.name} is ${JSON.stringify(text)}, which is not a decimal number`,
    }
  const [low, high] = metric.bounds ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]
  if (value < low || value > high)
    return {
      outcome: 'invalid-metric',
      reason: `${metric.name} is ${text}, outside its bounds ${low} to ${high}`,
    }
  return { outcome: 'measured', value }
}

/** A number as written in the file, because JavaScript reads `1e-400` as 0. */
class WrittenNumber {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/** Reads a metric file. `text` is undefined when the script did not write it. */
export function readMetricFile(text: string | undefined, file: string, key: string): MetricText {
  const unreadable = (problem: string): MetricText => ({ texts: [], count: 0, problem })
  if (text === undefined) return unreadable(`the script did not write ${file} to $AUTORESEARCH_OUT`)
  let value: unknown
  try {
    value = JSON.parse(quoteNotFinite(text), keepWritten)
  } catch {
    return unreadable(`${file} is not valid JSON`)
  }
  for (const part of key.split('.'))
    value = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[part] : undefined
  if (value instanceof WrittenNumber)
    return { texts: [value.text.slice(0, MAX_VALUE_CHARACTERS + 1)], count: 1 }
  if (typeof value === 'string' && NOT_FINITE.test(value)) return { texts: [value], count: 1 }
  return unreadable(`${file} has no number at ${key}`)
}

/** Quotes the NaN and Infinity that Python writes and JSON does not allow. Text inside strings is unchanged. */
function quoteNotFinite(text: string): string {
  return text.replaceAll(/"(?:[^"\\]|\\.)*"?|-?\b(?:NaN|Infinity)\b/g, (part) =>
    part.startsWith('"') ? part : `"${part}"`,
  )
}

/** A JSON reviver. `context.source` is the number as written, in engines that provide it. */
function keepWritten(_key: string, value: unknown, context?: { source?: string }): unknown {
  return typeof value === 'number' ? new WrittenNumber(context?.source ?? String(value)) : value
}
