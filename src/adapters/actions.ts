// The interface to the Actions runner: reads all inputs into one typed object, and writes outputs, job summary and log.
import * as core from '@actions/core'
import { parseCount, parseDuration } from '../core/config/quantity.ts'
import { type ParsedSecrets, parseKeys, parseVariables, type Secrets } from '../core/config/secrets.ts'
import { type TrialBatch, trialBatchSchema } from '../core/trial/batch.ts'
import { ConfigError } from '../errors.ts'
import type { Log } from '../ports/job.ts'

const COMMANDS = [
  'run',
  'propose',
  'train',
  'judge',
  'certify',
  'promote',
  'request',
  'doctor',
  'init',
] as const
type Command = (typeof COMMANDS)[number]

export interface Inputs {
  command: Command
  configPath: string
  /** Empty in jobs that must not have a token. */
  token: string
  openaiApiKey: string
  /** Keys of additional endpoints. */
  openaiApiKeys: Secrets
  /** Variables for coding agents, secrets included. */
  agentEnvironment: Secrets
  timeBudgetSeconds: number
  /** Maximum number of candidates this job proposes; undefined: the configuration decides. */
  candidates: number | undefined
  /** An idea that a person wants tested; empty when there is none. */
  hypothesis: string
  /** Where the person wants proposers to look; empty when there is no such wish. */
  direction: string
  /** The trials that `train` runs; empty for the other commands. */
  batch: Pick<TrialBatch, 'trials' | 'cut'>
  /** Where `train` writes results and `judge` reads them. */
  resultsDirectory: string
  newLedger: boolean
  certify: boolean
  promote: boolean
  /** Devices of one trial. */
  devicesPerTrial: number | 'all'
  /** Trials that run side by side; `auto`: as many as there are devices for. */
  sideBySide: number | 'auto'
}

/** @throws ConfigError naming the first invalid input */
export function readInputs(): Inputs {
  const inputs = {
    command: oneOf('command', COMMANDS),
    configPath: core.getInput('config') || '.github/autoresearch.yml',
    token: core.getInput('token'),
    openaiApiKey: core.getInput('openai-api-key'),
    openaiApiKeys: readSecrets(
      'openai-api-keys',
      parseKeys,
      'host=key',
      'Write one key per line, such as api.openai.com=sk-….',
    ),
    agentEnvironment: readSecrets(
      'agent-environment',
      parseVariables,
      'NAME=value',
      'Write one variable per line, such as ANTHROPIC_API_KEY=sk-….',
    ),
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
    promote: oneOf('promote', ['false', 'true']) === 'true',
    devicesPerTrial: parsed('devices-per-trial', '1', countOr('all'), 'a whole number above 0, or all'),
    sideBySide: parsed('side-by-side', 'auto', countOr('auto'), 'a whole number above 0, or auto'),
  }
  for (const secret of secretsOf(inputs)) core.setSecret(secret)
  return inputs
}

/** Values that must never be published: neither in the log nor in the output of a candidate. */
export function secretsOf({ token, openaiApiKey, openaiApiKeys, agentEnvironment }: SecretInputs): string[] {
  const secrets = [token, openaiApiKey, ...openaiApiKeys.values(), ...agentEnvironment.values()]
  return secrets.filter((secret) => secret !== '')
}

type SecretInputs = Pick<Inputs, 'token' | 'openaiApiKey' | 'openaiApiKeys' | 'agentEnvironment'>

/** @throws ConfigError that names a line and does not show it */
function readSecrets(
  input: string,
  parse: (text: string) => ParsedSecrets,
  expected: string,
  hint: string,
): Secrets {
  const parsed = parse(core.getInput(input))
  if (parsed.kind === 'secrets') return parsed.secrets
  throw new ConfigError(`input ${input}: expected ${expected} in line ${parsed.line}`, { hint })
}

/** @throws ConfigError when the input is not a batch that `propose` or `judge` wrote */
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

function countOr<Word extends string>(word: Word): (text: string) => number | Word | undefined {
  return (text) => (text === word ? word : parseCount(text) || undefined)
}

function oneOf<Value extends string>(name: string, values: readonly [Value, ...Value[]]): Value {
  return parsed(name, values[0], (text) => values.find((known) => known === text), values.join(', '))
}

function parsed<Value>(
  name: string,
  fallback: string,
  parse: (text: string) => Value | undefined,
  expected: string,
): Value {
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

/** Defuses workflow commands: the runner would execute `::name::` and `##[name]` in text that comes from candidates. */
function inert(message: string): string {
  return message.replaceAll('::', ':\u200b:').replaceAll('##[', '##\u200b[')
}

export function setOutputs(outputs: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(outputs)) core.setOutput(name, value)
}

/** Adds markdown to the job summary, if the runner supports one. */
export async function writeJobSummary(markdown: string): Promise<void> {
  if (process.env.GITHUB_STEP_SUMMARY) await core.summary.addRaw(markdown, true).write()
}

/** Marks the job as failed and annotates it with `message`. */
export function fail(message: string): void {
  core.setFailed(inert(message))
}
