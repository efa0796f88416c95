/** Makes a repository: bare, with the hook that refuses what GitHub refuses, and a first commit. */
import { chmod, cp, mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { BranchRules } from './branch-rules.ts'
import { GitRepository } from './git-repository.ts'
import { signatureOf } from './merge.ts'
import { ownerOf } from './render/repository.ts'
import { Repository, type Settings, type Store } from './store.ts'

export interface RepositoryOptions extends Partial<Settings> {
  /** Its files, except ignored ones and `.git`, become the first commit on the default branch. Default: one README. */
  from?: string
  /** Default `main`. */
  defaultBranch?: string
  /** By branch name or pattern (`autoresearch/*`). */
  rules?: Record<string, BranchRules>
}

const SETTINGS: Settings = {
  private: true,
  allowMergeCommit: true,
  allowSquashMerge: true,
  allowRebaseMerge: true,
  allowActionsToCreatePullRequests: false,
}

export async function createRepository(
  store: Store,
  directory: string,
  fullName: string,
  options: RepositoryOptions,
) {
  const [owner = '', name = ''] = fullName.split('/')
  if (store.find(fullName) !== undefined) throw new Error(`${fullName} exists already`)
  const { from, defaultBranch = 'main', rules = {}, ...settings } = options
  const gitDir = join(resolve(directory), owner, `${name}.git`)
  await mkdir(gitDir, { recursive: true })
  const git = await GitRepository.create(gitDir, defaultBranch)
  await installHook(gitDir)
  const repository = new Repository({
    owner,
    name,
    id: store.nextId(),
    defaultBranch,
    createdAt: store.timestamp(),
    git,
    settings: { ...SETTINGS, ...settings },
    rules,
    site: store.site,
    replica: store.newReplica(),
  })
  await commitFirst(repository, from)
  store.repositories.set(fullName.toLowerCase(), repository)
  return repository
}

async function installHook(gitDir: string): Promise<void> {
  const hook = join(gitDir, 'hooks', 'update')
  await mkdir(join(gitDir, 'hooks'), { recursive: true })
  await cp(new URL('update-hook.sh', import.meta.url), hook)
  await chmod(hook, 0o755)
}

async function commitFirst(repository: Repository, from: string | undefined): Promise<void> {
  const { git, createdAt, defaultBranch, name } = repository
  const signature = signatureOf(ownerOf(repository), createdAt)
  const message = 'Initial commit'
  if (from === undefined) return git.commitReadme(defaultBranch, `# ${name}\n`, message, signature)
  const tree = await git.treeOfDirectory(resolve(from))
  const sha = await git.createCommit({ tree, parents: [], message, author: signature, committer: signature })
  await git.updateRef(`refs/heads/${defaultBranch}`, sha)
}
