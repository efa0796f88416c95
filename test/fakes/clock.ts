// A clock in memory. Unless told otherwise no time passes, and whoever waits waits for ever.
import type { Clock } from '../../src/ports/job.ts'

export const AT = new Date('2026-11-01T00:00:00Z')

interface Pace {
  /** Seconds that every look at the clock costs. */
  perLook?: number
  /** Time passes only while nothing happens: whoever waits least goes on next. */
  idle?: boolean
  start?: Date
}

export class FakeClock implements Clock {
  #seconds = 0
  #waiting: { at: number; resolve: () => void }[] = []
  readonly #pace: Required<Pace>

  constructor({ perLook = 0, idle = false, start = AT }: Pace = {}) {
    this.#pace = { perLook, idle, start }
  }

  now(): Date {
    return new Date(this.#pace.start.getTime() + 1000 * this.#look())
  }

  monotonicSeconds(): number {
    return this.#look()
  }

  pause(seconds: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted) return resolve()
      const entry = { at: this.#seconds + seconds, resolve }
      this.#waiting.push(entry)
      signal.addEventListener('abort', () => {
        this.#waiting = this.#waiting.filter((other) => other !== entry)
        resolve()
      })
      if (this.#pace.idle) setImmediate(() => this.#goOn())
    })
  }

  #look(): number {
    const seconds = this.#seconds
    this.#seconds += this.#pace.perLook
    return seconds
  }

  #goOn(): void {
    const [first, ...others] = this.#waiting.toSorted((a, b) => a.at - b.at)
    if (!first) return
    this.#waiting = others
    this.#seconds = first.at
    first.resolve()
    setImmediate(() => this.#goOn())
  }
}
