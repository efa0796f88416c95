// The connection to GitHub: one client a token, which waits as it is told and writes one thing after the other.
import { setTimeout } from 'node:timers/promises'
import { getOctokit } from '@actions/github'
import { retry } from '@octokit/plugin-retry'
import { throttling } from '@octokit/plugin-throttling'
import type { Octokit, RestEndpointMethodTypes } from '@octokit/rest'
import { ConfigError } from '../../errors.ts'
import type { Log } from '../../ports.ts'
import { explain } from './errors.ts'

export interface GitHubOptions {
  apiUrl: string
  serverUrl: string
  /** `owner/name`. */
  repository: string
  token: string
  log: Log
  /** Milliseconds that stand for one second of waiting; tests shorten it. */
  secondMilliseconds?: number
}

/** The part of `@octokit/rest` that the adapter is written against. */
type Client = Pick<Octokit, 'rest' | 'paginate'>

/** What GitHub answers to an endpoint method, such as `Answer<'pulls', 'get'>`. */
export type Answer<
  Area extends keyof RestEndpointMethodTypes,
  Method extends keyof RestEndpointMethodTypes[Area],
> = RestEndpointMethodTypes[Area][Method] extends { response: { data: infer Data } } ? Data : never

/** What every call works with. */
export interface GitHub {
  client: Client
  options: GitHubOptions
  where: { owner: string; repo: string }
}

/** Waits longer than this are not worth a GPU's time: the command ends and the next one resumes. */
const MAX_WAIT_SECONDS = 15 * 60

/** @throws ConfigError without a token */
export function connect(options: GitHubOptions): GitHub {
  const [owner = '', repo = ''] = options.repository.split('/')
  return { client: createClient(options), options, where: { owner, repo } }
}

/** Calls on this connection, whose refusals say what they refused to do. */
export function explainedBy(github: GitHub) {
  return <Args extends unknown[], Result>(
    action: string,
    call: (github: GitHub, ...args: Args) => Promise<Result>,
  ) =>
    (...args: Args): Promise<Result> =>
      call(github, ...args).catch((error: unknown) => {
        throw explain(action, error)
      })
}

/**
 * GitHub asks for a second between writes; the plugin's three seconds for notifying calls are its own caution. Stands for
 * the plugin's queue of writes, which is one for the whole process and cannot be told how long a second is.
 */
function oneSecondBetweenWrites(secondMilliseconds: number) {
  let free = Promise.resolve()
  const schedule = async <T>(_options: object, job: () => Promise<T>): Promise<T> => {
    const turn = free
    free = turn.then(() => setTimeout(secondMilliseconds))
    await turn
    return job()
  }
  // The plugin's type asks for the whole class of its library; this is all it calls.
  return { triggersNotification: () => false, write: { key: () => ({ schedule }) } as never }
}

function createClient({ apiUrl, token, log, secondMilliseconds = 1000 }: GitHubOptions): Client {
  if (token === '')
    throw new ConfigError('input token is empty', {
      hint: 'Remove `token:` under `with:` to use the token of the job; only the command `train` works without one.',
    })
  const wait = (limit: string) => (seconds: number, request: object, _client: unknown, retries: number) => {
    if (seconds > MAX_WAIT_SECONDS || retries >= 3) return false
    log.warn(`GitHub's ${limit} limit is reached; waiting ${seconds} s as told (${describeRequest(request)})`)
    return true
  }
  const options = {
    baseUrl: apiUrl,
    userAgent: 'autoresearch-action',
    // Node's own, which model endpoints use as well: one rule for proxies, and no second HTTP client in the bundle.
    request: { fetch },
    log: { debug() {}, info() {}, warn() {}, error() {} },
    // 405 and 409 are answers about a merge, not accidents.
    retry: {
      doNotRetry: [400, 401, 403, 404, 405, 409, 410, 422, 451],
      retryAfterBaseValue: secondMilliseconds,
    },
    throttle: {
      onRateLimit: wait('hourly'),
      onSecondaryRateLimit: wait('secondary'),
      retryAfterBaseValue: secondMilliseconds,
      ...oneSecondBetweenWrites(secondMilliseconds),
    },
  }
  return getOctokit(token, options, retry, throttling)
}

function describeRequest(request: object): string {
  const { method, url } = request as { method?: string; url?: string }
  return `${method} ${url}`
}

/** Waits so many seconds. */
export function pauseOf({ options }: GitHub): (seconds: number) => Promise<void> {
  return (seconds) => setTimeout(seconds * (options.secondMilliseconds ?? 1000))
}
