// The sandbox contract: what a caller requests, and what every kind of sandbox provides.

import type { Readable, Writable } from 'node:stream'
import type { Accelerators, Caps, Mount, Places, SandboxExit } from '../../core/sandbox/sandbox.ts'
import type { Stream } from '../../core/trial/output.ts'

export interface SandboxRequest {
  /** A shell command line, run in `source`. */
  command: string
  places: Places
  /** False for the evaluator, which reads the output of training and may write only to its temporary folder. */
  outWritable: boolean
  /** The accelerators to show: false shows none, absent shows all. */
  accelerators?: Accelerators | false
  /** Numbers of the processor cores to run on; absent: all that this process may use. */
  cores?: readonly number[]
  /** All variables except those that name places: HOME, TMPDIR and AUTORESEARCH_DATA, _OUT, _EVAL_DATA and _ASK. */
  environment: Readonly<Record<string, string>>
  timeoutSeconds: number
  caps: Caps
  /** Files that are in the writable folders already; they do not count as too many. Default 0. */
  filesBefore?: number
  /** Additional host paths to show read-only, such as caches and virtual environments. */
  read: readonly string[]
  /** Mounts shown without a check: the caller guarantees that none is private. */
  mounts?: readonly Mount[]
  /** Small files that exist only inside the sandbox, by absolute path. They never appear on disk or among arguments. */
  files?: Readonly<Record<string, string>>
  /** What the command reads from its standard input. Default: nothing. */
  input?: Readable
  /** Receives the standard output byte for byte, as fast as it takes it; `onOutput` then gets only standard error. */
  output?: Writable
  /** Receives whole lines of standard output and standard error; no more is read until it returns. */
  onOutput: (text: string, stream: Stream) => void
  /** Ends the command: SIGTERM, and SIGKILL a second later, or after the time that a `GentleEnd` as the reason leaves. */
  signal: AbortSignal
}

/** Reason to end a command that leaves it time to save what it has. */
export class GentleEnd {
  readonly graceSeconds: number

  constructor(graceSeconds: number) {
    this.graceSeconds = graceSeconds
  }
}

/** Time between SIGTERM and SIGKILL, in which a script can write its last output. */
const GRACE_SECONDS = 1

/** @param signal absent at a timeout */
export function graceMilliseconds(signal?: AbortSignal): number {
  const reason: unknown = signal?.reason
  return 1000 * (reason instanceof GentleEnd ? reason.graceSeconds : GRACE_SECONDS)
}

export interface Sandbox {
  readonly level: 'bubblewrap' | 'none'
  /** For the check run: the kind of sandbox and the limits in force, in words. */
  readonly description: string
  /**
   * Runs a command to its end. Every outcome is a return value, and no process of the command is left afterwards.
   *
   * @throws SandboxError when the sandbox cannot be created, or `read` names a private path
   */
  run(request: SandboxRequest): Promise<SandboxExit>
}
