// Builds what the commands work with out of the adapters, the inputs and what the runner says about itself.
import { randomInt, randomUUID } from 'node:crypto'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { actionsLog, type Inputs, type RunnerContext, secretsOf } from './adapters/actions.ts'
import { systemClock } from './adapters/clock.ts'
import { createLedgerBranch } from './adapters/git/ledger-branch.ts'
import { createRepository } from './adapters/git/repository.ts'
import { connect } from './adapters/github/client.ts'
import { createDiscussion } from './adapters/github/discussion.ts'
import { createForge } from './adapters/github/github.ts'
import { createKnobsProposer } from './adapters/knobs.ts'
import { createOpenAIProposer } from './adapters/openai/openai.ts'
import { createChecker } from './adapters/trainer/checks.ts'
import { describeTestbed } from './adapters/trainer/testbed.ts'
import { createTrainer } from './adapters/trainer/trainer.ts'
import type { Ports, SessionSettings } from './commands/session.ts'
import { assignKeys } from './core/agent/keys.ts'
import type { ProposerConfig } from './core/config/config.ts'
import type { Checker, Proposer, Trainer } from './ports.ts'

/** `python/` beside `dist/`, where the action is installed. */
const SHIM_DIRECTORY = fileURLToPath(new URL('../python', import.meta.url))

/** What a job of the action has to work with. */
export interface Job {
  inputs: Inputs
  runner: RunnerContext
  cancelled: AbortSignal
}

export function wirePorts(job: Job): Ports {
  const { repository, apiUrl, serverUrl } = job.runner
  const git = gitContext(job)
  const github = connect({ apiUrl, serverUrl, repository, token: job.inputs.token, log: actionsLog })
  return {
    repository: createRepository(git),
    ledger: createLedgerBranch(git),
    forge: createForge(github),
    discussion: createDiscussion(github),
    clock: systemClock,
    log: actionsLog,
    cancelled: job.cancelled,
  }
}

function gitContext({ inputs, runner }: Job) {
  const remoteUrl = `${runner.serverUrl}/${runner.repository}.git`
  return { directory: runner.workspace, remoteUrl, ...(inputs.token ? { token: inputs.token } : {}) }
}

export async function wireTrainer(job: Job): Promise<Trainer> {
  return createTrainer({
    repository: createRepository(gitContext(job)),
    clock: systemClock,
    log: actionsLog,
    testbed: await describeTestbed(),
    configPath: job.inputs.configPath,
    resultsDirectory: resultsDirectory(job),
    cacheDirectory: join(job.runner.cacheDirectory, 'autoresearch', job.runner.repository),
    shimDirectory: SHIM_DIRECTORY,
    environment: process.env,
    secrets: secretsOf(job.inputs),
    runId: job.runner.runId,
    runAttempt: job.runner.runAttempt,
  })
}

export function wireChecker(job: Job): Checker {
  return createChecker({
    repository: createRepository(gitContext(job)),
    clock: systemClock,
    shimDirectory: SHIM_DIRECTORY,
    environment: process.env,
    secrets: secretsOf(job.inputs),
  })
}

export function wireProposers({ inputs }: Job) {
  const random = () => randomInt(2 ** 32) / 2 ** 32
  return (configs: readonly ProposerConfig[]): Proposer[] => {
    const baseUrls = configs.flatMap((config) =>
      config.kind === 'openai' ? config.endpoints.map(({ baseUrl }) => baseUrl) : [],
    )
    const keys = assignKeys(inputs.openaiApiKey, inputs.openaiApiKeys, baseUrls)
    return configs.map((config) =>
      config.kind === 'knobs' ? createKnobsProposer(random) : createOpenAIProposer(config, keys),
    )
  }
}

/** @param testbed this machine, in jobs that train */
export function sessionSettings({ inputs, runner }: Job, testbed?: string): SessionSettings {
  const { configPath, newLedger, candidates, hypothesis, direction } = inputs
  const dispatch = { id: runner.runId, hypothesis, direction }
  const { runUrl } = runner
  return { configPath, newLedger, candidates, rootSeed: randomUUID(), testbed, runUrl, dispatch }
}

export function resultsDirectory({ inputs, runner }: Job): string {
  return resolve(runner.temporaryDirectory, inputs.resultsDirectory)
}
