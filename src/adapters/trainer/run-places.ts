// The folders of one run: its own writable copies of the source, of what setup left, and of the compiler caches.
import { lstat, mkdir, realpath, rename } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Config } from '../../core/config/config.ts'
import { LINKED_SETUP, type Places, type SetupPlaces } from '../../core/sandbox/sandbox.ts'
import { formatBytes } from '../../core/text/numbers.ts'
import { ConfigError } from '../../errors.ts'
import type { GitRepository } from '../git/repository.ts'
import type { Sandbox } from '../sandbox/sandbox.ts'
import { diskUse } from '../sandbox/watch/files.ts'
import { copyForRun } from './own-copy.ts'
import type { PreparedData } from './setup.ts'

export interface RunSource {
  repository: Pick<GitRepository, 'exportTree' | 'listFiles'>
  sandbox: Pick<Sandbox, 'level'>
  prepared: PreparedData
  config: Pick<Config, 'sandbox'>
  /** The tree to run, and the baseline's commit. */
  sealed: string
  base: string
}

type Copies = Pick<Places, 'source'> & { own: NonNullable<Places['own']> }

/**
 * Makes the copies in a folder. Files of the tree replace what setup left at the same path, except where a candidate added
 * a file that the baseline does not have.
 *
 * @throws ConfigError when the copies alone take more than the limit on disk
 */
export async function makeCopies(run: RunSource, folder: string): Promise<Copies> {
  const { repository, prepared, sealed } = run
  const [source, home] = [join(folder, 'source'), join(folder, 'home')]
  for (const path of [source, home]) await mkdir(path, { recursive: true })
  await repository.exportTree(sealed, source)
  const { setup } = prepared
  if (setup !== undefined) await copySetup(run, setup, { source, home })
  await assertFits([source, home], run.config)
  return { source, own: { home, ...(setup && { setup }) } }
}

async function copySetup(
  { repository, sandbox, base, prepared }: RunSource,
  setup: SetupPlaces,
  { source, home }: SetupPlaces,
): Promise<void> {
  const seen = sandbox.level === 'none' ? setup : LINKED_SETUP
  const tracked = new Set((await repository.listFiles(base)).map(({ path }) => path))
  for (const path of prepared.linked) tracked.delete(path)
  await copyForRun({ from: setup.source, to: source, seenAt: seen.source, except: tracked })
  await copyForRun({ from: setup.home, to: home, seenAt: seen.home })
}

async function assertFits(copies: readonly string[], { sandbox }: RunSource['config']): Promise<void> {
  const { bytes } = await diskUse(copies)
  if (bytes <= sandbox.outBytes) return
  throw new ConfigError(
    `a trial's own copy of the repository and of what setup left takes ${formatBytes(bytes)}, more than \`sandbox.out\` (${formatBytes(sandbox.outBytes)})`,
    {
      hint: 'Raise `sandbox.out`, or let setup write large data into $AUTORESEARCH_DATA, which is not copied.',
    },
  )
}

/**
 * Moves what the configuration declares as output from the source folder of a run that has ended into its `out`. Nothing is
 * moved through a link, because the run may have made it.
 */
export async function moveOutputs(source: string, out: string, outputs: readonly string[]): Promise<void> {
  const root = await realpath(source)
  for (const path of outputs) {
    const from = join(root, path)
    const parent = await realpath(dirname(from)).catch(() => undefined)
    const status = await lstat(from).catch(() => undefined)
    if (parent !== dirname(from) || !(status?.isFile() || status?.isDirectory())) continue
    const to = join(out, path)
    if ((await folderAt(out, dirname(path))) && (await lstat(to).catch(() => undefined)) === undefined)
      await rename(from, to)
  }
}

/** Makes the folders of a relative path. @returns false when one of them is something else, such as a link */
async function folderAt(root: string, path: string): Promise<boolean> {
  let folder = root
  for (const part of path === '.' ? [] : path.split('/')) {
    folder = join(folder, part)
    await mkdir(folder).catch(() => undefined)
    if (!(await lstat(folder).catch(() => undefined))?.isDirectory()) return false
  }
  return true
}
