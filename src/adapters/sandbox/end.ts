// Ends a sandbox: signals the processes inside, and confirms that none is left.
import type { ChildProcess } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { constants } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import type { Exit } from '../../core/trial/metric.ts'
import { SandboxError } from './error.ts'
import { graceMilliseconds } from './request.ts'

const LOOK_MILLISECONDS = 2
/** Maximum wait for a process to end. A process that waits for a device inside the kernel cannot be killed. */
const GONE_MILLISECONDS = 10_000

/** Bubblewrap reports the signal that ended a command as 128 + its number, as a shell does. */
export function exitOf(code: number | null, signal: string | null, timedOut: boolean): Exit {
  const name = Object.entries(constants.signals).find(([, number]) => code === 128 + number)?.[0]
  return name === undefined ? { code, signal, timedOut } : { code: null, signal: name, timedOut }
}

/** Resolves to how bubblewrap itself ended. */
export function ended(child: ChildProcess): Promise<[number | null, NodeJS.Signals | null]> {
  if (child.exitCode !== null || child.signalCode !== null)
    return Promise.resolve([child.exitCode, child.signalCode])
  return new Promise((resolve) => child.once('exit', (code, signal) => resolve([code, signal])))
}

/** Kills a bubblewrap whose command has not started, and waits until it has ended, up to the limit. */
export async function abandon(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL')
  if (child.pid === undefined) return
  await Promise.race([ended(child), delay(GONE_MILLISECONDS, undefined, { ref: false })])
}

/** Ends one sandbox. */
export class SandboxEnd {
  readonly #child: ChildProcess
  readonly #init: number
  /** Distinguishes the sandbox's first process from a later process with the same id. */
  readonly #startTime: string | undefined
  readonly #timers: NodeJS.Timeout[] = []

  private constructor(child: ChildProcess, init: number, startTime: string | undefined) {
    this.#child = child
    this.#init = init
    this.#startTime = startTime
  }

  /** @param init the sandbox's first process; it leads the process group in which the command starts */
  static async of(child: ChildProcess, init: number): Promise<SandboxEnd> {
    return new SandboxEnd(child, init, await startTimeOf(init))
  }

  /** Sends SIGTERM to the command, and SIGKILL after the grace period. */
  terminate(signal?: AbortSignal): void {
    send(-this.#init, 'SIGTERM')
    this.#timers.push(setTimeout(() => this.kill(), graceMilliseconds(signal)))
  }

  /** Kills the sandbox's first process, and with it the sandbox. Bubblewrap itself is killed only when that does not work. */
  kill(): void {
    send(this.#init, 'SIGKILL')
    this.#timers.push(setTimeout(() => this.#child.kill('SIGKILL'), GONE_MILLISECONDS))
  }

  /**
   * Waits until no process is left. It is enough to wait for the first one, because the kernel ends every other process of
   * the namespace before it. Call this after bubblewrap has ended, which happens as soon as the command ends.
   *
   * @throws SandboxError when a process cannot be killed
   */
  async settle(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer)
    const deadline = performance.now() + GONE_MILLISECONDS
    while (this.#startTime !== undefined && (await startTimeOf(this.#init)) === this.#startTime) {
      if (performance.now() > deadline) throw unkillable(this.#init)
      send(this.#init, 'SIGKILL')
      await delay(LOOK_MILLISECONDS)
    }
  }
}

function unkillable(pid: number): SandboxError {
  return new SandboxError({
    message: `a trial left processes that cannot be killed (process ${pid} and its children)`,
    hint: "The accelerator's driver probably hangs: restart the machine before training on it again.",
  })
}

/** Signals a process or, with a negative number, its process group. A process that has already ended is not an error. */
function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** The start time of a process, in clock ticks since boot; undefined when it has ended. */
async function startTimeOf(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined)
  if (stat === undefined) return undefined
  // Parsed after the process name in parentheses, which may contain anything. Field 3 is the state, field 22 the start time.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  // A zombie counts as ended: every other process ended before it, and some containers never reap it.
  return fields[0] === 'Z' ? undefined : fields[19]
}
