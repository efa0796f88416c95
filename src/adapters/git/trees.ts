// Creates trees and commits in a temporary index: candidate commits, their replay on another base, and sealed trees.
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isEditable } from '../../core/gate/gate.ts'
import { candidateBranch, type FileEdits } from '../../core/record/candidate.ts'
import type { Forbidden, Replayed } from '../../ports/repository.ts'
import { makeFolder, removeFolder } from '../leftovers.ts'
import { type GitContext, git, tryGit } from './git.ts'
import type { NewCommit } from './host.ts'
import { listTree, present, rawChanges, readBlobs } from './objects.ts'
import { signedIfDemanded } from './signing.ts'

/** Loads `tree` into a temporary index, lets `edit` change it, and writes the result; undefined when `edit` returns false. */
async function withIndex(
  context: GitContext,
  tree: string,
  edit: (env: Record<string, string>) => Promise<boolean>,
): Promise<string | undefined> {
  const directory = await makeFolder(tmpdir(), 'index')
  const env = { GIT_INDEX_FILE: join(directory, 'index') }
  try {
    await git(context, ['read-tree', tree], { env })
    return (await edit(env)) ? await git(context, ['write-tree'], { env }) : undefined
  } finally {
    await removeFolder(directory)
  }
}

interface Entry {
  mode: string
  object: string
  path: string
}

const NO_OBJECT = '0'.repeat(40)

/** The modes of those of these paths that are files. */
async function modesOf(
  context: GitContext,
  commit: string,
  paths: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  if (paths.length === 0) return new Map()
  const wanted = new Set(paths)
  const entries = await listTree(context, commit)
  return new Map(
    entries.flatMap(({ path, mode }) =>
      wanted.has(path) && isFileMode(mode) ? [[path, mode] as const] : [],
    ),
  )
}

function isFileMode(mode: string): boolean {
  return mode === '100644' || mode === '100755'
}

/** Returns `tree` with these entries replaced; mode 000000 removes a path. */
async function putEntries(context: GitContext, tree: string, entries: readonly Entry[]): Promise<string> {
  if (entries.length === 0) return git(context, ['rev-parse', `${tree}^{tree}`])
  const result = await withIndex(context, tree, async (env) => {
    // A folder can take the place of a file only once the file is removed.
    const ordered = entries.toSorted((a, b) => Number(b.mode === '000000') - Number(a.mode === '000000'))
    const lines = ordered.map(
      ({ mode, object, path }) => `${mode === '000000' ? '0' : mode} ${object}\t${path}\0`,
    )
    await git(context, ['update-index', '-z', '--index-info'], { env, input: lines.join('') })
    return true
  })
  return result ?? tree
}

export async function commitFiles(
  context: GitContext,
  { base, files, message }: { base: string; files: FileEdits; message: string },
): Promise<{ commit: string; tree: string }> {
  await present(context, base)
  const modes = await modesOf(context, base, [...files.keys()])
  const entries: Entry[] = []
  // One after another: a rename of a folder changes hundreds of files.
  for (const [path, text] of files)
    if (text === null) entries.push({ mode: '000000', object: NO_OBJECT, path })
    else {
      const object = await git(context, ['hash-object', '-w', '--stdin'], { input: text })
      entries.push({ mode: modes.get(path) ?? '100644', object, path })
    }
  const tree = await putEntries(context, base, entries)
  return { commit: await commitTree(context, { tree, parents: [base], message }), tree }
}

/** A commit that may be pushed to a candidate's branch. */
async function commitTree(context: GitContext, { tree, parents, message }: NewCommit): Promise<string> {
  const named = parents.flatMap((parent) => ['-p', parent])
  const commit = await git(context, ['commit-tree', tree, ...named], { input: message })
  return signedIfDemanded(context, commit, candidateBranch('any'))
}

export async function rebase(
  context: GitContext,
  head: string,
  onto: string,
  branch?: string,
): Promise<Replayed | Forbidden> {
  const rules = branch === undefined ? undefined : await context.host?.rules(branch)
  if (rules?.forcePush !== 'forbidden') return replay(context, head, onto, [])
  // As a second parent, the head before makes the push a fast-forward. The first parent stays the one that the change is
  // compared with, by us and, as the merge base, by GitHub.
  if (rules.mergeCommits === 'allowed') return replay(context, head, onto, [head])
  return { kind: 'forbidden', explanation: NO_WAY }
}

/** @param more parents of the commit beside `onto` */
async function replay(
  context: GitContext,
  head: string,
  onto: string,
  more: readonly string[],
): Promise<Replayed> {
  await present(context, head)
  await present(context, onto)
  const tree = (await mergeTrees(context, head, onto)) ?? (await applyChangedLines(context, head, onto))
  if (tree === undefined) return { kind: 'conflict' }
  const message = await git(context, ['log', '-1', '--format=%B', head])
  return {
    kind: 'rebased',
    commit: await commitTree(context, { tree, parents: [onto, ...more], message }),
    tree,
  }
}

