/** One bare repository: refs, commits, trees and diffs by way of the real git, which never sees this machine's own configuration. */
import { makeBare } from './bare.ts'
import {
  COMMIT_FORMAT,
  type Commit,
  type NewCommit,
  parseCommits,
  parseTreeEntry,
  type Signature,
} from './git-objects.ts'
import { type GitOptions, runGit } from './run-git.ts'

export const ZERO_SHA = '0'.repeat(40)

const CONFIGURATION = `
[http]
  receivepack = true
[uploadpack]
  allowAnySHA1InWant = true
  allowFilter = true
[receive]
  advertiseAtomic = true
  autogc = false
  denyDeleteCurrent = ignore
  ; GitHub's own refs of pull requests cannot be pushed to.
  hideRefs = refs/pull
[gc]
  auto = 0
`

export class GitRepository {
  readonly directory: string
  /** Commits never change, so each is read once. */
  readonly #commits = new Map<string, Commit>()

  constructor(directory: string) {
    this.directory = directory
  }

  static async create(directory: string, defaultBranch: string): Promise<GitRepository> {
    await makeBare(directory, defaultBranch, CONFIGURATION)
    return new GitRepository(directory)
  }

  /** Standard output; throws when git fails. */
  async run(args: readonly string[], options: Omit<GitOptions, 'cwd'> = {}): Promise<string> {
    const { exitCode, stdout, stderr } = await runGit(args, { ...options, cwd: this.directory })
    if (exitCode !== 0) throw new Error(`git ${args.join(' ')} exited with ${exitCode}: ${stderr}`)
    return stdout.toString('utf8')
  }

  /** Standard output, or `undefined` when git answers no by its exit code. */
  async ask(args: readonly string[]): Promise<string | undefined> {
    const { exitCode, stdout } = await runGit(args, { cwd: this.directory })
    return exitCode === 0 ? stdout.toString('utf8').trim() : undefined
  }

  async succeeds(args: readonly string[]): Promise<boolean> {
    return (await this.ask(args)) !== undefined
  }

  /** The commit that a branch, tag, full ref or (abbreviated) SHA names. */
  async resolve(name: string): Promise<string | undefined> {
    if (name.startsWith('-') || /[\s^~:?*[\\]|\.\.|@\{/.test(name)) return undefined
    const isSha = /^[0-9a-f]{40}$/.test(name)
    for (const candidate of isSha ? [name] : [`refs/heads/${name}`, name, `refs/tags/${name}`]) {
      const args = ['rev-parse', '--quiet', '--verify', '--end-of-options', `${candidate}^{commit}`]
      const sha = await this.ask(args)
      if (sha !== undefined) return sha
    }
    return undefined
  }

  /** The object a full ref (`refs/heads/main`) points to. */
  async readRef(ref: string): Promise<string | undefined> {
    return (await this.refs(ref)).get(ref)
  }

  /** Refs below (or equal to) one of the prefixes, by name. */
  async refs(...prefixes: string[]): Promise<Map<string, string>> {
    const output = await this.run(['for-each-ref', '--format=%(refname) %(objectname)', ...prefixes])
    return new Map(
      output
        .split('\n')
        .filter(Boolean)
        .map((line) => line.split(' ') as [string, string]),
    )
  }

  /** Full names of the branches whose commits are all behind `sha`. */
  async branchesWithin(sha: string): Promise<Set<string>> {
    const output = await this.run(['for-each-ref', `--merged=${sha}`, '--format=%(refname)', 'refs/heads/'])
    return new Set(output.split('\n').filter(Boolean))
  }

  /** Compare-and-swap; false when the ref is no longer at `before` (`ZERO_SHA`: must not exist). */
  async updateRef(ref: string, after: string, before?: string): Promise<boolean> {
    return this.succeeds(['update-ref', ref, after, ...(before === undefined ? [] : [before])])
  }

  async deleteRef(ref: string): Promise<boolean> {
    return this.succeeds(['update-ref', '-d', ref])
  }

  isAncestor(ancestor: string, descendant: string): Promise<boolean> {
    return this.succeeds(['merge-base', '--is-ancestor', ancestor, descendant])
  }

  mergeBase(one: string, other: string): Promise<string | undefined> {
    return this.ask(['merge-base', one, other])
  }

  async count(range: string): Promise<number> {
    return Number(await this.run(['rev-list', '--count', range]))
  }

  async readCommit(sha: string): Promise<Commit> {
    const known = this.#commits.get(sha) ?? (await this.log([sha, '--max-count=1']))[0]
    if (known === undefined) throw new Error(`${sha} is not a commit in ${this.directory}`)
    return known
  }

  /** Commits as `git log` lists them for these arguments. */
  async log(args: readonly string[]): Promise<Commit[]> {
    const output = await this.run(['log', '-z', `--format=${COMMIT_FORMAT}`, ...args])
    const commits = parseCommits(output)
    for (const commit of commits) this.#commits.set(commit.sha, commit)
    return commits
  }

  async createCommit({ tree, parents, message, author, committer }: NewCommit): Promise<string> {
    const args = ['commit-tree', tree, ...parents.flatMap((parent) => ['-p', parent])]
    const env = {
      GIT_AUTHOR_NAME: author.name,
      GIT_AUTHOR_EMAIL: author.email,
      GIT_AUTHOR_DATE: author.date,
      GIT_COMMITTER_NAME: committer.name,
      GIT_COMMITTER_EMAIL: committer.email,
      GIT_COMMITTER_DATE: committer.date,
    }
    return (await this.run(args, { input: message, env })).trim()
  }

  /** Makes a first commit with one file, by one process. */
  async importReadme(
    ref: string,
    text: string,
    message: string,
    { name, email, date }: Signature,
  ): Promise<void> {
    const seconds = Math.floor(Date.parse(date) / 1000)
    const data = (content: string) => `data ${Buffer.byteLength(content)}\n${content}\n`
    const head = `commit ${ref}\ncommitter ${name} <${email}> ${seconds} +0000\n${data(message)}`
    await this.run(['fast-import', '--quiet'], { input: `${head}M 100644 inline README.md\n${data(text)}` })
  }

  /** Stores the files of a directory (not ignored ones) and returns their tree. */
  async treeOfDirectory(workTree: string): Promise<string> {
    const env = {
      GIT_INDEX_FILE: `${this.directory}/first-index`,
      GIT_DIR: this.directory,
      GIT_WORK_TREE: workTree,
    }
    await this.run(['add', '--all', '--', workTree], { env })
    return (await this.run(['write-tree'], { env })).trim()
  }

  /** The entries of a tree; with `path` that one entry, with `recursive` those of all folders below too. */
  async listTree(treeish: string, { path, recursive = false }: { path?: string; recursive?: boolean } = {}) {
    const options = ['-z', '--long', ...(recursive ? ['-r', '-t'] : [])]
    const output = await this.run([
      'ls-tree',
      ...options,
      treeish,
      ...(path === undefined ? [] : ['--', path]),
    ])
    return output.split('\0').filter(Boolean).map(parseTreeEntry)
  }

  async readBlob(sha: string): Promise<Buffer> {
    return (await runGit(['cat-file', 'blob', sha], { cwd: this.directory })).stdout
  }
}
