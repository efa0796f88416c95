// Watches a running sandbox from outside: how many processes, how much memory, how much disk. It only looks and reports.
import { lstat, opendir, readdir, readFile, readlink, stat, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Caps, ExceededCap } from '../../core/sandbox/sandbox.ts'

const LOOK_MILLISECONDS = 250
/** Looking at many processes, or at a folder with many files, may not take more than this share of the time. */
const BUSY_SHARE = 0.1
/** But memory that is held for a while must be seen, however busy the machine makes each look at a usual trial. */
const LONGEST_PAUSE_MILLISECONDS = 1000
const USUAL_OPEN_FILES = 5000
/** So many at once that a look is quick, and so few that others can read files meanwhile. */
const STATUSES_AT_ONCE = 64
/** Training leaves checkpoints, not this many files. */
const MAX_FILES = 100_000
/** Below this the host itself is in danger, whoever filled it. */
const FREE_BYTES_FLOOR = 256 * 1024 ** 2
const PAGE_BYTES = 4096
/** By this share resident memory must have changed for the exact sum to be worth asking for again. */
const WORTH_A_SUM = 0.05

export interface Watched {
  /** The sandbox's first process, as the host numbers it. */
  init: number
  /** The host's path of `out`; undefined when it cannot be written. */
  out?: string
  caps: Caps
}

/** What all looks together have shown. */
export interface Seen {
  exceeded?: ExceededCap
  /** The most memory of any look; 0 when it ended before the first. */
  peakMemoryBytes: number
}

/** What one look leaves to the next. */
interface Past {
  /** The processes that would not let us look at their files the last time. */
  closed: Set<string>
  /** What was resident when that last changed by much, or the number of processes did. */
  residentBytes: number
  processes: number
  peakBytes: number
  openFiles: number
  /** When the files in `out` are to be looked at again, as `performance.now()` has it. */
  filesDue: number
}

/** Looks until `signal` aborts or a cap is exceeded. */
export async function watchSandbox(watched: Watched, signal: AbortSignal): Promise<Seen> {
  const floors = await hostFloors(watched.out)
  const past: Past = {
    closed: new Set(),
    residentBytes: 0,
    processes: 0,
    peakBytes: 0,
    openFiles: 0,
    filesDue: 0,
  }
  while (!signal.aborted) {
    const begun = performance.now()
    const exceeded = await tooMuchUsed(watched, floors, past)
    if (exceeded !== undefined) return { exceeded, peakMemoryBytes: past.peakBytes }
    const longest = past.openFiles > USUAL_OPEN_FILES ? Number.POSITIVE_INFINITY : LONGEST_PAUSE_MILLISECONDS
    const pause = Math.max(LOOK_MILLISECONDS, (performance.now() - begun) / BUSY_SHARE)
    await delay(Math.min(pause, longest), undefined, { signal }).catch(() => {})
  }
  return { peakMemoryBytes: past.peakBytes }
}

/** The sandbox's own /proc lists its processes and no others; nothing inside can unmount it. */
function processFolder({ init }: Watched): string {
  return `/proc/${init}/root/proc`
}

async function processes(watched: Watched): Promise<string[]> {
  const names = await readdir(processFolder(watched)).catch(ended([]))
  return names.filter((name) => /^\d+$/.test(name))
}

async function tooMuchUsed(watched: Watched, floors: Floors, past: Past): Promise<ExceededCap | undefined> {
  const found = await processes(watched)
  if (found.length > watched.caps.processes) return 'processes'
  const nameless = await namelessFiles(watched, found, past)
  if (nameless === undefined) return 'disk'
  return (
    (await tooMuchMemory(watched, found, nameless.memoryBytes, floors.memory, past)) ??
    (await tooMuchDisk(watched, nameless.diskBytes, floors.disk, past))
  )
}

