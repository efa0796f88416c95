// Temporary folders that name their owner, so that a later job recognises and removes what a killed one left behind.
import { readFileSync, readlinkSync } from 'node:fs'
import { mkdtemp, readdir, readFile, readlink, rm, stat } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { removeTree } from './remove-tree.ts'

/** `autoresearch-trial-4026531836-1234-5678-Ab12Cd`: purpose, pid namespace, pid, start of the process in clock ticks. */
const OWNED = /^autoresearch-[a-z]+-(\d+)-(\d+)-(\d+)-\w{6}$/
/** A self-hosted job runs for at most five days. A folder of another pid namespace that is older has no owner. */
const MAX_JOB_MILLISECONDS = 6 * 24 * 3600 * 1000

/**
 * Makes an empty folder that belongs to this process.
 *
 * @param parent exists
 * @param purpose one lower-case word: `trial`
 */
export function makeScratch(parent: string, purpose: string): Promise<string> {
  const owner = [pidNamespace(), process.pid, startOf(process.pid) ?? 0].join('-')
  return mkdtemp(join(parent, `autoresearch-${purpose}-${owner}-`))
}

/**
 * Removes the folders in `parents` whose owner has ended, and ends the processes that still use one of them. Folders of
 * jobs that are alive, on this machine or in another container, stay.
 *
 * @returns the folders that were removed
 */
export async function sweepScratch(parents: readonly string[]): Promise<string[]> {
  const left: string[] = []
  for (const parent of new Set(parents))
    for (const name of await readdir(parent).catch(() => []))
      if (await isLeftOver(parent, name)) left.push(join(parent, name))
  if (left.length === 0) return []
  await endUsers(left)
  for (const folder of left)
    await removeTree(folder).catch(() => rm(folder, { recursive: true, force: true }))
  return left
}

async function isLeftOver(parent: string, name: string): Promise<boolean> {
  const [match, namespace, pid, start] = OWNED.exec(name) ?? []
  if (match === undefined) return false
  if (Number(namespace) === pidNamespace()) return startOf(Number(pid)) !== Number(start)
  const made = await stat(join(parent, name)).catch(() => undefined)
  return made !== undefined && Date.now() - made.mtimeMs > MAX_JOB_MILLISECONDS
}

/** Ends processes that work in one of these folders, or were given it in their environment. */
async function endUsers(folders: readonly string[]): Promise<void> {
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name)).map(Number)
  for (const pid of pids) {
    if (pid === process.pid || !(await uses(pid, folders))) continue
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It has ended by itself, or belongs to somebody else.
    }
  }
}

async function uses(pid: number, folders: readonly string[]): Promise<boolean> {
  const directory = await readlink(`/proc/${pid}/cwd`).catch(() => '')
  if (folders.some((folder) => `${directory}${sep}`.startsWith(folder + sep))) return true
  const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '')
  return folders.some((folder) => environment.includes(`=${folder}${sep}`))
}

/** When a process started, in clock ticks since the machine did; undefined when there is none. 0 where `/proc` is missing. */
function startOf(pid: number): number | undefined {
  try {
    const line = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name before it is in parentheses and may hold anything.
    return Number(line.slice(line.lastIndexOf(')') + 2).split(' ')[19])
  } catch {
    return isAlive(pid) ? 0 : undefined
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Number of this process's pid namespace; 0 where there are none. */
function pidNamespace(): number {
  try {
    return Number(/\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? 0)
  } catch {
    return 0
  }
}
