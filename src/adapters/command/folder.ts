// The folder an agent works in: written from the baseline, and read back as untrusted input.
import { lstat, mkdir, opendir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pathRule } from '../../core/config/rules.ts'
import { isLitter, type LeftEntry } from '../../core/propose/left-behind.ts'
import { MAX_FILE_BYTES } from '../../core/propose/workspace.ts'
import { readBoundedFile } from '../trainer/bounded-file.ts'

/** New files that are read; the static gate refuses more changes than this anyway. */
const MAX_NEW = 100

/**
 * @param directory exists and is empty
 * @param executable the paths among `files` that are executable
 */
export async function writeFolder(
  directory: string,
  files: ReadonlyMap<string, string>,
  executable: readonly string[] = [],
): Promise<void> {
  const programs = new Set(executable)
  for (const [path, text] of files) {
    if (pathRule(path) !== undefined)
      throw new Error(`the baseline contains the invalid path ${JSON.stringify(path)}`)
    await mkdir(dirname(join(directory, path)), { recursive: true })
    await writeFile(join(directory, path), text, { flag: 'wx', mode: programs.has(path) ? 0o755 : 0o644 })
  }
}

/**
 * Reads the folder's current contents. Follows no link and opens only regular files. Call this after every process that
 * could write to the folder has ended.
 *
 * @param before the files that `writeFolder` wrote
 */
export async function readFolder(
  directory: string,
  before: ReadonlyMap<string, string>,
): Promise<LeftEntry[]> {
  // The agent can write to the parent folder, so it may have replaced this folder with a link to somewhere else.
  if (!(await lstat(directory).catch(() => undefined))?.isDirectory()) return []
  const left: LeftEntry[] = []
  const folders = ['']
  let added = 0
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for await (const entry of entriesOf(join(directory, folder))) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`
      if (before.has(path)) left.push(await readEntry(directory, path, before.get(path) ?? ''))
      else if (entry.isDirectory()) folders.push(path)
      else if (!isLitter(path)) {
        added += 1
        left.push(added > MAX_NEW ? { path, kind: 'new' } : await readEntry(directory, path, ''))
        if (added > MAX_NEW) return left
      }
    }
  }
  return left
}

/** Yields nothing for an unreadable folder, so that its files count as missing. */
async function* entriesOf(folder: string) {
  const directory = await opendir(folder).catch(() => undefined)
  if (directory) yield* directory
}

async function readEntry(directory: string, path: string, original: string): Promise<LeftEntry> {
  const maxBytes = Math.max(MAX_FILE_BYTES, Buffer.byteLength(original))
  const text = await readBoundedFile(join(directory, path), maxBytes)
  if (text !== undefined) return { path, kind: 'text', text }
  return { path, kind: 'other', what: `not a readable plain file of at most ${maxBytes / 1024} KiB` }
}
