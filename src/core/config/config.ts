// The configuration of a research repository: all settings in typed form, or all mistakes in the file at once.

import type { Gain, Simplicity } from '../judge/policy.ts'
import type { Limits } from '../record/limits.ts'
import type { Metric } from '../trial/metric.ts'
import { explainIssues } from './issues.ts'
import type { ConfigProblem } from './problems.ts'
import { parseDuration } from './quantity.ts'
import { type ConfigFile, configSchema } from './schema.ts'
import { defaultTimeoutSeconds } from './timeout.ts'
import { readYaml } from './yaml.ts'

export { type ConfigProblem, renderConfigProblems } from './problems.ts'

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
  setupPolicy: SetupPolicy
  /** Command that runs one training. */
  train: string
  /** Command that prints the metric after training ended; it replaces the metric that training printed. */
  evaluate?: string
  /** Commands that an agent may run on its edits before it submits them. */
  checks?: string[]
  /** Relative paths that training writes beside its script and that stay: they are moved into `$AUTORESEARCH_OUT`. */
  outputs: string[]
  /** Globs of files that neither setup nor training reads. */
  ignore: string[]
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

export interface SetupPolicy {
  /** Names of further environment variables that setup may read. */
  environment: string[]
  /** Versions of prepared data that stay on a machine, at least 1. */
  keep: number
  /** Most that these versions may take together; absent: no limit. */
  keepBytes?: number
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

/** On recorded runs this cuts no true winner and hardly any candidate without an effect; see docs/deciding.md. */
const DEFAULT_CUT = 0.05

function toConfig(file: ConfigFile): Config {
  const { budget, timeout, metric, cut = DEFAULT_CUT, sandbox, simplicity, proposers, setup, ...rest } = file
  const { 'merge-risk': mergeRisk, 'min-gain': minGain, 'review-above': reviewAbove, ...more } = rest
  const { 'aa-every': aaEvery, search, limits, ...same } = more
  return {
    ...same,
    ...(setup && { setup: setup.run }),
    setupPolicy: toSetupPolicy(setup),
    mergeRisk,
    ...(minGain !== undefined && { minGain }),
    ...(simplicity && { simplicity: toSimplicity(simplicity) }),
    budgetSeconds: budget,
    timeoutSeconds: timeout ?? defaultTimeoutSeconds(budget),
    metric: toMetric(metric),
    ...(file.progress && cut > 0 && { cutBelow: cut }),
    sandbox: toSandbox(sandbox),
    ...(reviewAbove !== undefined && { reviewAbove }),
    aaEvery,
    proposers: proposers.map(toProposer),
    search: toSearch(search),
    limits: toLimits(limits),
  }
}

function toLimits({ week, waiting, ...run }: ConfigFile['limits']): Limits {
  return { ...toGpuHours(run), waiting: waiting ?? run.candidates, ...(week && { week: toGpuHours(week) }) }
}

function toGpuHours<Written extends { 'gpu-hours'?: number }>({ 'gpu-hours': gpuHours, ...same }: Written) {
  return { ...same, ...(gpuHours !== undefined && { gpuHours }) }
}

function toMetric({ pattern, file = '', key = '', ...same }: ConfigFile['metric']): Metric {
  return {
    ...same,
    source: pattern === undefined ? { kind: 'file', file, key } : { kind: 'pattern', pattern },
  }
}

function toSimplicity({
  'removed-lines': removedLines,
  'added-lines': addedLines,
  ...same
}: NonNullable<ConfigFile['simplicity']>): Simplicity {
  return { ...same, removedLines, addedLines }
}

function toSandbox({ memory, out, ...same }: ConfigFile['sandbox']): SandboxConfig {
  return { ...same, outBytes: out, ...(memory !== undefined && { memoryBytes: memory }) }
}

function toSearch(search: ConfigFile['search']): Config['search'] {
  return {
    structuralShare: search['structural-share'],
    novelty: search.novelty,
    retryAfterMerges: search['retry-after'],
    insightsEvery: search['insights-every'],
    deviceHourDollars: search['device-hour'],
  }
}

const DEFAULT_KEEP = 3

function toSetupPolicy(setup: ConfigFile['setup']): SetupPolicy {
  const { environment = [], keep = DEFAULT_KEEP, size } = setup ?? {}
  return { environment, keep, ...(size !== undefined && { keepBytes: size }) }
}

type WrittenProposer = ConfigFile['proposers'][number]

function toProposer(proposer: WrittenProposer): ProposerConfig {
  if (proposer.kind === 'knobs') return proposer
  if (proposer.kind === 'command') return toCommand(proposer)
  const { kind, 'max-turns': maxTurns, 'max-output': maxOutputTokens, fallback = [] } = proposer
  const { 'base-url': baseUrl } = proposer
  // A fallback without a URL is another model at the same endpoint.
  const others = fallback.map((other) => toEndpoint({ ...(baseUrl && { 'base-url': baseUrl }), ...other }))
  return {
    kind,
    endpoints: [toEndpoint(proposer), ...others],
    maxTurns,
    ...(maxOutputTokens !== undefined && { maxOutputTokens }),
  }
}

function toCommand({ timeout, ...same }: Extract<WrittenProposer, { kind: 'command' }>): CommandConfig {
  return { ...same, timeoutSeconds: parseDuration(timeout) ?? Number.NaN }
}

type WrittenEndpoint = NonNullable<Extract<WrittenProposer, { kind: 'openai' }>['fallback']>[number]

function toEndpoint({ model, 'base-url': baseUrl, price }: WrittenEndpoint): EndpointConfig {
  return { model, ...(baseUrl !== undefined && { baseUrl }), ...(price && { price: toPrice(price) }) }
}

function toPrice({ 'cached-input': cachedInput, ...same }: NonNullable<WrittenEndpoint['price']>) {
  return { ...same, ...(cachedInput !== undefined && { cachedInput }) }
}
