/** Tokens as GitHub issues them: whose they are, for which repository, and what they permit. */
import { randomBytes } from 'node:crypto'
import type { Actor, App, Repository } from './store.ts'

export type TokenKind = 'actions' | 'app' | 'pat'
export type Permission =
  | 'actions'
  | 'administration'
  | 'checks'
  | 'contents'
  | 'issues'
  | 'pull_requests'
  | 'workflows'
export type Level = 'read' | 'write'
export type Permissions = Partial<Record<Permission, Level>>

export interface Token {
  readonly secret: string
  /** How the token is called in the request log. */
  readonly name: string
  readonly kind: TokenKind
  readonly repository: string
  readonly permissions: Permissions
  readonly actor: Actor
  readonly app: App | undefined
  /** After this moment it is answered with 401. */
  readonly expiresAt: Date | undefined
  revoked: boolean
}

export interface TokenRequest {
  repository: string
  kind: TokenKind
  permissions: Permissions
  /** Default: the kind and a number. */
  name?: string
  /** Whose personal access token it is, or the slug of the app. */
  login?: string
  /** Default: an hour for an App's token, a day for one of Actions, for ever for a person's. */
  expiresInSeconds?: number
}

const GITHUB_ACTIONS: App = { id: 15368, slug: 'github-actions', name: 'GitHub Actions' }
const LIFETIME_SECONDS = { actions: 24 * 3600, app: 3600, pat: undefined } as const
const PREFIX = { actions: 'ghs_', app: 'ghs_', pat: 'ghp_' } as const

export class Tokens {
  readonly #bySecret = new Map<string, Token>()
  readonly #now: () => Date
  readonly #actorIds = new Map<string, number>([['github-actions[bot]', 41898282]])

  constructor(now: () => Date) {
    this.#now = now
  }

  issue({ repository, kind, permissions, name, login, expiresInSeconds }: TokenRequest): Token {
    const lifetime = expiresInSeconds ?? LIFETIME_SECONDS[kind]
    const app = this.#app(kind, login ?? 'research-app')
    const userLogin = app === undefined ? (login ?? 'octocat') : `${app.slug}[bot]`
    const token: Token = {
      secret: PREFIX[kind] + randomBytes(18).toString('hex'),
      name: name ?? `${kind}-${this.#bySecret.size + 1}`,
      kind,
      repository: repository.toLowerCase(),
      permissions,
      actor: { login: userLogin, id: this.#actorId(userLogin), type: app === undefined ? 'User' : 'Bot' },
      app,
      expiresAt: lifetime === undefined ? undefined : new Date(this.#now().getTime() + 1000 * lifetime),
      revoked: false,
    }
    this.#bySecret.set(token.secret, token)
    return token
  }

  revoke(secret: string): void {
    const token = this.#bySecret.get(secret)
    if (token === undefined) throw new Error('That token was never issued')
    token.revoked = true
  }

  authenticate(authorization: string | undefined): Token | 'absent' | 'bad' {
    const secret = secretOf(authorization)
    if (secret === undefined) return 'absent'
    const token = this.#bySecret.get(secret)
    if (token === undefined || token.revoked) return 'bad'
    return token.expiresAt !== undefined && this.#now() >= token.expiresAt ? 'bad' : token
  }

  #app(kind: TokenKind, slug: string): App | undefined {
    if (kind === 'pat') return undefined
    return kind === 'actions' ? GITHUB_ACTIONS : { id: this.#actorId(slug), slug, name: slug }
  }

  #actorId(login: string): number {
    const id = this.#actorIds.get(login) ?? 500_000 + this.#actorIds.size
    this.#actorIds.set(login, id)
    return id
  }
}

/** Reads `Authorization: bearer X`, `token X` or Basic with the token as its password. */
export function secretOf(authorization: string | undefined): string | undefined {
  if (authorization === undefined) return undefined
  const [scheme = '', value = ''] = authorization.trim().split(/\s+/)
  return scheme.toLowerCase() === 'basic' ? passwordOf(value) : value
}

const passwordOf = (basic: string) =>
  Buffer.from(basic, 'base64')
    .toString('utf8')
    .replace(/^[^:]*:/, '')

export const maySee = (token: Token, repository: Repository) =>
  [repository.fullName.toLowerCase(), ...repository.formerNames].includes(token.repository)

export function permits(token: Token, permission: Permission, level: Level): boolean {
  const granted = token.permissions[permission]
  return granted === 'write' || (granted === 'read' && level === 'read')
}
