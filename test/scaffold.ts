// What adapter tests start from: a directory that goes away, and a real remote repository with real clones of it.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { onTestFinished } from 'vitest'
import type { GitContext } from '../src/adapters/git.ts'
import { createRepository } from '../src/adapters/repository.ts'
import type { Trial } from '../src/core/trial.ts'
import type { Log } from '../src/ports.ts'
import { aTrial } from './factories.ts'

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

export interface GitInput {
  env?: Record<string, string>
  input?: string | Buffer
}

/** Runs git as a person would, in `directory`; a failure throws. */
export async function gitIn(directory: string, args: readonly string[], options: GitInput = {}) {
  const env = { ...PERSON, ...options.env }
  const input = options.input === undefined ? {} : { input: options.input }
  return (await execa('git', args, { cwd: directory, env, ...input })).stdout
}

/** A file's content; null deletes it; an object gives it a mode, or names the commit of a submodule. */
export type Entry = string | Buffer | null | { mode: string; content: string } | { submodule: string }

export interface CommitOptions {
  /** Default: the tip of `main`; null makes a root commit. */
  parent?: string | null
  /** Branch that is moved to the commit. Default: none. */
  branch?: string
  message?: string
}

export type Remote = Awaited<ReturnType<typeof aRemote>>

/** A bare repository whose default branch holds one commit with these files, read and written over `file://`. */
export async function aRemote(files: Record<string, Entry>, defaultBranch = 'main') {
  const directory = await aDirectory()
  await gitIn(directory, ['init', '--quiet', '--bare', `--initial-branch=${defaultBranch}`])
  for (const setting of ['uploadpack.allowAnySHA1InWant', 'uploadpack.allowFilter'])
    await gitIn(directory, ['config', setting, 'true'])
  const url = `file://${directory}`
  const git = (...args: string[]) => gitIn(directory, args)
  const tip = (branch: string) =>
    git('rev-parse', '--verify', '--quiet', `refs/heads/${branch}`).catch(() => null)
  const commit = async (entries: Record<string, Entry>, options: CommitOptions = {}) => {
    const parent = options.parent === undefined ? await tip(defaultBranch) : options.parent
    const tree = await writeTree(directory, parent, entries)
    const parents = parent === null ? [] : ['-p', parent]
    const made = await git('commit-tree', tree, ...parents, '-m', options.message ?? 'Change')
    if (options.branch !== undefined) await git('update-ref', `refs/heads/${options.branch}`, made)
    return made
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
    /** A clone in a directory of its own. */
    async clone(...options: string[]) {
      const clone = await aDirectory()
      await gitIn(clone, ['clone', '--quiet', ...options, url, '.'])
      return { directory: clone, remoteUrl: url } satisfies GitContext
    },
  }
}

async function writeTree(directory: string, parent: string | null, entries: Record<string, Entry>) {
  const env = { GIT_INDEX_FILE: join(await aDirectory(), 'index') }
  await gitIn(directory, ['read-tree', ...(parent === null ? ['--empty'] : [parent])], { env })
  const lines = await Promise.all(
    Object.entries(entries).map(async ([path, entry]) => `${await describe(directory, entry)}\t${path}\0`),
  )
  await gitIn(directory, ['update-index', '-z', '--index-info'], { env, input: lines.join('') })
  return gitIn(directory, ['write-tree'], { env })
}

async function describe(directory: string, entry: Entry): Promise<string> {
  if (entry === null) return `0 ${'0'.repeat(40)}`
  if (typeof entry === 'object' && 'submodule' in entry) return `160000 ${entry.submodule}`
  const { mode, content } =
    typeof entry === 'object' && 'mode' in entry ? entry : { mode: '100644', content: entry }
  const object = await gitIn(directory, ['hash-object', '-w', '--stdin'], { input: content })
  return `${mode} ${object}`
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

/** Remembers what it is told. */
export function aLog(): Log & { lines: string[] } {
  const lines: string[] = []
  const say = (message: string) => void lines.push(message)
  return { lines, info: say, warn: say }
}

/** A promise, and the function that resolves it. */
export const aSignal = () => Promise.withResolvers<void>()
