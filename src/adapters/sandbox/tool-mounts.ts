// Finds the host paths a command needs to run: system folders, and the interpreters that its environment names.
// Synchronous, because each of the hundreds of file system calls takes less time than a promise costs.
import {
  closeSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  realpathSync,
  statSync,
} from 'node:fs'
import { basename, dirname, isAbsolute, join, normalize, resolve } from 'node:path'
import { type Accelerators, acceleratorMounts, type Mount } from '../../core/sandbox/sandbox.ts'
import { SandboxError } from './error.ts'
import { whyPrivate } from './private-paths.ts'

const SYSTEM_FOLDERS = ['/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32']
const ETC = [
  '/etc/ld.so.cache',
  '/etc/ld.so.conf',
  '/etc/ld.so.conf.d',
  '/etc/alternatives',
  '/etc/localtime',
]
const SHOWN_ANYWAY = ['/usr', '/etc/alternatives', ...SYSTEM_FOLDERS]
/** The parts of an installation. Its top folder is not shown, because that may be `~/.local`, which also holds keyrings. */
const PREFIX_PARTS = ['bin', 'lib', 'lib32', 'lib64', 'libexec', 'include', 'pyvenv.cfg', 'conda-meta']
/** Environment variables that name an installation. */
const PREFIXES = ['VIRTUAL_ENV', 'UV_PROJECT_ENVIRONMENT', 'CONDA_PREFIX']
const PYENV_PARTS = ['bin', 'libexec', 'plugins', 'pyenv.d', 'version', 'versions']
const MAX_LINKS = 40
const ELF = Buffer.from('\x7fELF')
/** A PATH folder with more entries than this is not searched for links into other folders. */
const MAX_PROGRAMS = 5000

/** The mounts of /usr and the folders that belong to it. */
export function systemMounts(): Mount[] {
  const mounts: Mount[] = [{ kind: 'read', from: '/usr' }]
  for (const path of SYSTEM_FOLDERS) {
    const target = attempt(() => readlinkSync(path))
    if (target !== undefined) mounts.push({ kind: 'link', at: path, target })
    else if (exists(path)) mounts.push({ kind: 'read', from: path })
  }
  for (const path of ETC) if (exists(path)) mounts.push({ kind: 'read', from: realpathSync(path), to: path })
  return mounts
}

/** The accelerators that this machine has now, and the parts of /sys that a command may read. */
export function machineMounts(accelerators: Accelerators | false | undefined): Mount[] {
  const names = accelerators === false ? [] : readdirSync('/dev')
  return acceleratorMounts(names, accelerators ? accelerators.minors : undefined).filter(
    (mount) => mount.kind !== 'link' && exists(mount.from),
  )
}

/**
 * The entries of /proc to seal for a command that sees these mounts. The NVIDIA driver writes thread names to
 * /proc/self/task/…/comm, and CUDA does not start when it cannot (cuInit: 304, operating system call failed).
 *
 * @returns every entry that does not belong to a process; undefined when no NVIDIA device is shown, so that all of /proc is
 *   sealed
 */
export function sealedProc(mounts: readonly Mount[]): string[] | undefined {
  const isShown = mounts.some((mount) => mount.kind === 'device' && /^\/dev\/nvidia\d+$/.test(mount.from))
  return isShown ? writableProc() : undefined
}

/** Entries of /proc that only root may read: a runner that is root keeps uid 0 for the kernel, and they tell of the whole machine. */
export function secretProc(): string[] {
  return readdirSync('/proc').filter((name) => {
    const entry = /^\d+$/.test(name) ? undefined : attempt(() => lstatSync(join('/proc', name)))
    return entry?.isFile() && (entry.mode & 0o004) === 0
  })
}

/** Writable entries of /proc, without links, because those lead to entries of processes. */
export function writableProc(): string[] {
  return readdirSync('/proc').filter((name) => {
    const entry = /^\d+$/.test(name) ? undefined : attempt(() => lstatSync(join('/proc', name)))
    return entry !== undefined && (entry.isDirectory() || (entry.isFile() && (entry.mode & 0o222) !== 0))
  })
}

