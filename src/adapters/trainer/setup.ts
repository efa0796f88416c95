// Runs the `setup` command once per machine and version of the fixed files, and keeps what it prepared.
import { createHash } from 'node:crypto'
import { access, mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Config } from '../../core/config/config.ts'
import { visibleText } from '../../core/report/markdown.ts'
import { BaselineError } from '../../errors.ts'
import type { Log } from '../../ports.ts'
import type { GitRepository } from '../git/repository.ts'
import { runGroup } from '../sandbox/process-group.ts'
import { setupEnvironment } from './environment.ts'

export interface SetupOptions {
  repository: GitRepository
  log: Log
  /** Where prepared data is kept between jobs on this machine. */
  cacheDirectory: string
  environment: NodeJS.ProcessEnv
}

const SETUP_TIMEOUT_SECONDS = 6 * 3600
const LOG_TAIL_CHARACTERS = 4000

/** What setup prepared: two folders, because training must not see what it is evaluated on. */
export interface PreparedData {
  /** `$AUTORESEARCH_DATA` */
  data: string
  /** `$AUTORESEARCH_EVAL_DATA`, shown to setup and to the evaluator only */
  evaluationData: string
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
  if (await exists(ready)) return preparedIn(ready)
  await mkdir(options.cacheDirectory, { recursive: true })
  // Prepared under another name, so that a killed setup leaves nothing that looks complete.
  const unfinished = await mkdtemp(join(options.cacheDirectory, `${key}.unfinished-`))
  try {
    const prepared = preparedIn(unfinished)
    await mkdir(prepared.data)
    await mkdir(prepared.evaluationData)
    if (config.setup !== undefined) await runSetup(options, config.setup, fixed, prepared, signal)
    await rename(unfinished, ready).catch(async (error: unknown) => {
      if (!(await exists(ready))) throw error
    })
  } finally {
    await rm(unfinished, { recursive: true, force: true })
  }
  return preparedIn(ready)
}

function preparedIn(directory: string): PreparedData {
  return { data: join(directory, 'data'), evaluationData: join(directory, 'evaluation-data') }
}

async function runSetup(
  { repository, log, environment }: SetupOptions,
  command: string,
  tree: string,
  prepared: PreparedData,
  signal: AbortSignal,
): Promise<void> {
  const source = await mkdtemp(join(tmpdir(), 'autoresearch-setup-'))
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
    await rm(source, { recursive: true, force: true })
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
