// The folder an agent works in: written from the baseline, and read back as what it is, hostile input.
import { lstat, mkdir, opendir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pathRule } from '../../core/config/rules.ts'
import { isLitter, type LeftEntry } from '../../core/propose/left-behind.ts'
import { MAX_FILE_BYTES } from '../../core/propose/workspace.ts'
import { readBoundedFile } from '../trainer/bounded-file.ts'

/** Of files that were not there before; one is enough to refuse. */
const MAX_NEW = 100

/** @param directory exists and is empty */
export async function writeFolder(directory: string, files: ReadonlyMap<string, string>): Promise<void> {
  for (const [path, text] of files) {
    if (pathRule(path) !== undefined) throw new Error(`the baseline holds ${JSON.stringify(path)}`)
    await mkdir(dirname(join(directory, path)), { recursive: true })
    await writeFile(join(directory, path), text, { flag: 'wx' })
  }
}

/**
 * Reads what there is now. No link is followed and nothing but plain files is opened. To be called when nothing that
 * could write is alive.
 *
 * @param before the files that were written
 */
export async function readFolder(
  directory: string,
  before: ReadonlyMap<string, string>,
): Promise<LeftEntry[]> {
  // The folder itself lies in one that could be written: a link in its place would lead out.
  if (!(await lstat(directory).catch(() => undefined))?.isDirectory()) return []
  const left: LeftEntry[] = []
  const folders = ['']
  let added = 0
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for await (const entry of entriesOf(join(directory, folder))) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`
      if (before.has(path)) left.push(await readEntry(directory, path, before.get(path) ?? ''))
      else if (entry.isDirectory()) folders.push(path)
      else if (!isLitter(path) && added++ < MAX_NEW) left.push({ path, kind: 'new' })
    }
  }
  return left
}

/** Nothing of a folder that is closed to us: what was in it is then missing. */
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
