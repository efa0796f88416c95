// The only place that runs git. It never reads the clone's own configuration, and gives credentials only to processes that
// access the remote.
import { setTimeout } from 'node:timers/promises'
import { execa } from 'execa'
import { ForgeError } from '../../errors.ts'
import type { Host } from './host.ts'
import { networkSettings, WITHOUT_MACHINE_CONFIG } from './machine-config.ts'
import { inheritedEnvironment, ownRepository } from './own-repository.ts'
import { adviceFor, passesByItself } from './refusals.ts'

/** A repository on this machine and the remote it belongs to. */
export interface GitContext {
  /** Any directory inside the local clone. */
  directory: string
  /** URL of the remote; always named explicitly, because `origin` may point anywhere. */
  remoteUrl: string
  /** Token for the remote; absent in jobs that only read local objects. */
  token?: string
  /** The API of the remote; absent where nothing is pushed. */
  host?: Host
}

export interface GitOptions {
  input?: string | Uint8Array
  env?: Record<string, string>
  /** git configuration for this command, in addition to the configuration of every command. */
  settings?: readonly (readonly [name: string, value: string])[]
  /** Whether to strip the final newline of the output. Default true. */
  trim?: boolean
}

export interface GitFailure {
  exitCode: number | undefined
  stderr: string
}

const MAX_OUTPUT_BYTES = 512 * 1024 * 1024

const SAFE_CONFIG = [
  // A candidate may plant hooks or a file system monitor in a clone that it can reach; they must never run.
  ['core.hooksPath', '/dev/null'],
  ['core.fsmonitor', 'false'],
  ['protocol.ext.allow', 'never'],
  ['core.quotePath', 'false'],
  // Commits that no branch points to yet must survive until they are pushed.
  ['gc.auto', '0'],
  ['maintenance.auto', 'false'],
] as const

export const BOT_EMAIL = 'autoresearch[bot]@users.noreply.github.com'

const IDENTITY = {
  GIT_AUTHOR_NAME: 'autoresearch[bot]',
  GIT_AUTHOR_EMAIL: BOT_EMAIL,
  GIT_COMMITTER_NAME: 'autoresearch[bot]',
  GIT_COMMITTER_EMAIL: BOT_EMAIL,
}

/** Runs git and returns its standard output. A failure throws an error with git's message. */
export async function git(
  context: GitContext,
  args: readonly string[],
  options: GitOptions = {},
): Promise<string> {
  const result = await tryGit(context, args, options)
  if (typeof result === 'string') return result
  throw new Error(`git ${args[0]} failed (exit code ${result.exitCode}): ${result.stderr}`)
}

const REMOTE_ATTEMPTS = 5

/**
 * Runs a git command that may be repeated, such as one that only reads from the remote, and retries temporary failures after
 * a pause.
 *
 * @throws ForgeError when the remote refuses or stays unreachable
 */
export async function readRemote(
  context: GitContext,
  args: readonly string[],
  options: GitOptions = {},
): Promise<string> {
  const result = await tryRemote(context, args, options)
  if (typeof result === 'string') return result
  throw unreadable(args, result)
}

/**
 * Like `readRemote`, for a ref that may be absent.
 *
 * @returns undefined when the remote lacks the ref
 */
