// Ends a sandbox: signals for what is inside, and the proof that nothing of it is left.
import type { ChildProcess } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { constants } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import type { Exit } from '../../core/trial/metric.ts'
import { SandboxError } from './error.ts'

/** Time between SIGTERM and SIGKILL, for a script that wants to say something last. */
const GRACE_MILLISECONDS = 1000
const LOOK_MILLISECONDS = 2
/** A process that waits for its device inside the kernel cannot be killed; nobody waits for it longer than this. */
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

/** Kills a bubblewrap in which no command has begun, and waits until it is gone, unless the kernel holds it. */
export async function abandon(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL')
  if (child.pid === undefined) return
  await Promise.race([ended(child), delay(GONE_MILLISECONDS, undefined, { ref: false })])
}

/** The end of one sandbox. */
export class SandboxEnd {
  readonly #child: ChildProcess
  readonly #init: number
  /** What tells the sandbox's first process from a later one with the same number. */
  readonly #birth: string | undefined
  readonly #timers: NodeJS.Timeout[] = []

  private constructor(child: ChildProcess, init: number, birth: string | undefined) {
    this.#child = child
    this.#init = init
    this.#birth = birth
  }

  /** @param init the sandbox's first process; it leads the group in which the command begins */
  static async of(child: ChildProcess, init: number): Promise<SandboxEnd> {
    return new SandboxEnd(child, init, await birthOf(init))
  }

  /** Asks the command to end, then makes it. */
  terminate(): void {
    send(-this.#init, 'SIGTERM')
    this.#timers.push(setTimeout(() => this.kill(), GRACE_MILLISECONDS))
  }

  /** Bubblewrap follows its first process; it is killed itself only when that one cannot die. */
  kill(): void {
    send(this.#init, 'SIGKILL')
    this.#timers.push(setTimeout(() => this.#child.kill('SIGKILL'), GONE_MILLISECONDS))
  }

  /**
   * Waits until nothing is left: the kernel ends every process of a namespace before it lets go of the first one. To be
   * called when bubblewrap has ended, which it does as soon as the command has.
   *
   * @throws SandboxError when something cannot be killed
   */
  async settle(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer)
    const deadline = performance.now() + GONE_MILLISECONDS
    while (this.#birth !== undefined && (await birthOf(this.#init)) === this.#birth) {
      if (performance.now() > deadline) throw unkillable(this.#init)
      send(this.#init, 'SIGKILL')
      await delay(LOOK_MILLISECONDS)
    }
  }
}

function unkillable(pid: number): SandboxError {
  return new SandboxError({
    message: `a trial left processes that cannot be killed (process ${pid} and its children)`,
    hint: 'Most likely the driver of an accelerator hangs: restart the machine before training on it again.',
  })
}

/** Sends to a process, or with a negative number to its group; that it is gone already is fine. */
function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** When a process began, in ticks since the machine did; undefined when it has ended. */
async function birthOf(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined)
  if (stat === undefined) return undefined
  // After the name in parentheses, which may hold anything: field 3 is the state, field 22 the beginning.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  // A zombie has already ended every other one; in some containers nobody ever reaps it.
  return fields[0] === 'Z' ? undefined : fields[19]
}
