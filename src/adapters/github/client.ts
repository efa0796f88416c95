// The connection to GitHub: one client per token, which respects rate limits and sends writes one at a time.
import { setTimeout } from 'node:timers/promises'
import { getOctokit } from '@actions/github'
import { retry } from '@octokit/plugin-retry'
import { throttling } from '@octokit/plugin-throttling'
import type { Octokit, RestEndpointMethodTypes } from '@octokit/rest'
import { ConfigError } from '../../errors.ts'
import type { Log } from '../../ports/job.ts'
import { explain } from './errors.ts'
import { Memory } from './memory.ts'
import { followMove } from './moved.ts'
import { describeRequest, MAX_WAIT_SECONDS, repeatWhatPasses, type Time } from './repeat.ts'

export interface GitHubOptions {
  apiUrl: string
  serverUrl: string
  /** `owner/name`. */
  repository: string
  token: string
  log: Log
  /** Called before every attempt at a write, which it stops by throwing. */
  beforeWrite?: () => Promise<void>
  /** Length of one second of waiting, in milliseconds; tests shorten it. Default 1000. */
  secondMilliseconds?: number
}

/** The part of `@octokit/rest` that this adapter uses. */
type Client = Pick<Octokit, 'rest' | 'paginate' | 'request' | 'hook'>

/** Response data of an endpoint method, such as `Answer<'pulls', 'get'>`. */
export type Answer<
  Area extends keyof RestEndpointMethodTypes,
  Method extends keyof RestEndpointMethodTypes[Area],
> = RestEndpointMethodTypes[Area][Method] extends { response: { data: infer Data } } ? Data : never

export interface GitHub {
  client: Client
  options: GitHubOptions
  /** The repository's present name. */
  where: { owner: string; repo: string }
  /** What this job found and created. */
  memory: Memory
  time: Time
}

/** @throws ConfigError without a token */
export function connect(options: GitHubOptions): GitHub {
  const [owner = '', repo = ''] = options.repository.split('/')
  const time = createTime(options)
  const where = { owner, repo }
  const client = createClient(options, time)
  client.hook.wrap('request', followMove(client, where, options.log))
  return { client, options, where, memory: new Memory(), time }
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

function createTime({ secondMilliseconds = 1000 }: GitHubOptions): Time {
  const start = performance.now()
  return {
    seconds: () => (performance.now() - start) / secondMilliseconds,
    pause: (seconds) => setTimeout(seconds * secondMilliseconds),
  }
}

/** A plugin, because what is hooked first runs last: after every pause for a limit, and before every repetition. */
function guardWrites(beforeWrite: () => Promise<void>) {
  return (client: Pick<Octokit, 'hook'>) => {
    client.hook.before('request', ({ method }) => (method === 'GET' ? undefined : beforeWrite()))
    return {}
  }
}

function createClient(
  { apiUrl, token, log, beforeWrite = async () => {}, secondMilliseconds = 1000 }: GitHubOptions,
  time: Time,
): Client {
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
    // What is left is temporary. The other answers are read first (answers.ts).
    retry: {
      doNotRetry: [400, 401, 403, 404, 405, 409, 410, 422, 429, 451],
      retryAfterBaseValue: secondMilliseconds,
    },
    throttle: {
      onRateLimit: wait('hourly'),
      onSecondaryRateLimit: wait('secondary'),
      retryAfterBaseValue: secondMilliseconds,
      ...oneSecondBetweenWrites(secondMilliseconds),
    },
  }
  const client = getOctokit(token, options, guardWrites(beforeWrite), retry, throttling)
  client.hook.wrap('request', repeatWhatPasses(log, time))
  return client
}
