// Asks the machine's Python which frameworks it trains with: another version may compute other numbers.
import { join } from 'node:path'
import { execa } from 'execa'

/** Reads what is installed, and loads none of it: that would take seconds. */
const PROGRAM = `
from importlib.metadata import PackageNotFoundError, version
for name in ("torch", "jax", "tensorflow"):
    try:
        print(name, version(name))
    except PackageNotFoundError:
        pass
`

/**
 * What a lock file in the repository pins is not asked for: when that changes, the baseline does.
 *
 * @param environment that of the job, where PATH and VIRTUAL_ENV say which Python it is
 * @returns such as `['torch 2.9.1']`; empty where there is no Python
 */
export async function describeFrameworks(environment: NodeJS.ProcessEnv): Promise<string[]> {
  const { VIRTUAL_ENV: venv } = environment
  const python = venv ? join(venv, 'bin/python') : 'python3'
  const { exitCode, stdout } = await execa(python, ['-c', PROGRAM], {
    // Where nothing lies that Python could take for a module.
    cwd: '/',
    env: environment,
    extendEnv: false,
    reject: false,
    timeout: 30_000,
  })
  return exitCode === 0 ? stdout.split('\n').filter((line) => line !== '') : []
}
