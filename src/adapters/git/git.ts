// Runs git, and nothing else does: never with a clone's own configuration, credentials only in the environment of the
// processes that speak to the remote.
import { setTimeout } from 'node:timers/promises'
import { execa } from 'execa'
import { ForgeError } from '../../errors.ts'
import { inheritedEnvironment, ownRepository } from './own-repository.ts'

/** A repository on this machine and the remote it belongs to. */
export interface GitContext {
  /** Any directory inside the local clone. */
  directory: string
  /** URL of the remote; always named explicitly, because `origin` may point anywhere. */
  remoteUrl: string
  /** Token for the remote; absent in jobs that only read what is already there. */
  token?: string
}

export interface GitOptions {
  input?: string | Uint8Array
  env?: Record<string, string>
  /** Settings of git for this command alone, beside the ones that every command has. */
  settings?: readonly (readonly [name: string, value: string])[]
  /** Leave output bytes alone. */
  trim?: boolean
}

export interface GitFailure {
  exitCode: number | undefined
  stderr: string
}

const MAX_OUTPUT_BYTES = 512 * 1024 * 1024

const SAFE_CONFIG = [
  // A candidate may plant hooks or a file system monitor in a clone it can reach; ours never run them.
  ['core.hooksPath', '/dev/null'],
  ['core.fsmonitor', 'false'],
  ['protocol.ext.allow', 'never'],
  ['core.quotePath', 'false'],
  // Commits that no branch points to yet must survive until they are pushed.
  ['gc.auto', '0'],
] as const

const IDENTITY = {
  GIT_AUTHOR_NAME: 'autoresearch[bot]',
  GIT_AUTHOR_EMAIL: 'autoresearch[bot]@users.noreply.github.com',
  GIT_COMMITTER_NAME: 'autoresearch[bot]',
  GIT_COMMITTER_EMAIL: 'autoresearch[bot]@users.noreply.github.com',
}

/** Runs git and returns its standard output; a failure throws with git's own words. */
export async function git(
  context: GitContext,
  args: readonly string[],
  options: GitOptions = {},
): Promise<string> {
  const result = await tryGit(context, args, options)
  if (typeof result === 'string') return result
  throw new Error(`git ${args[0]} failed (exit code ${result.exitCode}): ${result.stderr}`)
}

const REMOTE_ATTEMPTS = 4
/** What git says when the network or the server stumbled, as opposed to a refusal. */
const STUMBLED =
  /error: (5\d\d|429)|HTTP 5\d\d|resolve host|connect to|connection|empty reply|RPC failed|early EOF|hung up|disconnect|timed out/i

/** True when it was the network or the server that failed, and the same command may succeed in a moment. */
export function hasStumbled({ stderr }: GitFailure): boolean {
  return STUMBLED.test(stderr)
}

/**
 * Runs a git command that only reads from the remote, again after a pause when the network stumbles.
 *
 * @throws ForgeError when the remote refuses or stays unreachable
 */
export async function readRemote(
  context: GitContext,
  args: readonly string[],
  options: GitOptions = {},
): Promise<string> {
  for (let attempt = 1; ; attempt += 1) {
    const result = await tryGit(context, args, options)
    if (typeof result === 'string') return result
    if (attempt === REMOTE_ATTEMPTS || !hasStumbled(result))
      throw new ForgeError(`git ${args[0]} failed: ${result.stderr.trim()}`, {
        hint: 'The token needs `contents: read` at least. If the network was down: the next run resumes where this one stopped.',
      })
    await setTimeout(attempt * 1000)
  }
}

/**
 * Git commands that rewrite what the others of this process rely on: the list of shallow commits above all, which two
 * fetches cannot change at the same time.
 */
const EXCLUSIVE: ReadonlySet<string | undefined> = new Set(['fetch', 'push'])

/** By repository of our own, the last exclusive command that was begun. */
const lastExclusive = new Map<string, Promise<unknown>>()

/** Runs exclusive commands in one repository one after another, in the order in which they were asked for. */
function inTurn<T>(repository: string, command: string | undefined, work: () => Promise<T>): Promise<T> {
  if (!EXCLUSIVE.has(command)) return work()
  const turn = (lastExclusive.get(repository) ?? Promise.resolve()).then(work)
  lastExclusive.set(
    repository,
    turn.catch(() => undefined),
  )
  return turn
}

/** Runs git where failing is an expected answer. */
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
  const directory = await ownRepository(context.directory)
  const token = args.includes(context.remoteUrl) ? context.token : undefined
  return {
    cwd: directory,
    env: {
      ...inheritedEnvironment(),
      ...gitEnvironment(context.remoteUrl, token, settings),
      GIT_DIR: directory,
      ...env,
    },
  }
}

/** Credentials and settings travel in the environment, so that they appear in no file and on no command line. */
function gitEnvironment(
  remoteUrl: string,
  token: string | undefined,
  more: readonly (readonly [string, string])[],
): Record<string, string> {
  const settings: (readonly [string, string])[] = [...SAFE_CONFIG, ...more]
  if (token) {
    const credentials = Buffer.from(`x-access-token:${token}`).toString('base64')
    const origin = new URL(remoteUrl).origin
    // An empty value first: a header of the machine's own configuration would be sent as well.
    settings.push([`http.${origin}/.extraheader`, ''])
    settings.push([`http.${origin}/.extraheader`, `AUTHORIZATION: basic ${credentials}`])
  }
  return {
    ...IDENTITY,
    // Failures are told apart by their words.
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
