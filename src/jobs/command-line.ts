// `node dist/index.js init` and `doctor` in a clone, for a person at a terminal.
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { readInputs } from '../adapters/actions.ts'
import { type Clone, describeClone } from '../adapters/git/clone.ts'
import { createRepository } from '../adapters/git/repository.ts'
import { makeFolder, removeFolder, sweepLeftovers } from '../adapters/leftovers.ts'
import { readExisting, writeNewFiles } from '../adapters/new-files.ts'
import { prepare } from '../commands/init.ts'
import { parseDuration } from '../core/config/quantity.ts'
import { isReady } from '../core/doctor/check.ts'
import { describeChecks, doctorJson } from '../core/doctor/render.ts'
import { WORKFLOW_PATH } from '../core/init/files.ts'
import { describeInit, initJson } from '../core/init/onboarding.ts'
import { ConfigError } from '../errors.ts'
import type { Log } from '../ports/job.ts'
import { diagnose } from './doctor.ts'
import { initSettings } from './init.ts'
import type { Job } from './job.ts'

const USAGE =
  'node …/dist/index.js init [--json] [--config FILE] [--without-gpu], or … doctor [--json] [--config FILE] [--time-budget 5h30m]'

interface Arguments {
  command: string
  json: boolean
  config: string
  /** `init`: the machine that trains has none. */
  'without-gpu': boolean
  /** How long `doctor` may train. */
  'time-budget': string
}

/** @param words the arguments after the program */
export default async function commandLine(words: readonly string[], cancelled: AbortSignal): Promise<void> {
  const given = readArguments(words)
  const { command } = given
  if (command === 'init') return initHere(given)
  if (command === 'doctor') return doctorHere(given, cancelled)
  throw new ConfigError(`unknown command ${JSON.stringify(command)}`, { hint: `Usage: ${USAGE}` })
}

function readArguments(words: readonly string[]): Arguments {
  try {
    const { values, positionals } = parseArgs({
      args: [...words],
      allowPositionals: true,
      options: {
        json: { type: 'boolean', default: false },
        config: { type: 'string', default: '.github/autoresearch.yml' },
        'without-gpu': { type: 'boolean', default: false },
        'time-budget': { type: 'string', default: '5h30m' },
      },
    })
    return { command: positionals.join(' '), ...values }
  } catch (error) {
    throw new ConfigError(error instanceof Error ? error.message : String(error), { hint: `Usage: ${USAGE}` })
  }
}

async function initHere({ config: configPath, json, 'without-gpu': isSmall }: Arguments): Promise<void> {
  const { directory, commit, remoteUrl = '' } = await describeClone(process.cwd())
  const files = await createRepository({ directory, remoteUrl }).readFiles(commit)
  const settings = {
    ...(await initSettings(configPath, process.env)),
    // Nothing is known of the machine that trains, which is often not this one.
    ...(isSmall && { hasGpu: false }),
  }
  const here = ['program.md', configPath, WORKFLOW_PATH, '.github/autoresearch-program.md']
  const prepared = prepare(new Map([...files, ...(await readExisting(directory, here))]), settings)
  const { added } = prepared.files
  const paths = [...added.keys()].join(' ')
  const doctor = `node ${join(process.argv[1] ?? 'dist/index.js')} doctor`
  const next =
    added.size === 0 ? doctor : `git add ${paths} && git commit -m "Set up Autoresearch Action" && ${doctor}`
  if (!json) await writeNewFiles(directory, added)
  const text = json
    ? JSON.stringify(initJson(prepared.plan, prepared.files, next), null, 2)
    : describeInit(prepared.plan, prepared.files, next)
  process.stdout.write(`${text}\n`)
}

async function doctorHere({ json, ...options }: Arguments, cancelled: AbortSignal): Promise<void> {
  const clone = await describeClone(process.cwd())
  await sweepLeftovers([tmpdir()])
  const scratch = await makeFolder(tmpdir(), 'doctor')
  try {
    const job = localJob(clone, options, scratch, cancelled)
    const place = job.inputs.token === '' ? { branch: 'HEAD', commit: clone.commit } : undefined
    const checks = await diagnose(job, terminalLog, place)
    const text = json ? JSON.stringify(doctorJson(checks), null, 2) : describeChecks(checks)
    process.stdout.write(`${text}\n`)
    if (!isReady(checks)) process.exitCode = 1
  } finally {
    await removeFolder(scratch)
  }
}

/** Standard output is for the result alone. */
const terminalLog: Log = {
  info: (message) => process.stderr.write(`${message}\n`),
  warn: (message) => process.stderr.write(`warning: ${message}\n`),
}

/** A job as a runner would describe it. GitHub is asked only when GITHUB_TOKEN and GITHUB_REPOSITORY are set. */
function localJob(
  { directory, remoteUrl }: Clone,
  { config, 'time-budget': timeBudget }: Pick<Arguments, 'config' | 'time-budget'>,
  temporaryDirectory: string,
  cancelled: AbortSignal,
): Job {
  const { GITHUB_TOKEN, GITHUB_REPOSITORY, GITHUB_SERVER_URL, GITHUB_API_URL, OPENAI_API_KEY } = process.env
  const inputs = {
    ...readInputs(),
    configPath: config,
    timeBudgetSeconds: durationOf(timeBudget),
    token: GITHUB_REPOSITORY ? (GITHUB_TOKEN ?? '') : '',
    openaiApiKey: OPENAI_API_KEY ?? '',
  }
  const runner = {
    repository: GITHUB_REPOSITORY ?? 'local/clone',
    serverUrl: GITHUB_SERVER_URL ?? (remoteUrl ? originOf(remoteUrl) : 'https://github.com'),
    apiUrl: GITHUB_API_URL ?? 'https://api.github.com',
    workspace: directory,
    temporaryDirectory,
    cacheDirectory: join(homedir(), '.cache', 'autoresearch'),
    runUrl: undefined,
    runId: '0',
    runAttempt: 1,
  }
  return { inputs, runner, cancelled }
}

function durationOf(text: string): number {
  const seconds = parseDuration(text)
  if (seconds !== undefined) return seconds
  throw new ConfigError(`--time-budget: expected a duration such as 5h30m, found ${JSON.stringify(text)}`, {
    hint: `Usage: ${USAGE}`,
  })
}

function originOf(url: string): string {
  return URL.canParse(url) && /^https?:/.test(url) ? new URL(url).origin : 'https://github.com'
}
