// The configuration of a research repository: all settings in typed form, or all mistakes in the file at once.

import { ConfigError } from '../../errors.ts'
import type { Gain, Simplicity } from '../judge/policy.ts'
import type { Limits } from '../record/limits.ts'
import type { Metric } from '../trial/metric.ts'
import { explainIssues } from './issues.ts'
import { parseDuration } from './quantity.ts'
import { defaultTimeoutSeconds } from './schema/cross-field.ts'
import { type ConfigFile, configSchema } from './schema.ts'
import { type ConfigProblem, readYaml } from './yaml.ts'

export type { ConfigProblem } from './yaml.ts'

/** The settings of a research repository, with defaults filled in. `docs/configuration.md` documents meanings and ranges. */
export interface Config {
  /** Branch that holds the best proven code. */
  baseline: string
  /** At least one glob, relative to the repository root, of files that a candidate may change. */
  editable: string[]
  /** Path of the text file with instructions for proposers. */
  program?: string
  /** Command that prepares the data. */
  setup?: string
  /** Command that runs one training. */
  train: string
  /** Command that prints the metric after training ended; it replaces the metric that training printed. */
  evaluate?: string
  /** Commands that an agent may run on its edits before it submits them. */
  checks?: string[]
  /** Wall time that a trial may train, above 0. */
  budgetSeconds: number
  /** Wall time after which a trial is killed, above `budgetSeconds`. */
  timeoutSeconds: number
  /** The number that decides, and its source. */
  metric: Metric
  /** Pattern with the named groups `step` and `value`, matched against every line. */
  progress?: { pattern: string }
  /** A first trial is cut when its chance of ending less than 2 σ behind is below this, 0.0001 to 0.2; absent: never. */
  cutBelow?: number
  sandbox: SandboxConfig
  /** Maximum risk that a merge falls short of the required gain, 0.01 to 0.5. */
  mergeRisk: number
  /** Minimum gain to merge; absent: 0. */
  minGain?: Gain
  /** How code size changes the required gain; absent: not at all. */
  simplicity?: Simplicity
  /** A larger gain waits for a person if the training script itself reported it. */
  reviewAbove?: Gain
  /** Trials of the baseline (2 to 50), and maximum trials of a candidate (2 to 20). */
  replicates: { baseline: number; candidate: number }
  /** Certification: after `every` merges (0: never), with `runs` per end (2 to 20), by `evaluate` if present. */
  certify: { every: number; runs: number; evaluate?: string }
  /** Ideas between two A/A candidates; 0: no A/A candidates. */
  aaEvery: number
  /** At least one. */
  proposers: ProposerConfig[]
  search: SearchConfig
  limits: Limits
}

export interface SandboxConfig {
  kind: 'bubblewrap' | 'none'
  /** Absolute host paths that training may read. */
  read: string[]
  /** Absent: the memory of the machine. */
  memoryBytes?: number
  outBytes: number
  /** Maximum processes and threads together. Absent: derived from the number of cores, see `defaultProcesses`. */
  processes?: number
}

interface SearchConfig {
  /** Minimum share of candidates that change more than numbers, 0 to 1. */
  structuralShare: number
  /** Similarity to a past change from which a change counts as a repetition, 0.3 to 1. */
  novelty: number
  /** Merges after which a rejected or parked idea may be tried again, at least 1. */
  retryAfterMerges: number
  /** Decided candidates between two updates of the insights, at least 1. */
  insightsEvery: number
  /** Value of a device hour, above 0. */
  deviceHourDollars: number
}

export type ProposerConfig =
  | { kind: 'knobs' }
  | CommandConfig
  | {
      kind: 'openai'
      /** In the order in which they are tried. */
      endpoints: [EndpointConfig, ...EndpointConfig[]]
      maxTurns: number
      /** Maximum per answer; absent: the limit of the endpoint. */
      maxOutputTokens?: number
    }

/** Runs any coding agent. */
export interface CommandConfig {
  kind: 'command'
  name: string
  run: string
  /** `host` or `host:port`; at least one. */
  hosts: string[]
  /** Names of variables from the action input `agent-environment`. */
  secrets: string[]
  env: Record<string, string>
  /** Absolute host paths that the agent may read. */
  read: string[]
  /** Above 0. */
  timeoutSeconds: number
}

export interface EndpointConfig {
  model: string
  baseUrl?: string
  /** Dollars per million tokens. */
  price?: { input: number; cachedInput?: number; output: number }
}

/** The configuration, or every problem with it in the order of the file. */
export type ParsedConfig =
  | { kind: 'config'; config: Config }
  | { kind: 'problems'; problems: ConfigProblem[] }

/**
 * Reads a configuration file.
 *
 * @param text content of the file: YAML, at most 64 KiB
 * @returns the configuration, or all its problems; never throws
 */
