// Runs trials: the sealed tree of one commit, an allowlisted environment, a budget that is enforced from outside.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Config, parseConfig, renderConfigProblems } from '../core/config/config.ts'
import { measurementHash } from '../core/evidence.ts'
import {
  type MetricSource,
  type MetricText,
  measureTrial,
  OutputReader,
  readMetricFile,
} from '../core/metric.ts'
import { TRIAL_FILE, type Trial, type TrialResult } from '../core/trial.ts'
import { ConfigError, UserFacingError } from '../errors.ts'
import type { Clock, Log, Trainer } from '../ports.ts'
import { readBoundedFile } from './bounded-file.ts'
import { trainingEnvironment } from './environment.ts'
import { runGroup } from './process-group.ts'
import type { GitRepository } from './repository.ts'
import { prepareData } from './setup.ts'

export interface TrainerOptions {
  repository: GitRepository
  clock: Clock
  log: Log
  testbed: string
  configPath: string
  /** Results and logs of trials: one folder per trial; a run that is aborted leaves no result. */
  resultsDirectory: string
  /** What `setup` prepared, kept between jobs on this machine. */
  cacheDirectory: string
  /** The environment of this process; training sees only the names on the allowlist. */
  environment: NodeJS.ProcessEnv
}

const MAX_METRIC_FILE_BYTES = 1024 * 1024

/** @returns a trainer that prepares data once and then runs one trial at a time */
export function createTrainer(options: TrainerOptions): Trainer {
  const configs = new Map<string, Promise<Config>>()
  const data = new Map<string, Promise<string>>()
  const configAt = (base: string): Promise<Config> => remember(configs, base, () => readConfig(options, base))
  return {
    testbed: options.testbed,
    async run(trial, signal) {
      const config = await configAt(trial.base)
      const dataDirectory = await remember(data, trial.base, () =>
        prepareData(options, config, trial.base, signal),
      )
      return runTrial(options, config, dataDirectory, trial, signal)
    },
  }
}

function remember<T>(known: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> {
  const value = known.get(key) ?? make()
  known.set(key, value)
  return value
}

async function readConfig({ repository, configPath }: TrainerOptions, base: string): Promise<Config> {
  const parsed = parseConfig((await repository.readFile(base, configPath)) ?? '')
  if (parsed.kind === 'config') return parsed.config
  throw new ConfigError(renderConfigProblems(configPath, parsed.problems), {
    hint: `Mend ${configPath} on the baseline branch.`,
  })
}

async function runTrial(
  options: TrainerOptions,
  config: Config,
  dataDirectory: string,
  trial: Trial,
  signal: AbortSignal,
): Promise<TrialResult> {
  const { repository, clock } = options
  const sealed = await repository.sealedTree(trial.base, trial.head, config.editable)
  if (sealed !== trial.tree)
    throw new UserFacingError(
      `${trial.head.slice(0, 7)} changes files outside \`editable\`; it was not trained`,
      {
        hint: 'Close its pull request. The static gate should have refused it: please report this.',
      },
    )
  const results = join(options.resultsDirectory, trial.id)
  const scratch = await mkdtemp(join(tmpdir(), 'autoresearch-trial-'))
  const [source, out, home] = [join(scratch, 'source'), join(scratch, 'out'), join(scratch, 'home')]
  try {
    for (const directory of [source, out, home, results]) await mkdir(directory, { recursive: true })
    await repository.exportTree(sealed, source)
    const reader = new OutputReader(config.metric, config.progress?.pattern)
    const begun = clock.monotonicSeconds()
    const exit = await runGroup({
      command: config.train,
      directory: source,
      environment: {
        ...trainingEnvironment(options.environment),
        HOME: home,
        TMPDIR: home,
        AUTORESEARCH_SEED: String(trial.seed),
        AUTORESEARCH_BUDGET_SECONDS: String(config.budgetSeconds),
        AUTORESEARCH_DATA: dataDirectory,
        AUTORESEARCH_OUT: out,
      },
      timeoutSeconds: config.timeoutSeconds,
      onOutput: (text) => reader.push(text),
      signal,
    })
    const wallSeconds = clock.monotonicSeconds() - begun
    reader.end()
    const found = await findMetric(config.metric.source, out, reader)
    const measured = measureTrial(exit, found, reader.log, reader.diverged, config.metric)
    const result: TrialResult = {
      trial,
      config: measurementHash(config),
      testbed: options.testbed,
      ...measured,
      wallSeconds: Math.round(wallSeconds * 1000) / 1000,
      curve: [...reader.curve],
      ...(measured.outcome === 'measured' ? {} : { tail: reader.log.slice(-4000) }),
    }
    await writeFile(join(results, 'log.txt'), reader.log)
    // A run that we ended ourselves says nothing about the code, and whoever finds the file would believe that it crashed.
    if (!signal.aborted) await writeFile(join(results, TRIAL_FILE), `${JSON.stringify(result, null, 2)}\n`)
    return result
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

async function findMetric(source: MetricSource, out: string, reader: OutputReader): Promise<MetricText> {
  if (source.kind === 'pattern') return reader.metricText
  const text = await readBoundedFile(join(out, source.file), MAX_METRIC_FILE_BYTES)
  return readMetricFile(text, source.file, source.key)
}
