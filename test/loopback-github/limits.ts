/** GitHub's rate limits: so many requests an hour, and fewer of those that create content. */
import type { Token, TokenKind } from './tokens.ts'

export interface Limits {
  /** Per repository for `actions`, per token otherwise. */
  requestsPerHour: Record<TokenKind, number>
  contentPerMinute: number
  contentPerHour: number
  /** A read is 1 point, a write 5. */
  pointsPerMinute: number
  /** What `retry-after` says when a secondary limit is hit. */
  retryAfterSeconds: number
}

const GITHUB_LIMITS: Limits = {
  requestsPerHour: { actions: 1000, app: 5000, pat: 5000 },
  contentPerMinute: 80,
  contentPerHour: 500,
  pointsPerMinute: 900,
  retryAfterSeconds: 60,
}

const MINUTE = 60_000
const HOUR = 60 * MINUTE

interface Usage {
  /** Start of the primary limit's fixed hour. */
  since: number
  used: number
  recent: { at: number; points: number; content: boolean }[]
}

export interface Budget {
  readonly limit: number
  readonly used: number
  readonly remaining: number
  /** Epoch seconds. */
  readonly reset: number
  readonly resource: 'core'
}

export type Admission = { kind: 'admitted' } | { kind: 'primary' } | { kind: 'secondary'; retryAfter: number }

export class RateLimiter {
  readonly #limits: Limits
  readonly #now: () => Date
  readonly #usages = new Map<string, Usage>()

  constructor(limits: Partial<Limits>, now: () => Date) {
    this.#limits = { ...GITHUB_LIMITS, ...limits }
    this.#now = now
  }

  admit(token: Token, isWrite: boolean): Admission {
    const usage = this.#usage(token)
    if (usage.used >= this.#limits.requestsPerHour[token.kind]) return { kind: 'primary' }
    usage.used += 1
    const request = { at: this.#now().getTime(), points: isWrite ? 5 : 1, content: isWrite }
    if (this.#exceedsSecondary(usage, request))
      return { kind: 'secondary', retryAfter: this.#limits.retryAfterSeconds }
    usage.recent.push(request)
    return { kind: 'admitted' }
  }

  budget(token: Token): Budget {
    const { used, since } = this.#usage(token)
    const limit = this.#limits.requestsPerHour[token.kind]
    const reset = Math.ceil((since + HOUR) / 1000)
    return { limit, used, remaining: Math.max(0, limit - used), reset, resource: 'core' }
  }

  #usage(token: Token): Usage {
    const key = token.kind === 'actions' ? `actions of ${token.repository}` : token.secret
    const now = this.#now().getTime()
    const usage = this.#usages.get(key) ?? { since: now, used: 0, recent: [] }
    if (now - usage.since >= HOUR) {
      usage.since = now
      usage.used = 0
    }
    usage.recent = usage.recent.filter((request) => now - request.at < HOUR)
    this.#usages.set(key, usage)
    return usage
  }

  #exceedsSecondary({ recent }: Usage, request: Usage['recent'][number]): boolean {
    const lastMinute = recent.filter(({ at }) => request.at - at < MINUTE)
    const points = lastMinute.reduce((sum, one) => sum + one.points, request.points)
    if (points > this.#limits.pointsPerMinute) return true
    if (!request.content) return false
    const content = (requests: Usage['recent']) => requests.filter((one) => one.content).length + 1
    return (
      content(lastMinute) > this.#limits.contentPerMinute || content(recent) > this.#limits.contentPerHour
    )
  }
}