const NO_WAY =
  'the rules of the repository forbid both force-pushes and merge commits on autoresearch/c/**, so its branch cannot move to the new baseline'

/** Replays the inverse change on `onto`: a commit that leads from `commit` back to its first parent. */
export async function revert(
  context: GitContext,
  { commit, onto, message }: { commit: string; onto: string; message: string },
): Promise<Replayed> {
  const parent = await firstParent(context, commit)
  const back = await git(context, ['commit-tree', `${parent}^{tree}`, '-p', commit], { input: message })
  return replay(context, back, onto, [])
}

/** Replays the change from one commit to another, whatever lies between them, as one commit. */
export async function reapply(
  context: GitContext,
  { from, to, onto }: { from: string; to: string; onto: string },
): Promise<Replayed> {
  await present(context, from)
  await present(context, to)
  const message = await git(context, ['log', '-1', '--format=%B', to])
  const change = await git(context, ['commit-tree', `${to}^{tree}`, '-p', from], { input: message })
  return replay(context, change, onto, [])
}

/** Reads the parent's hash from the commit itself, because a shallow clone does not have the parent. */
async function firstParent(context: GitContext, commit: string): Promise<string> {
  const text = await git(context, ['cat-file', 'commit', await present(context, commit)])
  const [, parent] = /^parent (\S+)$/m.exec(text) ?? []
  if (parent === undefined) throw new Error(`${commit} has no parent`)
  return present(context, parent)
}

/**
 * Merges the change of `head` into `onto` and returns the tree; undefined on a conflict. The tree of `onto` is committed as
 * a sibling of `head`, so that the merge base is the commit that `head` changed. Naming the base explicitly needs git 2.40;
 * git cannot find it in a shallow clone, or after the baseline was reset to an earlier commit.
 */
async function mergeTrees(context: GitContext, head: string, onto: string): Promise<string | undefined> {
  const sibling = await git(context, ['commit-tree', `${onto}^{tree}`, '-p', `${head}^`], {
    input: 'Sibling',
  })
  const merged = await tryGit(context, ['merge-tree', '--write-tree', sibling, head])
  if (typeof merged === 'string') return merged
  // Exit code 1 means a conflict; any other is a failure.
  if (merged.exitCode === 1) return undefined
  throw new Error(`git merge-tree failed (exit code ${merged.exitCode}): ${merged.stderr}`)
}

/**
 * Applies a change by replacing lines. git treats changes to adjacent lines as a conflict, but the hyperparameters of a
 * script often are on adjacent lines. If the lines that each hunk replaces occur exactly once before and after, replacing
 * them is unambiguous, and the result is trained again like any other code. A hunk that only inserts lines has nothing to
 * locate it by.
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
    if (!replaced.every((lines) => texts.every((text = '') => occursOnce(lines, text)))) return undefined
  }
  return withIndex(context, onto, async (env) => {
    const applied = await tryGit(context, ['apply', '--cached', '--unidiff-zero'], { env, input: patch })
    return typeof applied === 'string'
  })
}

/** The lines that each hunk of one file's patch replaces. */
function replacedLines(section: string): string[] {
  const hunks = section.split(/^@@ .*$/m).slice(1)
  return hunks.map((hunk) => {
    const removed = hunk.split('\n').filter((line) => line.startsWith('-'))
    return removed.map((line) => line.slice(1)).join('\n')
  })
}

function occursOnce(lines: string, text: string): boolean {
  const [framed, all] = [`\n${lines}\n`, `\n${text}\n`]
  const first = all.indexOf(framed)
  return first !== -1 && all.indexOf(framed, first + 1) === -1
}

/**
 * A candidate may add plain files, change files that keep their mode, and delete files. It may not create links or submodules,
 * even at editable paths.
 */
function isPlain({ mode, oldMode }: { mode: string; oldMode: string }): boolean {
  if (oldMode === '000000') return mode === '100644'
  return isFileMode(oldMode) && (mode === oldMode || mode === '000000')
}

export async function sealedTree(
  context: GitContext,
  base: string,
  head: string,
  editable: readonly string[],
): Promise<string> {
  const raw = await rawChanges(context, base, head)
  const allowed = raw.filter((change) => isPlain(change) && isEditable(change.path, editable))
  return putEntries(context, base, allowed)
}

export async function fixedTree(
  context: GitContext,
  commit: string,
  editable: readonly string[],
): Promise<string> {
  const entries = await listTree(context, await present(context, commit))
  const removed = entries.filter((entry) => isEditable(entry.path, editable))
  const removals = removed.map((entry) => ({ ...entry, mode: '000000' }))
  return putEntries(context, commit, removals)
}
