// What killed jobs leave behind on a machine that is used again: folders, and under `sandbox: none` processes that train
// on. Beside every folder lies a note of who made it, so that those of jobs that still run are left alone.
import { readFileSync, readlinkSync, rmSync } from 'node:fs'
import { mkdtemp, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { removeTree } from './remove-tree.ts'

/** Every folder of ours begins with it. */
const PREFIX = 'autoresearch-'
/** Beside a folder and not in it, where trained code could write to it. */
const NOTE = '.owner'
/** Of a machine or container that we cannot see into, what is older than any job may run. */
const FOREIGN_SECONDS = 40 * 24 * 3600

/** A process, told from a later one with the same number by when it began, and from those of other machines. */
interface Owner {
  pid: number
  began: string
  place: string
}

/** Makes a folder in `parent` that is swept at the next start of a job, should this one be killed. */
export async function makeFolder(parent: string, kind: string): Promise<string> {
  const folder = await mkdtemp(join(parent, `${PREFIX}${kind}-`))
  const { pid } = process
  const owner: Owner = { pid, began: beginningOf(pid) ?? '', place: thisPlace() }
  await writeFile(`${folder}${NOTE}`, `${JSON.stringify(owner)}\n`)
  return folder
}

/** Removes a folder that `makeFolder` made, whatever was put into it. */
export async function removeFolder(folder: string): Promise<void> {
  await removeTree(folder)
  rmSync(`${folder}${NOTE}`, { force: true })
}

/** Leaves a folder for a person to look at: it is swept no more. */
export function keepFolder(folder: string): void {
  rmSync(`${folder}${NOTE}`, { force: true })
}

/** Removes it while the process exits. */
export function removeFolderAtOnce(folder: string): void {
  rmSync(folder, { recursive: true, force: true })
  rmSync(`${folder}${NOTE}`, { force: true })
}

/**
 * Ends and removes what earlier jobs left in these folders. What carries no note, or the note of a process that is alive,
 * stays.
 *
 * @returns how many folders were removed
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

/** False for what is not a note that this user wrote. */
async function isLeftover(note: string): Promise<boolean> {
  try {
    const { uid, mtimeMs } = await stat(note)
    if (uid !== process.getuid?.()) return false
    const { pid, began, place } = JSON.parse(await readFile(note, 'utf8')) as Owner
    if (place !== thisPlace()) return Date.now() - mtimeMs > 1000 * FOREIGN_SECONDS
    return beginningOf(pid) !== began
  } catch {
    return false
  }
}

/** Ends every process that works in the folder, or was given it in its environment, in whatever group it is by now. */
export async function endProcessesOf(folder: string): Promise<void> {
  for (const name of await readdir('/proc').catch((): string[] => [])) {
    const pid = Number(name)
    if (!Number.isInteger(pid) || pid === process.pid || !belongsTo(pid, folder)) continue
    try {
      process.kill(pid, 'SIGKILL')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
  }
}

function belongsTo(pid: number, folder: string): boolean {
  try {
    if (`${readlinkSync(`/proc/${pid}/cwd`)}/`.startsWith(`${folder}/`)) return true
    const values = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0')
    return values.some((value) => `${value}/`.includes(`=${folder}/`))
  } catch {
    // It has ended, or is another user's.
    return false
  }
}

/** When a process began, in ticks since the machine did; undefined when it has ended. */
function beginningOf(pid: number): string | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // After the name in parentheses, which may hold anything: field 3 is the state, field 22 the beginning.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' ? undefined : fields[19]
  } catch {
    return undefined
  }
}

/** Where numbers of processes mean the same: this start of the machine and, in a container, the container. */
function thisPlace(): string {
  try {
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${readlinkSync('/proc/self/ns/pid')}`
  } catch {
    return 'unknown'
  }
}
