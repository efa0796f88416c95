// Bounds the time of a computation that nothing else can stop, such as a regular expression that a model wrote.
import { Script } from 'node:vm'

const SCRIPT = new Script('compute()')

/** @returns what `compute` returns, or undefined when it took longer and was stopped */
export function within<T>(milliseconds: number, compute: () => T): T | undefined {
  try {
    // The sandbox of `vm` is not what we are after: only its timeout, which interrupts whatever runs.
    return SCRIPT.runInNewContext({ compute }, { timeout: milliseconds }) as T
  } catch (error) {
    if (isTimeout(error)) return undefined
    throw error
  }
}

/** The error is made in the other context, so that it is no `Error` of this one. */
function isTimeout(error: unknown): boolean {
  return (
    typeof error === 'object' &&
    error !== null &&
    'code' in error &&
    error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT'
  )
}
