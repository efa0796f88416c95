// Finds which framework versions the machine's Python has installed, because another version may compute other numbers.
import { join } from 'node:path'
import { execa } from 'execa'

/** Reads package metadata only, because importing a framework takes seconds. */
const PROGRAM = `
from importlib.metadata import PackageNotFoundError, version
for name in ("torch", "jax", "tensorflow"):
    try:
        print(name, version(name))
    except PackageNotFoundError:
        pass
`

/**
 * Versions pinned by a lock file in the repository do not matter here: changing them changes the baseline.
 *
 * @param environment of the job; PATH and VIRTUAL_ENV select the Python
 * @returns for example `['torch 2.9.1']`; empty when there is no Python
 */
export async function describeFrameworks(environment: NodeJS.ProcessEnv): Promise<string[]> {
  const { VIRTUAL_ENV: venv } = environment
  const python = venv ? join(venv, 'bin/python') : 'python3'
  const { exitCode, stdout } = await execa(python, ['-c', PROGRAM], {
    // A folder without files that Python could import as modules.
    cwd: '/',
    env: environment,
    extendEnv: false,
    reject: false,
    timeout: 30_000,
  })
  return exitCode === 0 ? stdout.split('\n').filter((line) => line !== '') : []
}
