/** A bare repository without a commit, as `git init --bare` makes it, without starting git: tests make hundreds. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

const CONFIGURATION = '[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = true\n'

/** @param configuration further sections of its configuration */
export async function makeBare(
  directory: string,
  defaultBranch: string,
  configuration: string,
): Promise<void> {
  for (const folder of ['objects', 'refs/heads']) await mkdir(join(directory, folder), { recursive: true })
  await writeFile(join(directory, 'HEAD'), `ref: refs/heads/${defaultBranch}\n`)
  await writeFile(join(directory, 'config'), CONFIGURATION + configuration)
}
