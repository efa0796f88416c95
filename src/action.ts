// Reads the command, runs its job, and turns errors into words.
import { flushCompileCache } from 'node:module'
import { tmpdir } from 'node:os'
import { actionsLog, fail, readInputs } from './adapters/actions.ts'
import { useProxy } from './adapters/outbound-proxy.ts'
import { readRunnerContext } from './adapters/runner-context.ts'
import { sweepScratch } from './adapters/scratch.ts'
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

/** What killed jobs left on a machine that is used again: folders, and programs that still run in them. */
async function removeLeftOvers(temporaryDirectory: string): Promise<void> {
  const removed = await sweepScratch([tmpdir(), temporaryDirectory])
  if (removed.length > 0)
    actionsLog.info(`Removed ${removed.length} folders that a killed job left behind: ${removed.join(', ')}`)
}

const cancellation = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => cancellation.abort())

try {
  const job = { inputs: readInputs(), runner: readRunnerContext(process.env), cancelled: cancellation.signal }
  const warning = useProxy(process.env)
  if (warning) actionsLog.warn(warning)
  await removeLeftOvers(job.runner.temporaryDirectory)
  const { default: perform } = await JOBS[job.inputs.command]()
  // The job may be killed before the cache would be written at its end.
  flushCompileCache()
  await perform(job)
} catch (error) {
  fail(explain(error))
}
// A library's timer, such as a model client's wait before its next attempt, must not keep a finished job alive.
process.exit()
