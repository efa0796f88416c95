// Finds what of the host a command needs to see to run: the system's folders, and interpreters from its environment.
import { lstat, readdir, readFile, readlink, realpath } from 'node:fs/promises'
import { basename, dirname, isAbsolute, join, normalize, resolve } from 'node:path'
import { acceleratorMounts, type Mount } from '../core/sandbox.ts'
import { whyPrivate } from './private-paths.ts'
import { SandboxError } from './sandbox-error.ts'

const SYSTEM_FOLDERS = ['/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32']
const ETC = [
  '/etc/ld.so.cache',
  '/etc/ld.so.conf',
  '/etc/ld.so.conf.d',
  '/etc/alternatives',
  '/etc/localtime',
]
const SHOWN_ANYWAY = ['/usr', '/etc/alternatives', ...SYSTEM_FOLDERS]
/** What an installation consists of. Not its top folder: that may be `~/.local`, where keyrings live too. */
const PREFIX_PARTS = ['bin', 'lib', 'lib32', 'lib64', 'libexec', 'include', 'pyvenv.cfg', 'conda-meta']
const PYENV_PARTS = ['bin', 'libexec', 'plugins', 'pyenv.d', 'version', 'versions']
const MAX_LINKS = 40
/** A folder on PATH with more programs than this is not searched for links to elsewhere. */
const MAX_PROGRAMS = 5000

/** /usr and what belongs to it, and the accelerators this machine has. */
export async function systemMounts(): Promise<Mount[]> {
  const mounts: Mount[] = [{ kind: 'read', from: '/usr' }]
  for (const path of SYSTEM_FOLDERS) {
    const target = await readlink(path).catch(() => undefined)
    if (target !== undefined) mounts.push({ kind: 'link', at: path, target })
    else if (await exists(path)) mounts.push({ kind: 'read', from: path })
  }
  for (const path of ETC)
    if (await exists(path)) mounts.push({ kind: 'read', from: await realpath(path), to: path })
  const accelerators = acceleratorMounts(await readdir('/dev'))
  for (const mount of accelerators)
    if (mount.kind !== 'link' && (await exists(mount.from))) mounts.push(mount)
  return mounts
}

/**
 * The installations that the environment names (PATH, VIRTUAL_ENV, CONDA_PREFIX, LD_LIBRARY_PATH, CUDA_HOME), with
 * every symbolic link on the way to them. What is private is left out.
 *
 * @param read further absolute paths, from the configuration
 * @throws SandboxError when one of `read` is private or does not exist
 */
export async function toolMounts(
  environment: Readonly<Record<string, string>>,
  read: readonly string[],
): Promise<Mount[]> {
  const shown = new Exposure()
  for (const path of read) {
    if (!isAbsolute(path) || !(await exists(path))) throw refuseRead(path, 'is not an existing absolute path')
    const reason = await whyPrivate(await realpath(path))
    if (reason !== undefined) throw refuseRead(path, reason)
    await shown.add(path)
  }
  const list = (name: string): string[] => (environment[name] ?? '').split(':').filter(isAbsolute)
  for (const prefix of [...list('VIRTUAL_ENV'), ...list('CONDA_PREFIX')]) await addPrefix(shown, prefix)
  for (const directory of list('PATH')) await addPrograms(shown, directory)
  for (const path of [...list('LD_LIBRARY_PATH'), ...list('CUDA_HOME'), '/opt/rocm']) await shown.add(path)
  return shown.mounts()
}

function refuseRead(path: string, reason: string): SandboxError {
  return new SandboxError({
    message: `\`sandbox.read\` names ${path}, which ${reason}`,
    hint: 'Name only the folder that training needs, such as a virtual environment or a cache.',
  })
}

async function addPrefix(shown: Exposure, prefix: string): Promise<void> {
  for (const part of PREFIX_PARTS) await shown.add(join(prefix, part))
  // `.local/share` belongs to everybody; any other installation's is its own (Julia keeps its library there).
  if (basename(prefix) !== '.local') await shown.add(join(prefix, 'share'))
  // A virtual environment names the installation it was made from; Python finds its library by that name.
  const settings = await readFile(join(prefix, 'pyvenv.cfg'), 'utf8').catch(() => '')
  const home = /^home\s*=\s*(\S.*?)\s*$/m.exec(settings)?.[1]
  if (home !== undefined && isAbsolute(home)) await addPrograms(shown, home)
  await addLinkedPrograms(shown, join(prefix, 'bin'))
}

