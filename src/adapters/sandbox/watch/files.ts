// How much disk a sandbox takes, in the files of its writable folders and in open ones that no folder shows.
import { lstat, opendir, readdir, readlink, stat, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import type { ExceededCap } from '../../../core/sandbox/sandbox.ts'
import { ended, hidden, isEnded, processFolder, usageOf, type Watched } from './processes.ts'

/** Most files that a command may add: training leaves checkpoints, not this many files. */
const MAX_NEW_FILES = 100_000
/** Most files that the processes of a sandbox may have open together. */
const MAX_OPEN_FILES = 100_000
/** So many at once that a look is quick, and so few that others can read files meanwhile. */
const STATUSES_AT_ONCE = 64
/** Looking through the folders, or at open files, may not take more than this share of the time. */
const BUSY_SHARE = 0.1
/** Up to this many open files, their sizes are checked at least once a second, however busy the machine is. */
const USUAL_OPEN_FILES = 5000
const LONGEST_PAUSE_MILLISECONDS = 1000
/** The sizes of many files are read in several checks, so that no check delays the next count. */
const LONGEST_STATUSES_MILLISECONDS = 300

interface NamelessBytes {
  readonly memoryBytes: number
  readonly diskBytes: number
}

const NOTHING: NamelessBytes = { memoryBytes: 0, diskBytes: 0 }

/** One pass over the open files, which may take several checks. */
interface Pass {
  /** Index of the first file that was not checked. */
  next: number
  /** Nameless files that were counted, by device and inode. */
  seen: Set<string>
  found: NamelessBytes
}

/** State between checks. Times are those of `performance.now()`. */
export class FilesPast {
  /** The processes that denied access to their files in the last check. */
  closed = new Set<string>()
  nameless = NOTHING
  pass: Pass = { next: 0, seen: new Set(), found: NOTHING }
  /** When to measure the open files again. */
  namelessDue = 0
  /** When the files in the folders are to be looked at again, as `performance.now()` has it. */
  due = 0
}

/**
 * Files that are open but have no name, so that no folder shows them: deleted ones on the disk of the writable folders, and memory
 * made to look like a file.
 *
 * The files are counted in every check. Their sizes take longer to read and are read less often when there are many: a
 * program that opens many files must not gain time to open too many.
 *
 * @returns undefined when there are too many to check, or a process hides them twice in a row
 */
export async function namelessFiles(
  watched: Watched,
  ids: readonly string[],
  past: FilesPast,
): Promise<NamelessBytes | undefined> {
  const paths = await openFiles(watched, ids, past)
  if (paths === undefined) return undefined
  const begun = performance.now()
  if (begun < past.namelessDue) return past.nameless
  await continuePass(past.pass, paths, watched.writable[0])
  const isWhole = past.pass.next >= paths.length
  past.nameless = isWhole ? past.pass.found : largest(past.nameless, past.pass.found)
  if (isWhole) past.pass = { next: 0, seen: new Set(), found: NOTHING }
  const ended = performance.now()
  const pause = (ended - begun) / BUSY_SHARE
  const isUsual = paths.length <= USUAL_OPEN_FILES
  past.namelessDue = ended + (isUsual ? Math.min(pause, LONGEST_PAUSE_MILLISECONDS) : pause)
  return past.nameless
}

function largest(one: NamelessBytes, other: NamelessBytes): NamelessBytes {
  return {
    memoryBytes: Math.max(one.memoryBytes, other.memoryBytes),
    diskBytes: Math.max(one.diskBytes, other.diskBytes),
  }
}

async function continuePass(pass: Pass, paths: readonly string[], folder: string | undefined): Promise<void> {
  const disk = folder === undefined ? undefined : (await stat(folder)).dev
  const until = performance.now() + LONGEST_STATUSES_MILLISECONDS
  let { memoryBytes, diskBytes } = pass.found
  while (pass.next < paths.length && performance.now() < until) {
    const some = paths.slice(pass.next, pass.next + STATUSES_AT_ONCE)
    pass.next += some.length
    for (const { path, file } of await Promise.all(some.map(statusOf))) {
      if (!file?.isFile() || file.nlink > 0 || pass.seen.has(`${file.dev} ${file.ino}`)) continue
      pass.seen.add(`${file.dev} ${file.ino}`)
      if (file.dev === disk) diskBytes += file.blocks * 512
      else if ((await readlink(path).catch(hidden))?.startsWith('/memfd:')) memoryBytes += file.blocks * 512
    }
  }
  pass.found = { memoryBytes, diskBytes }
}

/**
 * Lists them process by process, so that the list never grows far beyond the maximum.
 *
 * @returns undefined as in `namelessFiles`
 */
async function openFiles(
  watched: Watched,
  ids: readonly string[],
  past: FilesPast,
): Promise<string[] | undefined> {
  const paths: string[] = []
  for (const id of ids) {
    const folder = join(processFolder(watched), id, 'fd')
    const names = await readdir(folder).catch(hidden)
    if (names === undefined && past.closed.has(id) && (await hasMemory(watched, id))) return undefined
    if (names === undefined) past.closed.add(id)
    else past.closed.delete(id)
    for (const name of names ?? []) paths.push(join(folder, name))
    if (paths.length > MAX_OPEN_FILES) return undefined
  }
  return paths
}

async function statusOf(path: string) {
  return { path, file: await stat(path).catch(hidden) }
}

/** An ending process denies access for a moment and a zombie always; neither has memory any more. */
async function hasMemory(watched: Watched, id: string): Promise<boolean> {
  return (await usageOf(watched, id)).resident > 0
}

export async function tooMuchDisk(
  { writable, filesBefore, caps }: Watched,
  namelessBytes: number,
  freeFloor: number,
  past: FilesPast,
): Promise<ExceededCap | undefined> {
  const [first] = writable
  if (first === undefined) return undefined
  if ((await freeBytes(first)) < freeFloor) return 'disk'
  const begun = performance.now()
  if (begun < past.due && namelessBytes <= caps.outBytes) return undefined
  const exceeds = await usesMoreThan(writable, caps.outBytes - namelessBytes, filesBefore)
  past.due = performance.now() + (performance.now() - begun) / BUSY_SHARE
  return exceeds ? 'disk' : undefined
}

/**
 * Whether the files below these folders take more than `limitBytes` of disk. A folder that cannot be read, or is nested so
 * deep that it cannot be named, counts as too much: nobody needs one to train.
 */
export async function usesMoreThan(
  folders: readonly string[],
  limitBytes: number,
  filesBefore: number,
): Promise<boolean> {
  if (limitBytes < 0) return true
  const { bytes, files, isWhole } = await diskUse(folders, limitBytes, filesBefore + MAX_NEW_FILES)
  return !isWhole || bytes > limitBytes || files > filesBefore + MAX_NEW_FILES
}

/** What the files below some folders take. */
export interface DiskUse {
  bytes: number
  files: number
  /** False when a folder could not be read. */
  isWhole: boolean
}

/** Counts until one of the limits is passed. */
export async function diskUse(
  folders: readonly string[],
  limitBytes = Number.POSITIVE_INFINITY,
  limitFiles = Number.POSITIVE_INFINITY,
): Promise<DiskUse> {
  const use: DiskUse = { bytes: 0, files: 0, isWhole: true }
  const linked = new Set<number>()
  const left = [...folders]
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    try {
      for await (const entry of await opendir(next)) {
        use.files += 1
        const path = join(next, entry.name)
        const status = await lstat(path).catch(ended(undefined))
        if (entry.isDirectory()) left.push(path)
        if (!status || linked.has(status.ino)) continue
        if (status.nlink > 1 && !entry.isDirectory()) linked.add(status.ino)
        use.bytes += status.blocks * 512
        if (use.bytes > limitBytes || use.files > limitFiles) return use
      }
    } catch (error) {
      if (!isEnded(error)) return { ...use, isWhole: false }
    }
  }
  return use
}

export async function freeBytes(path: string): Promise<number> {
  const { bavail, bsize } = await statfs(path)
  return bavail * bsize
}
