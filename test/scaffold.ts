// What adapter tests start from: a directory that goes away, and a real remote repository with real clones of it.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { GitContext } from '../src/adapters/git/git.ts'
import { createRepository } from '../src/adapters/git/repository.ts'
import type { Trial } from '../src/core/record/trial.ts'
import { aTrial } from './factories.ts'
import { makeBare } from './loopback-github/bare.ts'
import { type PlainEntry, writeCommit, writeRef, writeTree } from './loopback-github/plain-objects.ts'
import { runGit } from './loopback-github/run-git.ts'

/** An empty directory, removed after the test. */
export async function aDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'autoresearch-test-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true, maxRetries: 3 }))
  return directory
}

const PERSON = {
  GIT_AUTHOR_NAME: 'Ada',
  GIT_AUTHOR_EMAIL: 'ada@example.org',
  GIT_COMMITTER_NAME: 'Ada',
  GIT_COMMITTER_EMAIL: 'ada@example.org',
}

interface GitInput {
  env?: Record<string, string>
  input?: string | Buffer
}

/** Runs git as a person would, in `directory`; a failure throws. */
export async function gitIn(directory: string, args: readonly string[], options: GitInput = {}) {
  const env = { ...PERSON, ...options.env }
  const { exitCode, stdout, stderr } = await runGit(args, { ...options, cwd: directory, env })
  if (exitCode !== 0) throw new Error(`git ${args.join(' ')} exited with ${exitCode}: ${stderr}`)
  return stdout.toString('utf8').replace(/\n$/, '')
}

/** A file's content; null deletes it; an object gives it a mode, or names the commit of a submodule. */
export type Entry = PlainEntry | null

interface CommitOptions {
  /** Default: the tip of `main`; null makes a root commit. */
  parent?: string | null
  /** Branch that is moved to the commit. Default: none. */
  branch?: string
  message?: string
}

const REMOTE_CONFIG =
  '[uploadpack]\n\tallowAnySHA1InWant = true\n[receive]\n\tadvertiseAtomic = true\n\tautogc = false\n'

/** A bare repository whose default branch holds one commit with these files, read and written over `file://`. */
export async function aRemote(files: Record<string, Entry>, defaultBranch = 'main') {
  const directory = await aDirectory()
  await makeBare(directory, defaultBranch, REMOTE_CONFIG)
  const url = `file://${directory}`
  const git = (...args: string[]) => gitIn(directory, args)
  const tip = (branch: string) =>
    git('rev-parse', '--verify', '--quiet', `refs/heads/${branch}`).catch(() => null)
  const commit = async (entries: Record<string, Entry>, options: CommitOptions = {}) => {
    const parent = options.parent === undefined ? await tip(defaultBranch) : options.parent
    return commitIn(directory, entries, { ...options, parent })
  }
  const base = await commit(files, { parent: null, branch: defaultBranch })
  return {
    directory,
    url,
    git,
    tip,
    commit,
    /** The first commit. */
    base,
    /** The repository as its own clone, for tests that fetch nothing. */
    itself: { directory, remoteUrl: url } satisfies GitContext,
    /** A clone in a directory of its own. */
    async clone(...options: string[]) {
      const clone = await aDirectory()
      await gitIn(clone, ['clone', '--quiet', '--template=', ...options, url, '.'])
      return { directory: clone, remoteUrl: url } satisfies GitContext
    },
  }
}

let imports = 0

/**
 * Commits to a bare repository, in at most one process because tests make many. A commit without a branch hangs on a ref that
 * no clone fetches.
 */
export async function commitIn(directory: string, entries: Record<string, Entry>, options: CommitOptions) {
  imports += 1
  const ref = options.branch === undefined ? `refs/test/${imports}` : `refs/heads/${options.branch}`
  if (options.parent === null) return commitFirst(directory, ref, entries, options.message)
  const head = [
    `commit ${ref}\nmark :1\ncommitter Ada <ada@example.org> ${1_800_000_000 + imports} +0000`,
    dataOf(options.message ?? 'Change'),
    `from ${options.parent}`,
  ]
  const changes = Object.entries(entries).map(([path, entry]) => changeOf(JSON.stringify(path), entry))
  const end = Buffer.from('\nget-mark :1\ndone\n')
  const input = Buffer.concat([Buffer.from(`${head.join('\n')}\n`), ...changes, end])
  return gitIn(directory, ['fast-import', '--quiet', '--force', '--done'], { input })
}

async function commitFirst(
  directory: string,
  ref: string,
  entries: Record<string, Entry>,
  message = 'Change',
): Promise<string> {
  const files = Object.entries(entries).filter((file): file is [string, PlainEntry] => file[1] !== null)
  const by = {
    name: 'Ada',
    email: 'ada@example.org',
    date: new Date((1_800_000_000 + imports) * 1000).toISOString(),
  }
  const tree = await writeTree(directory, Object.fromEntries(files))
  const sha = await writeCommit(directory, { tree, parents: [], message, author: by, committer: by })
  await writeRef(directory, ref, sha)
  return sha
}

const dataOf = (text: string) => `data ${Buffer.byteLength(text)}\n${text}`

function changeOf(path: string, entry: Entry): Buffer {
  if (entry === null) return Buffer.from(`D ${path}\n`)
  if (typeof entry === 'object' && 'submodule' in entry)
    return Buffer.from(`M 160000 ${entry.submodule} ${path}\n`)
  if (typeof entry === 'object' && 'sha' in entry)
    return Buffer.from(`M ${entry.mode} ${entry.sha} ${path}\n`)
  const { mode, content } =
    typeof entry === 'object' && 'mode' in entry ? entry : { mode: '100644', content: entry }
  const bytes = Buffer.from(content)
  const header = Buffer.from(`M ${mode} inline ${path}\ndata ${bytes.length}\n`)
  return Buffer.concat([header, bytes, Buffer.from('\n')])
}

/** The trial of `head` on `base`, as the schedule would plan it. */
export async function trialOf(
  context: GitContext,
  base: string,
  head: string,
  fields: Partial<Trial> = {},
): Promise<Trial> {
  const tree = await createRepository(context).treeOf(head)
  const candidate = head === base ? null : 'c0ffee00'
  return { ...aTrial({ baseline: { commit: base, tree } }), candidate, head, ...fields }
}
