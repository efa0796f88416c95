// The repository's git data: reading commits and making a candidate's, always on objects, never in a work tree.
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type Change, isEditable } from '../../core/gate/gate.ts'
import type { RemoteBranches, Repository } from '../../ports.ts'
import { type GitContext, git, gitBytes, readRemote, tryGit } from './git.ts'

/** Larger files are neither shown to a proposer nor compared as text. */
const MAX_TEXT_BYTES = 512 * 1024

export interface GitRepository extends Repository {
  /** Tree of `base` with only the editable paths of `head` laid over it: what a trial is allowed to see. */
  sealedTree(base: string, head: string, editable: readonly string[]): Promise<string>
  /** Hash of everything a candidate may not change. */
  fixedFilesHash(commit: string, editable: readonly string[]): Promise<string>
  /** Writes a tree's files into an existing empty directory. */
  exportTree(tree: string, directory: string): Promise<void>
}

export function createRepository(context: GitContext): GitRepository {
  return {
    remoteBranches: () => remoteBranches(context),
    treeOf: async (commit) => git(context, ['rev-parse', `${await present(context, commit)}^{tree}`]),
    readFiles: (commit) => readFiles(context, commit),
    readFile: async (commit, path) =>
      (await readBlobs(context, [`${await present(context, commit)}:${path}`]))[0],
    changes: (from, to) => changes(context, from, to),
    commit: (request) => commitFiles(context, request),
    rebase: (head, onto) => rebase(context, head, onto),
    sealedTree: (base, head, editable) => sealedTree(context, base, head, editable),
    fixedFilesHash: (commit, editable) => fixedFilesHash(context, commit, editable),
    exportTree: (tree, directory) => exportTree(context, tree, directory),
  }
}

async function remoteBranches(context: GitContext): Promise<RemoteBranches> {
  const lines = await readRemote(context, [
    'ls-remote',
    '--symref',
    context.remoteUrl,
    'HEAD',
    'refs/heads/*',
  ])
  const commits = new Map<string, string>()
  let defaultBranch = 'main'
  for (const line of lines.split('\n')) {
    const [left = '', ref = ''] = line.split('\t')
    if (left.startsWith('ref: refs/heads/') && ref === 'HEAD')
      defaultBranch = left.slice('ref: refs/heads/'.length)
    else if (ref.startsWith('refs/heads/')) commits.set(ref.slice('refs/heads/'.length), left)
  }
  return { defaultBranch, commits }
}

/** Makes sure a commit's objects are here, fetching it by its hash when they are not. */
async function present(context: GitContext, commit: string): Promise<string> {
  const found = await tryGit(context, ['cat-file', '-e', `${commit}^{tree}`])
  if (typeof found !== 'string')
    await readRemote(context, ['fetch', '--quiet', '--no-tags', context.remoteUrl, commit])
  return commit
}

interface TreeEntry {
  mode: string
  object: string
  bytes: number
  path: string
}

async function listTree(context: GitContext, tree: string): Promise<TreeEntry[]> {
  const output = await git(context, ['ls-tree', '-r', '-z', '--long', '--full-tree', tree])
  return splitNul(output).map((record) => {
    // A path may hold a tab too.
    const tab = record.indexOf('\t')
    const [head, path] = [record.slice(0, tab), record.slice(tab + 1)]
    const [mode = '', , object = '', bytes = ''] = head.split(/ +/)
    return { mode, object, bytes: Number(bytes) || 0, path }
  })
}

async function readFiles(context: GitContext, commit: string): Promise<ReadonlyMap<string, string>> {
  const entries = await listTree(context, await present(context, commit))
  const small = entries.filter((entry) => entry.mode.startsWith('100') && entry.bytes <= MAX_TEXT_BYTES)
  const texts = await readBlobs(
    context,
    small.map((entry) => entry.object),
  )
  return new Map(
    small.flatMap((entry, index) => {
      const text = texts[index]
      return text === undefined ? [] : [[entry.path, text] as const]
    }),
  )
}

/** Texts by name of object; undefined for what is missing, binary, very large or not UTF-8. */
async function readBlobs(context: GitContext, names: readonly string[]): Promise<(string | undefined)[]> {
  const contents = await readContents(context, names)
  return contents.map((content) => content && decodeText(content))
}

/** Contents by name of object; undefined for what is not a file. */
async function readContents(context: GitContext, names: readonly string[]): Promise<(Buffer | undefined)[]> {
  if (names.length === 0) return []
  const bytes = await gitBytes(context, ['cat-file', '--batch'], `${names.join('\n')}\n`)
  let offset = 0
  return names.map(() => {
    const end = bytes.indexOf(10, offset)
    const header = bytes.toString('utf8', offset, end)
    offset = end + 1
    if (header.endsWith(' missing')) return undefined
    const [, kind, size] = header.split(' ')
    const content = bytes.subarray(offset, offset + Number(size))
    offset += Number(size) + 1
    return kind === 'blob' ? content : undefined
  })
}

