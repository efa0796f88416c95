// Adds files to a folder. A file that exists is never replaced.
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** The texts of those paths that exist in the folder. */
export async function readExisting(
  directory: string,
  paths: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const entries = paths.map(async (path) => {
    const text = await readFile(join(directory, path), 'utf8').catch(() => undefined)
    return text === undefined ? [] : [[path, text] as const]
  })
  return new Map((await Promise.all(entries)).flat())
}

/** @throws the error of the first file that exists or cannot be written */
export async function writeNewFiles(directory: string, files: ReadonlyMap<string, string>): Promise<void> {
  for (const [path, text] of files) {
    const file = join(directory, path)
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, text, { flag: 'wx' })
  }
}
