// Starts a command in a process group of its own, enforces its time from outside, and leaves nothing of the group behind.
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { execa } from 'execa'
import type { Exit } from '../../core/trial/metric.ts'
import { readLines } from './output-lines.ts'

export interface GroupRequest {
  /** A line for the shell. */
  command: string
  directory: string
  /** The whole environment; nothing is inherited. */
  environment: Readonly<Record<string, string>>
  timeoutSeconds: number
  /** Called with whole lines of standard output and standard error, in the order they arrive. */
  onOutput: (text: string) => void
  signal: AbortSignal
}

/** Time between SIGTERM and SIGKILL, for a script that wants to say something last. */
const GRACE_MILLISECONDS = 1000
/** Patience with a pipe that somebody outside the group keeps open. */
const DRAIN_MILLISECONDS = 500

/** Runs a command to its end, or to its timeout. Every way to end is a value. */
export async function runGroup(request: GroupRequest): Promise<Exit> {
  const child = execa('/bin/sh', ['-c', request.command], {
    cwd: request.directory,
    env: request.environment,
    extendEnv: false,
    // Its own process group, so that one signal reaches the shell, the script and what the script started.
    detached: true,
    stdin: 'ignore',
    buffer: false,
    reject: false,
  })
  const { pid } = child
  if (pid === undefined) return { code: 127, signal: null, timedOut: false }
  const streams = [child.stdout, child.stderr]
  const ends = streams.map((stream) => readLines(stream, request.onOutput))

  let timedOut = false
  const timer = setTimeout(() => {
    timedOut = true
    endGroup(pid)
  }, request.timeoutSeconds * 1000)
  const onAbort = (): void => endGroup(pid)
  request.signal.addEventListener('abort', onAbort, { once: true })
  if (request.signal.aborted) endGroup(pid)

  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null]
  clearTimeout(timer)
  request.signal.removeEventListener('abort', onAbort)
  // Whatever the script left running in its group dies with it, and must not keep our end of the pipe open.
  signalGroup(pid, 'SIGKILL')
  await Promise.all(streams.map((stream) => drained(stream)))
  for (const end of ends) end()
  return { code, signal, timedOut }
}

function endGroup(pid: number): void {
  signalGroup(pid, 'SIGTERM')
  setTimeout(() => signalGroup(pid, 'SIGKILL'), GRACE_MILLISECONDS).unref()
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** Reads what is still in the pipe, but does not wait for a process that left the group and kept it open. */
async function drained(stream: Readable | null): Promise<void> {
  if (!stream || stream.closed) return
  const patience = AbortSignal.timeout(DRAIN_MILLISECONDS)
  await finished(stream, { signal: patience }).catch(() => {})
  stream.destroy()
}
