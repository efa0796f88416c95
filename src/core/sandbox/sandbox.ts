// What a sandboxed command sees: its folders, its environment, and the bubblewrap arguments that provide them.
import type { Exit } from '../trial/metric.ts'

/** Host folders that a command works with. Only `out` can be writable. */
export interface Places {
  source: string
  data?: string
  out: string
  /** Data that only the evaluator may read. */
  evaluationData?: string
  /** The action's `python/` folder, first on PYTHONPATH. */
  shim?: string
}

export interface Caps {
  /** Maximum bytes in `out`, and in any single file. */
  outBytes: number
  memoryBytes?: number
  /** Maximum number of processes and threads together. */
  processes: number
}

/**
 * Default limit on processes and threads. On a machine with many cores each process may start a thread per core: PyTorch
 * starts 225 on 224 cores.
 */
export function defaultProcesses(cores: number): number {
  return Math.max(512, 16 * cores)
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
  shim: '/autoresearch/shim',
  home: '/tmp/home',
  temporary: '/tmp',
}

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
    ...sealProc(plan.sealedProc),
    ...['--remount-ro', '/dev', '--remount-ro', '/'],
    ...Object.entries(plan.environment).flatMap(([name, value]) => ['--setenv', name, value]),
    ...['--chdir', INSIDE.source, '--', ...plan.command],
  ]
}

/** A runner that is root keeps uid 0 for the kernel, and could otherwise write to /proc/sys. */
function sealProc(entries: readonly string[] | undefined): string[] {
  if (entries === undefined) return ['--remount-ro', '/proc']
  return entries.flatMap((name) => ['--ro-bind-try', `/proc/${name}`, `/proc/${name}`])
}

function placeMounts(places: Places, outWritable: boolean): Mount[] {
  const { source, data, out, evaluationData, shim } = places
  const read = (from: string | undefined, to: string): Mount[] =>
    from === undefined ? [] : [{ kind: 'read', from, to }]
  return [
    ...read(source, INSIDE.source),
    ...read(data, INSIDE.data),
    ...read(evaluationData, INSIDE.evaluationData),
    ...read(shim, INSIDE.shim),
    { kind: outWritable ? 'write' : 'read', from: out, to: INSIDE.out },
  ]
}

function mountArguments(mount: Mount): string[] {
  if (mount.kind === 'link') return ['--symlink', mount.target, mount.at]
  const flag = { read: '--ro-bind', write: '--bind', device: '--dev-bind' }[mount.kind]
  return [flag, mount.from, mount.to ?? mount.from]
}

/** The environment of a command: the given variables, plus the paths of its folders as the command sees them. */
export function placedEnvironment(
  environment: Readonly<Record<string, string>>,
  places: Places & { home: string; temporary: string },
): Record<string, string> {
  const pythonPath = [places.shim, environment.PYTHONPATH].filter((path) => path !== undefined).join(':')
  return {
    ...environment,
    HOME: places.home,
    TMPDIR: places.temporary,
    AUTORESEARCH_OUT: places.out,
    ...(places.data === undefined ? {} : { AUTORESEARCH_DATA: places.data }),
    ...(places.evaluationData === undefined ? {} : { AUTORESEARCH_EVAL_DATA: places.evaluationData }),
    ...(pythonPath === '' ? {} : { PYTHONPATH: pythonPath }),
  }
}

/** Translates host folders to their paths inside the sandbox. */
export function insidePlaces(places: Places): Places & { home: string; temporary: string } {
  const { data, evaluationData, shim } = places
  return {
    source: INSIDE.source,
    out: INSIDE.out,
    home: INSIDE.home,
    temporary: INSIDE.temporary,
    ...(data === undefined ? {} : { data: INSIDE.data }),
    ...(evaluationData === undefined ? {} : { evaluationData: INSIDE.evaluationData }),
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