async function tooMuchMemory(
  watched: Watched,
  ids: readonly string[],
  namelessBytes: number,
  freeFloor: number,
  past: Past,
): Promise<ExceededCap | undefined> {
  const limit = watched.caps.memoryBytes ?? Number.POSITIVE_INFINITY
  const usages = await Promise.all(ids.map((id) => usageOf(watched, id)))
  if (sum(usages.map(({ threads }) => threads)) > watched.caps.processes) return 'processes'
  const resident = sum(usages.map(({ resident }) => resident))
  const inFiles = (await temporaryBytes(watched)) + namelessBytes
  // Resident counts shared pages once per process. The exact sum is slow, and asked for only when it may matter.
  const atMost = resident + inFiles
  const differs = Math.abs(atMost - past.residentBytes) > WORTH_A_SUM * past.residentBytes
  // What fewer processes have may be as much as what more of them shared.
  const changed = differs || ids.length !== past.processes
  if (changed) Object.assign(past, { residentBytes: atMost, processes: ids.length })
  if (atMost > limit || (changed && atMost > past.peakBytes)) {
    const bytes = await exactMemory(watched, ids, inFiles)
    past.peakBytes = Math.max(past.peakBytes, bytes)
    if (bytes > limit) return 'memory'
  }
  return (await availableMemory()) < freeFloor ? 'memory' : undefined
}

async function exactMemory(watched: Watched, ids: readonly string[], inFiles: number): Promise<number> {
  const shares = await Promise.all(ids.map((id) => shareOf(watched, id)))
  const inMemory = sum(shares.map(({ anonymous }) => anonymous))
  return inMemory + Math.max(sum(shares.map(({ ofFiles }) => ofFiles)), inFiles)
}

/** What a process has in memory, of pages that it shares its share alone; all of them when it does not let us look. */
async function shareOf(watched: Watched, id: string): Promise<{ anonymous: number; ofFiles: number }> {
  const rollup = await readFile(join(processFolder(watched), id, 'smaps_rollup'), 'utf8').catch(hidden)
  if (rollup === undefined) return { anonymous: (await usageOf(watched, id)).resident, ofFiles: 0 }
  const bytes = (name: string): number =>
    Number(new RegExp(`^${name}: +(\\d+) kB`, 'm').exec(rollup)?.[1] ?? 0) * 1024
  return { anonymous: bytes('Pss_Anon'), ofFiles: bytes('Pss_Shmem') }
}

/** Files in memory, mapped or not. */
async function temporaryBytes({ init }: Watched): Promise<number> {
  let used = 0
  for (const path of ['tmp', 'dev/shm']) {
    const mount = await statfs(`/proc/${init}/root/${path}`).catch(ended(undefined))
    used += mount ? (mount.blocks - mount.bfree) * mount.bsize : 0
  }
  return used
}

/**
 * Files that are open but have no name, so that no folder shows them: deleted ones on the disk of `out`, and memory
 * made to look like a file.
 *
 * @returns undefined when there are too many to look at, or a process hides them twice in a row
 */
async function namelessFiles(
  watched: Watched,
  ids: readonly string[],
  past: Past,
): Promise<{ memoryBytes: number; diskBytes: number } | undefined> {
  const disk = watched.out === undefined ? undefined : (await stat(watched.out)).dev
  const paths = await openFiles(watched, ids, past)
  if (paths === undefined) return undefined
  const seen = new Set<string>()
  let [memoryBytes, diskBytes] = [0, 0]
  for (let begin = 0; begin < paths.length; begin += STATUSES_AT_ONCE) {
    const some = paths.slice(begin, begin + STATUSES_AT_ONCE)
    for (const { path, file } of await Promise.all(some.map(statusOf))) {
      if (!file?.isFile() || file.nlink > 0 || seen.has(`${file.dev} ${file.ino}`)) continue
      seen.add(`${file.dev} ${file.ino}`)
      if (file.dev === disk) diskBytes += file.blocks * 512
      else if ((await readlink(path).catch(hidden))?.startsWith('/memfd:')) memoryBytes += file.blocks * 512
    }
  }
  return { memoryBytes, diskBytes }
}

/**
 * Process by process, so that no list of them ever holds many more than are too many.
 *
 * @returns undefined as `namelessFiles`
 */
