// What a process holds at a moment: memory, open descriptors, and files and folders that it made for a while.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'

export interface Holding {
  memoryMiB: number
  descriptors: number
  temporaryFiles: number
  /** Objects and packs of the job's own repository: a commit adds some. */
  gitFiles: number
}

export interface Folders {
  temporary: readonly string[]
  git: string
}

/** Undefined once the process has ended. */
export function holdingOf(pid: number, { temporary, git }: Folders): Holding | undefined {
  try {
    const [, kibibytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
    const open = readdirSync(`/proc/${pid}/fd`)
    // Pipes to children that run at this moment come and go.
    const descriptors = open.filter((fd) => !isPipe(`/proc/${pid}/fd/${fd}`)).length
    const temporaryFiles = temporary.reduce((sum, folder) => sum + countFiles(folder), 0)
    return { memoryMiB: Number(kibibytes) / 1024, descriptors, temporaryFiles, gitFiles: countFiles(git) }
  } catch {
    return undefined
  }
}

function isPipe(link: string): boolean {
  try {
    return /^(pipe|socket):/.test(readlinkSync(link))
  } catch {
    return true
  }
}

/** Files and folders below a folder. */
function countFiles(folder: string): number {
  try {
    return readdirSync(folder, { withFileTypes: true }).reduce(
      (sum, entry) => sum + 1 + (entry.isDirectory() ? countFiles(join(folder, entry.name)) : 0),
      0,
    )
  } catch {
    return 0
  }
}