export async function fetchRef(
  context: GitContext,
  args: readonly string[],
  options: GitOptions = {},
): Promise<string | undefined> {
  const result = await tryRemote(context, args, options)
  if (typeof result === 'string') return result
  if (/couldn't find remote ref/i.test(result.stderr)) return undefined
  throw unreadable(args, result)
}

async function tryRemote(
  context: GitContext,
  args: readonly string[],
  options: GitOptions,
): Promise<string | GitFailure> {
  for (let attempt = 1; ; attempt += 1) {
    const result = await tryGit(context, args, options)
    if (typeof result === 'string' || attempt === REMOTE_ATTEMPTS || !passesByItself(result)) return result
    await setTimeout(attempt * 1000)
  }
}

function unreadable([command]: readonly string[], failure: GitFailure): ForgeError {
  return new ForgeError(`git ${command} failed: ${failure.stderr.trim()}`, {
    hint:
      adviceFor(failure) ??
      'Check that the token has at least `contents: read`. If the network was down, the next run resumes where this one stopped.',
  })
}

/**
 * git commands that must not run at the same time in one repository: two fetches cannot update the list of shallow commits
 * concurrently.
 */
const EXCLUSIVE: ReadonlySet<string | undefined> = new Set(['fetch', 'push'])

/** The last exclusive command that was started in each of our repositories. */
const lastExclusive = new Map<string, Promise<unknown>>()

/** Runs the exclusive commands of a repository one after another, in the order of the calls. */
function inTurn<T>(repository: string, command: string | undefined, work: () => Promise<T>): Promise<T> {
  if (!EXCLUSIVE.has(command)) return work()
  const turn = (lastExclusive.get(repository) ?? Promise.resolve()).then(work)
  lastExclusive.set(
    repository,
    turn.catch(() => undefined),
  )
  return turn
}

/** Runs git where failure is an expected result. */
export async function tryGit(
  context: GitContext,
  args: readonly string[],
  options: GitOptions = {},
): Promise<string | GitFailure> {
  const { cwd, env } = await surroundings(context, args, options)
  const result = await inTurn(cwd, args[0], async () =>
    execa('git', args, {
      cwd,
      env,
      extendEnv: false,
      ...(options.input === undefined ? {} : { input: options.input }),
      stripFinalNewline: options.trim ?? true,
      reject: false,
      maxBuffer: MAX_OUTPUT_BYTES,
    }),
  )
  if (result.exitCode === 0) return result.stdout
  return { exitCode: result.exitCode, stderr: result.stderr || String(result.message ?? '') }
}

/** Runs git and returns its standard output as bytes. */
export async function gitBytes(context: GitContext, args: readonly string[], input: string): Promise<Buffer> {
  const { stdout } = await execa('git', args, {
    ...(await surroundings(context, args)),
    extendEnv: false,
    input,
    encoding: 'buffer',
    stripFinalNewline: false,
    maxBuffer: MAX_OUTPUT_BYTES,
  })
  return Buffer.from(stdout)
}

async function surroundings(
  context: GitContext,
  args: readonly string[],
  { env = {}, settings = [] }: GitOptions = {},
) {
  const isRemote = args.includes(context.remoteUrl)
  const token = isRemote ? context.token : undefined
  const [directory, network] = await Promise.all([
    ownRepository(context.directory),
    isRemote ? networkSettings() : [],
  ])
  return {
    cwd: directory,
    env: {
      ...inheritedEnvironment(),
      ...WITHOUT_MACHINE_CONFIG,
      ...gitEnvironment(context.remoteUrl, token, [...network, ...settings]),
      GIT_DIR: directory,
      ...env,
    },
  }
}

/** Passes credentials and configuration in the environment, so that they appear in no file and on no command line. */
function gitEnvironment(
  remoteUrl: string,
  token: string | undefined,
  more: readonly (readonly [string, string])[],
): Record<string, string> {
  const settings: (readonly [string, string])[] = [...SAFE_CONFIG, ...more]
  if (token) {
    const credentials = Buffer.from(`x-access-token:${token}`).toString('base64')
    const origin = new URL(remoteUrl).origin
    settings.push([`http.${origin}/.extraheader`, `AUTHORIZATION: basic ${credentials}`])
  }
  return {
    ...IDENTITY,
    // Failures are recognised by their English messages.
    LC_ALL: 'C',
    GIT_TERMINAL_PROMPT: '0',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_CONFIG_COUNT: String(settings.length),
    ...Object.fromEntries(
      settings.flatMap(([key, value], index) => [
        [`GIT_CONFIG_KEY_${index}`, key],
        [`GIT_CONFIG_VALUE_${index}`, value],
      ]),
    ),
  }
}
