// What a sandboxed command sees: its folders, its environment, and the bubblewrap arguments that provide them.
import type { Exit } from '../trial/metric.ts'

/** Host folders that a command works with. `source` is writable only as an `own` copy. */
export interface Places {
  source: string
  data?: string
  out: string
  /** Data that only the evaluator may read. */
  evaluationData?: string
  /** The named pipe through which a separate evaluator asks the model. */
  ask?: string
  /** The action's `python/` folder, first on PYTHONPATH. */
  shim?: string
  /** Absent: `source` is read-only, and the home folder is an empty one in memory. */
  own?: OwnCopies
}

/** What a command may write to besides `out`, because nothing else ever reads it: copies that are deleted afterwards. */
interface OwnCopies {
  home: string
  /** Caches of compilers. */
  compiled?: string
  /** What `setup` left; absent without `setup`. */
  setup?: SetupPlaces
}

/**
 * Where `setup` worked. The copies also appear at these paths, because virtual environments, editable installs and build
 * folders contain absolute paths.
 */
export interface SetupPlaces {
  source: string
  home: string
}

export interface Caps {
  /** Maximum bytes of all writable folders together, and of any single file. */
  outBytes: number
  memoryBytes?: number
  /** Maximum number of processes and threads together. */
  processes: number
}

/**
 * Default limit on processes and threads. Eight ranks with eight data loaders each, sixteen threads in every process and
 * the compilers of `torch.compile` are about 2,000. On a machine with many cores each process may start a thread per core:
 * PyTorch starts 225 on 224 cores.
 */
export function defaultProcesses(cores: number): number {
  return Math.max(4096, 32 * cores)
}

export type ExceededCap = 'disk' | 'memory' | 'processes'

/** How a sandboxed command ended. With `exceeded`, its output and files do not count. */
export type SandboxExit = Exit & {
  exceeded?: ExceededCap
  /** Highest observed use of the machine's memory, in bytes; absent when it was not measured. */
  peakMemoryBytes?: number
}

/** A host path that is visible inside the sandbox, at the same path unless `to` is set; or a symbolic link. */
export type Mount =
  | { kind: 'read' | 'write' | 'device'; from: string; to?: string }
  | { kind: 'link'; at: string; target: string }

/** Paths inside the sandbox. They share a folder of their own, because a host may keep its tools below `/data`. */
const INSIDE = {
  source: '/autoresearch/source',
  data: '/autoresearch/data',
  out: '/autoresearch/out',
  evaluationData: '/autoresearch/evaluation-data',
  ask: '/autoresearch/ask',
  shim: '/autoresearch/shim',
  compiled: '/autoresearch/compiled',
  /** What `setup` left, read-only: large files of the copies are links into it. */
  setup: '/autoresearch/setup',
  home: '/tmp/home',
  temporary: '/tmp',
}

/** The folders of `setup` as the links of the copies name them. */
export const LINKED_SETUP: SetupPlaces = { source: `${INSIDE.setup}/source`, home: `${INSIDE.setup}/home` }

/** User and group id inside the sandbox; not root. */
const INSIDE_ID = '1000'

/** Generated files in /etc, which reveal nothing about the host. */
export const SYNTHETIC_FILES: Readonly<Record<string, string>> = {
  '/etc/passwd': `trainer:x:${INSIDE_ID}:${INSIDE_ID}::${INSIDE.home}:/bin/sh\n`,
  '/etc/group': `trainer:x:${INSIDE_ID}:\n`,
  '/etc/nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files\n',
  '/etc/hosts': '127.0.0.1 localhost sandbox\n::1 localhost\n',
}

export interface Accelerators {
  /** Node numbers of the visible NVIDIA devices; absent: all devices. */
  minors?: readonly number[]
}

export interface BubblewrapPlan {
  places: Places
  outWritable: boolean
  /** The machine's system folders and files, and its accelerators. */
  system: readonly Mount[]
  /** Interpreters found in the environment, and the paths that the configuration adds. */
  tools: readonly Mount[]
  /** Additional mounts for this command only. */
  mounts?: readonly Mount[]
  environment: Readonly<Record<string, string>>
  /** Entries of /proc that stay read-only while the rest is writable; absent: all of /proc is read-only. */
  sealedProc?: readonly string[]
  /** Entries of /proc that are not shown. */
  hiddenProc?: readonly string[]
  temporaryBytes: number
  sharedMemoryBytes: number
  /** File descriptors that bubblewrap inherits. */
  descriptors: { status: number; seccomp?: number; files: Readonly<Record<string, number>> }
  command: readonly string[]
}