function decodeText(content: Buffer): string | undefined {
  if (content.length > MAX_TEXT_BYTES || content.includes(0)) return undefined
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content)
  } catch {
    return undefined
  }
}

interface RawChange {
  path: string
  mode: string
  object: string
  oldObject: string
}

async function rawChanges(context: GitContext, from: string, to: string): Promise<RawChange[]> {
  await present(context, from)
  await present(context, to)
  const fields = splitNul(
    await git(context, ['diff-tree', '-r', '-z', '--no-renames', '--full-index', from, to]),
  )
  return Array.from({ length: fields.length / 2 }, (_, index) => {
    const [, mode = '', oldObject = '', object = ''] = (fields[2 * index] ?? '').split(' ')
    return { path: fields[2 * index + 1] ?? '', mode, object, oldObject }
  })
}

async function changes(context: GitContext, from: string, to: string): Promise<Change[]> {
  const raw = await rawChanges(context, from, to)
  const before = await readBlobs(
    context,
    raw.map((change) => change.oldObject),
  )
  const after = await readBlobs(
    context,
    raw.map((change) => change.object),
  )
  return raw.map(({ path, mode }, index) => {
    const [old, new_] = [before[index], after[index]]
    return {
      path,
      mode: mode === '000000' ? null : mode,
      ...(old === undefined ? {} : { before: old }),
      ...(new_ === undefined ? {} : { after: new_ }),
    }
  })
}

