// Reads files that candidate code may have written: only regular files, never through a link, never more than a cap.
import { constants } from 'node:fs'
import { open } from 'node:fs/promises'

/** @returns the text; undefined when there is no such file, or it is not a regular file, or it is over the cap */
export async function readBoundedFile(path: string, maxBytes: number): Promise<string | undefined> {
  // O_NONBLOCK: opening a FIFO must not wait for a writer.
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
  const file = await open(path, flags).catch(() => undefined)
  if (!file) return undefined
  try {
    const stat = await file.stat()
    if (!stat.isFile() || stat.size > maxBytes) return undefined
    return await file.readFile('utf8')
  } finally {
    await file.close()
  }
}
