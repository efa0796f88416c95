// Creates our own bare repository beside each clone. It borrows only the clone's objects, so that git never reads
// configuration, hooks or attributes that candidate code may have written into the clone.
import { existsSync } from 'node:fs'
import { copyFile, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { ConfigError } from '../../errors.ts'
import { makeFolder, removeFolderAtOnce, sweepLeftovers } from '../leftovers.ts'

const known = new Map<string, Promise<string>>()

/**
 * Returns the repository in which git runs for the clone at `directory`. There is one per process, so that all parts of it
 * see each other's commits.
 */
export function ownRepository(directory: string): Promise<string> {
  const made = known.get(directory) ?? create(directory)
  known.set(directory, made)
  return made
}

const TRUST_CLONE = { GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'safe.directory', GIT_CONFIG_VALUE_0: '*' }

const clones = new Map<string, Promise<string[]>>()

/** The git folder of the clone at `directory`. It may hold anything: read only content whose hash is known. */
export async function cloneFolder(directory: string): Promise<string> {
  const [common = ''] = await pathsOf(directory)
  return common
}

/** The git folder of a clone, its objects, and its list of shallow commits. */
function pathsOf(directory: string): Promise<string[]> {
  const paths = clones.get(directory) ?? findPaths(directory)
  clones.set(directory, paths)
  return paths
}

async function findPaths(directory: string): Promise<string[]> {
  const paths = ['--git-common-dir', '--git-path', 'objects', '--git-path', 'shallow']
  const { stdout, stderr, exitCode } = await execa('git', ['rev-parse', '--path-format=absolute', ...paths], {
    cwd: directory,
    // In a container the clone may belong to another user. Trusting it is safe, because this command only prints paths.
    env: { ...inheritedEnvironment(), ...TRUST_CLONE },
    extendEnv: false,
    reject: false,
  })
  if (exitCode !== 0)
    throw new ConfigError(`${directory} is not a checkout of the repository: ${stderr}`, {
      hint: 'Add a step with actions/checkout before this one.',
    })
  return stdout.split('\n')
}

async function create(directory: string): Promise<string> {
  const [common = '', objects = '', shallow = ''] = await pathsOf(directory)
  // Removes repositories that killed jobs left here.
  await sweepLeftovers([common])
  const own = await makeFolder(common, 'git')
  removeAtExit(own)
  for (const folder of ['refs', 'objects/info']) await mkdir(join(own, folder), { recursive: true })
  await writeFile(join(own, 'HEAD'), 'ref: refs/heads/none\n')
  await writeFile(join(own, 'config'), '[core]\n\trepositoryformatversion = 0\n\tbare = true\n')
  await writeFile(join(own, 'objects', 'info', 'alternates'), `${objects}\n`)
  if (existsSync(shallow)) await copyFile(shallow, join(own, 'shallow'))
  return own
}

const created: string[] = []

function removeAtExit(directory: string): void {
  if (created.length === 0)
    process.once('exit', () => {
      for (const one of created) removeFolderAtOnce(one)
    })
  created.push(directory)
}

/** The environment without variables that would redirect git, and without the action's inputs. */
export function inheritedEnvironment(): Record<string, string | undefined> {
  const isOut = (name: string) =>
    /^(INPUT_|GIT_(?!CONFIG_(GLOBAL|SYSTEM|NOSYSTEM)$|SSL_|EXEC_PATH$))/.test(name)
  const kept = Object.fromEntries(Object.entries(process.env).filter(([name]) => !isOut(name)))
  // git reads HTTP_PROXY only in lower case, but the other proxy variables in both cases.
  return { ...(kept.HTTP_PROXY && { http_proxy: kept.HTTP_PROXY }), ...kept }
}
