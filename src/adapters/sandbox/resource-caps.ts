// Limits that the kernel itself enforces on a sandbox: a control group where this user may make one, else limits of the
// process. Either way sandbox-watch.ts watches as well.
import { constants } from 'node:fs'
import { access, mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { execa } from 'execa'
import { UNLIMITED } from '../../core/sandbox/refusal.ts'
import type { Caps, ExceededCap } from '../../core/sandbox/sandbox.ts'
import { SandboxError } from './error.ts'

/** The kernel lets this many more than the cap exist, so that the watcher sees the cap exceeded and says so. */
export const SPARE_PROCESSES = 16

export interface KernelCaps {
  /** In words, for the check run. */
  readonly description: string
  enter(caps: Caps): Promise<CapScope>
}

/** The limits of one sandbox. */
export interface CapScope {
  /** What to run, with the sandbox's command as further arguments. */
  launcher: readonly string[]
  /** For the launcher; the sandbox itself gets none of it. */
  environment: Readonly<Record<string, string>>
  /** Which limit was hit, as far as the kernel tells. */
  exceeded(): Promise<ExceededCap | undefined>
  /** The most memory it had, pages of files it read included; undefined where the kernel does not tell. */
  peakMemoryBytes(): Promise<number | undefined>
  leave(): Promise<void>
}

/** When memory runs out, the kernel takes the sandbox and not the runner. */
const PREFER_TO_KILL = 'echo 1000 > /proc/self/oom_score_adj'
const NOTHING_LEFT_OF_IT = ['env', '-i']

export interface Machine {
  /** Where the control groups are mounted. */
  groups: string
  /** What /proc/self/cgroup says. */
  own: string
  root: boolean
  environment: NodeJS.ProcessEnv
}

/**
 * Finds the strongest limits this user can set on this machine. There is always one on processes: a fork bomb is
 * quicker than any watcher.
 *
 * @throws SandboxError for root without control groups, because the kernel exempts root from the limit on processes
 */
export async function findKernelCaps(machine: Machine): Promise<KernelCaps> {
  const parent = await findDelegatedGroup(machine.groups, machine.own)
  const group = parent && controlGroupCaps(parent)
  for (const caps of [group, systemdCaps(machine.environment)]) if (caps && (await works(caps))) return caps
  if (machine.root) throw new SandboxError(UNLIMITED)
  return PROCESS_LIMITS
}

export async function thisMachine(): Promise<Machine> {
  return {
    groups: '/sys/fs/cgroup',
    own: await readFile('/proc/self/cgroup', 'utf8'),
    root: process.getuid?.() === 0,
    environment: process.env,
  }
}

async function works(caps: KernelCaps): Promise<boolean> {
  const scope = await caps
    .enter({ outBytes: 0, processes: 16, memoryBytes: 64 * 1024 ** 2 })
    .catch(() => undefined)
  if (!scope) return false
  const [file = '', ...rest] = scope.launcher
  const env = { ...scope.environment }
  const { exitCode } = await execa(file, [...rest, 'true'], {
    env,
    extendEnv: false,
    reject: false,
    timeout: 5000,
  })
  await scope.leave()
  return exitCode === 0
}

/** A group in which we may make groups of our own. */
export interface DelegatedGroup {
  path: string
  /** Whether it also limits memory; control groups of the first version are used for processes alone. */
  memory: boolean
}

/** @returns the nearest group above ours in which this user may limit processes */
export async function findDelegatedGroup(root: string, own: string): Promise<DelegatedGroup | undefined> {
  const unified = /^0::(\/.*)$/m.exec(own)?.[1]
  if (unified !== undefined && (await may(join(root, 'cgroup.controllers'), constants.R_OK)))
    for (let path = join(root, unified); path.startsWith(root); path = dirname(path)) {
      const controllers = await readFile(join(path, 'cgroup.subtree_control'), 'utf8').catch(() => '')
      const enabled = ['memory', 'pids'].every((name) => controllers.split(/\s+/).includes(name))
      if (enabled && (await mayFill(path))) return { path, memory: true }
    }
  const first = /^\d+:pids:(\/.*)$/m.exec(own)?.[1]
  const path = first === undefined ? undefined : join(root, 'pids', first)
  return path !== undefined && (await mayFill(path)) ? { path, memory: false } : undefined
}

async function mayFill(group: string): Promise<boolean> {
  return (await may(group, constants.W_OK)) && (await may(join(group, 'cgroup.procs'), constants.W_OK))
}

let groups = 0

export function controlGroupCaps({ path: parent, memory }: DelegatedGroup): KernelCaps {
  return {
    description: memory
      ? 'memory and processes limited by a control group'
      : 'processes limited by a control group, memory watched from outside',
    async enter(caps) {
      await removeStaleGroups(parent)
      groups += 1
      const group = join(parent, `autoresearch-${process.pid}-${groups}`)
      await mkdir(group)
      const set = (name: string, value: number): Promise<void> => writeFile(join(group, name), String(value))
      await set('pids.max', caps.processes + SPARE_PROCESSES)
      if (memory && caps.memoryBytes !== undefined) {
        await set('memory.max', caps.memoryBytes)
        // Without a swap device there is no such file.
        await set('memory.swap.max', 0).catch(() => {})
        await set('memory.oom.group', 1)
      }
      return {
        launcher: ['/bin/sh', '-c', `echo $$ > "$0/cgroup.procs" && ${PREFER_TO_KILL} && exec "$@"`, group],
        environment: {},
        exceeded: () => groupExceeded(group),
        peakMemoryBytes: () => groupPeak(group),
        leave: () => removeGroup(group),
      }
    },
  }
}

async function groupExceeded(group: string): Promise<ExceededCap | undefined> {
  const count = async (file: string, event: string): Promise<number> => {
    const text = await readFile(join(group, file), 'utf8').catch(() => '')
    return Number(new RegExp(`^${event} (\\d+)$`, 'm').exec(text)?.[1] ?? 0)
  }
  if ((await count('memory.events', 'oom_kill')) > 0) return 'memory'
  if ((await count('pids.events', 'max')) > 0) return 'processes'
  return undefined
}

async function groupPeak(group: string): Promise<number | undefined> {
  // Linux tells since 5.19, and only of a group that counts memory.
  const text = await readFile(join(group, 'memory.peak'), 'utf8').catch(() => '')
  return /^\d+$/.test(text.trim()) ? Number(text) : undefined
}

async function removeGroup(group: string): Promise<void> {
  await writeFile(join(group, 'cgroup.kill'), '1').catch(() => {})
  // Busy until the last process of it has been reaped.
  for (let tries = 0; tries < 50; tries += 1) {
    const removed = await rmdir(group).then(
      () => true,
      () => false,
    )
    if (removed) return
    await delay(10)
  }
}

/** An action that was killed leaves its groups; those with processes in them cannot be removed, and are not. */
async function removeStaleGroups(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const owner = /^autoresearch-(\d+)-\d+$/.exec(name)?.[1]
    if (owner === undefined || (await may(`/proc/${owner}`, constants.F_OK))) continue
    await rmdir(join(parent, name)).catch(() => {})
  }
}

