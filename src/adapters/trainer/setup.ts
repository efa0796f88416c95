// Runs the `setup` command once per machine and version of the fixed files, and keeps what it prepared.
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
  /** Where prepared data is kept between jobs on this machine. */
  cacheDirectory: string
  /** Where the files lie that it runs in, while it does. */
  scratchDirectory: string
  environment: NodeJS.ProcessEnv
}

const SETUP_TIMEOUT_SECONDS = 6 * 3600
const LOG_TAIL_CHARACTERS = 4000

/** What setup prepared, in folders of their own, because training must not see what it is evaluated on. */
export interface PreparedData {
  /** `$AUTORESEARCH_DATA` */
  data: string
  /** `$AUTORESEARCH_EVAL_DATA`, shown to setup and to the evaluator only */
  evaluationData: string
  /** Where `uv` of setup installed packages; absent when it did not. */
  venv?: string
}

/**
 * Prepares the data for the baseline at `base`, from the files that a candidate may not change and no others: setup has
 * no sandbox, and an editable file may be a candidate's that was merged. The folder is named after the command and
 * those files, so merges of candidates reuse it and any other change prepares it anew.
 *
 * @returns the folders; empty ones when there is no setup command
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
  // Under its last name from the beginning: programs in a virtual environment name it by its path.
  const venv = join(options.cacheDirectory, `${key}-venv`)
  if (await exists(ready)) return preparedIn(ready, venv)
  await mkdir(options.cacheDirectory, { recursive: true })
  // Prepared under another name, so that a killed setup leaves nothing that looks complete.
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

/** @throws ConfigError when training would be shown what `setup` prepared for the evaluation, now or earlier */
export async function assertHidden(cacheDirectory: string, read: readonly string[]): Promise<void> {
  await mkdir(cacheDirectory, { recursive: true })
  const cache = await realpath(cacheDirectory)
  for (const path of read) {
    const shown = await realpath(path).catch(() => path)
    if (!isWithin(cache, shown) && !isWithin(shown, cache)) continue
    throw new ConfigError(`\`sandbox.read\` names ${path}, where setup keeps what trials are evaluated on`, {
      hint: 'Name only the folder that is needed, such as a cache of models or data sets.',
    })
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
        // The project's own code is not what setup sees of it, and is gone when setup is over.
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
        hint: 'Run the setup command by hand on this machine, in a fresh checkout of the baseline branch without the editable files: it runs outside the sandbox, so it gets none of them.',
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
