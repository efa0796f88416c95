// Reads the inputs, runs the job of the command, and reports its errors.
import { flushCompileCache } from 'node:module'
import { tmpdir } from 'node:os'
import { actionsLog, fail, readInputs } from './adapters/actions.ts'
import { sweepLeftovers } from './adapters/leftovers.ts'
import { useProxy } from './adapters/outbound-proxy.ts'
import { readRunnerContext } from './adapters/runner-context.ts'
import { UserFacingError } from './errors.ts'

/** One dynamic import per command, so that a job does not load the code of the others. */
const JOBS = {
  run: () => import('./jobs/run.ts'),
  propose: () => import('./jobs/propose.ts'),
  train: () => import('./jobs/train.ts'),
  judge: () => import('./jobs/judge.ts'),
  certify: () => import('./jobs/certify.ts'),
  promote: () => import('./jobs/promote.ts'),
  request: () => import('./jobs/request.ts'),
  doctor: () => import('./jobs/doctor.ts'),
  init: () => import('./jobs/init.ts'),
}

/** An error that a person can fix shows a message and a hint. Any other error is our bug and shows its stack trace. */
function explain(error: unknown): string {
  if (error instanceof UserFacingError) return `${error.message}\n→ ${error.hint}`
  const stack = error instanceof Error ? error.stack : String(error)
  return `This is a bug in Autoresearch Action. Please report it and include these lines:\n${stack}`
}

const cancellation = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => cancellation.abort())

async function runJob(): Promise<void> {
  const job = { inputs: readInputs(), runner: readRunnerContext(process.env), cancelled: cancellation.signal }
  // Processes of a killed job may still be training on this machine, which would disturb measurements.
  const left = await sweepLeftovers([tmpdir(), job.runner.temporaryDirectory])
  if (left > 0) actionsLog.info(`Removed ${left} folders that killed jobs left on this machine`)
  // `doctor` does it itself, because an unusable proxy is one of its lines.
  const warning = job.inputs.command === 'doctor' ? undefined : useProxy(process.env)
  if (warning) actionsLog.warn(warning)
  const { default: perform } = await JOBS[job.inputs.command]()
  // Written now, because a killed job never reaches the point where Node writes the cache.
  flushCompileCache()
  await perform(job)
}

/** A person at a terminal gives the command as an argument; a workflow gives it as an input. */
const words = process.argv.slice(2)
try {
  if (words.length === 0) await runJob()
  else await (await import('./jobs/command-line.ts')).default(words, cancellation.signal)
} catch (error) {
  if (words.length === 0) fail(explain(error))
  else {
    process.stderr.write(`${explain(error)}\n`)
    process.exitCode = 1
  }
}
// Pending timers of libraries, such as a model client's retry delay, must not keep a finished job alive.
process.exit()
