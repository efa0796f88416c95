// Reads the command, runs its job, and turns errors into words.
import { flushCompileCache } from 'node:module'
import { tmpdir } from 'node:os'
import { actionsLog, fail, readInputs } from './adapters/actions.ts'
import { sweepLeftovers } from './adapters/leftovers.ts'
import { useProxy } from './adapters/outbound-proxy.ts'
import { readRunnerContext } from './adapters/runner-context.ts'
import { UserFacingError } from './errors.ts'

/** A job loads what it needs, and nothing of the others. */
const JOBS = {
  run: () => import('./jobs/run.ts'),
  propose: () => import('./jobs/propose.ts'),
  train: () => import('./jobs/train.ts'),
  judge: () => import('./jobs/judge.ts'),
  certify: () => import('./jobs/certify.ts'),
}

/** Errors that a person can mend are told in words; anything else is our bug and shows where it is. */
function explain(error: unknown): string {
  if (error instanceof UserFacingError) return `${error.message}\n→ ${error.hint}`
  const stack = error instanceof Error ? error.stack : String(error)
  return `This is a bug in Autoresearch Action. Please report it with these lines:\n${stack}`
}

const cancellation = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => cancellation.abort())

try {
  const job = { inputs: readInputs(), runner: readRunnerContext(process.env), cancelled: cancellation.signal }
  // A job that was killed on this machine may still train, and disturb what is measured.
  const left = await sweepLeftovers([tmpdir(), job.runner.temporaryDirectory])
  if (left > 0) actionsLog.info(`Removed ${left} folders that killed jobs had left on this machine`)
  const warning = useProxy(process.env)
  if (warning) actionsLog.warn(warning)
  const { default: perform } = await JOBS[job.inputs.command]()
  // The job may be killed before the cache would be written at its end.
  flushCompileCache()
  await perform(job)
} catch (error) {
  fail(explain(error))
}
// A library's timer, such as a model client's wait before its next attempt, must not keep a finished job alive.
process.exit()
