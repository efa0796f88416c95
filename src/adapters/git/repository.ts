// The repository's git data: reads commits and creates candidate commits, always on objects and never in a work tree.
import type { Change } from '../../core/gate/gate.ts'
import { type ForeignText, foreignText } from '../../core/text/encoding.ts'
import type { RemoteBranches, Repository } from '../../ports/repository.ts'
import { exportTree } from './export.ts'
import { type GitContext, readRemote } from './git.ts'
import { exportLinked, linkedPaths } from './linked-content.ts'
import {
  listTree,
  MAX_TEXT_BYTES,
  present,
  rawChanges,
  readBlobs,
  readContents,
  type TreeEntry,
  treeOf,
} from './objects.ts'
import { commitFiles, fixedTree, reapply, rebase, revert, sealedTree } from './trees.ts'

export interface GitRepository extends Repository {
  /** The tree that a trial sees: `base`, with the changes of `head` to editable paths only. */
  sealedTree(base: string, head: string, editable: readonly string[]): Promise<string>
  /** The tree of all files that candidates may not change. */
  fixedTree(commit: string, editable: readonly string[]): Promise<string>
  /** Writes a tree's files into an existing empty directory. */
  exportTree(tree: string, directory: string): Promise<void>
  /** The paths of a commit's Git LFS files and submodules, whose content its tree does not have. */
  linkedPaths(commit: string): Promise<ReadonlySet<string>>
  /**
   * Adds the contents of Git LFS and of submodules to a folder with the exported tree of `commit`.
   *
   * @param storage folder for the contents of Git LFS, kept between jobs
   * @throws BaselineError when one cannot be had
   */
  exportLinked(commit: string, directory: string, storage: string): Promise<void>
}

export function createRepository(context: GitContext): GitRepository {
  return {
    remoteBranches: () => remoteBranches(context),
    treeOf: (commit) => treeOf(context, commit),
    readFiles: (commit) => readFiles(context, commit),
    foreignTexts: (commit) => foreignTexts(context, commit),
    readFile: async (commit, path) =>
      (await readBlobs(context, [`${await present(context, commit)}:${path}`]))[0],
    changes: (from, to) => changes(context, from, to),
    commit: (request) => commitFiles(context, request),
    reapply: (request) => reapply(context, request),
    rebase: (head, onto, branch) => rebase(context, head, onto, branch),
    revert: (request) => revert(context, request),
    sealedTree: (base, head, editable) => sealedTree(context, base, head, editable),
    fixedTree: (commit, editable) => fixedTree(context, commit, editable),
    listFiles: async (commit) => listTree(context, await present(context, commit)),
    exportTree: (tree, directory) => exportTree(context, tree, directory),
    linkedPaths: (commit) => linkedPaths(context, commit),
    exportLinked: (commit, directory, storage) => exportLinked(context, commit, { directory, storage }),
  }
}

async function remoteBranches(context: GitContext): Promise<RemoteBranches> {
  const command = [
    'ls-remote',
    '--symref',
    context.remoteUrl,
    'HEAD',
    'refs/heads/*',
    'refs/tags/autoresearch/*',
  ]
  const lines = await readRemote(context, command)
  const [commits, tags] = [new Map<string, string>(), new Map<string, string>()]
  let defaultBranch = 'main'
  for (const line of lines.split('\n')) {
    const [left = '', ref = ''] = line.split('\t')
    if (left.startsWith('ref: refs/heads/') && ref === 'HEAD')
      defaultBranch = left.slice('ref: refs/heads/'.length)
    else if (ref.startsWith('refs/tags/')) tags.set(ref.slice('refs/tags/'.length), left)
    else if (ref.startsWith('refs/heads/')) commits.set(ref.slice('refs/heads/'.length), left)
  }
  return { defaultBranch, commits, tags }
}

/** The files that are small enough to be shown. */
async function listSmallFiles(context: GitContext, commit: string): Promise<TreeEntry[]> {
  const entries = await listTree(context, await present(context, commit))
  return entries.filter((entry) => entry.mode.startsWith('100') && entry.bytes <= MAX_TEXT_BYTES)
}

async function foreignTexts(context: GitContext, commit: string): Promise<ReadonlyMap<string, ForeignText>> {
  const small = await listSmallFiles(context, commit)
  const objects = small.map((entry) => entry.object)
  const files = new Map<string, ForeignText>()
  for (const [index, content] of (await readContents(context, objects)).entries()) {
    const foreign = content && foreignText(content)
    if (foreign) files.set(small[index]?.path ?? '', foreign)
  }
  return files
}

async function readFiles(context: GitContext, commit: string): Promise<ReadonlyMap<string, string>> {
  const small = await listSmallFiles(context, commit)
  const objects = small.map((entry) => entry.object)
  const files = new Map<string, string>()
  for (const [index, text] of (await readBlobs(context, objects)).entries())
    if (text !== undefined) files.set(small[index]?.path ?? '', text)
  return files
}

async function changes(context: GitContext, from: string, to: string): Promise<Change[]> {
  const raw = await rawChanges(context, from, to)
  const [oldObjects, objects] = [raw.map((change) => change.oldObject), raw.map((change) => change.object)]
  const olds = await readBlobs(context, oldObjects)
  const news = await readBlobs(context, objects)
  return raw.map(({ path, mode, oldMode }, index) => {
    const [before, after] = [olds[index], news[index]]
    return {
      path,
      mode: mode === '000000' ? null : mode,
      ...(!['000000', '100644'].includes(oldMode) && { modeBefore: oldMode }),
      ...(before !== undefined && { before }),
      ...(after !== undefined && { after }),
    }
  })
}
