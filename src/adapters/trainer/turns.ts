// Watches the two pipes between an evaluator and its model: who has ended, and for whom the other waits.
import { Transform } from 'node:stream'
import type { Clock } from '../../ports/job.ts'

/** Passes bytes on unchanged. */
function tapped(look: () => void): Transform {
  return new Transform({
    transform(bytes, _, pass) {
      look()
      pass(null, bytes)
    },
  })
}

export class Turns {
  readonly questions: Transform
  readonly answers: Transform
  readonly #clock: Clock
  readonly #begun: number
  readonly #left = new AbortController()
  /** When the question was asked that the model has not begun to answer. At the start it owes its first words. */
  #asked: number | undefined
  #modelSeconds = 0
  #isOver = false

  constructor(clock: Clock) {
    this.#clock = clock
    this.#begun = clock.monotonicSeconds()
    this.#asked = this.#begun
    this.questions = tapped(() => {
      this.#asked ??= clock.monotonicSeconds()
    })
    this.answers = tapped(() => this.#answered())
    this.questions.on('finish', () => this.end())
    this.answers.on('finish', () => {
      if (!this.#isOver) this.#left.abort()
    })
  }

  /** Aborts when the model ends, or closes its output, before the evaluator has closed its questions. */
  get left(): AbortSignal {
    return this.#left.signal
  }

  /** True when the model owed an answer for most of the time. */
  get isSlow(): boolean {
    this.#answered()
    return this.#modelSeconds > (this.#clock.monotonicSeconds() - this.#begun) / 2
  }

  /** The evaluator has asked everything: from now on the model may end, and what is left of its answers flows off. */
  end(): void {
    this.#isOver = true
  }

  #answered(): void {
    if (this.#asked !== undefined) this.#modelSeconds += this.#clock.monotonicSeconds() - this.#asked
    this.#asked = undefined
  }
}