/** A user's own systemd makes the control group for us. */
function systemdCaps({ XDG_RUNTIME_DIR, PATH = '/usr/bin' }: NodeJS.ProcessEnv): KernelCaps | undefined {
  if (XDG_RUNTIME_DIR === undefined) return undefined
  return {
    description: 'memory and processes limited by systemd',
    async enter(caps) {
      const memory = ['-p', `MemoryMax=${caps.memoryBytes}`, '-p', 'MemorySwapMax=0']
      return {
        launcher: [
          ...['systemd-run', '--user', '--scope', '--quiet', '--collect'],
          ...['-p', `TasksMax=${caps.processes + SPARE_PROCESSES}`],
          ...(caps.memoryBytes === undefined ? [] : memory),
          ...['--', ...NOTHING_LEFT_OF_IT],
          ...['/bin/sh', '-c', `${PREFER_TO_KILL} && exec "$@"`, 'sh'],
        ],
        environment: { XDG_RUNTIME_DIR, PATH },
        exceeded: async () => undefined,
        peakMemoryBytes: async () => undefined,
        leave: async () => {},
      }
    },
  }
}

/** The entrance of the sandbox sets them, inside: outside, they would count all that this user does. */
const PROCESS_LIMITS: KernelCaps = {
  description: 'processes limited by rlimit, memory watched from outside (no control group for this user)',
  async enter() {
    return {
      launcher: ['/bin/sh', '-c', `${PREFER_TO_KILL}; exec "$@"`, 'sh'],
      environment: {},
      exceeded: async () => undefined,
      peakMemoryBytes: async () => undefined,
      leave: async () => {},
    }
  },
}

async function may(path: string, mode: number): Promise<boolean> {
  return access(path, mode).then(
    () => true,
    () => false,
  )
}
