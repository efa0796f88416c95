// Runs the `setup` command once per machine and version of the files that it depends on, and keeps what it left for trials.
import { access, mkdir, realpath, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Config } from '../../core/config/config.ts'
import { setupKey } from '../../core/config/dependencies.ts'
import type { SetupPlaces } from '../../core/sandbox/sandbox.ts'
import { errorLine } from '../../core/text/error-line.ts'
import { visibleText } from '../../core/text/markdown.ts'
import { SecretWatch } from '../../core/text/redaction.ts'
import { BaselineError, ConfigError } from '../../errors.ts'
import type { Log } from '../../ports/job.ts'
import type { GitRepository } from '../git/repository.ts'
import { endProcessesOf } from '../leftovers.ts'
import { removeTree } from '../remove-tree.ts'
import { runGroup } from '../sandbox/process-group.ts'
import { removeSecretFiles } from './secret-files.ts'
import { setupEnvironment, setupSecrets } from './setup-environment.ts'
import { evictVersions, keepVersion, lockPath, READY } from './setup-versions.ts'
import { type Lock, lockFile } from './version-lock.ts'

export interface SetupOptions {
  repository: GitRepository
  log: Log
  /** Folder for prepared data, kept between jobs on this machine. */
  cacheDirectory: string
  environment: NodeJS.ProcessEnv
}

const SETUP_TIMEOUT_SECONDS = 6 * 3600
const LOG_TAIL_CHARACTERS = 4000
const MAX_LOG_LINE_CHARACTERS = 1000

/** What setup left: separate folders, because training must not see the evaluation data. */
export interface PreparedData {
  /** `$AUTORESEARCH_DATA` */
  data: string
  /** `$AUTORESEARCH_EVAL_DATA`, visible to setup and the evaluator only */
  evaluationData: string
  /** Where setup worked; absent when there is nothing that trials could find there. */
  setup?: SetupPlaces
  /** Paths of the baseline's files in Git LFS and of its submodules, whose content lies where setup worked. */
  linked: ReadonlySet<string>
  /** Virtual environment that `uv` created during setup; absent when setup did not use `uv`. */
  venv?: string
}

/** The folders of one version, under their final names: programs in virtual environments contain their paths. */
function foldersIn(version: string) {
  const at = (name: string): string => join(version, name)
  return {
    data: at('data'),
    evaluationData: at('evaluation-data'),
    source: at('source'),
    home: at('home'),
    venv: at('uv-venv'),
  }
}

/**
 * Prepares the data for the baseline at `base`. Setup sees only the files that candidates may not change: it runs without
 * a sandbox, and an editable file may contain merged candidate code. `setupKey` says when it runs again. Of two jobs on one
 * machine one prepares and the other waits. The version stays until this process ends, whatever other jobs remove.
 *
 * @returns the prepared folders; empty folders when there is no setup command
 * @throws BaselineError when the command fails
 */
export async function prepareData(
  options: SetupOptions,
  config: Config,
  base: string,
  signal: AbortSignal,
): Promise<PreparedData> {
  const key = setupKey(await options.repository.listFiles(base), config)
  const version = join(options.cacheDirectory, key)
  for (const folder of [options.cacheDirectory, dirname(lockPath(version))])
    await mkdir(folder, { recursive: true })
  const onWait = (): void =>
    options.log.info('Another job on this machine prepares the same data; waiting for it')
  await keepVersion(version, signal, onWait)
  if (!(await exists(join(version, READY)))) {
    // A lock of its own: whoever waits for it must not wait for jobs that use the version, which may take all night.
    const lock = await lockFile(`${lockPath(version)}.preparing`, { kind: 'exclusive', signal, onWait })
    try {
      // Another job may have prepared it while this one waited.
      if (!(await exists(join(version, READY)))) await prepareVersion(options, config, base, version, signal)
    } finally {
      release(lock)
    }
  }
  await utimes(join(version, READY), new Date(), new Date())
  await evictVersions(options, config.setupPolicy, version)
  return preparedIn(version, config, await options.repository.linkedPaths(base))
}

function release(lock: Lock | 'unavailable' | undefined): void {
  if (typeof lock === 'object') lock.release()
}

