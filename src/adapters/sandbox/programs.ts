// Finds the programs that start a sandbox.
import { access, constants } from 'node:fs/promises'
import { delimiter, isAbsolute, join } from 'node:path'

/** @returns the first executable file of this name on PATH; undefined when there is none */
export async function findProgram(name: string): Promise<string | undefined> {
  for (const directory of (process.env.PATH ?? '').split(delimiter).filter(isAbsolute)) {
    const file = join(directory, name)
    const found = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    )
    if (found) return file
  }
  return undefined
}

/**
 * The words before a command that keep it and everything it starts on these cores. None without `cores`, and none where
 * util-linux is not installed: trials side by side then share all cores.
 */
export async function pinToCores(cores: readonly number[] | undefined): Promise<string[]> {
  const taskset = cores && (await findProgram('taskset'))
  return cores && taskset !== undefined ? [taskset, '-c', cores.join(',')] : []
}
