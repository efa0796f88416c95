// Lists the processes of a sandbox from outside, through its own /proc. Processes may start and end during a check.
import { readFileSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Caps } from '../../../core/sandbox/sandbox.ts'

const AT_PAGESZ = 6n
/** On other systems this file is loaded but never used, because there is no sandbox. */
const PAGE_BYTES = process.platform === 'linux' ? pageBytes(readFileSync('/proc/self/auxv')) : 4096

/**
 * The kernel's page size: 4096 bytes, but 64 KiB on some ARM machines.
 *
 * @param auxv auxiliary vector of a 64-bit process: pairs of numbers
 */
export function pageBytes(auxv: Buffer): number {
  for (let at = 0; at + 16 <= auxv.length; at += 16)
    if (auxv.readBigUInt64LE(at) === AT_PAGESZ) return Number(auxv.readBigUInt64LE(at + 8))
  return 4096
}

export interface Watched {
  /** The sandbox's first process, by its id on the host. */
  init: number
  /** The host's paths of the folders that the sandbox can write to, and how many files were there when it began. */
  writable: readonly string[]
  filesBefore: number
  caps: Caps
}

/** The sandbox's own /proc lists exactly its processes, and no process inside can unmount it. */
export function processFolder({ init }: Watched): string {
  return `/proc/${init}/root/proc`
}

export async function processesOf(watched: Watched): Promise<string[]> {
  const names = await readdir(processFolder(watched)).catch(ended([]))
  return names.filter((name) => /^\d+$/.test(name))
}

export async function usageOf(watched: Watched, id: string): Promise<{ threads: number; resident: number }> {
  const text = await readFile(join(processFolder(watched), id, 'stat'), 'utf8').catch(ended(''))
  // Parsed after the name in parentheses, which may contain anything. Field 20 is threads, field 24 resident pages.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return { threads: Number(fields[17] ?? 0), resident: Number(fields[21] ?? 0) * PAGE_BYTES }
}

/** Returns `value` for a process or file that ended or was deleted during the check. */
export function ended<T>(value: T): (error: unknown) => T {
  return (error) => {
    if (isEnded(error)) return value
    throw error
  }
}

/** Like `ended`, and also for a process that denies access. */
export function hidden(error: unknown): undefined {
  const { code } = error as NodeJS.ErrnoException
  if (code !== 'EACCES' && code !== 'EPERM' && !isEnded(error)) throw error
}

export function isEnded(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException
  return code === 'ENOENT' || code === 'ESRCH' || code === 'ENOTDIR'
}