async function preparedIn(
  version: string,
  config: Config,
  linked: ReadonlySet<string>,
): Promise<PreparedData> {
  const { data, evaluationData, source, home, venv } = foldersIn(version)
  return {
    data,
    evaluationData,
    linked,
    ...(config.setup === undefined && linked.size === 0 ? {} : { setup: { source, home } }),
    ...((await exists(venv)) ? { venv } : {}),
  }
}

/** Leaves either the whole version or nothing. What a killed job left of it is removed first. */
async function prepareVersion(
  options: SetupOptions,
  config: Config,
  base: string,
  version: string,
  signal: AbortSignal,
): Promise<void> {
  await endProcessesOf(version)
  await removeTree(version)
  const { venv: _, ...folders } = foldersIn(version)
  try {
    for (const folder of Object.values(folders)) await mkdir(folder, { recursive: true })
    await exportSource(options, config, base, folders.source)
    if (config.setup !== undefined) await runSetup(options, config, config.setup, version, signal)
    await writeFile(join(version, READY), '')
  } catch (error) {
    await removeTree(version)
    throw error
  }
}

/** @throws ConfigError when `sandbox.read` would show evaluation data to training, whichever setup prepared it */
export async function assertHidden(cacheDirectory: string, read: readonly string[]): Promise<void> {
  await mkdir(cacheDirectory, { recursive: true })
  const cache = await realpath(cacheDirectory)
  for (const path of read) {
    const shown = await realpath(path).catch(() => path)
    if (!isWithin(cache, shown) && !isWithin(shown, cache)) continue
    throw new ConfigError(
      `\`sandbox.read\` names ${path}, which would show the evaluation data to training`,
      {
        hint: 'Name a more specific folder, such as a cache of models or data sets.',
      },
    )
  }
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder === '/' ? folder : `${folder}/`)
}

/** Writes the files that no candidate may change, with the contents that git keeps elsewhere. */
async function exportSource(
  { repository, cacheDirectory }: SetupOptions,
  { editable }: Config,
  base: string,
  source: string,
): Promise<void> {
  await repository.exportTree(await repository.fixedTree(base, editable), source)
  await repository.exportLinked(base, source, `${cacheDirectory}.lfs`)
}

async function runSetup(
  { log, environment: all }: SetupOptions,
  { setupPolicy }: Config,
  command: string,
  version: string,
  signal: AbortSignal,
): Promise<void> {
  const { data, evaluationData, source, home, venv } = foldersIn(version)
  const environment = setupEnvironment(all, setupPolicy.environment)
  const secrets = setupSecrets(environment, setupPolicy.environment)
  const watch = new SecretWatch(secrets)
  let tail = ''
  log.info(`Setup: ${command}`)
  const exit = await runGroup({
    command,
    directory: source,
    environment: {
      ...environment,
      HOME: home,
      AUTORESEARCH_DATA: data,
      AUTORESEARCH_EVAL_DATA: evaluationData,
      UV_PROJECT_ENVIRONMENT: venv,
      // The checkout lacks the editable files, without which most projects cannot be built.
      UV_NO_INSTALL_PROJECT: '1',
      PYTHONUNBUFFERED: '1',
    },
    timeoutSeconds: SETUP_TIMEOUT_SECONDS,
    onOutput: (text) => {
      const shown = watch.redact(text)
      tail = (tail + shown).slice(-LOG_TAIL_CHARACTERS)
      for (const line of shown.split('\n')) logLine(log, line)
    },
    signal,
  })
  if (exit.code === 0) return removeSecretFiles(Object.values(foldersIn(version)), secrets, log)
  const ended = exit.timedOut ? 'timed out' : `exit code ${exit.code ?? exit.signal}`
  throw new BaselineError(
    `setup failed (${ended}): ${command}\n${visibleText(errorLine(tail) ?? 'It printed nothing.', MAX_LOG_LINE_CHARACTERS)}`,
    {
      hint: 'Run the setup command by hand on this machine, in a fresh checkout of the baseline branch, after deleting the editable files: setup runs outside the sandbox, so it does not get them. It gets only the variables that docs/configuration.md lists; name others in `setup.environment`.',
    },
  )
}

/** Of a progress bar only the last state counts. */
function logLine(log: Log, line: string): void {
  const last = line.split('\r').findLast((part) => part.trim() !== '')
  const shown = visibleText(last ?? '', MAX_LOG_LINE_CHARACTERS)
  if (shown !== '') log.info(`  ${shown}`)
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
