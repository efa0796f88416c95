// What a sandboxed command sees: places and their paths inside, its environment, and bubblewrap's arguments for it.
import type { Exit } from '../trial/metric.ts'

/** Host directories a command works with. Only `out` can ever be written. */
export interface Places {
  source: string
  data?: string
  out: string
  /** What only the evaluator may see. */
  evaluationData?: string
  /** Our `python/` folder, put first on PYTHONPATH. */
  shim?: string
}

export interface Caps {
  /** Bytes in `out`, and in any single file. */
  outBytes: number
  memoryBytes?: number
  /** Processes and threads together. */
  processes: number
}

/**
 * Where the configuration sets no limit on processes and threads. Every process of a machine with many cores starts
 * threads for all of them: 225 for PyTorch on 224 cores.
 */
export function defaultProcesses(cores: number): number {
  return Math.max(512, 16 * cores)
}

export type ExceededCap = 'disk' | 'memory' | 'processes'

/** How a sandboxed command ended; with `exceeded`, whatever it printed or wrote does not count. */
export type SandboxExit = Exit & {
  exceeded?: ExceededCap
  /** The most of the machine's memory it was seen to have; absent when nobody looked. */
  peakMemoryBytes?: number
}

/** Something of the host that becomes visible inside, at the same path unless `to` says otherwise. */
export type Mount =
  | { kind: 'read' | 'write' | 'device'; from: string; to?: string }
  | { kind: 'link'; at: string; target: string }

/** Where the places are inside. One folder of our own, because a host may well keep its tools below `/data`. */
const INSIDE = {
  source: '/autoresearch/source',
  data: '/autoresearch/data',
  out: '/autoresearch/out',
  evaluationData: '/autoresearch/evaluation-data',
  shim: '/autoresearch/shim',
  home: '/tmp/home',
  temporary: '/tmp',
}

/** Inside, everybody is this user, and it is not root. */
const INSIDE_ID = '1000'

/** Files of /etc that are made up, so that nothing is told about the host. */
export const SYNTHETIC_FILES: Readonly<Record<string, string>> = {
  '/etc/passwd': `trainer:x:${INSIDE_ID}:${INSIDE_ID}::${INSIDE.home}:/bin/sh\n`,
  '/etc/group': `trainer:x:${INSIDE_ID}:\n`,
  '/etc/nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files\n',
  '/etc/hosts': '127.0.0.1 localhost sandbox\n::1 localhost\n',
}

/** Which accelerators of the machine a command is shown. */
export interface Accelerators {
  /** The only devices of NVIDIA, by the number of their node; absent: all there are. */
  minors?: readonly number[]
}

export interface BubblewrapPlan {
  places: Places
  outWritable: boolean
  /** The system's own folders and files, and accelerators: from the machine. */
  system: readonly Mount[]
  /** Interpreters and whatever the configuration adds: from the environment. */
  tools: readonly Mount[]
  /** What this one command gets besides. */
  mounts?: readonly Mount[]
  environment: Readonly<Record<string, string>>
  /** Entries of /proc that stay read-only where processes may write their own; absent: all of /proc is read-only. */
  sealedProc?: readonly string[]
  temporaryBytes: number
  sharedMemoryBytes: number
  /** Numbers of the file descriptors bubblewrap inherits. */
  descriptors: { status: number; seccomp?: number; files: Readonly<Record<string, number>> }
  command: readonly string[]
}

const ISOLATION = [
  '--unshare-user --unshare-pid --unshare-net --unshare-ipc --unshare-uts --unshare-cgroup --disable-userns',
  `--uid ${INSIDE_ID} --gid ${INSIDE_ID} --hostname sandbox --cap-drop ALL`,
  '--die-with-parent --new-session --clearenv',
].flatMap((line) => line.split(' '))

/** @returns the arguments for `bwrap`; their order matters, because a later mount covers an earlier one */
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

/** When the runner is root, its uid stays 0 for the kernel, and /proc/sys could be written. */
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

/** The variables of a command: those given, and the paths of its places as the command sees them. */
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

/** The same places, as the command inside sees them. */
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

/** What CUDA needs: not the nodes for displays (modeset) and profilers (uvm-tools). */
const NVIDIA = /^(nvidia(?<minor>\d+)|nvidiactl|nvidia-(uvm|caps|caps-imex-channels))$/
const OTHER_ACCELERATOR = /^(dri|kfd|dxg)$/

/** The part of /sys that drivers read to find their devices: no control groups, debugging or firmware. */
const ACCELERATOR_SYS = ['/sys/bus', '/sys/class', '/sys/dev', '/sys/devices', '/sys/module']
/** How many processors and memory nodes there are: math libraries choose their threads by it. */
const PROCESSOR_SYS = ['/sys/devices/system/cpu', '/sys/devices/system/node']

/**
 * @param devices the names in /dev
 * @param minors the only devices of NVIDIA to show, by the number of their node; default: all
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

/** /dev/dri is how AMD and Intel compute; beside a device of NVIDIA alone it is for displays. */
function otherNodes(devices: readonly string[]): string[] {
  const isNvidiaOnly = devices.includes('nvidiactl') && !devices.includes('kfd')
  return devices.filter((name) => OTHER_ACCELERATOR.test(name) && !(name === 'dri' && isNvidiaOnly))
}