/** Lets `edit` change a scratch index that holds `tree`; returns the tree it leaves, undefined when `edit` gives up. */
async function withIndex(
  context: GitContext,
  tree: string,
  edit: (env: Record<string, string>) => Promise<boolean>,
): Promise<string | undefined> {
  const directory = await mkdtemp(join(tmpdir(), 'autoresearch-index-'))
  const env = { GIT_INDEX_FILE: join(directory, 'index') }
  try {
    await git(context, ['read-tree', tree], { env })
    return (await edit(env)) ? await git(context, ['write-tree'], { env }) : undefined
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

/** The tree that results from putting entries into another; mode 000000 removes a path. */
async function putEntries(
  context: GitContext,
  tree: string,
  entries: readonly { mode: string; object: string; path: string }[],
): Promise<string> {
  const result = await withIndex(context, tree, async (env) => {
    const lines = entries.map(
      ({ mode, object, path }) => `${mode === '000000' ? '0' : mode} ${object}\t${path}\0`,
    )
    await git(context, ['update-index', '-z', '--index-info'], { env, input: lines.join('') })
    return true
  })
  return result ?? tree
}

async function commitFiles(
  context: GitContext,
  { base, files, message }: { base: string; files: ReadonlyMap<string, string>; message: string },
): Promise<{ commit: string; tree: string }> {
  await present(context, base)
  const entries = await Promise.all(
    [...files].map(async ([path, text]) => {
      const object = await git(context, ['hash-object', '-w', '--stdin'], { input: text })
      return { mode: '100644', object, path }
    }),
  )
  const tree = await putEntries(context, base, entries)
  const commit = await git(context, ['commit-tree', tree, '-p', base], { input: message })
  return { commit, tree }
}

async function rebase(
  context: GitContext,
  head: string,
  onto: string,
): Promise<{ kind: 'rebased'; commit: string; tree: string } | { kind: 'conflict' }> {
  await present(context, head)
  await present(context, onto)
  const tree = (await mergeTrees(context, head, onto)) ?? (await applyChangedLines(context, head, onto))
  if (tree === undefined) return { kind: 'conflict' }
  const message = await git(context, ['log', '-1', '--format=%B', head])
  const commit = await git(context, ['commit-tree', tree, '-p', onto], { input: message })
  return { kind: 'rebased', commit, tree }
}

/**
 * The tree of `onto` is dressed as a sibling of `head`, so that the merge base is the commit that `head` changed: git
 * before 2.40 cannot be told so, a shallow clone does not know it, and after the baseline was set back it is not the
 * best common ancestor.
 */
async function mergeTrees(context: GitContext, head: string, onto: string): Promise<string | undefined> {
  const sibling = await git(context, ['commit-tree', `${onto}^{tree}`, '-p', `${head}^`], {
    input: 'Sibling',
  })
  const merged = await tryGit(context, ['merge-tree', '--write-tree', sibling, head])
  if (typeof merged === 'string') return merged
  // 1 is git's word for a conflict; anything else is a failure.
  if (merged.exitCode === 1) return undefined
  throw new Error(`git merge-tree failed (exit code ${merged.exitCode}): ${merged.stderr}`)
}

/**
 * Git calls changes to neighbouring lines a conflict, and the hyperparameters of a script are neighbouring lines. When
 * every hunk replaces lines that stood, and still stand, in exactly one place, replacing those is unambiguous; the result
 * is trained again like any other code. A hunk that only inserts has nothing to recognise its place by.
 */
async function applyChangedLines(
  context: GitContext,
  head: string,
  onto: string,
): Promise<string | undefined> {
  const range = ['--no-renames', `${head}^`, head]
  const patch = await git(context, ['diff-tree', '-r', '-p', '-U0', ...range], { trim: false })
  if (/^@@ -\d+,0 /m.test(patch)) return undefined
  const sections = patch.split(/^diff --git /m).slice(1)
  for (const [index, { path }] of (await rawChanges(context, `${head}^`, head)).entries()) {
    const texts = await readBlobs(context, [`${head}^:${path}`, `${onto}:${path}`])
    const replaced = replacedLines(sections[index] ?? '')
    if (!replaced.every((lines) => texts.every((text = '') => standsOnce(lines, text)))) return undefined
  }
  return withIndex(context, onto, async (env) => {
    const applied = await tryGit(context, ['apply', '--cached', '--unidiff-zero'], { env, input: patch })
    return typeof applied === 'string'
  })
}

/** The lines that each hunk of one file's patch replaces. */
function replacedLines(section: string): string[] {
  const hunks = section.split(/^@@ .*$/m).slice(1)
  const removed = (hunk: string) => hunk.split('\n').filter((line) => line.startsWith('-'))
  return hunks.map((hunk) =>
    removed(hunk)
      .map((line) => line.slice(1))
      .join('\n'),
  )
}

function standsOnce(lines: string, text: string): boolean {
  const [framed, all] = [`\n${lines}\n`, `\n${text}\n`]
  const first = all.indexOf(framed)
  return first !== -1 && all.indexOf(framed, first + 1) === -1
}

/** A plain file, and none: a link or a submodule under an editable name is not the candidate's to make. */
const PLAIN_MODES = ['100644', '000000']

async function sealedTree(
  context: GitContext,
  base: string,
  head: string,
  editable: readonly string[],
): Promise<string> {
  const raw = await rawChanges(context, base, head)
  const allowed = raw.filter(({ path, mode }) => PLAIN_MODES.includes(mode) && isEditable(path, editable))
  return putEntries(context, base, allowed)
}

async function fixedFilesHash(
  context: GitContext,
  commit: string,
  editable: readonly string[],
): Promise<string> {
  const entries = await listTree(context, await present(context, commit))
  const editablePaths = entries.filter((entry) => isEditable(entry.path, editable))
  return putEntries(
    context,
    commit,
    editablePaths.map((entry) => ({ ...entry, mode: '000000' })),
  )
}

/** Contents that are held in memory at once while a tree is written. */
const EXPORT_BATCH_BYTES = 64 * 1024 * 1024

/** Bytes as they are in git: a checkout would convert line ends and run filters. */
async function exportTree(context: GitContext, tree: string, directory: string): Promise<void> {
  const entries = await listTree(context, tree)
  // Links last, so that nothing is written through one.
  const [links, files] = [entries.filter(isLink), entries.filter((entry) => !isLink(entry))]
  for (const batch of [...batchesOf(files), ...batchesOf(links)]) {
    const contents = await readContents(
      context,
      batch.map((entry) => entry.object),
    )
    for (const [index, entry] of batch.entries()) await exportEntry(directory, entry, contents[index])
  }
}

const isLink = ({ mode }: TreeEntry): boolean => mode === '120000'

function batchesOf(entries: readonly TreeEntry[]): TreeEntry[][] {
  const batches: TreeEntry[][] = []
  let bytes = Number.POSITIVE_INFINITY
  for (const entry of entries) {
    if (bytes + entry.bytes > EXPORT_BATCH_BYTES) {
      batches.push([])
      bytes = 0
    }
    batches.at(-1)?.push(entry)
    bytes += entry.bytes
  }
  return batches
}

async function exportEntry(
  directory: string,
  { path, mode }: TreeEntry,
  content: Buffer | undefined,
): Promise<void> {
  if (path.split('/').some((part) => part === '..' || part === '.git'))
    throw new Error(`the tree holds ${JSON.stringify(path)}, which git itself refuses`)
  const target = join(directory, path)
  await mkdir(mode === '160000' ? target : dirname(target), { recursive: true })
  if (content === undefined) return
  if (mode === '120000') await symlink(content, target)
  else await writeFile(target, content, { flag: 'wx', mode: mode === '100755' ? 0o755 : 0o644 })
}

function splitNul(text: string): string[] {
  return text.split('\0').filter((part) => part !== '')
}