async function addPrograms(shown: Exposure, directory: string): Promise<void> {
  const prefix = dirname(directory)
  if (shown.isSystem(directory)) return addLinkedPrograms(shown, directory)
  await shown.add(directory)
  if (basename(directory) === '.bin') await shown.add(prefix)
  // pyenv's shims are scripts that look up the version among its folders.
  if (basename(directory) === 'shims') for (const part of PYENV_PARTS) await shown.add(join(prefix, part))
  if (basename(directory) === 'bin' && !shown.hasSeen(prefix)) await addPrefix(shown, prefix)
  else await addLinkedPrograms(shown, directory)
}

/** A program on PATH is often a link into an installation elsewhere: ~/.local/bin/python3.12 → uv's own folder. */
async function addLinkedPrograms(shown: Exposure, directory: string): Promise<void> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => [])
  if (entries.length > MAX_PROGRAMS || (directory !== '/usr/local/bin' && shown.isSystem(directory))) return
  for (const entry of entries) {
    if (!entry.isSymbolicLink()) continue
    const program = join(directory, entry.name)
    const target = await realpath(program).catch(() => undefined)
    if (target === undefined || shown.isSystem(target)) continue
    await shown.add(program)
    const prefix = dirname(dirname(target))
    if (basename(dirname(target)) === 'bin' && (await exists(join(prefix, 'lib'))) && !shown.hasSeen(prefix))
      await addPrefix(shown, prefix)
  }
}

/** Collects paths to show, and the symbolic links that lead to them. */
class Exposure {
  readonly #real = new Set<string>()
  readonly #links = new Map<string, string>()
  readonly #seen = new Set<string>()

  isSystem(path: string): boolean {
    return SHOWN_ANYWAY.some((folder) => path === folder || path.startsWith(`${folder}/`))
  }

  /** Says whether it was asked before: installations refer to each other. */
  hasSeen(prefix: string): boolean {
    const seen = this.#seen.has(prefix)
    this.#seen.add(prefix)
    return seen
  }

  /** Shows a path, unless it does not exist, is there anyway or is private. */
  async add(path: string): Promise<void> {
    const { real, links } = await followLinks(normalize(path))
    if (real === undefined) return
    if ((await whyPrivate(real)) !== undefined) return
    for (const [at, target] of links) this.#links.set(at, target)
    // A store shared by every package, where they refer to each other by absolute path.
    if (!this.isSystem(real)) this.#real.add(real.startsWith('/nix/store/') ? '/nix/store' : real)
  }

  /** Parents first: a mount would cover one made earlier below it. */
  mounts(): Mount[] {
    const below = (path: string): boolean =>
      this.isSystem(path) || parents(path).some((parent) => this.#real.has(parent))
    const reads = [...this.#real].filter((path) => !below(path)).toSorted()
    const links = [...this.#links].filter(([at]) => !below(at))
    return [
      ...reads.map((from): Mount => ({ kind: 'read', from })),
      ...links.map(([at, target]): Mount => ({ kind: 'link', at, target })),
    ]
  }
}

/** Resolves a path one link at a time, to keep the links. */
async function followLinks(path: string): Promise<{ real?: string; links: Map<string, string> }> {
  const links = new Map<string, string>()
  let current = path
  for (let followed = 0; followed < MAX_LINKS; followed += 1) {
    const at = await firstLink(current)
    if (at === undefined) return (await exists(current)) ? { real: current, links } : { links }
    const target = await readlink(at)
    links.set(at, target)
    current = resolve(dirname(at), target) + current.slice(at.length)
  }
  return { links }
}

async function firstLink(path: string): Promise<string | undefined> {
  for (const part of [...parents(path).toReversed(), path]) {
    const entry = await lstat(part).catch(() => undefined)
    if (entry?.isSymbolicLink()) return part
  }
  return undefined
}

/** The folders a path lies in, innermost first, without `/`. */
function parents(path: string): string[] {
  const found: string[] = []
  for (let parent = dirname(path); parent !== '/' && parent !== '.'; parent = dirname(parent))
    found.push(parent)
  return found
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  )
}
