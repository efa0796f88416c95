// Limits the time of a synchronous computation, such as matching a regular expression that a model wrote.
import { Script } from 'node:vm'

const SCRIPT = new Script('compute()')

/** @returns the result of `compute`, or undefined when it was stopped after this time */
export function within<T>(milliseconds: number, compute: () => T): T | undefined {
  try {
    // `vm` is used only for its timeout, which can interrupt synchronous code; not as a sandbox.
    return SCRIPT.runInNewContext({ compute }, { timeout: milliseconds }) as T
  } catch (error) {
    if (isTimeout(error)) return undefined
    throw error
  }
}

/** Checks by code, because the error comes from another context and is no instance of this one's `Error`. */
function isTimeout(error: unknown): boolean {
  return (
    typeof error === 'object' &&
    error !== null &&
    'code' in error &&
    error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT'
  )
}
