// Creates the configured proposers, each with its own keys and secrets and no others.
import { randomInt } from 'node:crypto'
import { createCommandProposer } from '../adapters/command/command.ts'
import { createInsightsFile } from '../adapters/git/insights-file.ts'
import { createKnobsProposer } from '../adapters/knobs.ts'
import { createOpenAIProposer } from '../adapters/openai/openai.ts'
import type { CommandConfig, ProposerConfig } from '../core/config/config.ts'
import { assignKeys, pickVariables, type Secrets } from '../core/config/secrets.ts'
import { ConfigError } from '../errors.ts'
import type { Proposer } from '../ports.ts'
import type { ProposingPorts } from '../session/proposing.ts'
import { gitContext, type Job, secretsHere } from './job.ts'

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
  keys: Secrets
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

/** @throws ConfigError when the workflow does not provide a secret that the configuration declares for the agent */
function secretsOfAgent({ name, secrets }: CommandConfig, given: Secrets): Record<string, string> {
  const picked = pickVariables(secrets, given)
  if (picked.kind === 'picked') return picked.variables
  throw new ConfigError(
    `agent ${name} needs ${picked.names.join(', ')}, which the workflow does not provide`,
    {
      hint: `Add \`${picked.names[0]}=${'$'}{{ secrets.${picked.names[0]} }}\` to the input \`agent-environment\`.`,
    },
  )
}
