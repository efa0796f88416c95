// Reads the command, wires the adapters to it, runs it, and turns errors into words.
import { randomInt, randomUUID } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import {
  actionsLog,
  fail,
  type Inputs,
  type RunnerContext,
  readInputs,
  readRunnerContext,
  setOutputs,
  writeJobSummary,
} from './adapters/actions.ts'
import { systemClock } from './adapters/clock.ts'
import { createForge } from './adapters/github.ts'
import { createKnobsProposer } from './adapters/knobs.ts'
import { createLedgerBranch } from './adapters/ledger-branch.ts'
import { createOpenAIProposer } from './adapters/openai.ts'
import { createRepository } from './adapters/repository.ts'
import { createResults } from './adapters/results.ts'
import { describeTestbed } from './adapters/testbed.ts'
import { createTrainer } from './adapters/trainer.ts'
import { judgeResults } from './commands/judge.ts'
import { propose } from './commands/propose.ts'
import { run } from './commands/run.ts'
import type { Session } from './commands/session.ts'
import { train } from './commands/train.ts'
import type { ProposerConfig } from './core/config/config.ts'
import { headlines } from './core/report/headlines.ts'
import { renderPage } from './core/report/page.ts'
import { buildReport, type RunTimes, renderReport } from './core/report/report.ts'
import { type TrialBatch, trialBatchSchema } from './core/trial.ts'
import { ConfigError, UserFacingError } from './errors.ts'
import type { Proposer, Trainer } from './ports.ts'

interface Job {
  inputs: Inputs
  runner: RunnerContext
}

const COMMANDS = {
  async run(job: Job) {
    const trainer = await wireTrainer(job)
    const ports = { ...wirePorts(job), trainer, createProposers: wireProposers(job) }
    const { timeBudgetSeconds } = job.inputs
    const summary = await run(ports, { ...sessionSettings(job, trainer.testbed), timeBudgetSeconds })
    await publishReport(job, summary.session, summary.times)
  },

  async propose(job: Job) {
    const ports = { ...wirePorts(job), createProposers: wireProposers(job) }
    const { batches } = await propose(ports, sessionSettings(job))
    publishTrials(batches)
  },

  async train(job: Job) {
    const trainer = await wireTrainer(job)
    await train(
      { trainer, log: actionsLog, cancelled: cancellation.signal },
      readBatch(job.inputs.trials).trials,
    )
    setOutputs({ results: resultsDirectory(job) })
  },

  async judge(job: Job) {
    const ports = { ...wirePorts(job), results: createResults(resultsDirectory(job)) }
    const { session, batches } = await judgeResults(ports, sessionSettings(job))
    publishTrials(batches)
    await publishReport(job, session)
  },
}

function wirePorts({ inputs, runner }: Job) {
  const { repository, apiUrl, serverUrl } = runner
  const git = gitContext({ inputs, runner })
  return {
    repository: createRepository(git),
    ledger: createLedgerBranch(git),
    forge: createForge({ apiUrl, serverUrl, repository, token: inputs.token, log: actionsLog }),
    clock: systemClock,
    log: actionsLog,
    cancelled: cancellation.signal,
  }
}

function gitContext({ inputs, runner }: Job) {
  const remoteUrl = `${runner.serverUrl}/${runner.repository}.git`
  return { directory: runner.workspace, remoteUrl, ...(inputs.token ? { token: inputs.token } : {}) }
}

async function wireTrainer(job: Job): Promise<Trainer> {
  return createTrainer({
    repository: createRepository(gitContext(job)),
    clock: systemClock,
    log: actionsLog,
    testbed: await describeTestbed(),
    configPath: job.inputs.configPath,
    resultsDirectory: resultsDirectory(job),
    cacheDirectory: join(job.runner.cacheDirectory, 'autoresearch', job.runner.repository),
    environment: process.env,
  })
}

function wireProposers({ inputs }: Job) {
  const random = () => randomInt(2 ** 32) / 2 ** 32
  const create = (config: ProposerConfig): Proposer =>
    config.kind === 'knobs'
      ? createKnobsProposer(random)
      : createOpenAIProposer({ ...config, apiKey: inputs.openaiApiKey })
  return (configs: readonly ProposerConfig[]) => configs.map(create)
}

function sessionSettings({ inputs, runner }: Job, testbed?: string) {
  const { configPath, newLedger, candidates } = inputs
  return { configPath, newLedger, candidates, rootSeed: randomUUID(), testbed, runUrl: runner.runUrl }
}

function resultsDirectory({ inputs, runner }: Job): string {
  return resolve(runner.temporaryDirectory, inputs.resultsDirectory)
}

/** @throws ConfigError when the input is not what `propose` wrote */
function readBatch(json: string): TrialBatch {
  const hint =
    'Pass one entry of the output `trials` of the propose job: `trials: ${{ toJSON(matrix.batch) }}`.'
  try {
    return trialBatchSchema.parse(JSON.parse(json))
  } catch (cause) {
    throw new ConfigError('input trials: expected a batch of trials as JSON', { hint, cause })
  }
}

function publishTrials(batches: readonly TrialBatch[]): void {
  setOutputs({ trials: JSON.stringify(batches), 'has-trials': String(batches.length > 0) })
}

async function publishReport({ runner }: Job, session: Session, times?: RunTimes): Promise<void> {
  const report = buildReport(session.state, session.bench, session.config, times)
  const links = { repository: `${runner.serverUrl}/${runner.repository}` }
  const directory = join(runner.temporaryDirectory, 'autoresearch')
  const path = join(directory, 'report.html')
  await mkdir(directory, { recursive: true })
  await writeFile(path, renderPage(report, links))
  await writeJobSummary(renderReport(report, links))
  setOutputs({ report: path, summary: JSON.stringify(headlines(report)) })
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
  const job = { inputs: readInputs(), runner: readRunnerContext(process.env) }
  await COMMANDS[job.inputs.command](job)
} catch (error) {
  fail(explain(error))
}
// A library's timer, such as a model client's wait before its next attempt, must not keep a finished job alive.
process.exit()
