// Compiler caches (torch.compile, Triton, XLA, CUDA, Numba, ccache) between runs. Every run starts with a copy of what runs of the
// baseline compiled. What a candidate adds is not kept, even for itself: it could be weights, with which its next run would go on.
import { createHash } from 'node:crypto'
import { lstat, mkdir, readdir, rename, stat } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { makeFolder, removeFolder, sweepLeftovers } from '../leftovers.ts'
import { removeTree } from '../remove-tree.ts'
import { copyForRun } from './own-copy.ts'

/** Baselines whose caches stay in a version of prepared data. */
const MAX_CACHES = 3
const TREE = /^[0-9a-f]{40,64}$/

export interface CompilerCaches {
  /** Fills a run's folder with the baseline's cache, or else with that of the latest baseline before it that has one. */
  open(folder: string): Promise<void>
  /**
   * Keeps the cache of a baseline run that ended well, unless that baseline has one already.
   *
   * @returns seconds from the first to the last file that the run added: what compilation took, with imports left out; 0 when
   *   nothing was kept
   */
  keep(folder: string): Promise<number>
}

/**
 * @param directory holds all caches
 * @param baseline git tree of the baseline
 * @param train the command, and `testbed` the hardware: what was compiled for others is of no use
 */
export function compilerCaches(
  directory: string,
  baseline: string,
  { train, testbed }: { train: string; testbed: string },
): CompilerCaches {
  const key = createHash('sha256').update(JSON.stringify([train, testbed]))
  const caches = join(directory, key.digest('hex').slice(0, 16))
  const own = join(caches, baseline)
  let opened = new Set<string>()
  return {
    async open(folder) {
      await mkdir(folder, { recursive: true })
      const from = (await isThere(own)) ? own : (await newestFirst(caches))[0]
      if (from !== undefined) await copyForRun({ from, to: folder })
      opened = new Set(await filesIn(folder))
    },
    async keep(folder) {
      const files = await filesIn(folder)
      if ((await isThere(own)) || files.length === 0) return 0
      const added = files.filter((path) => !opened.has(path)).map((path) => join(folder, path))
      const seconds = await secondsBetween(added)
      await mkdir(caches, { recursive: true })
      // Copied under another name first, so that no run finds half of it.
      await sweepLeftovers([caches])
      const unfinished = await makeFolder(caches, 'cache')
      await copyForRun({ from: folder, to: unfinished })
      await rename(unfinished, own).catch(() => undefined)
      await removeFolder(unfinished)
      for (const old of (await newestFirst(caches)).slice(MAX_CACHES)) await removeTree(old)
      return seconds
    },
  }
}

/** The folders of caches, in the order in which they were made. */
async function newestFirst(caches: string): Promise<string[]> {
  const names = (await readdir(caches).catch(() => [])).filter((name) => TREE.test(name))
  const made = await Promise.all(
    names.map(async (name) => {
      const path = join(caches, name)
      return { path, milliseconds: (await stat(path)).ctimeMs }
    }),
  )
  return made.toSorted((a, b) => b.milliseconds - a.milliseconds).map(({ path }) => path)
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(relative(folder, entry.parentPath), entry.name))
}

/** From the first to the last time at which one of these files was written. */
async function secondsBetween(paths: readonly string[]): Promise<number> {
  let [first, last] = [Number.POSITIVE_INFINITY, 0]
  for (const path of paths) {
    const { mtimeMs } = await lstat(path)
    first = Math.min(first, mtimeMs)
    last = Math.max(last, mtimeMs)
  }
  return Math.max(0, last - first) / 1000
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
