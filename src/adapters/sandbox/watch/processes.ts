// The processes of a sandbox, seen from outside through its own /proc. They come and go while one looks.
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Caps } from '../../../core/sandbox/sandbox.ts'

const PAGE_BYTES = 4096

export interface Watched {
  /** The sandbox's first process, as the host numbers it. */
  init: number
  /** The host's path of `out`; undefined when it cannot be written. */
  out?: string
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
