/** Starts the loopback GitHub: one HTTP server for REST, git and pages, and the handle tests hold it by. */
import { mkdtemp, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { serve } from '@hono/node-server'
import { createApp, type GitRecord, type Host } from './app.ts'
import type { RequestRecord, Violation } from './call.ts'
import { createRepository, type RepositoryOptions } from './create-repository.ts'
import { type ChooseFault, type Fault, Faults } from './faults.ts'
import { type Lag, USUAL_LAG } from './lag.ts'
import { type Limits, RateLimiter } from './limits.ts'
import { type Push, push } from './push.ts'
import { type Dispatch, type Repository, Store } from './store.ts'
import { type TokenRequest, Tokens } from './tokens.ts'

export interface GitHubOptions {
  /** Default: any free port. */
  port?: number
  limits?: Partial<Limits>
  /** How far reads lag behind writes; what is not given is as usual on GitHub. */
  lag?: Partial<Lag>
  now?: () => Date
  /** Faults without end, for requests that no injected fault hits. */
  chooseFault?: ChooseFault
  /** Where the bare repositories live; default: a temporary directory that `close` removes. */
  directory?: string
}

export interface GitHub {
  readonly url: string
  readonly apiUrl: string
  readonly graphqlUrl: string
  /** Every REST request, oldest first. */
  readonly requests: readonly RequestRecord[]
  /** Every fetch and push, oldest first. */
  readonly gitRequests: readonly GitRecord[]
  /** Requests unlike GitHub's description, and answers of this server that were. Assert that it is empty. */
  readonly violations: readonly Violation[]
  readonly dispatches: readonly Dispatch[]
  createRepository(fullName: string, options?: RepositoryOptions): Promise<Repository>
  /** The live state; throws when there is no such repository. */
  repository(fullName: string): Repository
  /** A person renames it or transfers it to another owner: the former name redirects. */
  renameRepository(fullName: string, to: string): void
  /** A person pushes a commit; returns its SHA. */
  push(fullName: string, push: Push): Promise<string>
  /** Returns the secret. */
  issueToken(request: TokenRequest): string
  /** From now on the token is answered with 401, as when it expired. */
  revokeToken(secret: string): void
  fault(fault: Fault): void
  clearFaults(): void
  close(): Promise<void>
}

export async function startGitHub(options: GitHubOptions = {}): Promise<GitHub> {
  const now = options.now ?? (() => new Date())
  const directory = options.directory ?? (await mkdtemp(join(tmpdir(), 'loopback-github-')))
  const host: Host = {
    store: new Store(now, { ...USUAL_LAG, ...options.lag }),
    tokens: new Tokens(now),
    limiter: new RateLimiter(options.limits ?? {}, now),
    faults: new Faults(options.chooseFault),
    requests: [],
    gitRequests: [],
    violations: [],
  }
  const server = await listen(host, options.port ?? 0)
  const { port } = server.address() as AddressInfo
  host.store.site.url = `http://127.0.0.1:${port}`
  return access(host, directory, async () => {
    await stop(server)
    for (const { git } of new Set(host.store.repositories.values())) await git.close()
    if (!options.directory) await rm(directory, { recursive: true, force: true, maxRetries: 3 })
  })
}

type Listening = ReturnType<typeof serve>

function listen(host: Host, port: number): Promise<Listening> {
  return new Promise((listening, failed) => {
    const server = serve({ fetch: createApp(host).fetch, hostname: '127.0.0.1', port }, () =>
      listening(server),
    )
    server.on('error', failed)
  })
}

async function stop(server: Listening): Promise<void> {
  const closed = new Promise((resolved) => server.close(resolved))
  if ('closeAllConnections' in server) server.closeAllConnections()
  await closed
}

function access(host: Host, directory: string, close: () => Promise<void>): GitHub {
  const { store, tokens, faults, requests, gitRequests, violations } = host
  const { url } = store.site
  return {
    url,
    apiUrl: `${url}/api/v3`,
    graphqlUrl: `${url}/api/graphql`,
    requests,
    gitRequests,
    violations,
    get dispatches() {
      return [...store.repositories.values()].flatMap((repository) => repository.dispatches)
    },
    createRepository: (fullName, options) => createRepository(store, directory, fullName, options ?? {}),
    repository: (fullName) => known(store, fullName),
    renameRepository: (fullName, to) => store.rename(known(store, fullName), to),
    push: (fullName, request) => push(store, known(store, fullName), request),
    issueToken: (request) =>
      tokens.issue({ ...request, repository: known(store, request.repository).fullName }).secret,
    revokeToken: (secret) => tokens.revoke(secret),
    fault: (fault) => faults.inject(fault),
    clearFaults: () => faults.clear(),
    close,
  }
}

function known(store: Store, fullName: string): Repository {
  const repository = store.find(fullName)
  if (repository === undefined) throw new Error(`There is no repository ${fullName} on this server`)
  return repository
}
