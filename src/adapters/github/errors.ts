// GitHub's errors: which ones are worth a retry, and what a person can do about the others.
import { RequestError } from '@octokit/request-error'
import { ForgeError, UserFacingError } from '../../errors.ts'

const MAX_ATTEMPTS = 3

export function httpStatusOf(error: unknown): number | undefined {
  return error instanceof RequestError ? error.status : undefined
}

export function isStatus(error: unknown, status: number): boolean {
  return httpStatusOf(error) === status
}

/**
 * Creates something at most once. It looks for it first, and again when the response to the creation was lost or says that
 * it already exists. It pauses before each further look, because new data may not be readable immediately.
 */
export async function attemptOnce<T>(
  find: () => Promise<T | undefined>,
  create: () => Promise<T>,
  pause: (seconds: number) => Promise<void>,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    const found = await find()
    if (found !== undefined) return found
    try {
      return await create()
    } catch (error) {
      const status = httpStatusOf(error)
      const lost = status !== undefined && status >= 500
      const exists = status === 422 && /already exists/i.test(String(error))
      if (attempt >= MAX_ATTEMPTS || !(lost || exists)) throw error
      await pause(2 * attempt)
    }
  }
}

/** Converts a failed request into an error that a person can act on. Other errors are bugs and are returned unchanged. */
export function explain(action: string, error: unknown): unknown {
  if (error instanceof UserFacingError) return error
  const status = httpStatusOf(error)
  if (status === undefined) return error
  const message = error instanceof Error ? error.message : String(error)
  return new ForgeError(`GitHub refused to ${action} (${status}): ${message}`, {
    hint: hintFor(status, message),
    cause: error,
  })
}

function hintFor(status: number, message: string): string {
  if (status === 401)
    return 'The token has expired or was revoked. Run the workflow again: it resumes where it stopped.'
  if (/rate limit/i.test(message))
    return 'The rate limit of the token is used up. Wait an hour: the next scheduled run resumes.'
  if (status === 403 || status === 404)
    return 'Give the job these permissions: contents: write, pull-requests: write, checks: write. A personal access token cannot write check runs; use GITHUB_TOKEN or an App token.'
  if (status >= 500)
    return 'GitHub has a problem: see https://www.githubstatus.com. The next run resumes where this one stopped.'
  return 'If you did not expect this, please report it and include this message.'
}
