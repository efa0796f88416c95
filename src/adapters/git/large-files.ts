// Git LFS: the contents of files that the repository stores elsewhere, by the pointers that it has in their place.
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { constants, copyFile, mkdir, rename, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { BaselineError } from '../../errors.ts'
import { type GitContext, tryGit } from './git.ts'
import { readContents, type TreeEntry } from './objects.ts'
import { cloneFolder } from './own-repository.ts'

/** A file whose content is stored elsewhere. */
export interface Pointer {
  path: string
  /** SHA-256 of the content. */
  oid: string
  bytes: number
}

const POINTER =
  /^version https:\/\/git-lfs\.github\.com\/spec\/v1\n(?:ext-.*\n)*oid sha256:([0-9a-f]{64})\nsize (\d+)\n$/
const POINTER_BYTES = { least: 100, most: 1024 }

export async function findPointers(context: GitContext, entries: readonly TreeEntry[]): Promise<Pointer[]> {
  const small = entries.filter(
    ({ mode, bytes }) =>
      mode.startsWith('100') && bytes >= POINTER_BYTES.least && bytes <= POINTER_BYTES.most,
  )
  const contents = await readContents(
    context,
    small.map(({ object }) => object),
  )
  return small.flatMap(({ path }, index) => {
    const [, oid, bytes] = POINTER.exec(contents[index]?.toString('utf8') ?? '') ?? []
    return oid === undefined ? [] : [{ path, oid, bytes: Number(bytes) }]
  })
}

export interface LargeFiles {
  /** Repository of the pointers, and the commit that has them. */
  context: GitContext
  commit: string
  /** Where contents are kept between jobs. */
  storage: string
  /** Folder of the repository inside the clone's git folder: empty, or `modules/…`. */
  inClone: string
}

/**
 * Ensures that the contents of these pointers are in `storage`: taken from the clone, where `actions/checkout` puts them, or
 * fetched by git-lfs.
 *
 * @throws BaselineError naming the first file whose content cannot be had
 */
export async function obtainLargeFiles(
  { context, commit, storage, inClone }: LargeFiles,
  pointers: readonly Pointer[],
): Promise<void> {
  const clone = join(await cloneFolder(context.directory), inClone, 'lfs')
  let missing = await stillMissing(pointers, [clone], storage)
  if (missing.length === 0) return
  await mkdir(storage, { recursive: true })
  const settings = [['lfs.storage', storage]] as const
  const fetched = await tryGit(context, ['lfs', 'fetch', context.remoteUrl, commit], { settings })
  missing = await stillMissing(missing, [], storage)
  const [first] = missing
  if (first === undefined) return
  const why = typeof fetched === 'string' ? '' : `: ${lastLine(fetched.stderr)}`
  throw new BaselineError(
    `${first.path}${missing.length > 1 ? ` and ${missing.length - 1} more` : ''}: stored in Git LFS, and the content is not on this machine${why}`,
    {
      hint: 'Add `lfs: true` to the step actions/checkout, on a runner that has git-lfs (`sudo apt-get install -y git-lfs`). Or remove the file from the baseline branch if training does not need it.',
    },
  )
}

/** The path of a content in a folder of git-lfs. */
export function contentPath(storage: string, oid: string): string {
  return join(storage, 'objects', oid.slice(0, 2), oid.slice(2, 4), oid)
}

async function stillMissing(
  pointers: readonly Pointer[],
  sources: readonly string[],
  storage: string,
): Promise<Pointer[]> {
  const missing: Pointer[] = []
  for (const pointer of pointers) if (!(await isStored(pointer, sources, storage))) missing.push(pointer)
  return missing
}

async function isStored(pointer: Pointer, sources: readonly string[], storage: string): Promise<boolean> {
  const kept = contentPath(storage, pointer.oid)
  if (await isContent(kept, pointer)) return true
  for (const source of sources) {
    const from = contentPath(source, pointer.oid)
    if (!(await isContent(from, pointer))) continue
    await mkdir(dirname(kept), { recursive: true })
    await copyFile(from, `${kept}.unfinished`, constants.COPYFILE_FICLONE)
    await rename(`${kept}.unfinished`, kept)
    return true
  }
  return false
}

/** Compares the hash too: whatever ran on this machine may have written to the clone. */
async function isContent(path: string, { oid, bytes }: Pointer): Promise<boolean> {
  const status = await stat(path).catch(() => undefined)
  if (!status?.isFile() || status.size !== bytes) return false
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex') === oid
}

function lastLine(text: string): string {
  return (text.trim().split('\n').at(-1) ?? '').slice(0, 200)
}
