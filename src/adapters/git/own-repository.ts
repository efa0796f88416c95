// A bare repository of our own beside every clone we are given. It borrows the clone's objects and nothing else: whoever
// wrote the clone's configuration, hooks or attributes, our git never reads them.
import { access, copyFile, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { ConfigError } from '../../errors.ts'
import { makeFolder, removeFolderAtOnce, sweepLeftovers } from '../leftovers.ts'

const known = new Map<string, Promise<string>>()

/**
 * The repository in which git runs for the clone at `directory`; one for the whole process, so that a commit made by one
 * part of it is there for the others.
 */
export function ownRepository(directory: string): Promise<string> {
  const made = known.get(directory) ?? create(directory)
  known.set(directory, made)
  return made
}

async function create(directory: string): Promise<string> {
  const paths = ['--git-common-dir', '--git-path', 'objects', '--git-path', 'shallow']
  const { stdout, stderr, exitCode } = await execa('git', ['rev-parse', '--path-format=absolute', ...paths], {
    cwd: directory,
    // In a container the clone may belong to another user; git is asked only where things are.
    env: {
      ...inheritedEnvironment(),
      ...{ GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'safe.directory', GIT_CONFIG_VALUE_0: '*' },
    },
    extendEnv: false,
    reject: false,
  })
  if (exitCode !== 0)
    throw new ConfigError(`${directory} is not a checkout of the repository: ${stderr}`, {
      hint: 'Put a step with actions/checkout before this one.',
    })
  const [common = '', objects = '', shallow = ''] = stdout.split('\n')
  // What jobs that were killed have left here.
  await sweepLeftovers([common])
  const own = await makeFolder(common, 'git')
  removeAtExit(own)
  for (const folder of ['refs', 'objects/info']) await mkdir(join(own, folder), { recursive: true })
  await writeFile(join(own, 'HEAD'), 'ref: refs/heads/none\n')
  await writeFile(join(own, 'config'), '[core]\n\trepositoryformatversion = 0\n\tbare = true\n')
  await writeFile(join(own, 'objects', 'info', 'alternates'), `${objects}\n`)
  const isShallow = await access(shallow).then(
    () => true,
    () => false,
  )
  if (isShallow) await copyFile(shallow, join(own, 'shallow'))
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

/** Variables that would point git elsewhere, and the inputs of the action, stay out. */
export function inheritedEnvironment(): Record<string, string | undefined> {
  const isOut = (name: string) =>
    /^(INPUT_|GIT_(?!CONFIG_(GLOBAL|SYSTEM|NOSYSTEM)$|SSL_|EXEC_PATH$))/.test(name)
  const kept = Object.fromEntries(Object.entries(process.env).filter(([name]) => !isOut(name)))
  // git reads every other variable of a proxy in capitals as well.
  return { ...(kept.HTTP_PROXY && { http_proxy: kept.HTTP_PROXY }), ...kept }
}
