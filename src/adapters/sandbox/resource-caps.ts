// Limits that the kernel enforces on a sandbox: a control group where this user may create one, otherwise process limits.
// In both cases watch/watch.ts enforces the caps as well.
import { constants } from 'node:fs'
import { access, mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { execa } from 'execa'
import { unlimited } from '../../core/sandbox/refusal.ts'
import type { Caps, ExceededCap } from '../../core/sandbox/sandbox.ts'
import { machineFacts, SandboxError } from './error.ts'

/** The kernel's limit is above the cap by this many, so that the watcher can observe and report the exceeded cap. */
export const SPARE_PROCESSES = 16

export interface KernelCaps {
  /** For the check run, in words. */
  readonly description: string
  enter(caps: Caps): Promise<CapScope>
}

/** The limits of one sandbox. */
export interface CapScope {
  /** The program to run; the sandbox's command follows as further arguments. */
  launcher: readonly string[]
  /** Environment of the launcher; the sandbox does not get it. */
  environment: Readonly<Record<string, string>>
  /** Which limit was reached, if the kernel reports it. */
  exceeded(): Promise<ExceededCap | undefined>
  /** Peak memory, including cached pages of files that it read; undefined if the kernel does not report it. */
  peakMemoryBytes(): Promise<number | undefined>
  leave(): Promise<void>
}

/** When memory runs out, the kernel kills the sandbox first, not the runner. */
const PREFER_TO_KILL = 'echo 1000 > /proc/self/oom_score_adj'
const NOTHING_LEFT_OF_IT = ['env', '-i']

export interface Machine {
  /** Mount point of the control groups. */
  groups: string
  /** Contents of /proc/self/cgroup. */
  own: string
  root: boolean
  environment: NodeJS.ProcessEnv
}

/**
 * Finds the strongest limits this user can set on this machine. All of them limit processes, because a fork bomb is faster
 * than any watcher.
 *
 * @throws SandboxError for root without control groups, because the kernel exempts root from the process limit
 */
export async function findKernelCaps(machine: Machine): Promise<KernelCaps> {
  const parent = await findDelegatedGroup(machine.groups, machine.own)
  const group = parent && controlGroupCaps(parent)
  for (const caps of [group, systemdCaps(machine.environment)]) if (caps && (await works(caps))) return caps
  if (machine.root) throw new SandboxError(unlimited(machineFacts(machine.environment)))
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

/** A control group in which this user may create groups. */
export interface DelegatedGroup {
  path: string
  /** Whether it also limits memory; version 1 control groups are used for processes only. */
  memory: boolean
}

/** @returns the nearest group, from our own upwards, in which this user may limit processes */
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
        // The file does not exist without swap accounting.
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
  // Available since Linux 5.19, and only in a group that accounts memory.
  const text = await readFile(join(group, 'memory.peak'), 'utf8').catch(() => '')
  return /^\d+$/.test(text.trim()) ? Number(text) : undefined
}

async function removeGroup(group: string): Promise<void> {
  await writeFile(join(group, 'cgroup.kill'), '1').catch(() => {})
  // The group stays busy until its last process has been reaped.
  for (let tries = 0; tries < 50; tries += 1) {
    const removed = await rmdir(group).then(
      () => true,
      () => false,
    )
    if (removed) return
    await delay(10)
  }
}

/** Removes groups that killed jobs left behind. A group that still has processes cannot be removed and stays. */
async function removeStaleGroups(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const owner = /^autoresearch-(\d+)-\d+$/.exec(name)?.[1]
    if (owner === undefined || (await may(`/proc/${owner}`, constants.F_OK))) continue
    await rmdir(join(parent, name)).catch(() => {})
  }
}

/** Limits set by the user's systemd instance, which creates the control group. */
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

/** The entrance sets these limits inside the sandbox, because outside they would count all processes of this user. */
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