/**
 * Mounts for the installations that the environment names (PATH, VIRTUAL_ENV, UV_PROJECT_ENVIRONMENT, CONDA_PREFIX,
 * RUSTUP_HOME, LD_LIBRARY_PATH, CUDA_HOME), with every symbolic link that leads to them, without private paths.
 *
 * @param read additional absolute paths from the configuration
 * @param command a shell command line, which may name its interpreter by an absolute path such as /opt/venv/bin/python
 * @throws SandboxError when a path in `read` is private or does not exist
 */
export function toolMounts(
  environment: Readonly<Record<string, string>>,
  read: readonly string[],
  command = '',
): Mount[] {
  const shown = new Exposure()
  for (const path of read) {
    if (!isAbsolute(path) || !exists(path)) throw refuseRead(path, 'is not an existing absolute path')
    const reason = whyPrivate(realpathSync(path))
    if (reason !== undefined) throw refuseRead(path, reason)
    shown.add(path)
  }
  const list = (name: string): string[] => (environment[name] ?? '').split(':').filter(isAbsolute)
  for (const name of PREFIXES) for (const prefix of list(name)) addPrefix(shown, prefix)
  const named = command.matchAll(/(?<![^\s;&|('"=])(\/[^\s;&|)'"=]*\/bin)\/[^\s;&|)'"/]/g)
  const folders = [...list('PATH'), ...Array.from(named, ([, folder = '']) => folder)]
  for (const directory of folders) addPrograms(shown, directory)
  const others = ['LD_LIBRARY_PATH', 'CUDA_HOME', 'RUSTUP_HOME'].flatMap(list)
  for (const path of [...others, '/opt/rocm', '/opt/amdgpu']) shown.add(path)
  return shown.mounts()
}

function refuseRead(path: string, reason: string): SandboxError {
  return new SandboxError({
    message: `\`read\` names ${path}, which ${reason}`,
    hint: 'Name a more specific folder, such as a virtual environment or a cache.',
  })
}

function addPrefix(shown: Exposure, prefix: string): void {
  for (const part of PREFIX_PARTS) shown.add(join(prefix, part))
  // All programs share `.local/share`, but any other `share` belongs to its installation (Julia keeps its library there).
  if (basename(prefix) !== '.local') shown.add(join(prefix, 'share'))
  // pyvenv.cfg names the base installation, in which Python finds its standard library.
  const settings = attempt(() => readFileSync(join(prefix, 'pyvenv.cfg'), 'utf8')) ?? ''
  const home = /^home\s*=\s*(\S.*?)\s*$/m.exec(settings)?.[1]
  if (home !== undefined && isAbsolute(home)) addPrograms(shown, home)
  addLinkedPrograms(shown, join(prefix, 'bin'))
}

function addPrograms(shown: Exposure, directory: string): void {
  const prefix = dirname(directory)
  if (shown.isSystem(directory)) {
    addLinkedPrograms(shown, directory)
    return
  }
  // What lies there is the repository's, evaluation data perhaps: only an installation is shown whole.
  if (isOfRepository(directory) && !isInstallation(prefix)) {
    addNativePrograms(shown, directory)
    return
  }
  shown.add(directory)
  // pyenv's shims are scripts that look up the selected version in pyenv's other folders.
  if (basename(directory) === 'shims') for (const part of PYENV_PARTS) shown.add(join(prefix, part))
  if (basename(directory) === 'bin' && !shown.hasSeen(prefix)) addPrefix(shown, prefix)
  else addLinkedPrograms(shown, directory)
}

function isOfRepository(directory: string): boolean {
  const { GITHUB_WORKSPACE } = process.env
  const workspaces = GITHUB_WORKSPACE
    ? [resolve(GITHUB_WORKSPACE), attempt(() => realpathSync(GITHUB_WORKSPACE))]
    : []
  const real = attempt(() => realpathSync(directory)) ?? directory
  return [normalize(directory), real].some(
    (path) =>
      path.split('/').includes('node_modules') ||
      [path, ...parents(path)].some((folder) => workspaces.includes(folder.replace(/(?<=.)\/$/, ''))),
  )
}

/** Adds the programs that need nothing beside them, such as the `node` of a package. */
function addNativePrograms(shown: Exposure, directory: string): void {
  const names = attempt(() => readdirSync(directory)) ?? []
  if (names.length > MAX_PROGRAMS) return
  for (const name of names) {
    const program = join(directory, name)
    if (attempt(() => isNative(program))) shown.add(program)
  }
}

/** True for an executable file of the kind that Linux runs itself. */
function isNative(program: string): boolean {
  const { mode, size } = statSync(program)
  if ((mode & 0o170000) !== 0o100000 || (mode & 0o111) === 0 || size < ELF.length) return false
  const file = openSync(program, 'r')
  try {
    const start = Buffer.alloc(ELF.length)
    readSync(file, start)
    return start.equals(ELF)
  } finally {
    closeSync(file)
  }
}

function isInstallation(prefix: string): boolean {
  return ['pyvenv.cfg', 'conda-meta'].some((sign) => exists(join(prefix, sign)))
}

/** Adds installations that programs on PATH link to, such as ~/.local/bin/python3.12 into uv's folder. */
function addLinkedPrograms(shown: Exposure, directory: string): void {
  const entries = attempt(() => readdirSync(directory, { withFileTypes: true })) ?? []
  if (entries.length > MAX_PROGRAMS || (directory !== '/usr/local/bin' && shown.isSystem(directory))) return
  for (const entry of entries) {
    if (!entry.isSymbolicLink()) continue
    const program = join(directory, entry.name)
    const target = attempt(() => realpathSync(program))
    if (target === undefined || shown.isSystem(target)) continue
    shown.add(program)
    const prefix = dirname(dirname(target))
    if (basename(dirname(target)) === 'bin' && exists(join(prefix, 'lib')) && !shown.hasSeen(prefix))
      addPrefix(shown, prefix)
  }
}

/** Collects the paths to show and the symbolic links that lead to them. */
class Exposure {
  readonly #real = new Set<string>()
  readonly #links = new Map<string, string>()
  readonly #seen = new Set<string>()

  isSystem(path: string): boolean {
    return SHOWN_ANYWAY.some((folder) => path === folder || path.startsWith(`${folder}/`))
  }

  /** True from the second call for a prefix on. Prevents endless recursion between installations that refer to each other. */
  hasSeen(prefix: string): boolean {
    const seen = this.#seen.has(prefix)
    this.#seen.add(prefix)
    return seen
  }

  /** Shows a path unless it does not exist, is already visible or is private. */
  add(path: string): void {
    const { real, links } = followLinks(normalize(path))
    if (real === undefined) return
    if (whyPrivate(real) !== undefined) return
    for (const [at, target] of links) this.#links.set(at, target)
    // Packages in the Nix store refer to each other by absolute path, so the whole store is shown.
    if (!this.isSystem(real)) this.#real.add(real.startsWith('/nix/store/') ? '/nix/store' : real)
  }

  /** Parents come first, because a mount hides earlier mounts below it. */
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

/** Resolves a path one link at a time and returns the links. */
function followLinks(path: string): { real?: string; links: Map<string, string> } {
  const links = new Map<string, string>()
  let current = path
  for (let followed = 0; followed < MAX_LINKS; followed += 1) {
    const at = firstLink(current)
    if (at === undefined) return exists(current) ? { real: current, links } : { links }
    const target = readlinkSync(at)
    links.set(at, target)
    current = resolve(dirname(at), target) + current.slice(at.length)
  }
  return { links }
}

function firstLink(path: string): string | undefined {
  for (const part of [...parents(path).toReversed(), path]) {
    const entry = attempt(() => lstatSync(part))
    if (entry?.isSymbolicLink()) return part
  }
  return undefined
}

/** The folders that contain a path, innermost first, without `/`. */
function parents(path: string): string[] {
  const found: string[] = []
  for (let parent = dirname(path); parent !== '/' && parent !== '.'; parent = dirname(parent))
    found.push(parent)
  return found
}

function exists(path: string): boolean {
  return attempt(() => lstatSync(path)) !== undefined
}

/** Returns undefined for paths that do not exist or cannot be read; those are not shown. */
function attempt<T>(look: () => T): T | undefined {
  try {
    return look()
  } catch {
    return undefined
  }
}
