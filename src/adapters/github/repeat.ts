// Repeats calls to GitHub whose answer says that nothing was done and that it may be done a little later.
import { RequestError } from '@octokit/request-error'
import type { Log } from '../../ports/job.ts'
import { type Meaning, readAnswer } from './answers.ts'

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
    // By meaning: a read that lagged several times may still wait for a limit as often as any other.
    const repeated = new Map<Meaning, number>()
    for (;;) {
      try {
        const response = await request(options)
        if (options.method === 'POST') for (const url of urlsOf(response.data)) created.add(url)
        return response
      } catch (error) {
        const isYoung = time.seconds() < LAG_SECONDS
        const pause = pauseAfter(error, repeated, (url) => isYoung || created.has(url))
        if (pause === undefined) throw error
        const { seconds, means } = pause
        repeated.set(means, (repeated.get(means) ?? 0) + 1)
        if (seconds >= 60)
          log.warn(`GitHub receives too many requests; waiting ${seconds} s (${describeRequest(options)})`)
        await time.pause(seconds)
      }
    }
  }
}

/** A pull request, issue or check run, whatever is asked about it. */
const THING = /^.*\/(pulls|issues|check-runs)\/\d+/

/** Seconds to wait before the same call, and why; undefined when it is not to be repeated. */
function pauseAfter(
  error: unknown,
  repeated: ReadonlyMap<Meaning, number>,
  isRecent: (url: string) => boolean,
): { seconds: number; means: Meaning } | undefined {
  const reading = readAnswer(error)
  if (!reading || !(error instanceof RequestError)) return undefined
  const [thing] = reading.status === 404 ? (THING.exec(error.request.url) ?? []) : []
  const isUnknownYet = thing !== undefined && isRecent(thing)
  const means = isUnknownYet ? 'too-early' : reading.means
  const attempt = repeated.get(means) ?? 0
  // A limit that GitHub announces with 403 was waited for already.
  const isLimit = means === 'too-many' && reading.status === 429
  const seconds = isLimit ? limitPause(error, attempt) : means === 'too-early' ? PAUSES[attempt] : undefined
  return seconds === undefined ? undefined : { seconds, means }
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
