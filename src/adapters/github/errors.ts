// Turns a failed request into an error that a person can act on.
import { ForgeError, UserFacingError } from '../../errors.ts'
import { readAnswer } from './answers.ts'

/** Errors that are not an answer of GitHub are bugs, and are returned unchanged. */
export function explain(action: string, error: unknown): unknown {
  if (error instanceof UserFacingError) return error
  const reading = readAnswer(error)
  if (!reading) return error
  return new ForgeError(`GitHub refused to ${action} (${reading.status}): ${reading.message}`, {
    hint: reading.advice,
    cause: error,
  })
}
