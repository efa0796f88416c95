// Reads the command, runs it, and turns errors into words.
import { actionsLog, fail, readInputs, setOutputs } from './adapters/actions.ts'
import { readRunnerContext } from './adapters/runner-context.ts'
import { createResults } from './adapters/trainer/results.ts'
import { certify } from './commands/certify.ts'
import { judgeResults } from './commands/judge.ts'
import { propose } from './commands/propose.ts'
import { run } from './commands/run.ts'
import { train } from './commands/train.ts'
import { UserFacingError } from './errors.ts'
import { publishLimit, publishReport, publishTrials } from './publish.ts'
import {
  type Job,
  resultsDirectory,
  sessionSettings,
  wireChecker,
  wirePorts,
  wireProposing,
  wireTrainer,
} from './wiring.ts'

const COMMANDS = {
  async run(job: Job) {
    const trainer = await wireTrainer(job)
    // Only here: `propose` has a token that writes and runs no candidate code.
    const checker = wireChecker(job)
    const ports = { ...wirePorts(job), ...wireProposing(job), trainer, checker }
    const { timeBudgetSeconds } = job.inputs
    const summary = await run(ports, { ...sessionSettings(job, trainer.testbed), timeBudgetSeconds })
    await publishReport(job, summary.session, summary.times)
    summary.unreachable.assertSomeoneAnswers(summary.session.config.proposers)
  },

  async propose(job: Job) {
    const ports = { ...wirePorts(job), ...wireProposing(job) }
    const { timeBudgetSeconds } = job.inputs
    const { session, batches } = await propose(ports, { ...sessionSettings(job), timeBudgetSeconds })
    publishTrials(batches)
    await publishLimit(session)
  },

  async train(job: Job) {
    // Said first, so that the results of finished trials are uploaded when a later one fails.
    setOutputs({ results: resultsDirectory(job) })
    const trainer = await wireTrainer(job)
    await train({ trainer, log: actionsLog, cancelled: job.cancelled }, job.inputs.batch)
  },

  async judge(job: Job) {
    const ports = { ...wirePorts(job), results: createResults(resultsDirectory(job)) }
    const { session, batches } = await judgeResults(ports, sessionSettings(job))
    publishTrials(batches)
    await publishReport(job, session)
  },

  async certify(job: Job) {
    const trainer = await wireTrainer(job)
    const { timeBudgetSeconds } = job.inputs
    const settings = { ...sessionSettings(job, trainer.testbed), timeBudgetSeconds }
    const { session, times } = await certify({ ...wirePorts(job), trainer }, settings)
    await publishReport(job, session, times)
  },
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
  await COMMANDS[job.inputs.command](job)
} catch (error) {
  fail(explain(error))
}
// A library's timer, such as a model client's wait before its next attempt, must not keep a finished job alive.
process.exit()
