// Repeats calls to GitHub whose answer says that nothing was done and that it may be done a little later.
import { RequestError } from '@octokit/request-error'
import type { Log } from '../../ports/job.ts'
import { readAnswer } from './answers.ts'

export interface Time {
  /** Seconds since the connection was made. */
  seconds(): number
  pause(seconds: number): Promise<void>
}

/** By then every read shows a write. */
export const LAG_SECONDS = 12
/** A longer wait would waste device time: the command fails and the next run resumes. */
export const MAX_WAIT_SECONDS = 15 * 60
/** Pauses before an answer that passes by itself is asked for again; together longer than GitHub's reads lag. */
const PAUSES = [1, 2, 3, 5, 8]
/** GitHub asks to wait a minute, and longer each time, when it does not say how long. */
const LIMIT_PAUSES = [60, 120, 240]

/** Repeats calls whose answer says that nothing was done and that it may be done a little later. */
export function repeatWhatPasses(log: Log, time: Time) {
  const created = new Set<string>()
  return async <Options extends { method?: string }, Response extends { data: unknown }>(
    request: (options: Options) => Response | Promise<Response>,
    options: Options,
  ): Promise<Response> => {
    for (let attempt = 0; ; attempt += 1) {
      try {
        const response = await request(options)
        if (options.method === 'POST') for (const url of urlsOf(response.data)) created.add(url)
        return response
      } catch (error) {
        const isYoung = time.seconds() < LAG_SECONDS
        const seconds = pauseAfter(error, attempt, (url) => isYoung || created.has(url))
        if (seconds === undefined) throw error
        if (seconds >= 60)
          log.warn(`GitHub receives too many requests; waiting ${seconds} s (${describeRequest(options)})`)
        await time.pause(seconds)
      }
    }
  }
}

/** A pull request, issue or check run, whatever is asked about it. */
const THING = /^.*\/(pulls|issues|check-runs)\/\d+/

/** Seconds to wait before the same call; undefined when it is not to be repeated. */
function pauseAfter(error: unknown, attempt: number, isRecent: (url: string) => boolean): number | undefined {
  const reading = readAnswer(error)
  if (!reading || !(error instanceof RequestError)) return undefined
  const { means, status } = reading
  // A limit that GitHub announces with 403 was waited for already.
  if (means === 'too-many') return status === 429 ? limitPause(error, attempt) : undefined
  const [thing] = status === 404 ? (THING.exec(error.request.url) ?? []) : []
  const isUnknownYet = means === 'too-early' || (thing !== undefined && isRecent(thing))
  return isUnknownYet ? PAUSES[attempt] : undefined
}

function limitPause({ response }: RequestError, attempt: number): number | undefined {
  const told = Number(response?.headers['retry-after'])
  const seconds = LIMIT_PAUSES[attempt] && (told > 0 ? told : LIMIT_PAUSES[attempt])
  return seconds !== undefined && seconds <= MAX_WAIT_SECONDS ? seconds : undefined
}

/** The addresses of what was created: for a moment GitHub may not find it there. */
function urlsOf(data: unknown): string[] {
  const { url, issue_url } = (data ?? {}) as { url?: unknown; issue_url?: unknown }
  return [url, issue_url].filter((one) => typeof one === 'string')
}

export function describeRequest(request: object): string {
  const { method, url } = request as { method?: string; url?: string }
  return `${method} ${url}`
}
