// Runs the `setup` command once per machine and version of the fixed files, and caches the data it prepares.
import { createHash } from 'node:crypto'
import { access, mkdir, mkdtemp, realpath, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { Config } from '../../core/config/config.ts'
import { visibleText } from '../../core/text/markdown.ts'
import { BaselineError, ConfigError } from '../../errors.ts'
import type { Log } from '../../ports.ts'
import type { GitRepository } from '../git/repository.ts'
import { makeFolder, removeFolder } from '../leftovers.ts'
import { runGroup } from '../sandbox/process-group.ts'
import { setupEnvironment } from './environment.ts'

export interface SetupOptions {
  repository: GitRepository
  log: Log
  /** Folder for prepared data, kept between jobs on this machine. */
  cacheDirectory: string
  /** Folder for the temporary checkout in which setup runs. */
  scratchDirectory: string
  environment: NodeJS.ProcessEnv
}

const SETUP_TIMEOUT_SECONDS = 6 * 3600
const LOG_TAIL_CHARACTERS = 4000

/** The folders that setup filled: separate ones, because training must not see the evaluation data. */
export interface PreparedData {
  /** `$AUTORESEARCH_DATA` */
  data: string
  /** `$AUTORESEARCH_EVAL_DATA`, visible to setup and the evaluator only */
  evaluationData: string
  /** Virtual environment that `uv` created during setup; absent when setup did not use `uv`. */
  venv?: string
}

/**
 * Prepares the data for the baseline at `base`. Setup sees only the files that candidates may not change: it runs without
 * a sandbox, and an editable file may contain merged candidate code. The cache key covers the command and those files, so
 * merges of candidates reuse the data, and any other change runs setup again.
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
  const fixed = await options.repository.fixedTree(base, config.editable)
  const key = createHash('sha256')
    .update(`${config.setup ?? ''}\n${fixed}`)
    .digest('hex')
    .slice(0, 16)
  const ready = join(options.cacheDirectory, key)
  // Created under its final name, because programs in a virtual environment contain its path.
  const venv = join(options.cacheDirectory, `${key}-venv`)
  if (await exists(ready)) return preparedIn(ready, venv)
  await mkdir(options.cacheDirectory, { recursive: true })
  // Prepared under a temporary name, so that a killed setup leaves nothing that looks complete.
  const unfinished = await mkdtemp(join(options.cacheDirectory, `${key}.unfinished-`))
  try {
    const prepared = { ...foldersIn(unfinished), venv }
    await mkdir(prepared.data)
    await mkdir(prepared.evaluationData)
    if (config.setup !== undefined) await runSetup(options, config.setup, fixed, prepared, signal)
    await rename(unfinished, ready).catch(async (error: unknown) => {
      if (!(await exists(ready))) throw error
    })
  } finally {
    await rm(unfinished, { recursive: true, force: true })
  }
  return preparedIn(ready, venv)
}

function foldersIn(directory: string): Omit<PreparedData, 'venv'> {
  return { data: join(directory, 'data'), evaluationData: join(directory, 'evaluation-data') }
}

async function preparedIn(directory: string, venv: string): Promise<PreparedData> {
  return { ...foldersIn(directory), ...((await exists(venv)) ? { venv } : {}) }
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

async function runSetup(
  { repository, log, environment, scratchDirectory }: SetupOptions,
  command: string,
  tree: string,
  prepared: Required<PreparedData>,
  signal: AbortSignal,
): Promise<void> {
  const source = await makeFolder(scratchDirectory, 'setup')
  let tail = ''
  log.info(`Setup: ${command}`)
  try {
    await repository.exportTree(tree, source)
    const exit = await runGroup({
      command,
      directory: source,
      environment: {
        ...setupEnvironment(environment),
        HOME: homedir(),
        AUTORESEARCH_DATA: prepared.data,
        AUTORESEARCH_EVAL_DATA: prepared.evaluationData,
        UV_PROJECT_ENVIRONMENT: prepared.venv,
        // The checkout lacks the editable files and is deleted after setup, so the project itself must not be installed.
        UV_NO_INSTALL_PROJECT: '1',
      },
      timeoutSeconds: SETUP_TIMEOUT_SECONDS,
      onOutput: (text) => {
        tail = (tail + text).slice(-LOG_TAIL_CHARACTERS)
      },
      signal,
    })
    if (exit.code === 0) return
    throw new BaselineError(
      `setup failed (${exit.timedOut ? 'timed out' : `exit code ${exit.code ?? exit.signal}`}): ${command}\n${visibleText(tail, LOG_TAIL_CHARACTERS)}`,
      {
        hint: 'Run the setup command by hand on this machine, in a fresh checkout of the baseline branch, after deleting the editable files: setup runs outside the sandbox, so it does not get them.',
      },
    )
  } finally {
    await removeFolder(source)
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
