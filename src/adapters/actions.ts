// The Actions runner: inputs read once into one typed object, outputs, the job's summary and its log.

import * as core from '@actions/core'
import { parseVariables, type Variables } from '../core/config/agent-environment.ts'
import { type KeysByHost, parseKeys } from '../core/config/keys.ts'
import { parseCount, parseDuration } from '../core/config/quantity.ts'
import { type TrialBatch, trialBatchSchema } from '../core/trial/batch.ts'
import { ConfigError } from '../errors.ts'
import type { Log } from '../ports.ts'

const COMMANDS = ['run', 'propose', 'train', 'judge', 'certify'] as const
type Command = (typeof COMMANDS)[number]

export interface Inputs {
  command: Command
  configPath: string
  /** Empty in jobs that must not have one. */
  token: string
  openaiApiKey: string
  /** Keys of further endpoints. */
  openaiApiKeys: KeysByHost
  /** Secrets of coding agents. */
  agentEnvironment: Variables
  timeBudgetSeconds: number
  /** Most candidates this job proposes; undefined leaves it to the configuration. */
  candidates: number | undefined
  /** An idea that a person wants to be tested, and where they want to look; empty when there is none. */
  hypothesis: string
  direction: string
  /** What `train` is to run; without trials for the other commands. */
  batch: Pick<TrialBatch, 'trials' | 'cut'>
  /** Where `train` leaves results and `judge` finds them. */
  resultsDirectory: string
  newLedger: boolean
  certify: boolean
}

/** @throws ConfigError naming the first input that is wrong */
export function readInputs(): Inputs {
  const inputs = {
    command: oneOf('command', COMMANDS),
    configPath: core.getInput('config') || '.github/autoresearch.yml',
    token: core.getInput('token'),
    openaiApiKey: core.getInput('openai-api-key'),
    openaiApiKeys: readKeys(),
    agentEnvironment: readAgentEnvironment(),
    timeBudgetSeconds: parsed('time-budget', '5h30m', parseDuration, 'a duration such as 5h30m'),
    candidates: core.getInput('candidates')
      ? parsed('candidates', '', parseCount, 'a whole number')
      : undefined,
    hypothesis: core.getInput('hypothesis'),
    direction: core.getInput('direction'),
    batch: readBatch(),
    resultsDirectory: core.getInput('results') || 'autoresearch-results',
    newLedger: oneOf('new-ledger', ['false', 'true']) === 'true',
    certify: oneOf('certify', ['false', 'true']) === 'true',
  }
  for (const secret of secretsOf(inputs)) core.setSecret(secret)
  return inputs
}

/** What must appear nowhere: not in the log, and not in what a candidate prints. */
export function secretsOf({ token, openaiApiKey, openaiApiKeys, agentEnvironment }: SecretInputs): string[] {
  const secrets = [token, openaiApiKey, ...openaiApiKeys.values(), ...agentEnvironment.values()]
  return secrets.filter((secret) => secret !== '')
}

type SecretInputs = Pick<Inputs, 'token' | 'openaiApiKey' | 'openaiApiKeys' | 'agentEnvironment'>

/** @throws ConfigError that names a line and does not show it */
function readKeys(): KeysByHost {
  const parsed = parseKeys(core.getInput('openai-api-keys'))
  if (parsed.kind === 'keys') return parsed.keys
  throw new ConfigError(`input openai-api-keys: expected host=key in line ${parsed.line}`, {
    hint: 'Write one key a line, such as api.openai.com=sk-….',
  })
}

/** @throws ConfigError that names a line and does not show it */
function readAgentEnvironment(): Variables {
  const parsed = parseVariables(core.getInput('agent-environment'))
  if (parsed.kind === 'variables') return parsed.variables
  throw new ConfigError(`input agent-environment: expected NAME=value in line ${parsed.line}`, {
    hint: 'Write one variable a line, such as ANTHROPIC_API_KEY=sk-….',
  })
}

/** @throws ConfigError when the input is not what `propose` wrote */
function readBatch(): Inputs['batch'] {
  const json = core.getInput('trials')
  if (json === '') return { trials: [] }
  try {
    return trialBatchSchema.parse(JSON.parse(json))
  } catch (cause) {
    const hint = 'Pass one entry of the output `trials` of propose or judge, as `toJSON(matrix.batch)`.'
    throw new ConfigError('input trials: expected a batch of trials as JSON', { hint, cause })
  }
}

function oneOf<Value extends string>(name: string, values: readonly [Value, ...Value[]]): Value {
  const text = core.getInput(name) || values[0]
  const value = values.find((known) => known === text)
  if (value !== undefined) return value
  throw new ConfigError(`input ${name}: expected ${values.join(', ')}, found ${JSON.stringify(text)}`, {
    hint: `Set \`${name}\` under \`with:\` in the workflow.`,
  })
}

function parsed(
  name: string,
  fallback: string,
  parse: (text: string) => number | undefined,
  expected: string,
): number {
  const text = core.getInput(name) || fallback
  const value = parse(text)
  if (value !== undefined) return value
  throw new ConfigError(`input ${name}: expected ${expected}, found ${JSON.stringify(text)}`, {
    hint: `Set \`${name}\` under \`with:\` in the workflow.`,
  })
}

export const actionsLog: Log = {
  info: (message) => core.info(inert(message)),
  warn: (message) => core.warning(inert(message)),
}

/** The runner takes `::name::` and `##[name]` in a log for commands; text from candidates must not give any. */
function inert(message: string): string {
  return message.replaceAll('::', ':\u200b:').replaceAll('##[', '##\u200b[')
}

export function setOutputs(outputs: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(outputs)) core.setOutput(name, value)
}

/** Adds markdown to the page of the workflow run, where there is one. */
export async function writeJobSummary(markdown: string): Promise<void> {
  if (process.env.GITHUB_STEP_SUMMARY) await core.summary.addRaw(markdown, true).write()
}

/** Ends the job as failed, with an annotation that says what happened and what to do next. */
export function fail(message: string): void {
  core.setFailed(inert(message))
}