export function parseConfig(text: string): ParsedConfig {
  const yaml = readYaml(text)
  if (yaml.kind === 'unreadable') return { kind: 'problems', problems: inFileOrder(yaml.problems) }
  const file = configSchema.safeParse(yaml.value)
  const problems = [...yaml.problems, ...explainIssues(file.error?.issues ?? [], yaml)]
  if (!file.success || problems.length > 0) return { kind: 'problems', problems: inFileOrder(problems) }
  return { kind: 'config', config: toConfig(file.data) }
}

function inFileOrder(problems: readonly ConfigProblem[]): ConfigProblem[] {
  return problems.toSorted((a, b) => a.line - b.line || a.column - b.column)
}

/** Renders problems for people, two lines each. `file`: the path of the configuration, as the reader knows it. */
export function renderConfigProblems(file: string, problems: readonly ConfigProblem[]): string {
  return problems
    .map(({ line, column, path, expected, found, hint }) => {
      const subject = path === '' ? '' : `${path}: `
      return `${file}:${line}:${column}  ${subject}expected ${expected}, found ${found}\n  hint: ${hint}`
    })
    .join('\n')
}

/**
 * The configuration of a commit, for commands that cannot continue without one.
 *
 * @param text content of the file; undefined when it does not exist
 * @param place path in the repository, and in words where it was read, such as `the branch main`
 * @throws ConfigError when the file does not exist, or with all problems in it
 */
export function configIn(
  text: string | undefined,
  { path, where, commit }: { path: string; where: string; commit: string },
): Config {
  if (text === undefined)
    throw new ConfigError(`there is no ${path} on ${where} (${commit.slice(0, 7)})`, {
      hint: `Commit one to ${where}. Four lines are enough; docs/configuration.md documents every field.`,
    })
  const parsed = parseConfig(text)
  if (parsed.kind === 'config') return parsed.config
  throw new ConfigError(renderConfigProblems(path, parsed.problems), {
    hint: `Fix ${path} on ${where} (read at ${commit.slice(0, 7)}).`,
  })
}

/** On recorded runs this cuts no true winner and hardly any candidate without an effect; see docs/deciding.md. */
const DEFAULT_CUT = 0.05

function toConfig(file: ConfigFile): Config {
  const written = camelCased(file)
  const { budget, timeout, metric, cut = DEFAULT_CUT, sandbox, simplicity, ...rest } = written
  const { search, limits, proposers, ...same } = rest
  return {
    ...same,
    ...(simplicity && { simplicity }),
    budgetSeconds: budget,
    timeoutSeconds: timeout ?? defaultTimeoutSeconds(budget),
    metric: toMetric(metric),
    ...(same.progress && cut > 0 && { cutBelow: cut }),
    sandbox: toSandbox(sandbox),
    proposers: proposers.map(toProposer),
    search: toSearch(search),
    limits: { ...limits, waiting: limits.waiting ?? limits.candidates },
  }
}

type CamelCase<Key> = Key extends `${infer Head}-${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : Key
type CamelCased<Value> = Value extends readonly unknown[]
  ? { [Index in keyof Value]: CamelCased<Value[Index]> }
  : Value extends object
    ? { [Key in keyof Value as CamelCase<Key>]: CamelCased<Value[Key]> }
    : Value
type Written = CamelCased<ConfigFile>

/** `max-turns` becomes `maxTurns`, at every level. Names of environment variables contain no hyphen and stay as they are. */
function camelCased<Value>(value: Value): CamelCased<Value>
function camelCased(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => camelCased<unknown>(item))
  if (typeof value !== 'object' || value === null) return value
  const named = (key: string) => key.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [named(key), camelCased<unknown>(inner)]),
  )
}

function toMetric({ pattern, file = '', key = '', ...same }: Written['metric']): Metric {
  return {
    ...same,
    source: pattern === undefined ? { kind: 'file', file, key } : { kind: 'pattern', pattern },
  }
}

function toSandbox({ memory, out, ...same }: Written['sandbox']): SandboxConfig {
  return { ...same, outBytes: out, ...(memory !== undefined && { memoryBytes: memory }) }
}

function toSearch({ retryAfter, deviceHour, ...same }: Written['search']): SearchConfig {
  return { ...same, retryAfterMerges: retryAfter, deviceHourDollars: deviceHour }
}

function toProposer(proposer: Written['proposers'][number]): ProposerConfig {
  if (proposer.kind === 'knobs') return proposer
  if (proposer.kind === 'command') {
    const { timeout, ...same } = proposer
    return { ...same, timeoutSeconds: parseDuration(timeout) ?? Number.NaN }
  }
  const { kind, maxTurns, maxOutput, fallback = [], ...first } = proposer
  const { baseUrl } = first
  // A fallback without a URL is another model at the same endpoint.
  const others = fallback.map((other) => ({ ...(baseUrl && { baseUrl }), ...other }))
  return {
    kind,
    endpoints: [first, ...others],
    maxTurns,
    ...(maxOutput !== undefined && { maxOutputTokens: maxOutput }),
  }
}
