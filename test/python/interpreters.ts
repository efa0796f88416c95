// The real Pythons that the shim's tests drive, with and without the shim, and what is missing to drive them.
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import type { TestContext } from 'vitest'

export const SHIM = fileURLToPath(new URL('../../python', import.meta.url))
const PROGRAMS = fileURLToPath(new URL('.', import.meta.url))

const DEFAULT = existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3'
export const PYTHONS = (process.env.AUTORESEARCH_TEST_PYTHONS ?? DEFAULT).split(delimiter).filter(Boolean)

export interface Launch {
  /** The harness' seed; the shim is asleep without one. */
  seed?: string
  /** Folders on PYTHONPATH. */
  path?: readonly string[]
  environment?: Readonly<Record<string, string>>
}

/** Runs Python with these arguments; what it printed, which must not be a complaint of the shim. */
export async function python(
  executable: string,
  args: readonly string[],
  launch: Launch = {},
): Promise<string> {
  const { stdout, stderr } = await execa(executable, args, {
    extendEnv: false,
    env: {
      PATH: process.env.PATH,
      OPENBLAS_NUM_THREADS: '1',
      OMP_NUM_THREADS: '1',
      PYTHONDONTWRITEBYTECODE: '1',
      PYTHONPATH: (launch.path ?? [SHIM]).join(delimiter),
      ...(launch.seed === undefined ? {} : { AUTORESEARCH_SEED: launch.seed }),
      ...launch.environment,
    },
  })
  if (stderr.includes('autoresearch:')) throw new Error(stderr)
  return stdout
}

/** What a program of this folder printed, as JSON. */
export async function runProgram<T>(executable: string, name: string, launch: Launch = {}): Promise<T> {
  return JSON.parse(await python(executable, [join(PROGRAMS, name)], launch))
}

const installed = new Map<string, Promise<boolean>>()

function hasLibrary(executable: string, library: string): Promise<boolean> {
  const key = `${executable} ${library}`
  const question = `import importlib.util as u; print(u.find_spec('${library}') is not None)`
  const answer =
    installed.get(key) ??
    python(executable, ['-c', question], { path: [] }).then((printed) => printed === 'True')
  installed.set(key, answer)
  return answer
}

/** Skips the test when a library is not installed, by name of what installs it; in CI that is a failure. */
export async function requireLibrary(
  context: TestContext,
  executable: string,
  library: string,
): Promise<void> {
  if (await hasLibrary(executable, library)) return
  const install = executable.startsWith('/usr/bin/')
    ? `apt-get install -y --no-install-recommends python3-${library} libopenblas0-pthread`
    : `${executable} -m pip install ${library}`
  missing(context, `${executable} has no ${library}; install it with: ${install}`)
}

export async function requireCommand(
  context: TestContext,
  command: string,
  args: readonly string[],
  install: string,
) {
  const { failed } = await execa(command, args, { reject: false })
  if (failed) missing(context, `${command} does not work here; install it with: ${install}`)
}

function missing(context: TestContext, what: string): void {
  if (process.env.CI === 'true') throw new Error(what)
  context.skip(what)
}
