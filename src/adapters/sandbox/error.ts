// The error of a machine that cannot run candidate code safely.
import { readFileSync } from 'node:fs'
import { explainRefusal, type Refusal } from '../../core/sandbox/refusal.ts'
import { UserFacingError } from '../../errors.ts'

/** Candidate code was not run, because no working sandbox was available. */
export class SandboxError extends UserFacingError {
  constructor({ message, hint }: Refusal, cause?: unknown) {
    super(message, { hint, cause })
  }
}

/** @param printed what bubblewrap wrote to standard error */
export function refusedBy(printed: string): SandboxError {
  return new SandboxError(explainRefusal(printed, readFileSync('/proc/self/mountinfo', 'utf8')))
}
