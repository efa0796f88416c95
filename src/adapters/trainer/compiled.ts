// Compiler caches (torch.compile, Triton, XLA, CUDA, Numba, ccache) between runs. A run starts with the cache of its own code or, when
// that has none yet, with the baseline's: it compiles only what it changed. It works on a copy, and what it adds is kept for
// the same code alone, so that no candidate can leave anything for another.
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readdir, rename, stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import type { Config } from '../../core/config/config.ts'
import { removeTree } from '../remove-tree.ts'
import { copyForRun } from './own-copy.ts'

/** Caches that stay in a version of prepared data, each of one commit's code. */
const MAX_CACHES = 12
const NAME = /^[0-9a-f]{16}$/

export interface CompilerCaches {
  /** Fills a run's folder with the cache of its code, or of its baseline. */
  open(folder: string): Promise<void>
  /** Keeps the cache of a run that ended well, unless its code has one already. */
  keep(folder: string): Promise<void>
}

/**
 * @param directory holds the caches
 * @param trees the code of the run and of its baseline, by their git trees
 * @param testbed compiled code does not run on other hardware
 */
export function compilerCaches(
  directory: string,
  trees: { own: string; baseline: string },
  { train }: Pick<Config, 'train'>,
  testbed: string,
): CompilerCaches {
  const at = (tree: string): string => {
    const key = createHash('sha256').update(JSON.stringify([tree, train, testbed]))
    return join(directory, key.digest('hex').slice(0, 16))
  }
  const [own, baseline] = [at(trees.own), at(trees.baseline)]
  return {
    async open(folder) {
      await mkdir(folder, { recursive: true })
      for (const from of [own, baseline]) {
        if (!(await isThere(from))) continue
        await copyForRun({ from, to: folder })
        await utimes(from, new Date(), new Date())
        return
      }
    },
    async keep(folder) {
      if ((await isThere(own)) || (await readdir(folder)).length === 0) return
      await mkdir(directory, { recursive: true })
      // Copied under another name first, so that no run finds half of it.
      const unfinished = await mkdtemp(join(directory, 'unfinished-'))
      await copyForRun({ from: folder, to: unfinished })
      await rename(unfinished, own).catch(() => removeTree(unfinished))
      await removeOldest(directory, baseline)
    },
  }
}

/** Never the baseline's. */
async function removeOldest(directory: string, baseline: string): Promise<void> {
  const names = (await readdir(directory)).filter((name) => NAME.test(name))
  const caches = await Promise.all(
    names.map(async (name) => {
      const path = join(directory, name)
      return { path, usedMilliseconds: (await stat(path)).mtimeMs }
    }),
  )
  const others = caches.filter(({ path }) => path !== baseline)
  const oldest = others.toSorted((a, b) => b.usedMilliseconds - a.usedMilliseconds).slice(MAX_CACHES - 1)
  for (const { path } of oldest) await removeTree(path)
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
