// A clock in memory, for jobs that wait.
import type { Clock } from '../../src/ports.ts'
import { AT } from './memory.ts'

/** Time that passes only while nothing happens: whoever waits least goes on next. */
export class IdleClock implements Clock {
  #seconds = 0
  #waiting: { at: number; resolve: () => void }[] = []

  now(): Date {
    return new Date(AT.getTime() + 1000 * this.#seconds)
  }

  monotonicSeconds(): number {
    return this.#seconds
  }

  pause(seconds: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const entry = { at: this.#seconds + seconds, resolve }
      this.#waiting.push(entry)
      signal.addEventListener('abort', () => {
        this.#waiting = this.#waiting.filter((other) => other !== entry)
        resolve()
      })
      setImmediate(() => this.#goOn())
    })
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
