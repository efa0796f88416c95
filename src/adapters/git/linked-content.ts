// Writes what a tree only refers to: contents in Git LFS and submodules, recursively.
import { constants, copyFile, mkdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { exportTree } from './export.ts'
import type { GitContext } from './git.ts'
import { contentPath, findPointers, obtainLargeFiles } from './large-files.ts'
import { listTree, present, type TreeEntry } from './objects.ts'
import { openSubmodules } from './submodules.ts'

/** The paths of a commit's LFS files and submodules. */
export async function linkedPaths(context: GitContext, commit: string): Promise<ReadonlySet<string>> {
  const entries = await listTree(context, await present(context, commit))
  const pointers = await findPointers(context, entries)
  const submodules = entries.filter(({ mode }) => mode === '160000')
  return new Set([...pointers, ...submodules].map(({ path }) => path))
}

interface Place {
  directory: string
  /** Where the contents of Git LFS are kept between jobs. */
  storage: string
}

/**
 * Writes the contents of a commit's LFS files and submodules into a folder to which its tree was exported.
 *
 * @throws BaselineError naming a file or submodule whose content cannot be had
 */
export async function exportLinked(context: GitContext, commit: string, place: Place): Promise<void> {
  await exportLinkedOf(context, await present(context, commit), '', place)
}

async function exportLinkedOf(
  context: GitContext,
  commit: string,
  inClone: string,
  { directory, storage }: Place,
): Promise<void> {
  const entries = await listTree(context, commit)
  await exportLargeFiles(context, commit, inClone, entries, { directory, storage })
  for (const submodule of await openSubmodules(context, commit, entries, inClone)) {
    const folder = join(directory, submodule.path)
    await exportTree(submodule.context, submodule.commit, folder)
    await exportLinkedOf(submodule.context, submodule.commit, submodule.inClone, {
      directory: folder,
      storage,
    })
  }
}

async function exportLargeFiles(
  context: GitContext,
  commit: string,
  inClone: string,
  entries: readonly TreeEntry[],
  { directory, storage }: Place,
): Promise<void> {
  const pointers = await findPointers(context, entries)
  if (pointers.length === 0) return
  await obtainLargeFiles({ context, commit, storage, inClone }, pointers)
  for (const { path, oid } of pointers) {
    const target = join(directory, path)
    await mkdir(dirname(target), { recursive: true })
    await rm(target, { force: true })
    await copyFile(contentPath(storage, oid), target, constants.COPYFILE_FICLONE)
  }
}
