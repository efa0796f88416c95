// Removes the files in which setup left a password or token, such as `~/.npmrc` after a login: trials see what setup left.
import { opendir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Log } from '../../ports/job.ts'

/** Programs store credentials in small files. */
const MAX_BYTES = 256 * 1024

export async function removeSecretFiles(
  folders: readonly string[],
  secrets: readonly string[],
  log: Log,
): Promise<void> {
  if (secrets.length === 0) return
  const left = [...folders]
  for (let folder = left.pop(); folder !== undefined; folder = left.pop()) {
    const entries = await opendir(folder).catch(() => undefined)
    if (!entries) continue
    for await (const entry of entries) {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) left.push(path)
      if (!entry.isFile() || !(await contains(path, secrets))) continue
      await rm(path)
      log.warn(
        `setup wrote a secret of this job into ${path}; the file was removed, because trials could read it`,
      )
    }
  }
}

async function contains(path: string, secrets: readonly string[]): Promise<boolean> {
  if ((await stat(path)).size > MAX_BYTES) return false
  const content = await readFile(path)
  return secrets.some((secret) => content.includes(secret))
}
