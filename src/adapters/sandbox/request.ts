// What every sandbox takes and gives: the contract between the trainer and whatever holds the code.
import type { Accelerators, Caps, Mount, Places, SandboxExit } from '../../core/sandbox/sandbox.ts'

export interface SandboxRequest {
  /** A line for the shell, run in `source`. */
  command: string
  places: Places
  /** False for the evaluator: it reads what training left and has only its own scratch to write. */
  outWritable: boolean
  /** False keeps the accelerators of the machine out of sight; absent shows them all. */
  accelerators?: Accelerators | false
  /** All variables, but for those that name places: HOME, TMPDIR and AUTORESEARCH_DATA, _OUT and _EVAL_DATA. */
  environment: Readonly<Record<string, string>>
  timeoutSeconds: number
  caps: Caps
  /** Further host paths shown read-only: caches, virtual environments. */
  read: readonly string[]
  /** Shown as they are: whoever asks has made sure that nothing private is among them. */
  mounts?: readonly Mount[]
  /** Small files that exist only inside, by absolute path: they are on no disk and in no list of arguments. */
  files?: Readonly<Record<string, string>>
  /** Called with whole lines of standard output and standard error; nothing more is read until it returns. */
  onOutput: (text: string) => void
  signal: AbortSignal
}

export interface Sandbox {
  readonly level: 'bubblewrap' | 'none'
  /** In words, for the check run: what holds the code, and which limits are in force. */
  readonly description: string
  /**
   * Runs a command to its end. Every way to end is a value, and when it returns, nothing of the command is left.
   *
   * @throws SandboxError when the sandbox itself cannot be made, or `read` names something private
   */
  run(request: SandboxRequest): Promise<SandboxExit>
}
