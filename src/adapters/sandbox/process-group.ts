// Runs a command in its own process group, enforces its timeout from outside, and ends every process of the group.
import { once } from 'node:events'
import { execa } from 'execa'
import type { Exit } from '../../core/trial/metric.ts'
import { connect } from './output-lines.ts'
import { graceMilliseconds, type SandboxRequest } from './request.ts'

export interface GroupRequest extends Pick<SandboxRequest, 'onOutput' | 'input' | 'output'> {
  /** A shell command line. */
  command: string
  /** Words before the shell, such as a program that selects processor cores. Default: none. */
  launcher?: readonly string[]
  directory: string
  /** The whole environment; nothing is inherited. */
  environment: Readonly<Record<string, string>>
  timeoutSeconds: number
  signal: AbortSignal
}

/** Maximum wait for a pipe that a process outside the group keeps open. */
const DRAIN_MILLISECONDS = 500

/** Runs a command until it exits or times out. Every outcome is a return value, never an error. */
export async function runGroup(request: GroupRequest): Promise<Exit> {
  const [file = '/bin/sh', ...args] = [...(request.launcher ?? []), '/bin/sh', '-c', request.command]
  const child = execa(file, args, {
    cwd: request.directory,
    env: request.environment,
    extendEnv: false,
    // Its own process group, so that one signal reaches the shell, the script and the script's children.
    detached: true,
    stdin: request.input ? 'pipe' : 'ignore',
    buffer: false,
    reject: false,
  })
  const { pid } = child
  if (pid === undefined) return { code: 127, signal: null, timedOut: false }
  const connection = connect(child, request)

  let timedOut = false
  const timer = setTimeout(() => {
    timedOut = true
    endGroup(pid)
  }, request.timeoutSeconds * 1000)
  const onAbort = (): void => endGroup(pid, request.signal)
  request.signal.addEventListener('abort', onAbort, { once: true })
  if (request.signal.aborted) onAbort()

  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null]
  clearTimeout(timer)
  request.signal.removeEventListener('abort', onAbort)
  // Processes that the script left running must end too, and must not keep the pipes open.
  signalGroup(pid, 'SIGKILL')
  await connection.close(DRAIN_MILLISECONDS)
  return { code, signal, timedOut }
}

function endGroup(pid: number, signal?: AbortSignal): void {
  signalGroup(pid, 'SIGTERM')
  setTimeout(() => signalGroup(pid, 'SIGKILL'), graceMilliseconds(signal)).unref()
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