async function openFiles(
  watched: Watched,
  ids: readonly string[],
  past: Past,
): Promise<string[] | undefined> {
  const paths: string[] = []
  for (const id of ids) {
    const folder = join(processFolder(watched), id, 'fd')
    const names = await readdir(folder).catch(hidden)
    if (names === undefined && past.closed.has(id) && (await hasMemory(watched, id))) return undefined
    if (names === undefined) past.closed.add(id)
    else past.closed.delete(id)
    for (const name of names ?? []) paths.push(join(folder, name))
    if (paths.length > MAX_FILES) return undefined
  }
  past.openFiles = paths.length
  return paths
}

async function statusOf(path: string) {
  return { path, file: await stat(path).catch(hidden) }
}

/** A process that is ending is closed to us for a moment, and a zombie for good; neither has memory any more. */
async function hasMemory(watched: Watched, id: string): Promise<boolean> {
  return (await usageOf(watched, id)).resident > 0
}

async function usageOf(watched: Watched, id: string): Promise<{ threads: number; resident: number }> {
  const text = await readFile(join(processFolder(watched), id, 'stat'), 'utf8').catch(ended(''))
  // After the name in parentheses, which may hold anything: field 20 is threads, field 24 resident pages.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return { threads: Number(fields[17] ?? 0), resident: Number(fields[21] ?? 0) * PAGE_BYTES }
}

async function tooMuchDisk(
  { out, caps }: Watched,
  namelessBytes: number,
  freeFloor: number,
  past: Past,
): Promise<ExceededCap | undefined> {
  if (out === undefined) return undefined
  if ((await freeBytes(out)) < freeFloor) return 'disk'
  const begun = performance.now()
  if (begun < past.filesDue && namelessBytes <= caps.outBytes) return undefined
  const exceeds = await usesMoreThan(out, caps.outBytes - namelessBytes)
  past.filesDue = performance.now() + (performance.now() - begun) / BUSY_SHARE
  return exceeds ? 'disk' : undefined
}

/**
 * Whether the files below a folder take more than `limitBytes` of disk. A folder that cannot be read, or is nested so
 * deep that it cannot be named, counts as too much: nobody needs one to train.
 */
export async function usesMoreThan(folder: string, limitBytes: number): Promise<boolean> {
  if (limitBytes < 0) return true
  let [bytes, files] = [0, 0]
  const linked = new Set<number>()
  const folders = [folder]
  for (let next = folders.pop(); next !== undefined; next = folders.pop()) {
    try {
      for await (const entry of await opendir(next)) {
        files += 1
        const path = join(next, entry.name)
        const status = await lstat(path).catch(ended(undefined))
        if (entry.isDirectory()) folders.push(path)
        if (!status || linked.has(status.ino)) continue
        if (status.nlink > 1 && !entry.isDirectory()) linked.add(status.ino)
        bytes += status.blocks * 512
        if (bytes > limitBytes || files > MAX_FILES) return true
      }
    } catch (error) {
      if (!isEnded(error)) return true
    }
  }
  return false
}

interface Floors {
  memory: number
  disk: number
}

/** Where the host would be in danger: never more than half of what there is to begin with. */
async function hostFloors(out: string | undefined): Promise<Floors> {
  const disk = out === undefined ? 0 : await freeBytes(out)
  return {
    memory: Math.min(FREE_BYTES_FLOOR, (await availableMemory()) / 2),
    disk: Math.min(FREE_BYTES_FLOOR, disk / 2),
  }
}

async function freeBytes(path: string): Promise<number> {
  const { bavail, bsize } = await statfs(path)
  return bavail * bsize
}

async function availableMemory(): Promise<number> {
  const text = await readFile('/proc/meminfo', 'utf8')
  return Number(/^MemAvailable: +(\d+) kB/m.exec(text)?.[1] ?? Number.POSITIVE_INFINITY) * 1024
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}

/** Processes and files come and go while one looks. */
function ended<T>(value: T): (error: unknown) => T {
  return (error) => {
    if (isEnded(error)) return value
    throw error
  }
}

/** As `ended`, also for a process that does not let us look. */
function hidden(error: unknown): undefined {
  const { code } = error as NodeJS.ErrnoException
  if (code !== 'EACCES' && code !== 'EPERM' && !isEnded(error)) throw error
}

function isEnded(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException
  return code === 'ENOENT' || code === 'ESRCH' || code === 'ENOTDIR'
}
