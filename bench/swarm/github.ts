// GitHub on the simulated clock: one write after the other, and its limits for one repository.
import { RateLimiter } from '../../test/loopback-github/limits.ts'
import type { Token, TokenKind } from '../../test/loopback-github/tokens.ts'

/** Seconds that one request takes. */
const REQUEST_SECONDS = 0.3
/** Writes are a second apart, as GitHub asks of its clients. */
const WRITE_SECONDS = 1

export type GitHubLimit = 'requests per hour' | 'content per minute or hour' | 'one write per second'

export class SimulatedGitHub {
  #now = 0
  readonly #token: Token
  readonly #limiter: RateLimiter
  /** Seconds lost to each limit. */
  readonly waited: Record<GitHubLimit, number> = {
    'requests per hour': 0,
    'content per minute or hour': 0,
    'one write per second': 0,
  }
  requests = 0
  writes = 0

  constructor(kind: TokenKind) {
    this.#limiter = new RateLimiter({}, () => new Date(1000 * this.#now))
    this.#token = { kind, secret: 'swarm', repository: 'acme/swarm' } as Token
  }

  /** @returns when these requests are done that begin at `at` */
  send(at: number, writes: number, reads: number): number {
    this.#now = Math.max(this.#now, at)
    for (let read = 0; read < reads; read += 1) this.#request(false)
    for (let write = 0; write < writes; write += 1) this.#request(true)
    return this.#now
  }

  #request(isWrite: boolean): void {
    for (;;) {
      const admission = this.#limiter.admit(this.#token, isWrite)
      if (admission.kind === 'admitted') break
      if (admission.kind === 'secondary') this.#wait('content per minute or hour', admission.retryAfter)
      else this.#wait('requests per hour', this.#limiter.budget(this.#token).reset - this.#now)
    }
    this.requests += 1
    this.writes += Number(isWrite)
    this.#now += REQUEST_SECONDS
    if (isWrite) this.#wait('one write per second', WRITE_SECONDS - REQUEST_SECONDS)
  }

  #wait(limit: GitHubLimit, seconds: number): void {
    this.#now += Math.max(0.1, seconds)
    this.waited[limit] += Math.max(0.1, seconds)
  }
}
