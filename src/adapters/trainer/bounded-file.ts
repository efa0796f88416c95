// Reads files that candidate code may have written: only regular files, never through a link, never above a size limit.
import { constants } from 'node:fs'
import { type FileHandle, open, realpath } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** @returns the text; undefined when the file is missing, not a regular file, or larger than `maxBytes` */
export async function readBoundedFile(path: string, maxBytes: number): Promise<string | undefined> {
  // O_NONBLOCK: opening a FIFO must not wait for a writer.
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
  const file = await open(path, flags).catch(() => undefined)
  if (!file) return undefined
  try {
    const stat = await file.stat()
    if (!stat.isFile() || stat.size > maxBytes) return undefined
    return await readUpTo(file, maxBytes)
  } finally {
    await file.close()
  }
}

/** Like `readBoundedFile`, and also refuses links among the folders between `folder` and the file. */
export async function readBoundedFileIn(
  folder: string,
  name: string,
  maxBytes: number,
): Promise<string | undefined> {
  const path = join(folder, name)
  const [root, parent] = await Promise.all([folder, dirname(path)].map((place) => realpath(place))).catch(
    () => [],
  )
  if (root === undefined || parent !== dirname(join(root, name))) return undefined
  return readBoundedFile(path, maxBytes)
}

/** Enforces the limit while reading, because a file can grow after `stat`. */
async function readUpTo(file: FileHandle, maxBytes: number): Promise<string | undefined> {
  const content = Buffer.alloc(maxBytes + 1)
  let length = 0
  for (;;) {
    const { bytesRead } = await file.read(content, length, content.length - length)
    length += bytesRead
    if (length > maxBytes) return undefined
    if (bytesRead === 0) return content.toString('utf8', 0, length)
  }
}
