// GitHub's refusals: which may be tried again, and what they mean to a person.
import { RequestError } from '@octokit/request-error'
import { ForgeError, UserFacingError } from '../../errors.ts'

const MAX_ATTEMPTS = 3

export function statusOf(error: unknown): number | undefined {
  return error instanceof RequestError ? error.status : undefined
}

export function isStatus(error: unknown, status: number): boolean {
  return statusOf(error) === status
}

/**
 * Creates something at most once: looks first, and looks again when the answer to the creation was lost or says that it
 * exists already. What was just written may not be there for a reader at once, so there is a pause before the next look.
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
      const status = statusOf(error)
      const lost = status !== undefined && status >= 500
      const exists = status === 422 && /already exists/i.test(String(error))
      if (attempt >= MAX_ATTEMPTS || !(lost || exists)) throw error
      await pause(2 * attempt)
    }
  }
}

/** Turns a refusal that no retry will mend into words; anything else stays the bug it is. */
export function explain(action: string, error: unknown): unknown {
  if (error instanceof UserFacingError) return error
  const status = statusOf(error)
  if (status === undefined) return error
  const message = error instanceof Error ? error.message : String(error)
  return new ForgeError(`GitHub refused to ${action} (${status}): ${message}`, {
    hint: hintFor(status, message),
    cause: error,
  })
}

function hintFor(status: number, message: string): string {
  if (status === 401)
    return 'The token has expired or was revoked. Start the workflow again: it resumes where it stopped.'
  if (/rate limit/i.test(message))
    return 'The hourly budget of requests is used up. The next scheduled run resumes.'
  if (status === 403 || status === 404)
    return 'Give the job these permissions: contents: write, pull-requests: write, checks: write. A personal access token cannot write check runs; use GITHUB_TOKEN or an App token.'
  if (status >= 500) return 'GitHub is having trouble. The next run resumes where this one stopped.'
  return 'If this looks wrong, please report it with this message.'
}
