// Measures the processes, memory and disk use of a running sandbox from outside. It reports and changes nothing.
import { setTimeout as delay } from 'node:timers/promises'
import type { ExceededCap } from '../../../core/sandbox/sandbox.ts'
import { FilesPast, freeBytes, namelessFiles, tooMuchDisk } from './files.ts'
import { availableMemory, MemoryPast, tooMuchMemory } from './memory.ts'
import { processesOf, type Watched } from './processes.ts'

const LOOK_MILLISECONDS = 250
/** Maximum share of the time that checks may take. */
const BUSY_SHARE = 0.1
/** Maximum pause between checks, however long one check takes. */
const LONGEST_PAUSE_MILLISECONDS = 1000
/** With less free memory or disk than this, the host itself is in danger. */
const FREE_BYTES_FLOOR = 256 * 1024 ** 2

/** The result of all checks. */
export interface Seen {
  exceeded?: ExceededCap
  /** Highest memory of any check; 0 when the sandbox ended before the first. */
  peakMemoryBytes: number
}

interface Past {
  memory: MemoryPast
  files: FilesPast
}

/** Checks until `signal` aborts or a cap is exceeded. */
export async function watchSandbox(watched: Watched, signal: AbortSignal): Promise<Seen> {
  const floors = await hostFloors(watched.writable[0])
  const past = { memory: new MemoryPast(), files: new FilesPast() }
  while (!signal.aborted) {
    const begun = performance.now()
    const exceeded = await tooMuchUsed(watched, floors, past)
    if (exceeded !== undefined) return { exceeded, peakMemoryBytes: past.memory.peakBytes }
    const pause = Math.max(LOOK_MILLISECONDS, (performance.now() - begun) / BUSY_SHARE)
    await delay(Math.min(pause, LONGEST_PAUSE_MILLISECONDS), undefined, { signal }).catch(() => {})
  }
  return { peakMemoryBytes: past.memory.peakBytes }
}

async function tooMuchUsed(watched: Watched, floors: Floors, past: Past): Promise<ExceededCap | undefined> {
  const found = await processesOf(watched)
  if (found.length > watched.caps.processes) return 'processes'
  const nameless = await namelessFiles(watched, found, past.files)
  if (nameless === undefined) return 'disk'
  return (
    (await tooMuchMemory(watched, found, nameless.memoryBytes, floors.memory, past.memory)) ??
    (await tooMuchDisk(watched, nameless.diskBytes, floors.disk, past.files))
  )
}

interface Floors {
  memory: number
  disk: number
}

/** Where the host would be in danger: never more than half of what there is to begin with. */
async function hostFloors(folder: string | undefined): Promise<Floors> {
  const disk = folder === undefined ? 0 : await freeBytes(folder)
  return {
    memory: Math.min(FREE_BYTES_FLOOR, (await availableMemory()) / 2),
    disk: Math.min(FREE_BYTES_FLOOR, disk / 2),
  }
}