const ISOLATION = [
  '--unshare-user --unshare-pid --unshare-net --unshare-ipc --unshare-uts --unshare-cgroup --disable-userns',
  `--uid ${INSIDE_ID} --gid ${INSIDE_ID} --hostname sandbox --cap-drop ALL`,
  '--die-with-parent --new-session --clearenv',
].flatMap((line) => line.split(' '))

/** @returns the arguments for `bwrap`; their order matters, because a later mount hides an earlier one at the same path */
export function bubblewrapArguments(plan: BubblewrapPlan): string[] {
  const { status, seccomp, files } = plan.descriptors
  const devices = plan.system.filter(({ kind }) => kind === 'device')
  const system = plan.system.filter(({ kind }) => kind !== 'device')
  return [
    ...ISOLATION,
    ...['--json-status-fd', String(status)],
    ...(seccomp === undefined ? [] : ['--seccomp', String(seccomp)]),
    ...['--perms', '0755', '--dir', '/etc'],
    ...system.flatMap(mountArguments),
    ...Object.entries(files).flatMap(([path, descriptor]) => ['--ro-bind-data', String(descriptor), path]),
    ...['--proc', '/proc', '--dev', '/dev'],
    ...devices.flatMap(mountArguments),
    ...['--size', String(plan.sharedMemoryBytes), '--perms', '1777', '--tmpfs', '/dev/shm'],
    ...['--size', String(plan.temporaryBytes), '--perms', '1777', '--tmpfs', INSIDE.temporary],
    ...['--dir', INSIDE.home],
    ...plan.tools.flatMap(mountArguments),
    ...placeMounts(plan.places, plan.outWritable).flatMap(mountArguments),
    ...(plan.mounts ?? []).flatMap(mountArguments),
    ...(plan.hiddenProc ?? []).flatMap((name) => ['--ro-bind-try', '/dev/null', `/proc/${name}`]),
    ...sealProc(plan.sealedProc),
    ...['--remount-ro', '/dev', '--remount-ro', '/'],
    ...Object.entries(plan.environment).flatMap(([name, value]) => ['--setenv', name, value]),
    ...['--chdir', insidePlaces(plan.places).source, '--', ...plan.command],
  ]
}

/** A runner that is root keeps uid 0 for the kernel, and could otherwise write to /proc/sys. */
function sealProc(entries: readonly string[] | undefined): string[] {
  if (entries === undefined) return ['--remount-ro', '/proc']
  return entries.flatMap((name) => ['--ro-bind-try', `/proc/${name}`, `/proc/${name}`])
}

function placeMounts(places: Places, outWritable: boolean): Mount[] {
  const { source, data, out, evaluationData, ask, shim, own } = places
  const read = (from: string | undefined, to: string): Mount[] =>
    from === undefined ? [] : [{ kind: 'read', from, to }]
  return [
    ...(own ? ownMounts(source, own) : read(source, INSIDE.source)),
    ...read(data, INSIDE.data),
    ...read(evaluationData, INSIDE.evaluationData),
    ...(own?.setup ? [data, evaluationData].flatMap((path) => read(path, path ?? '')) : []),
    ...read(shim, INSIDE.shim),
    { kind: outWritable ? 'write' : 'read', from: out, to: INSIDE.out },
    ...(ask === undefined ? [] : [{ kind: 'write', from: ask, to: INSIDE.ask } as const]),
  ]
}

function ownMounts(source: string, { home, compiled, setup }: OwnCopies): Mount[] {
  const write = (from: string, to: string): Mount => ({ kind: 'write', from, to })
  return [
    write(source, INSIDE.source),
    write(home, INSIDE.home),
    ...(compiled === undefined ? [] : [write(compiled, INSIDE.compiled)]),
    ...(setup === undefined
      ? []
      : [
          { kind: 'read', from: setup.source, to: LINKED_SETUP.source } as const,
          { kind: 'read', from: setup.home, to: LINKED_SETUP.home } as const,
          write(source, setup.source),
          write(home, setup.home),
        ]),
  ]
}

/** Variables that name the cache of a compiler. CUDA's and Triton's caches hold kernels, the others whole programs. */
const COMPILER_CACHES: Readonly<Record<string, string>> = {
  TORCHINDUCTOR_CACHE_DIR: 'inductor',
  TRITON_CACHE_DIR: 'triton',
  JAX_COMPILATION_CACHE_DIR: 'xla',
  CUDA_CACHE_PATH: 'cuda',
  NUMBA_CACHE_DIR: 'numba',
  CCACHE_DIR: 'ccache',
}

function compilerCaches({ compiled }: Pick<OwnCopies, 'compiled'>): Record<string, string> {
  if (compiled === undefined) return {}
  return Object.fromEntries(
    Object.entries(COMPILER_CACHES).map(([variable, folder]) => [variable, `${compiled}/${folder}`]),
  )
}

