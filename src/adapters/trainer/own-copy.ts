// Copies what setup left for one run, which may write to its copy. Copies are cheap: a file system that can share blocks
// does so, and where it cannot, large files, virtual environments and npm packages are links to the original, which is read-only.
import { constants } from 'node:fs'
import { chmod, copyFile, lstat, lutimes, mkdir, readdir, readlink, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { removeTree } from '../remove-tree.ts'

/** From this size on, copying a file takes longer than reading it through a link costs. */
const LARGE_BYTES = 1024 ** 2
/** Files in one of these folders belong to an installation that nothing changes after it was made. */
const INSTALLATION_SIGNS = ['pyvenv.cfg', 'conda-meta']
/** Where `uv` keeps unpacked packages. */
const INSTALLATION_NAMES = ['archive-v0']
/** Packages are links one by one, so that tools can still write to `node_modules/.cache`. */
const NPM_PACKAGE = /(^|\/)node_modules\/(@[^/]+\/)?[^./@][^/]*$/
const FILES_AT_ONCE = 32

export interface OwnCopy {
  from: string
  to: string
  /** The path of `from` as the run sees it, for links. Absent: everything is copied. */
  seenAt?: string
  /** Paths, relative to `from`, that are not copied; they stay executable if setup made them so, as `npm ci` does. */
  except?: ReadonlySet<string>
}

/**
 * Copies a folder into an existing one. What is already there stays if it is a folder, and is replaced otherwise: a candidate
 * may not put a file in the place of one that setup left.
 */
export async function copyForRun(copy: OwnCopy, folder = ''): Promise<void> {
  const entries = await readdir(join(copy.from, folder), { withFileTypes: true })
  for (let first = 0; first < entries.length; first += FILES_AT_ONCE)
    await Promise.all(
      entries.slice(first, first + FILES_AT_ONCE).map(async (entry) => {
        const path = folder === '' ? entry.name : `${folder}/${entry.name}`
        if (copy.except?.has(path)) return keepExecutable(copy, path)
        const isLinked =
          entry.isDirectory() &&
          copy.seenAt !== undefined &&
          (NPM_PACKAGE.test(path) || (await isInstallation(join(copy.from, path), entry.name)))
        if (entry.isDirectory() && !isLinked) {
          await makeFolderAt(join(copy.to, path))
          await copyForRun(copy, path)
        } else await copyEntry(copy, path)
      }),
    )
}

async function keepExecutable({ from, to }: OwnCopy, path: string): Promise<void> {
  const [source, target] = [join(from, path), join(to, path)]
  const [made, own] = await Promise.all([lstat(source), lstat(target).catch(() => undefined)])
  if (made.isFile() && own?.isFile() && (made.mode & 0o111) !== (own.mode & 0o111))
    await chmod(target, own.mode | (made.mode & 0o111))
}

async function copyEntry({ from, to, seenAt }: OwnCopy, path: string): Promise<void> {
  const [source, target] = [join(from, path), join(to, path)]
  const seen = seenAt === undefined ? undefined : join(seenAt, path)
  const [status, before] = await Promise.all([lstat(source), lstat(target).catch(() => undefined)])
  if (before) await removeTree(target)
  if (status.isSymbolicLink()) await symlink(await readlink(source), target)
  else if (status.isDirectory() && seen !== undefined) await symlink(seen, target)
  else if (status.isFile()) {
    await copyContent(source, target, status.size, seen)
    // `make` must rebuild what was built before the source, which a candidate may have changed, was written.
    await lutimes(target, status.atime, status.mtime)
  }
}

async function copyContent(
  source: string,
  target: string,
  bytes: number,
  seen: string | undefined,
): Promise<void> {
  if (bytes < LARGE_BYTES || seen === undefined) return copyFile(source, target, constants.COPYFILE_FICLONE)
  await copyFile(source, target, constants.COPYFILE_FICLONE_FORCE).catch(async () => {
    await removeTree(target)
    await symlink(seen, target)
  })
}

async function isInstallation(folder: string, name: string): Promise<boolean> {
  if (INSTALLATION_NAMES.includes(name)) return true
  for (const sign of INSTALLATION_SIGNS)
    if (await lstat(join(folder, sign)).catch(() => undefined)) return true
  return false
}

/** Follows no link: what was there may have been written by a candidate. */
async function makeFolderAt(path: string): Promise<void> {
  if ((await lstat(path).catch(() => undefined))?.isDirectory()) return
  await removeTree(path)
  await mkdir(path)
}
