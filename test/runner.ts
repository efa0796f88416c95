// Drives the built action as the Actions runner does: a checkout, INPUT_* and GITHUB_* variables, files for its outputs.
import { randomUUID } from 'node:crypto'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'

const ACTION = fileURLToPath(new URL('../dist/index.js', import.meta.url))

export interface JobOptions {
  serverUrl: string
  apiUrl: string
  /** `owner/name`. */
  repository: string
  /** What the job's checkout step uses, whether or not the action itself gets a token. */
  checkoutToken: string
  /** Inputs by name, as under `with:`. */
  inputs: Readonly<Record<string, string>>
  /** A directory of this job alone; survives it. */
  directory: string
  /** Commit or branch to check out; the default branch if absent. */
  ref?: string
  /** Name of a machine that earlier jobs ran on; a new one if absent. Its runner empties the temporary folder only. */
  machine?: string
  /** The machine's tool cache, kept between jobs. */
  toolCache?: string
  onLine?: (line: string) => void
  runId?: string
  /** Debug logging, as a person enables it when starting a workflow again. */
  debug?: boolean
  /** Variables of the job beyond those of every runner, and instead of them. */
  environment?: Readonly<Record<string, string>>
}

export interface FinishedJob {
  exitCode: number | undefined
  signal: string | undefined
  outputs: Readonly<Record<string, string>>
  log: string
  /** Markdown of the job's summary page. */
  summary: string
}

export interface RunningJob {
  pid: number
  /** Holds the job's checkout and its temporary folder; survives the job. */
  directory: string
  finished: Promise<FinishedJob>
}

/** Checks the repository out and starts the action; `finished` never rejects for what the action does. */
export async function startJob(options: JobOptions): Promise<RunningJob> {
  const files = await prepareJob(options)
  const subprocess = spawnAction(options, files)
  const { pid } = subprocess
  if (pid === undefined) throw new Error('the action could not be started')
  return { pid, directory: files.root, finished: finish(subprocess, files, options.onLine) }
}

function spawnAction(options: JobOptions, files: JobFiles) {
  const env = jobEnvironment(options, files)
  return execa('node', [ACTION], { cwd: files.workspace, env, extendEnv: false, all: true, reject: false })
}

export interface JobFiles {
  root: string
  workspace: string
  temporary: string
  output: string
  summary: string
}

async function prepareJob(options: JobOptions): Promise<JobFiles> {
  const root = join(options.directory, options.machine ?? randomUUID().slice(0, 8))
  const files = {
    root,
    workspace: join(root, 'workspace'),
    temporary: join(root, 'temp'),
    output: join(root, 'output'),
    summary: join(root, 'summary.md'),
  }
  await rm(files.temporary, { recursive: true, force: true, maxRetries: 3 })
  await mkdir(files.temporary, { recursive: true })
  await Promise.all([writeFile(files.output, ''), writeFile(files.summary, '')])
  await checkout(options, files.workspace)
  return files
}

/** What actions/checkout does with `persist-credentials: false` and `fetch-depth: 2`. */
export async function checkout(
  options: Pick<JobOptions, 'checkoutToken' | 'serverUrl' | 'repository' | 'ref'>,
  workspace: string,
): Promise<void> {
  const credentials = Buffer.from(`x-access-token:${options.checkoutToken}`).toString('base64')
  const header = ['-c', `http.extraheader=AUTHORIZATION: basic ${credentials}`]
  const env = { GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' }
  const url = `${options.serverUrl}/${options.repository}.git`
  await execa('git', ['init', '--quiet', workspace], { env })
  const git = (...args: string[]) => execa('git', ['-C', workspace, ...args], { env })
  await git('config', 'remote.origin.url', url)
  await git(...header, 'fetch', '--quiet', '--no-tags', '--depth=2', 'origin', options.ref ?? 'HEAD')
  await git('checkout', '--quiet', '--force', '--detach', 'FETCH_HEAD')
}

/** What the runner tells a job, and nothing else of this process but PATH and HOME. */
export function jobEnvironment(
  options: Omit<JobOptions, 'checkoutToken' | 'directory'>,
  files: JobFiles,
): Record<string, string> {
  const inputs = Object.entries(options.inputs).map(
    ([name, value]) => [`INPUT_${name.toUpperCase()}`, value] as const,
  )
  return {
    PATH: process.env.PATH ?? '',
    HOME: process.env.HOME ?? '',
    CI: 'true',
    GITHUB_ACTIONS: 'true',
    GITHUB_API_URL: options.apiUrl,
    GITHUB_SERVER_URL: options.serverUrl,
    GITHUB_REPOSITORY: options.repository,
    GITHUB_RUN_ID: options.runId ?? '1',
    GITHUB_RUN_ATTEMPT: '1',
    GITHUB_WORKSPACE: files.workspace,
    GITHUB_OUTPUT: files.output,
    GITHUB_STEP_SUMMARY: files.summary,
    RUNNER_TEMP: files.temporary,
    RUNNER_TOOL_CACHE: options.toolCache ?? files.temporary,
    ...(options.debug ? { RUNNER_DEBUG: '1' } : {}),
    ...Object.fromEntries(inputs),
    ...options.environment,
  }
}

async function finish(
  subprocess: ReturnType<typeof spawnAction>,
  files: JobFiles,
  onLine: ((line: string) => void) | undefined,
): Promise<FinishedJob> {
  if (onLine) for await (const line of subprocess.iterable({ from: 'all' })) onLine(String(line))
  const { exitCode, signal, all } = await subprocess
  const [output, summary] = await Promise.all([
    readFile(files.output, 'utf8'),
    readFile(files.summary, 'utf8'),
  ])
  return { exitCode, signal, outputs: parseOutputs(output), log: String(all), summary }
}

/** Reads a GITHUB_OUTPUT file: `name<<delimiter`, lines, `delimiter`. */
export function parseOutputs(text: string): Record<string, string> {
  const outputs: Record<string, string> = {}
  for (const match of text.matchAll(/^(.+?)<<(.+)\n([\s\S]*?)\n\2$/gm)) {
    const [, name = '', , value = ''] = match
    outputs[name] = value
  }
  return outputs
}
