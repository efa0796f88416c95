// Measures the memory of a sandbox: of its processes, and of files that are kept in memory.
import { readFile, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import type { ExceededCap } from '../../../core/sandbox/sandbox.ts'
import { ended, hidden, processFolder, usageOf, type Watched } from './processes.ts'

/** The exact sum is computed again when resident memory has changed by this share. */
const WORTH_A_SUM = 0.05

/** State between checks. */
export class MemoryPast {
  /** Resident memory when it, or the number of processes, last changed significantly. */
  residentBytes = 0
  processes = 0
  peakBytes = 0
}

export async function tooMuchMemory(
  watched: Watched,
  ids: readonly string[],
  namelessBytes: number,
  freeFloor: number,
  past: MemoryPast,
): Promise<ExceededCap | undefined> {
  const limit = watched.caps.memoryBytes ?? Number.POSITIVE_INFINITY
  const usages = await Promise.all(ids.map((id) => usageOf(watched, id)))
  if (sum(usages.map(({ threads }) => threads)) > watched.caps.processes) return 'processes'
  const resident = sum(usages.map(({ resident }) => resident))
  const inFiles = (await temporaryBytes(watched)) + namelessBytes
  // Resident counts shared pages once per process. The exact sum is slow, and computed only when it may matter.
  const atMost = resident + inFiles
  const differs = Math.abs(atMost - past.residentBytes) > WORTH_A_SUM * past.residentBytes
  // Fewer processes may use as much memory as more processes that shared it.
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

/** The memory of a process, with its share of shared pages; with all of them when it denies access. */
async function shareOf(watched: Watched, id: string): Promise<{ anonymous: number; ofFiles: number }> {
  const rollup = await readFile(join(processFolder(watched), id, 'smaps_rollup'), 'utf8').catch(hidden)
  if (rollup === undefined) return { anonymous: (await usageOf(watched, id)).resident, ofFiles: 0 }
  const bytes = (name: string): number =>
    Number(new RegExp(`^${name}: +(\\d+) kB`, 'm').exec(rollup)?.[1] ?? 0) * 1024
  return { anonymous: bytes('Pss_Anon'), ofFiles: bytes('Pss_Shmem') }
}

/** The size of the files in memory, whether mapped or not. */
async function temporaryBytes({ init }: Watched): Promise<number> {
  let used = 0
  for (const path of ['tmp', 'dev/shm']) {
    const mount = await statfs(`/proc/${init}/root/${path}`).catch(ended(undefined))
    used += mount ? (mount.blocks - mount.bfree) * mount.bsize : 0
  }
  return used
}

export async function availableMemory(): Promise<number> {
  const text = await readFile('/proc/meminfo', 'utf8')
  return Number(/^MemAvailable: +(\d+) kB/m.exec(text)?.[1] ?? Number.POSITIVE_INFINITY) * 1024
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
