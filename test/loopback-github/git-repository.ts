/** One bare repository: refs, commits, trees and diffs by way of the real git, which never sees this machine's own configuration. */
import { makeBare } from './bare.ts'
import {
  COMMIT_FORMAT,
  type Commit,
  type NewCommit,
  parseCommitObject,
  parseCommits,
  parseTreeEntry,
  type Signature,
} from './git-objects.ts'
import { type GitObject, ObjectReader } from './object-reader.ts'
import { writeCommit, writeObject, writeRef, writeTree } from './plain-objects.ts'
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

const SIGNATURE =
  '-----BEGIN PGP SIGNATURE-----\n\nwsFcBAABCAAQLoopbackGitHubSigned==\n-----END PGP SIGNATURE-----\n'

/** What no name of a ref holds, and what git would take for more than a name. */
const NO_REF = /[\s^~:?*[\\]|\.\.|@\{/

export class GitRepository {
  readonly directory: string
  /** Commits never change, so each is read once. */
  readonly #commits = new Map<string, Commit>()
  readonly #objects: ObjectReader

  constructor(directory: string) {
    this.directory = directory
    this.#objects = new ObjectReader(directory)
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
    if (name.startsWith('-') || NO_REF.test(name)) return undefined
    const isSha = /^[0-9a-f]{40}$/.test(name)
    for (const candidate of isSha ? [name] : [`refs/heads/${name}`, name, `refs/tags/${name}`]) {
      const commit = await this.object(`${candidate}^{commit}`)
      if (commit !== undefined) return commit.sha
    }
    return undefined
  }

  /** What a SHA, a full ref or an expression such as `SHA^{tree}` names. */
  object(name: string): Promise<GitObject | undefined> {
    return this.#objects.read(name)
  }

  /** Ends the process that reads objects. */
  close(): Promise<void> {
    return this.#objects.close()
  }

  /** The object a full ref (`refs/heads/main`) points to. */
  async readRef(ref: string): Promise<string | undefined> {
    if (NO_REF.test(ref)) return undefined
    return (await this.object(ref))?.sha
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

  /** Points one of GitHub's own refs of a pull request to a commit: nobody can push to those. */
  writePullRef(number: number, name: 'head' | 'merge', sha: string): Promise<void> {
    return writeRef(this.directory, `refs/pull/${number}/${name}`, sha)
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

  /** How many commits `to` has that `from` has not. */
  async countBetween(from: string, to: string): Promise<number> {
    if (from === to) return 0
    // What candidates are: one commit on top of another.
    const { parents } = await this.readCommit(to)
    if (parents.length === 1 && parents[0] === from) return 1
    return Number(await this.run(['rev-list', '--count', `${from}..${to}`]))
  }

  async readCommit(sha: string): Promise<Commit> {
    const known = this.#commits.get(sha)
    if (known !== undefined) return known
    const object = await this.object(sha)
    if (object?.type !== 'commit') throw new Error(`${sha} is not a commit in ${this.directory}`)
    const commit = parseCommitObject(sha, object.content.toString('utf8'))
    this.#commits.set(sha, commit)
    return commit
  }

  /** Commits as `git log` lists them for these arguments. */
  async log(args: readonly string[]): Promise<Commit[]> {
    const output = await this.run(['log', '-z', `--format=${COMMIT_FORMAT}`, ...args])
    const commits = parseCommits(output)
    for (const commit of commits) this.#commits.set(commit.sha, commit)
    return commits
  }

  createCommit(commit: NewCommit): Promise<string> {
    return writeCommit(this.directory, commit)
  }

  /** Makes the first commit of a branch, with one file. */
  async commitReadme(branch: string, text: string, message: string, signature: Signature): Promise<void> {
    const tree = await writeTree(this.directory, { 'README.md': { mode: '100644', content: text } })
    const commit = { tree, parents: [], message, author: signature, committer: signature }
    await writeRef(this.directory, `refs/heads/${branch}`, await this.createCommit(commit))
  }

  /** A commit as GitHub signs it, with a signature that only this server takes for valid. */
  async createSignedCommit(commit: NewCommit): Promise<string> {
    const unsigned = String((await this.object(await this.createCommit(commit)))?.content)
    const [head = '', ...message] = unsigned.split('\n\n')
    const header = SIGNATURE.replaceAll('\n', '\n ')
    const input = `${head}\ngpgsig ${header}\n\n${message.join('\n\n')}`
    return writeObject(this.directory, 'commit', input)
  }

  /** What was signed and its signature; undefined for a commit that is not signed. */
  async signatureOf(sha: string): Promise<{ signature: string; payload: string } | undefined> {
    const text = String((await this.object(sha))?.content)
    const header = `gpgsig ${SIGNATURE.replaceAll('\n', '\n ')}\n`
    if (!text.includes(header)) return undefined
    return { signature: SIGNATURE, payload: text.replace(header, '') }
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
    return (await this.object(sha))?.content ?? Buffer.alloc(0)
  }
}
