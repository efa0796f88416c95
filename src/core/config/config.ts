// The configuration of a research repository: all settings in typed form, or all mistakes in the file at once.
import { ConfigError } from '../../errors.ts'
import type { Gain, Simplicity } from '../judge/policy.ts'
import type { Limits } from '../record/limits.ts'
import type { GuardMetric, Metric, MetricSource } from '../trial/metric.ts'
import { explainIssues } from './issues.ts'
import { parseDuration } from './quantity.ts'
import { readCurve } from './rules.ts'
import { defaultTimeoutSeconds } from './schema/cross-field.ts'
import { type ConfigFile, configSchema } from './schema.ts'
import { type ConfigProblem, readYaml } from './yaml.ts'

export type { ConfigProblem } from './yaml.ts'

type CamelCase<Key> = Key extends `${infer Head}-${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : Key
type CamelCased<Value> = Value extends readonly unknown[]
  ? { [Index in keyof Value]: CamelCased<Value[Index]> }
  : Value extends object
    ? { [Key in keyof Value as CamelCase<Key>]: CamelCased<Value[Key]> }
    : Value
/** The file with defaults filled in and keys in camel case. */
type Written = CamelCased<ConfigFile>

/** The settings of a research repository, with defaults filled in. The schema documents the meaning and range of each. */
export type Config = Omit<Written, 'budget' | 'timeout' | 'cut' | 'setup' | 'scales' | keyof Converted> &
  Converted

/** Absent margin: only the hard limits count. */
export type Guard = GuardMetric & { margin?: Gain }

/** The settings that the file writes differently. */
interface Converted {
  /** Command that prepares the data. */
  setup?: string
  setupPolicy: SetupPolicy
  train: string
  budgetSeconds: number
  timeoutSeconds: number
  metric: Metric
  guards: Guard[]
  /** Absent: no trial is cut. */
  cutBelow?: number
  sandbox: ReturnType<typeof toSandbox>
  /** Absent: code size does not matter. */
  simplicity?: Simplicity
  proposers: ProposerConfig[]
  search: ReturnType<typeof toSearch>
  limits: Limits
  /** Absent: there is one scale. */
  ladder?: Ladder
}

interface Ladder {
  /** Name of the scale at which research happens. */
  first: string
  /** The other scales, from small to large; at least one. */
  larger: readonly LargerScale[]
}

/** A scale at which merges are tested together. */
interface LargerScale {
  name: string
  train: string
  budgetSeconds: number
  timeoutSeconds: number
  /** Absent: as many as the job gives every trial. */
  devicesPerTrial?: number | 'all'
  /** Pending merges that start a promotion. */
  merges: number
  /** Runs of each end before the first decision. */
  replicates: { baseline: number; candidate: number }
  /** Those at the top, as far as the scale does not replace them, and its own. */
  guards: Guard[]
}

export interface SetupPolicy {
  /** Names of further environment variables that setup may read. */
  environment: string[]
  /** Versions of prepared data that stay on a machine, at least 1. */
  keep: number
  /** Most that these versions may take together; absent: no limit. */
  keepBytes?: number
}

type Proposer<Kind> = Extract<Written['proposers'][number], { kind: Kind }>

/** Runs any coding agent. */
export type CommandConfig = Omit<Proposer<'command'>, 'timeout'> & { timeoutSeconds: number }

export type EndpointConfig = Pick<Proposer<'openai'>, 'model' | 'baseUrl' | 'price'>

export type ProposerConfig =
  | Proposer<'knobs'>
  | CommandConfig
  | {
      kind: 'openai'
      /** In the order in which they are tried. */
      endpoints: [EndpointConfig, ...EndpointConfig[]]
      maxTurns: number
      maxOutputTokens?: number
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
      hint: `Commit one to ${where}. The command \`init\` writes one for this repository; docs/configuration.md documents every field.`,
    })
  const parsed = parseConfig(text)
  if (parsed.kind === 'config') return parsed.config
  throw new ConfigError(renderConfigProblems(path, parsed.problems), {
    hint: `Fix ${path} on ${where} (read at ${commit.slice(0, 7)}).`,
  })
}

/** On recorded runs this cuts no true winner and hardly any candidate without an effect; see docs/deciding.md. */
export const DEFAULT_CUT = 0.05

