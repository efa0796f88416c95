// Locks between the jobs of one machine. The kernel releases a lock when its job ends, however that happens.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { createInterface } from 'node:readline'

/** A lock that is held until it is released, or until this process ends. */
export interface Lock {
  /** Whether another job had it first. */
  waited: boolean
  release(): void
}

/**
 * Node cannot lock files, but `flock` of util-linux can. The shell holds the lock until its standard input closes.
 * Arguments: the file, `-s` (shared) or `-x` (exclusive), and `wait` or `try`.
 */
const HOLD = [
  'exec 9>>"$1" || exit 1',
  'if flock -n "$2" 9; then echo locked',
  'elif [ "$3" = try ]; then echo busy; exit',
  'else echo waiting; flock "$2" 9 && echo locked',
  'fi',
  'read -r end',
].join('\n')

interface LockRequest {
  /** `shared` excludes only `exclusive` ones. */
  kind: 'shared' | 'exclusive'
  signal: AbortSignal
  /** Called when another job has the lock; absent: do not wait. */
  onWait?: () => void
}

/**
 * @returns undefined when another job has the lock and there is no `onWait`, or after an abort; `unavailable` where the
 *   machine has no `flock`
 */
export async function lockFile(
  path: string,
  { kind, signal, onWait }: LockRequest,
): Promise<Lock | 'unavailable' | undefined> {
  const flag = kind === 'shared' ? '-s' : '-x'
  const args = ['-c', HOLD, 'sh', path, flag, onWait ? 'wait' : 'try']
  const child = spawn('/bin/sh', args, { stdio: ['pipe', 'pipe', 'ignore'], cwd: '/' })
  const release = (): void => {
    child.kill('SIGKILL')
  }
  signal.addEventListener('abort', release, { once: true })
  try {
    let waited = false
    for await (const line of createInterface({ input: child.stdout })) {
      if (line === 'busy') return undefined
      if (line === 'locked') return { waited, release: hold(child, release) }
      waited = true
      onWait?.()
    }
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    return signal.aborted ? undefined : 'unavailable'
  } finally {
    signal.removeEventListener('abort', release)
  }
}

/** Lets this process end while it holds the lock. */
function hold(child: ReturnType<typeof spawn>, release: () => void): () => void {
  child.unref()
  for (const stream of [child.stdin, child.stdout]) (stream as Socket).unref()
  return release
}
