/** A REST call as a route sees it, what a route is, and what is kept about every call. */
import type { Answer } from './answers.ts'
import type { RateLimiter } from './limits.ts'
import type { Repository, Store } from './store.ts'
import type { Level, Permission, Token } from './tokens.ts'
import type { Problem } from './validate.ts'

export interface Call {
  readonly store: Store
  readonly limiter: RateLimiter
  /** For a read: as the API shows it, which may lag behind. */
  readonly repository: Repository
  /** As it is. */
  readonly live: Repository
  readonly token: Token
  readonly params: Readonly<Record<string, string>>
  readonly url: URL
  /** Already valid by the description; a route names the fields it reads. */
  readonly body: Readonly<Record<string, unknown>>
  readonly accept: string
}

export interface Route {
  /** Any one of these is enough; none: every token that sees the repository. */
  readonly needs: readonly (readonly [Permission, Level])[]
  answer(call: Call): Answer | Promise<Answer>
  /** Parameters and fields that GitHub heeds and this server does not; using one is recorded as a violation. */
  readonly ignores?: readonly string[]
}

export interface RequestRecord {
  readonly kind: 'rest'
  readonly at: string
  readonly method: string
  /** Without `/api/v3` and query. */
  readonly path: string
  readonly query: string
  operation: string | undefined
  token: string | undefined
  /** 0: the socket was closed without an answer. */
  status: number
  /** A write that reached its effect, whatever came of it. */
  contentCreating: boolean
}

export interface Violation {
  readonly method: string
  readonly path: string
  readonly operation: string | undefined
  readonly problems: readonly Problem[]
}
