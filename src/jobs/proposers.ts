// Creates the configured proposers, each with its own keys and secrets and no others.
import { randomInt } from 'node:crypto'
import { actionsLog } from '../adapters/actions.ts'
import { createCommandProposer } from '../adapters/command/command.ts'
import { createInsightsFile } from '../adapters/git/insights-file.ts'
import { createKnobsProposer } from '../adapters/knobs.ts'
import { createOpenAIProposer } from '../adapters/openai/openai.ts'
import type { CommandConfig, ProposerConfig } from '../core/config/config.ts'
import { assignKeys, pickVariables, type Secrets } from '../core/config/secrets.ts'
import { ConfigError } from '../errors.ts'
import type { Proposer } from '../ports/proposer.ts'
import type { ProposingPorts } from '../session/proposing.ts'
import { type Job, secretsHere } from './job.ts'
import { pushingContext } from './ports.ts'

export function wireProposing(job: Job): ProposingPorts {
  const random = () => randomInt(2 ** 32) / 2 ** 32
  const createProposers = (configs: readonly ProposerConfig[]): Proposer[] => {
    const baseUrls = configs.flatMap((config) =>
      config.kind === 'openai' ? config.endpoints.map(({ baseUrl }) => baseUrl) : [],
    )
    const keys = assignKeys(job.inputs.openaiApiKey, job.inputs.openaiApiKeys, baseUrls)
    return configs.map((config) => {
      if (config.kind === 'knobs') return createKnobsProposer(config, random, actionsLog)
      if (config.kind === 'openai') return createOpenAIProposer(config, keys)
      const secrets = secretsOfAgent(config, job.inputs.agentEnvironment)
      const options = { environment: process.env, jobSecrets: secretsHere(job) }
      return createCommandProposer({ ...config, secrets }, options)
    })
  }
  return { createProposers, insights: createInsightsFile(pushingContext(job)), random }
}

/** @throws ConfigError when the workflow does not provide a secret that the configuration declares for the agent */
function secretsOfAgent({ name, secrets }: CommandConfig, given: Secrets): Record<string, string> {
  const picked = pickVariables(secrets, given)
  if (picked.kind === 'picked') return picked.variables
  const { names } = picked
  throw new ConfigError(`agent ${name} needs ${names.join(', ')}, which the workflow does not provide`, {
    hint: `Add \`${names[0]}=${'$'}{{ secrets.${names[0]} }}\` to the input \`agent-environment\`.`,
  })
}
