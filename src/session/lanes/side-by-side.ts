// Runs the lanes of a job concurrently on one shared state, so that the device waits neither for a model nor for GitHub.
import type { Session } from '../session.ts'
import { forgeLane } from './forge.ts'

export class LanesSideBySide {
  readonly #session: Session
  readonly #stop = new AbortController()
  #proposing = false
  #training = true

  constructor(session: Session) {
    const { cancelled } = session.ports
    this.#session = session
    cancelled.addEventListener('abort', () => this.#halt(), { once: true })
    // A job may be cancelled while the session is being opened; a signal that has fired does not fire again.
    if (cancelled.aborted) this.#halt()
  }

  /** Aborts when the lanes must end: trials are killed, conversations with models are abandoned. */
  get signal(): AbortSignal {
    return this.#stop.signal
  }

  get isProposing(): boolean {
    return this.#proposing
  }

  /**
   * Runs until training has ended and everything is done on GitHub. When one lane fails, all end.
   *
   * @param deadlineSeconds time of the monotonic clock by which every trial must have ended
   * @returns the result of the proposing lane
   */
  async run<Ended>(
    deadlineSeconds: number,
    train: () => Promise<void>,
    propose: () => Promise<Ended>,
  ): Promise<Ended> {
    this.#proposing = true
    const proposing = propose().finally(() => {
      this.#proposing = false
      this.#session.wake()
    })
    const training = train().finally(() => {
      this.#training = false
      this.#halt()
    })
    const lanes = [proposing, training, forgeLane(this.#session, () => this.#training)] as const
    this.#wakeAt(deadlineSeconds)
    try {
      const [ended] = await Promise.all(lanes)
      return ended
    } finally {
      this.#halt()
      await Promise.allSettled(lanes)
      await this.#session.flushed()
    }
  }

  /** Wakes the lanes at the deadline: the training lane checks the clock only after a change, and a model may be slow. */
  #wakeAt(deadlineSeconds: number): void {
    const { ports, config } = this.#session
    const seconds = deadlineSeconds - config.timeoutSeconds - ports.clock.monotonicSeconds()
    const pause = ports.clock.pause(Math.max(0, seconds) + 1, this.#stop.signal)
    void pause.then(() => this.#session.wake())
  }

  #halt(): void {
    this.#stop.abort()
    this.#session.wake()
  }
}
