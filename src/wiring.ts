// Builds what the commands work with out of the adapters, the inputs and what the runner says about itself.
import { randomInt, randomUUID } from 'node:crypto'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { actionsLog, type Inputs, secretsOf } from './adapters/actions.ts'
import { systemClock } from './adapters/clock.ts'
import { createCommandProposer } from './adapters/command/command.ts'
import { createInsightsFile } from './adapters/git/insights-file.ts'
import { createLedgerBranch } from './adapters/git/ledger-branch.ts'
import { createRepository } from './adapters/git/repository.ts'
import { connect } from './adapters/github/client.ts'
import { createDiscussion } from './adapters/github/discussion.ts'
import { createForge } from './adapters/github/github.ts'
import { createKnobsProposer } from './adapters/knobs.ts'
import { createOpenAIProposer } from './adapters/openai/openai.ts'
import type { RunnerContext } from './adapters/runner-context.ts'
import { createChecker } from './adapters/trainer/checks.ts'
import { describeTestbed } from './adapters/trainer/testbed.ts'
import { createTrainer } from './adapters/trainer/trainer.ts'
import { pickVariables, type Variables } from './core/config/agent-environment.ts'
import type { CommandConfig, ProposerConfig } from './core/config/config.ts'
import { assignKeys, type KeysByHost } from './core/config/keys.ts'
import { secretValues } from './core/text/redaction.ts'
import { ConfigError } from './errors.ts'
import type { Checker, Proposer, Trainer } from './ports.ts'
import type { ProposingPorts } from './session/proposing.ts'
import type { Ports, SessionSettings } from './session/session.ts'

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
    scratchDirectory: job.runner.temporaryDirectory,
    shimDirectory: SHIM_DIRECTORY,
    environment: process.env,
    secrets: secretsHere(job),
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
    secrets: secretsHere(job),
  })
}

/** What the action was given, and what else this process knows that is a secret by its name. */
function secretsHere({ inputs }: Job): string[] {
  return [...secretsOf(inputs), ...secretValues(process.env)]
}

export function wireProposing(job: Job): ProposingPorts {
  const random = () => randomInt(2 ** 32) / 2 ** 32
  const createProposers = (configs: readonly ProposerConfig[]): Proposer[] => {
    const baseUrls = configs.flatMap((config) =>
      config.kind === 'openai' ? config.endpoints.map(({ baseUrl }) => baseUrl) : [],
    )
    const keys = assignKeys(job.inputs.openaiApiKey, job.inputs.openaiApiKeys, baseUrls)
    return configs.map((config) => createProposer(config, job, { keys, random }))
  }
  return { createProposers, insights: createInsightsFile(gitContext(job)), random }
}

interface ProposerNeeds {
  keys: KeysByHost
  random(): number
}

function createProposer(config: ProposerConfig, job: Job, { keys, random }: ProposerNeeds): Proposer {
  switch (config.kind) {
    case 'knobs':
      return createKnobsProposer(random)
    case 'openai':
      return createOpenAIProposer(config, keys)
    case 'command': {
      const secrets = secretsOfAgent(config, job.inputs.agentEnvironment)
      const options = { environment: process.env, jobSecrets: secretsHere(job) }
      return createCommandProposer({ ...config, secrets }, options)
    }
  }
}

/** @throws ConfigError when the workflow does not give an agent what the configuration says it needs */
function secretsOfAgent({ name, secrets }: CommandConfig, given: Variables): Record<string, string> {
  const picked = pickVariables(secrets, given)
  if (picked.kind === 'picked') return picked.variables
  throw new ConfigError(`agent ${name} needs ${picked.names.join(', ')}, which the workflow does not give`, {
    hint: `Add \`${picked.names[0]}=${'$'}{{ secrets.${picked.names[0]} }}\` to the input \`agent-environment\`.`,
  })
}

/** @param testbed this machine, in jobs that train */
export function sessionSettings({ inputs, runner }: Job, testbed?: string): SessionSettings {
  const { configPath, newLedger, candidates, certify, hypothesis, direction } = inputs
  return {
    configPath,
    newLedger,
    candidates,
    certify,
    rootSeed: randomUUID(),
    testbed,
    runUrl: runner.runUrl,
    dispatch: { id: runner.runId, hypothesis, direction },
  }
}

export function resultsDirectory({ inputs, runner }: Job): string {
  return resolve(runner.temporaryDirectory, inputs.resultsDirectory)
}
