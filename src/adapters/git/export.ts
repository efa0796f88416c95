// Writes a tree's files into a directory, byte for byte as git stores them.
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { GitContext } from './git.ts'
import { listTree, readContents, type TreeEntry } from './objects.ts'

/** Maximum bytes of file contents in memory at once. */
const EXPORT_BATCH_BYTES = 64 * 1024 * 1024

/** Writes the stored bytes; a checkout would convert line endings and run filters. */
export async function exportTree(context: GitContext, tree: string, directory: string): Promise<void> {
  const entries = await listTree(context, tree)
  // Links last, so that nothing is written through one.
  const [links, files] = [entries.filter(isLink), entries.filter((entry) => !isLink(entry))]
  for (const batch of [...batchesOf(files), ...batchesOf(links)]) {
    const objects = batch.map((entry) => entry.object)
    const contents = await readContents(context, objects)
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
    throw new Error(`the tree contains ${JSON.stringify(path)}, a path that git itself refuses`)
  const target = join(directory, path)
  await mkdir(mode === '160000' ? target : dirname(target), { recursive: true })
  if (content === undefined) return
  if (mode === '120000') await symlink(content, target)
  else await writeFile(target, content, { flag: 'wx', mode: mode === '100755' ? 0o755 : 0o644 })
}
