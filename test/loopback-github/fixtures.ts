/** What the tests of the loopback GitHub start from: a repository, a token, an Octokit and a clone that are all real. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Octokit } from '@octokit/rest'
import { onTestFinished } from 'vitest'
import type { RepositoryOptions } from './create-repository.ts'
import { NO_LAG } from './lag.ts'
import { runGit } from './run-git.ts'
import { type GitHub, type GitHubOptions, startGitHub } from './server.ts'
import type { Permissions, TokenKind } from './tokens.ts'

export const NAME = { owner: 'acme', repo: 'char-lm' }
const FULL_NAME = 'acme/char-lm'

const ALL_BUT_WORKFLOWS: Permissions = {
  actions: 'write',
  checks: 'write',
  contents: 'write',
  issues: 'write',
  pull_requests: 'write',
}

export type TestOptions = RepositoryOptions & { github?: GitHubOptions }

/** A server with `acme/char-lm`, both gone after the test. Reads do not lag, unless `github.lag` says so. */
export async function aRepository({ github: options, ...repositoryOptions }: TestOptions = {}) {
  const github = await startGitHub({ lag: NO_LAG, ...options })
  onTestFinished(() => github.close())
  const settings = { allowActionsToCreatePullRequests: true, ...repositoryOptions }
  const repository = await github.createRepository(FULL_NAME, settings)
  const issue = (kind: TokenKind, permissions: Permissions, expiresInSeconds?: number) =>
    github.issueToken({
      repository: FULL_NAME,
      kind,
      permissions,
      ...(expiresInSeconds === undefined ? {} : { expiresInSeconds }),
    })
  const token = issue('actions', ALL_BUT_WORKFLOWS)
  return {
    github,
    repository,
    issue,
    token,
    octokit: octokitWith(github, token),
    clone: () => clone(github, token),
    /** A commit with these files on top of the branch `from` becomes the branch's tip; returns its SHA. */
    pushBranch: (branch: string, files: Record<string, string>, from = 'main') =>
      github.push(repository.fullName, { branch, files, from }),
  }
}

export const octokitWith = (github: GitHub, token: string) =>
  new Octokit({ baseUrl: github.apiUrl, auth: token, log: silent })

const silent = { debug() {}, info() {}, warn() {}, error() {} }

export async function clone(github: GitHub, token: string) {
  const directory = await mkdtemp(join(tmpdir(), 'loopback-clone-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  // As actions/checkout does it; a password in the URL would cost a refused request each time.
  const basic = Buffer.from(`x-access-token:${token}`).toString('base64')
  const header = `http.extraHeader=AUTHORIZATION: basic ${basic}`
  const git = (...args: string[]) => gitIn(directory, args)
  const cloned = await git('clone', '--quiet', '-c', header, `${github.url}/${FULL_NAME}.git`, '.')
  return {
    directory,
    cloned,
    git,
    /** Commits these files on a new branch off `from` and pushes it; returns the SHA. */
    async pushBranch(branch: string, files: Record<string, string>, from = 'origin/main') {
      await git('checkout', '--quiet', '-B', branch, from)
      await commit(directory, git, files)
      const pushed = await git('push', '--quiet', '--force', 'origin', branch)
      if (pushed.exitCode !== 0) throw new Error(pushed.stderr)
      return (await git('rev-parse', 'HEAD')).stdout
    },
    commit: (files: Record<string, string>) => commit(directory, git, files),
  }
}

async function commit(directory: string, git: Git, files: Record<string, string>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(directory, path)), { recursive: true })
    await writeFile(join(directory, path), text)
  }
  await git('add', '--all')
  await git('commit', '--quiet', '--message', `Change ${Object.keys(files).join(', ')}`)
}

type Git = (...args: string[]) => ReturnType<typeof gitIn>

export async function gitIn(cwd: string, args: readonly string[], extra: Record<string, string> = {}) {
  const identity = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.org']
  const { exitCode, stdout, stderr } = await runGit([...identity, ...args], { cwd, env: extra })
  return { exitCode, stdout: stdout.toString('utf8').trimEnd(), stderr: stderr.trimEnd() }
}

/** The status and message of the refusal that a call must end in. */
export async function refusalOf(call: Promise<unknown>): Promise<{ status: number; message: string }> {
  try {
    await call
  } catch (error) {
    const { status, response } = error as { status: number; response?: { data: Refusal } }
    const details = (response?.data.errors ?? []).map(
      ({ message, field, code }) => message ?? `${field} ${code}`,
    )
    return { status, message: [response?.data.message, ...details].join(': ') }
  }
  throw new Error('The call was expected to be refused')
}

interface Refusal {
  message: string
  errors?: { message?: string; field?: string; code?: string }[]
}
