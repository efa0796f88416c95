// Reads files that candidate code may have written: only regular files, never through a link, never more than a cap.
import { constants } from 'node:fs'
import { type FileHandle, open, realpath } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** @returns the text; undefined when there is no such file, or it is not a regular file, or it is over the cap */
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

/** As `readBoundedFile`, and none of the folders between `folder` and the file may be a link. */
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

/** The size that a file claims is not what it has when something still writes to it. */
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