function mountArguments(mount: Mount): string[] {
  if (mount.kind === 'link') return ['--symlink', mount.target, mount.at]
  const flag = { read: '--ro-bind', write: '--bind', device: '--dev-bind' }[mount.kind]
  return [flag, mount.from, mount.to ?? mount.from]
}

/** The host folders that count against the limit on disk. */
export function writableFolders({ source, out, own }: Places, outWritable: boolean): string[] {
  const { home, compiled } = own ?? {}
  return [outWritable && out, own && source, home, compiled].filter((path) => typeof path === 'string')
}

/** The environment of a command: the given variables, plus the paths of its folders as the command sees them. */
export function placedEnvironment(
  environment: Readonly<Record<string, string>>,
  places: Omit<Places, 'own'> & { home: string; temporary: string; compiled?: string },
): Record<string, string> {
  const pythonPath = [places.shim, environment.PYTHONPATH].filter((path) => path !== undefined).join(':')
  return {
    ...environment,
    ...compilerCaches(places),
    HOME: places.home,
    TMPDIR: places.temporary,
    AUTORESEARCH_OUT: places.out,
    ...(places.data === undefined ? {} : { AUTORESEARCH_DATA: places.data }),
    ...(places.evaluationData === undefined ? {} : { AUTORESEARCH_EVAL_DATA: places.evaluationData }),
    ...(places.ask === undefined ? {} : { AUTORESEARCH_ASK: places.ask }),
    ...(pythonPath === '' ? {} : { PYTHONPATH: pythonPath }),
  }
}

/** Translates host folders to their paths inside the sandbox. */
export function insidePlaces(
  places: Places,
): Omit<Places, 'own'> & { home: string; temporary: string; compiled?: string } {
  const { data, evaluationData, ask, shim, own } = places
  return {
    source: own?.setup?.source ?? INSIDE.source,
    out: INSIDE.out,
    home: own?.setup?.home ?? INSIDE.home,
    temporary: INSIDE.temporary,
    ...(own?.compiled === undefined ? {} : { compiled: INSIDE.compiled }),
    ...(data === undefined ? {} : { data: INSIDE.data }),
    ...(evaluationData === undefined ? {} : { evaluationData: INSIDE.evaluationData }),
    ...(ask === undefined ? {} : { ask: INSIDE.ask }),
    ...(shim === undefined ? {} : { shim: INSIDE.shim }),
  }
}

/** Nodes that CUDA needs; not those for displays (modeset) and profilers (uvm-tools). */
const NVIDIA = /^(nvidia(?<minor>\d+)|nvidiactl|nvidia-(uvm|caps|caps-imex-channels))$/
const OTHER_ACCELERATOR = /^(dri|kfd|dxg)$/

/** The part of /sys where drivers look for their devices; not control groups, debugging or firmware. */
const ACCELERATOR_SYS = ['/sys/bus', '/sys/class', '/sys/dev', '/sys/devices', '/sys/module']
/** Processors and memory nodes: math libraries choose their number of threads by them. */
const PROCESSOR_SYS = ['/sys/devices/system/cpu', '/sys/devices/system/node']

/**
 * Mounts for the machine's accelerators and for the part of /sys that goes with them.
 *
 * @param devices the names in /dev
 * @param minors node numbers of the NVIDIA devices to show; default: all
 */
export function acceleratorMounts(devices: readonly string[], minors?: readonly number[]): Mount[] {
  const found = [...nvidiaNodes(devices, minors), ...otherNodes(devices)].toSorted()
  const readable = found.length > 0 ? ACCELERATOR_SYS : PROCESSOR_SYS
  return [
    ...readable.map((from): Mount => ({ kind: 'read', from })),
    ...found.map((name): Mount => ({ kind: 'device', from: `/dev/${name}` })),
  ]
}

function nvidiaNodes(devices: readonly string[], minors: readonly number[] | undefined): string[] {
  if (minors?.length === 0) return []
  return devices.filter((name) => {
    const minor = NVIDIA.exec(name)?.groups?.minor
    return (
      NVIDIA.test(name) && (minor === undefined || minors === undefined || minors.includes(Number(minor)))
    )
  })
}

/** AMD and Intel devices compute through /dev/dri; when only NVIDIA devices are present it is for displays. */
function otherNodes(devices: readonly string[]): string[] {
  const isNvidiaOnly = devices.includes('nvidiactl') && !devices.includes('kfd')
  return devices.filter((name) => OTHER_ACCELERATOR.test(name) && !(name === 'dri' && isNvidiaOnly))
}
