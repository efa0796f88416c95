// Time to target: when the curve of a running training first reached its target, on the clock of the harness. Curve and pause
// marks are the word of the code that trains, so what they shorten is recorded apart: judge/credits.ts bounds it.
import type { Crossing } from '../record/trial.ts'
import { formatNumber } from '../text/numbers.ts'
import type { Exit, Measurement, MetricText, TargetSource } from './metric.ts'
import { measureTrial } from './outcome.ts'
import { readNumber } from './written-number.ts'

/** The lines by which a script says that it does not train now, and that it trains again. */
const PAUSE = 'AUTORESEARCH_PAUSE'
const RESUME = 'AUTORESEARCH_RESUME'

/** A value of the curve, and the training time until then. */
interface TimedPoint {
  seconds: number
  value: number
}

/** Follows one running training. */
export class TargetWatch {
  readonly #source: TargetSource
  readonly #pattern: RegExp
  #pausedSeconds = 0
  #pauseStart: number | undefined
  #last: TimedPoint | undefined
  #best: number | undefined
  #crossing: Omit<Crossing, 'savingSeconds'> | undefined

  constructor(source: TargetSource) {
    this.#source = source
    this.#pattern = new RegExp(source.pattern, 'g')
  }

  /** Set once the target was reached. */
  get crossing(): Omit<Crossing, 'savingSeconds'> | undefined {
    return this.#crossing
  }

  /** The value nearest to the target so far; undefined before the first. */
  get best(): number | undefined {
    return this.#best
  }

  /** Time that was marked as a pause until now. A pause that has not ended counts. */
  pausedSeconds(seconds: number): number {
    return this.#pausedSeconds + seconds - (this.#pauseStart ?? seconds)
  }

  /**
   * @param line as it was printed
   * @param seconds since training started
   * @returns the new points of the curve
   */
  read(line: string, seconds: number): TimedPoint[] {
    if (this.#crossing) return []
    const mark = line.trim()
    if (mark === PAUSE) this.#pauseStart ??= seconds
    if (mark === RESUME) {
      this.#pausedSeconds = this.pausedSeconds(seconds)
      this.#pauseStart = undefined
    }
    return [...line.matchAll(this.#pattern)].flatMap((match) => {
      const read = readNumber(match.groups?.value ?? match[1] ?? '')
      return read.kind === 'number' ? this.#addPoint(read.value, seconds) : []
    })
  }

  #addPoint(value: number, seconds: number): TimedPoint[] {
    if (this.#crossing) return []
    const pausedSeconds = this.pausedSeconds(seconds)
    const point = { seconds: seconds - pausedSeconds, value }
    const { reached } = this.#source
    this.#best = (reached === 'below' ? Math.min : Math.max)(this.#best ?? value, value)
    if (isReached(value, this.#source))
      this.#crossing = { seconds, pausedSeconds, ...interpolate(this.#last, point, this.#source.target) }
    this.#last = point
    return [point]
  }
}

/** True when a value is at the target or beyond it. */
function isReached(value: number, { target, reached }: TargetSource): boolean {
  return reached === 'below' ? value <= target : value >= target
}

/** How long before the first point that reached the target the straight line from the point before crossed it. */
function interpolate(before: TimedPoint | undefined, point: TimedPoint, target: number) {
  if (!before) return { intervalSeconds: 0, afterSeconds: 0 }
  const intervalSeconds = point.seconds - before.seconds
  const share = (before.value - target) / (before.value - point.value)
  return { intervalSeconds, afterSeconds: (1 - share) * intervalSeconds }
}

/** How a training ended that should reach a target. */
interface Ended {
  exit: Exit
  watch: TargetWatch
  /** Head and tail of the output, to explain a failure. */
  log: string
  /** True when the curve reached NaN or an infinity. */
  diverged: boolean
  /** Time from the start to the end of training; given where an evaluator confirms the checkpoint. */
  trainedSeconds?: number
}

/** Determines the outcome of a training: the time of the crossing, as the script reports it. */
export function measureTarget(ended: Ended, source: TargetSource): Measurement {
  const { exit, watch, log, diverged } = ended
  const { crossing, best } = watch
  const isUnreached = exit.timedOut && best !== undefined && crossing === undefined
  const counted = isUnreached ? { ...exit, code: 0, timedOut: false } : exit
  const problem = `no line of the output matches the pattern of the curve, ${source.curve}`
  const found: MetricText = best === undefined ? { texts: [], count: 0, problem } : { texts: ['0'], count: 1 }
  const ran = measureTrial(counted, found, log, diverged, { name: source.curve })
  if (ran.outcome !== 'measured') return ran
  if (!crossing) {
    const until = isUnreached ? 'before it was killed at the timeout' : 'before training ended'
    const reason = `${source.curve} did not reach ${describeTarget(source)} ${until}; the nearest value was ${formatNumber(best ?? Number.NaN)}`
    return { outcome: 'not-reached', reason }
  }
  const savingSeconds = Math.max(0, (ended.trainedSeconds ?? crossing.seconds) - crossing.seconds)
  const rounded = roundTimes({ ...crossing, savingSeconds })
  return { outcome: 'measured', value: claimedSeconds(rounded), crossing: rounded }
}

function roundTimes(crossing: Crossing): Crossing {
  const { seconds, pausedSeconds, intervalSeconds, afterSeconds, savingSeconds } = crossing
  const [a, b, c, d, e] = [seconds, pausedSeconds, intervalSeconds, afterSeconds, savingSeconds].map(
    (one) => Math.round(one * 1000) / 1000,
  ) as [number, number, number, number, number]
  return { seconds: a, pausedSeconds: b, intervalSeconds: c, afterSeconds: Math.min(c, d), savingSeconds: e }
}

/** The training time at the crossing if everything counts that the script marked and printed. */
export function claimedSeconds({ seconds, pausedSeconds, afterSeconds }: Crossing): number {
  return Math.max(0, Math.round((seconds - pausedSeconds - afterSeconds) * 1000) / 1000)
}

/** A crossing counts only when the evaluator confirms it on the checkpoint that training left. */
export function confirmTarget(
  reported: Measurement,
  evaluated: Measurement,
  source: TargetSource,
): Measurement {
  const { value } = evaluated
  if (value === undefined || reported.value === undefined) return value === undefined ? evaluated : reported
  if (isReached(value, source)) return reported
  const reason = `the curve reached ${describeTarget(source)}, but the evaluator measured ${formatNumber(value)} on the checkpoint that training left`
  return { outcome: 'not-reached', reason }
}

/** `0.98 or less`. */
export function describeTarget({ target, reached }: Pick<TargetSource, 'target' | 'reached'>): string {
  return `${target} or ${reached === 'below' ? 'less' : 'more'}`
}
