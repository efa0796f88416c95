// The versions of prepared data that stay on a machine: a few of the latest used ones.
import { readdir, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { SetupPolicy } from '../../core/config/config.ts'
import { formatBytes } from '../../core/text/numbers.ts'
import type { Log } from '../../ports/job.ts'
import { removeTree } from '../remove-tree.ts'
import { diskUse } from '../sandbox/watch/files.ts'
import { lockFile } from './version-lock.ts'

/** A file in the folder of a version: it is complete, and was last used when this file was changed. */
export const READY = 'ready'

const NAME = /^[0-9a-f]{16}(-venv|\.unfinished-.*)?$/

/** The lock of a version lies outside the folder of versions: it stays when the version is removed. */
export function lockPath(version: string): string {
  return join(`${dirname(version)}.locks`, basename(version))
}

/** Paths of the locks that this process holds until it ends. */
const kept = new Set<string>()

/** Keeps other jobs from removing a version until this process ends. One lock is enough, however often data are prepared. */
export async function keepVersion(version: string, signal: AbortSignal, onWait: () => void): Promise<void> {
  const path = lockPath(version)
  if (kept.has(path)) return
  const lock = await lockFile(path, { kind: 'shared', signal, onWait })
  if (lock !== undefined) kept.add(path)
}

/** Removes the versions that were not used for longest, never one that a job uses, and never `current`. */
export async function evictVersions(
  { cacheDirectory, log }: { cacheDirectory: string; log: Log },
  { keep, keepBytes = Number.POSITIVE_INFINITY }: SetupPolicy,
  current: string,
): Promise<void> {
  const versions = await byLastUse(cacheDirectory, current)
  if (versions.length < keep && keepBytes === Number.POSITIVE_INFINITY) return
  let bytes = keepBytes === Number.POSITIVE_INFINITY ? 0 : (await diskUse([current])).bytes
  for (const [index, version] of versions.entries()) {
    if (keepBytes !== Number.POSITIVE_INFINITY) bytes += (await diskUse([version])).bytes
    if (index + 1 < keep && bytes <= keepBytes) continue
    await evict(version, log)
  }
}

async function evict(version: string, log: Log): Promise<void> {
  const signal = new AbortController().signal
  const lock = await lockFile(lockPath(version), { kind: 'exclusive', signal })
  if (typeof lock !== 'object') return
  const { bytes } = await diskUse([version])
  await removeTree(version)
  lock.release()
  log.info(`Removed old data that setup had prepared (${formatBytes(bytes)}): ${version}`)
}

/** The other versions, the latest used one first; what never became complete comes last. */
async function byLastUse(cacheDirectory: string, current: string): Promise<string[]> {
  const names = (await readdir(cacheDirectory)).filter((name) => NAME.test(name))
  const versions = names.map((name) => join(cacheDirectory, name)).filter((version) => version !== current)
  const used = await Promise.all(
    versions.map(async (version) => {
      const ready = await stat(join(version, READY)).catch(() => undefined)
      return { version, usedMilliseconds: ready?.mtimeMs ?? 0 }
    }),
  )
  return used.toSorted((a, b) => b.usedMilliseconds - a.usedMilliseconds).map(({ version }) => version)
}
