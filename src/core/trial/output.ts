// Reads the output of a run while it is written, in bounded memory: finds the metric and the curve, and keeps the head and
// the tail.

import type { CurvePoint } from '../record/trial.ts'
import { FoundValues } from './found-values.ts'
import type { GuardMetric, Metric, MetricText } from './metric.ts'
import { Screen } from './screen.ts'
import { readNumber } from './written-number.ts'

const HEAD_CHARACTERS = 64 * 1024
const TAIL_CHARACTERS = 256 * 1024
const MAX_CURVE_POINTS = 200

/** Standard output or standard error. */
export type Stream = 0 | 1

/**
 * The metric is searched in every line as it looks in the end, so that a line drawn over by a progress bar counts once. The
 * curve is searched in every state of a line, because each step of a progress bar is a point.
 */
export class OutputReader {
  readonly #numbers: readonly { pattern: RegExp; found: FoundValues; name: string }[]
  readonly #progress: RegExp | undefined
  readonly #screens: readonly [Screen, Screen]
  #lines = 0
  #curve: CurvePoint[] = []
  #stride = 1
  #points = 0
  #head = ''
  #tail = ''
  #dropped = 0
  #diverged = false
  #notFiniteInARow = 0

  /**
   * @param guards further numbers to find
   * @param onState receives every state of a line; points that it returns are points of the curve
   */
  constructor(
    metric: Metric,
    progressPattern?: string,
    guards: readonly Pick<GuardMetric, 'name' | 'source'>[] = [],
    onState?: (text: string) => readonly CurvePoint[],
  ) {
    this.#numbers = [{ ...metric, name: '' }, ...guards].flatMap(({ name, source }) =>
      source.kind === 'file' || source.kind === 'outside'
        ? []
        : [{ name, pattern: new RegExp(source.pattern, 'g'), found: new FoundValues() }],
    )
    this.#progress = progressPattern === undefined ? undefined : new RegExp(progressPattern)
    const reader = {
      nextLine: () => {
        this.#lines += 1
        return this.#lines
      },
      onState: (text: string) => {
        this.#readPoint(text)
        for (const point of onState?.(text) ?? []) this.#keepPoint(point)
      },
      onLine: (text: string, line: number) => this.#readMetric(text, line),
    }
    this.#screens = [new Screen(reader), new Screen(reader)]
  }

  push(text: string, stream: Stream = 0): void {
    this.#keep(text)
    this.#screens[stream].push(text)
  }

  /** Reads the lines that are left. Call once, after the last `push`. */
  end(): void {
    for (const screen of this.#screens) screen.end()
  }

  /** The values that the pattern found; meaningless for a metric from a file. Complete after `end`. */
  get metricText(): MetricText {
    return this.guardText('')
  }

  /** The same for a guard. */
  guardText(name: string): MetricText {
    return this.#numbers.find((one) => one.name === name)?.found.metricText ?? { texts: [], count: 0 }
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

  /** The output, byte for byte; the middle of a long output is left out. */
  get log(): string {
    const excess = Math.max(0, this.#tail.length - TAIL_CHARACTERS)
    const dropped = this.#dropped + excess
    if (dropped === 0) return this.#head + this.#tail
    return `${this.#head}\n[… ${dropped} characters left out …]\n${this.#tail.slice(excess)}`
  }

  #readMetric(text: string, line: number): void {
    for (const { pattern, found } of this.#numbers)
      for (const match of text.matchAll(pattern)) found.add(match.groups?.value ?? match[1] ?? '', line, text)
  }

  #readPoint(text: string): void {
    const groups = this.#progress?.exec(text)?.groups
    if (groups) this.#addPoint(groups.step ?? '', groups.value ?? '')
  }

  #addPoint(atStep: string, text: string): void {
    const [step, value] = [readNumber(atStep), readNumber(text)]
    const notFinite = value.kind === 'not-finite' || Math.abs(Number(text)) === Number.POSITIVE_INFINITY
    this.#diverged ||= notFinite
    this.#notFiniteInARow = notFinite ? this.#notFiniteInARow + 1 : 0
    if (step.kind === 'number' && value.kind === 'number')
      this.#keepPoint({ step: step.value, value: value.value })
  }

  /** Keeps at most 200 evenly spaced points: when full, every other point is removed and the stride doubles. */
  #keepPoint(point: CurvePoint): void {
    if (this.#points++ % this.#stride !== 0) return
    this.#curve.push(point)
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
