// The processes of a sandbox, seen from outside through its own /proc. They come and go while one looks.
import { readFileSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Caps } from '../../../core/sandbox/sandbox.ts'

const AT_PAGESZ = 6n
/** Other systems have no sandbox, and only load this file. */
const PAGE_BYTES = process.platform === 'linux' ? pageBytes(readFileSync('/proc/self/auxv')) : 4096

/**
 * What the kernel counts memory in: 4096 bytes, but 64 KiB on some ARM machines.
 *
 * @param auxv what the kernel told a process of 64 bits at its start: pairs of numbers
 */
export function pageBytes(auxv: Buffer): number {
  for (let at = 0; at + 16 <= auxv.length; at += 16)
    if (auxv.readBigUInt64LE(at) === AT_PAGESZ) return Number(auxv.readBigUInt64LE(at + 8))
  return 4096
}

export interface Watched {
  /** The sandbox's first process, as the host numbers it. */
  init: number
  /** The host's paths of the folders that the sandbox can write to, and how many files were there when it began. */
  writable: readonly string[]
  filesBefore: number
  caps: Caps
}

/** The sandbox's own /proc lists its processes and no others; nothing inside can unmount it. */
export function processFolder({ init }: Watched): string {
  return `/proc/${init}/root/proc`
}

export async function processesOf(watched: Watched): Promise<string[]> {
  const names = await readdir(processFolder(watched)).catch(ended([]))
  return names.filter((name) => /^\d+$/.test(name))
}

export async function usageOf(watched: Watched, id: string): Promise<{ threads: number; resident: number }> {
  const text = await readFile(join(processFolder(watched), id, 'stat'), 'utf8').catch(ended(''))
  // After the name in parentheses, which may hold anything: field 20 is threads, field 24 resident pages.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return { threads: Number(fields[17] ?? 0), resident: Number(fields[21] ?? 0) * PAGE_BYTES }
}

/** Processes and files come and go while one looks. */
export function ended<T>(value: T): (error: unknown) => T {
  return (error) => {
    if (isEnded(error)) return value
    throw error
  }
}

/** As `ended`, also for a process that does not let us look. */
export function hidden(error: unknown): undefined {
  const { code } = error as NodeJS.ErrnoException
  if (code !== 'EACCES' && code !== 'EPERM' && !isEnded(error)) throw error
}

export function isEnded(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException
  return code === 'ENOENT' || code === 'ESRCH' || code === 'ENOTDIR'
}
