// Removes what killed jobs left on a machine that is used again: folders and, under `sandbox: none`, processes that still
// train. A note beside each folder names its owner, so that the folders of running jobs are kept.
import { randomUUID } from 'node:crypto'
import { readFileSync, readlinkSync, rmSync } from 'node:fs'
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { removeTree } from './remove-tree.ts'

/** Start of the names of all our folders. */
const PREFIX = 'autoresearch-'
/** Suffix of the note, which is beside the folder because trained code could write to a file in it. */
const NOTE = '.owner'
/** Folders of other machines or containers are removed when they are older than any job may run. */
const FOREIGN_SECONDS = 40 * 24 * 3600
/** A note that is still empty after so long will never be written: its job was killed meanwhile. */
const UNWRITTEN_SECONDS = 60

/** Identifies a process: its start time distinguishes it from a later one with the same id, `place` from other machines. */
export interface Owner {
  pid: number
  began: string
  place: string
}

/** Creates a folder in `parent`. If this job is killed, the next job on this machine removes it. */
export async function makeFolder(parent: string, kind: string): Promise<string> {
  const folder = join(parent, `${PREFIX}${kind}-${randomUUID().slice(0, 13)}`)
  // Before the folder: a job that is killed in between leaves no folder without a note.
  await writeFile(`${folder}${NOTE}`, `${JSON.stringify(thisProcess())}\n`, { flag: 'wx' })
  await mkdir(folder, { mode: 0o700 })
  return folder
}

export function thisProcess(): Owner {
  const { pid } = process
  return { pid, began: beginningOf(pid) ?? '', place: thisPlace() }
}

/** True when a process of this machine has ended; false for one of another machine, of which nothing is known. */
export function hasEnded({ pid, began, place }: Owner): boolean {
  return place === thisPlace() && beginningOf(pid) !== began
}

/** Removes a folder that `makeFolder` created, whatever it contains now. */
export async function removeFolder(folder: string): Promise<void> {
  await removeTree(folder)
  rmSync(`${folder}${NOTE}`, { force: true })
}

/** Keeps a folder for a person to inspect: later jobs do not remove it. */
export function keepFolder(folder: string): void {
  rmSync(`${folder}${NOTE}`, { force: true })
}

/** Synchronous, for use while the process exits. */
export function removeFolderAtOnce(folder: string): void {
  rmSync(folder, { recursive: true, force: true })
  rmSync(`${folder}${NOTE}`, { force: true })
}

/**
 * Removes what earlier jobs left in these folders, and kills their processes. Folders without a note, or whose owner is
 * alive, stay.
 *
 * @returns number of folders removed
 */
export async function sweepLeftovers(parents: readonly string[]): Promise<number> {
  let removed = 0
  for (const parent of new Set(parents))
    for (const name of await readdir(parent).catch((): string[] => [])) {
      if (!name.startsWith(PREFIX) || !name.endsWith(NOTE)) continue
      if (!(await isLeftover(join(parent, name)))) continue
      const folder = join(parent, name.slice(0, -NOTE.length))
      await endProcessesOf(folder)
      await removeFolder(folder)
      removed += 1
    }
  return removed
}

/** False also for a file that is not a note by this user. */
async function isLeftover(note: string): Promise<boolean> {
  try {
    const { uid, size, mtimeMs } = await stat(note)
    if (uid !== process.getuid?.()) return false
    const seconds = (Date.now() - mtimeMs) / 1000
    if (size === 0) return seconds > UNWRITTEN_SECONDS
    const owner = JSON.parse(await readFile(note, 'utf8')) as Owner
    if (owner.place !== thisPlace()) return seconds > FOREIGN_SECONDS
    return hasEnded(owner)
  } catch {
    return false
  }
}

/** Looks for processes that were started while others were stopped; more looks would mean that stopping does not help. */
const MAX_LOOKS = 20
/** One look can miss a process that is started while the list is read. */
const LOOKS_WITHOUT_ANY = 2

/**
 * Kills every process whose working folder or environment names the folder, whatever process group it is in. They are
 * stopped first: one that is being killed could start another.
 */
export async function endProcessesOf(folder: string): Promise<void> {
  const stopped = new Set<number>()
  for (let look = 1, without = 0; look <= MAX_LOOKS && without < LOOKS_WITHOUT_ANY; look += 1) {
    const running = (await processesOf(folder)).filter((pid) => !stopped.has(pid))
    without = running.length === 0 ? without + 1 : 0
    for (const pid of running) {
      signalIfThere(pid, 'SIGSTOP')
      stopped.add(pid)
    }
  }
  for (const pid of stopped) signalIfThere(pid, 'SIGKILL')
}

async function processesOf(folder: string): Promise<number[]> {
  const pids = (await readdir('/proc').catch((): string[] => [])).map(Number)
  return pids.filter((pid) => Number.isInteger(pid) && pid !== process.pid && belongsTo(pid, folder))
}

function signalIfThere(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

function belongsTo(pid: number, folder: string): boolean {
  try {
    if (`${readlinkSync(`/proc/${pid}/cwd`)}/`.startsWith(`${folder}/`)) return true
    const values = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0')
    return values.some((value) => `${value}/`.includes(`=${folder}/`))
  } catch {
    // It has ended, or belongs to another user.
    return false
  }
}

/** The start time of a process, in clock ticks since boot; undefined when it has ended. */
function beginningOf(pid: number): string | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // Parsed after the name in parentheses, which may contain anything. Field 3 is the state, field 22 the start time.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' ? undefined : fields[19]
  } catch {
    return undefined
  }
}

/** Identifies this boot of the machine and the container, within which process ids are unique. */
function thisPlace(): string {
  try {
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${readlinkSync('/proc/self/ns/pid')}`
  } catch {
    return 'unknown'
  }
}
