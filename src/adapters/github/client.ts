// The connection to GitHub: one client per token, which respects rate limits and sends writes one at a time.
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
  /** Length of one second of waiting, in milliseconds; tests shorten it. Default 1000. */
  secondMilliseconds?: number
}

/** The part of `@octokit/rest` that this adapter uses. */
type Client = Pick<Octokit, 'rest' | 'paginate'>

/** Response data of an endpoint method, such as `Answer<'pulls', 'get'>`. */
export type Answer<
  Area extends keyof RestEndpointMethodTypes,
  Method extends keyof RestEndpointMethodTypes[Area],
> = RestEndpointMethodTypes[Area][Method] extends { response: { data: infer Data } } ? Data : never

export interface GitHub {
  client: Client
  options: GitHubOptions
  where: { owner: string; repo: string }
}

/** A longer wait would waste GPU time: the command fails and the next run resumes. */
const MAX_WAIT_SECONDS = 15 * 60

/** @throws ConfigError without a token */
export function connect(options: GitHubOptions): GitHub {
  const [owner = '', repo = ''] = options.repository.split('/')
  return { client: createClient(options), options, where: { owner, repo } }
}

/** Wraps calls on this connection so that their errors name the action that GitHub refused. */
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
 * GitHub requires one second between writes. This replaces the plugin's write queue, which is shared by the whole process,
 * has no setting for the length of a second, and waits three seconds after calls that notify people.
 */
function oneSecondBetweenWrites(secondMilliseconds: number) {
  let free = Promise.resolve()
  const schedule = async <T>(_options: object, job: () => Promise<T>): Promise<T> => {
    const turn = free
    free = turn.then(() => setTimeout(secondMilliseconds))
    await turn
    return job()
  }
  // The cast is needed because the type requires a whole Bottleneck group, but the plugin calls only this method.
  return { triggersNotification: () => false, write: { key: () => ({ schedule }) } as never }
}

function createClient({ apiUrl, token, log, secondMilliseconds = 1000 }: GitHubOptions): Client {
  if (token === '')
    throw new ConfigError('input token is empty', {
      hint: "Remove `token:` under `with:` to use the job's token; only the command `train` works without one.",
    })
  const wait = (limit: string) => (seconds: number, request: object, _client: unknown, retries: number) => {
    if (seconds > MAX_WAIT_SECONDS || retries >= 3) return false
    log.warn(
      `GitHub's ${limit} rate limit is reached; waiting ${seconds} s as GitHub asks (${describeRequest(request)})`,
    )
    return true
  }
  const options = {
    baseUrl: apiUrl,
    userAgent: 'autoresearch-action',
    // Node's own fetch, as for model endpoints: the same proxy settings apply, and the bundle needs no second HTTP client.
    request: { fetch },
    log: { debug() {}, info() {}, warn() {}, error() {} },
    // 405 and 409 say why a merge is not possible; retrying does not help.
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

/** @returns a function that waits for a number of seconds */
export function pauseOf({ options }: GitHub): (seconds: number) => Promise<void> {
  return (seconds) => setTimeout(seconds * (options.secondMilliseconds ?? 1000))
}