function toConfig(file: ConfigFile): Config {
  const written = camelCased(file)
  const { metric, guards, cut = DEFAULT_CUT, sandbox, simplicity, setup, ...rest } = written
  const { search, limits, proposers, scales, train, budget, timeout, ...same } = rest
  const research = { train, budget, timeout, ...scales?.[0] }
  return {
    ...same,
    ...toRuns({ ...research, train: research.train ?? '', budget: research.budget ?? Number.NaN }),
    ...(scales && { ladder: toLadder(scales, guards.map(toGuard)) }),
    ...(setup && { setup: setup.run }),
    setupPolicy: toSetupPolicy(setup),
    ...(simplicity && { simplicity }),
    metric: toMetric(metric),
    guards: guards.map(toGuard),
    ...((same.progress || metric.kind) && cut > 0 && { cutBelow: cut }),
    sandbox: toSandbox(sandbox),
    proposers: proposers.map(toProposer),
    search: toSearch(search),
    limits: { ...limits, waiting: limits.waiting ?? limits.candidates },
  }
}

type WrittenScale = NonNullable<Written['scales']>[number]

function toRuns({ train, budget, timeout }: { train: string; budget: number; timeout?: number | undefined }) {
  return { train, budgetSeconds: budget, timeoutSeconds: timeout ?? defaultTimeoutSeconds(budget) }
}

const DEFAULT_MERGES = 5
const DEFAULT_REPLICATES = 2

function toLadder([first, ...larger]: readonly WrittenScale[], guards: readonly Guard[]): Ladder {
  return { first: first?.name ?? '', larger: larger.map((scale) => toLargerScale(scale, guards)) }
}

/** The schema has made sure that command and budget are there. */
function toLargerScale(scale: WrittenScale, everywhere: readonly Guard[]): LargerScale {
  const own = (scale.guards ?? []).map(toGuard)
  const guards = [...everywhere.filter(({ name }) => !own.some((guard) => guard.name === name)), ...own]
  const { name, train = '', budget = Number.NaN, timeout, devicesPerTrial, after, replicates } = scale
  return {
    name,
    ...toRuns({ train, budget, timeout }),
    ...(devicesPerTrial !== undefined && { devicesPerTrial }),
    merges: after?.merges ?? DEFAULT_MERGES,
    replicates: replicates ?? { baseline: DEFAULT_REPLICATES, candidate: DEFAULT_REPLICATES },
    guards,
  }
}

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

/** The schema has made sure that each kind has what it needs. */
function toMetric(written: Written['metric']): Metric {
  const { pattern, file, key, kind, curve = '', target = Number.NaN, reached = 'below', ...same } = written
  const { name = '', direction = 'minimize' } = same
  if (kind === undefined) return { ...same, name, direction, source: toSource({ pattern, file, key }) }
  const read = readCurve(curve)
  const source = { kind: 'target', ...read, target, reached } as const
  return { name: name || nameOfTime(curve, read.curve), direction, source }
}

/** `seconds_to_val_bpb` of a curve that has a name. */
function nameOfTime(written: string, curve: string): string {
  return written === curve ? `seconds_to_${curve}`.slice(0, 64) : 'seconds_to_target'
}

function toGuard({ pattern, file, key, measure, ...same }: Written['guards'][number]): Guard {
  const source =
    measure === undefined ? toSource({ pattern, file, key }) : ({ kind: 'outside', what: measure } as const)
  return { ...same, source }
}

type Source = Record<'pattern' | 'file' | 'key', string | undefined>

function toSource({ pattern, file = '', key = '' }: Source): MetricSource {
  return pattern === undefined ? { kind: 'file', file, key } : { kind: 'pattern', pattern }
}

const DEFAULT_KEEP = 3

function toSetupPolicy(setup: Written['setup']): SetupPolicy {
  const { environment = [], keep = DEFAULT_KEEP, size } = setup ?? {}
  return { environment, keep, ...(size !== undefined && { keepBytes: size }) }
}

function toSandbox({ memory, out, ...same }: Written['sandbox']) {
  return { ...same, outBytes: out, ...(memory !== undefined && { memoryBytes: memory }) }
}

function toSearch({ retryAfter, deviceHour, ...same }: Written['search']) {
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
