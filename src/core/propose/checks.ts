// The quick checks that an agent may run: when they are offered, and how their results are described.
import type { Config } from '../config/config.ts'
import type { SandboxExit } from '../sandbox/sandbox.ts'
import { fence } from '../text/markdown.ts'

/** Time limit for all checks together. */
export const CHECKS_SECONDS = 60
const MAX_TAIL_CHARACTERS = 2000

/** True when checks are configured and sandboxed: they execute code that a model has just written. */
export function offersChecks({ checks = [], sandbox }: Pick<Config, 'checks' | 'sandbox'>): boolean {
  return checks.length > 0 && sandbox.kind === 'bubblewrap'
}

export interface CheckRun {
  command: string
  exit: SandboxExit
  /** Output in which secrets are redacted. */
  output: string
}

export function passes({ exit }: CheckRun): boolean {
  return exit.code === 0 && !exit.timedOut && exit.exceeded === undefined
}

export function describeCheck(run: CheckRun): string {
  const { command, output } = run
  const tail = output.slice(-MAX_TAIL_CHARACTERS).toWellFormed()
  return `$ ${command}: ${outcomeOf(run)}\n${fence(tail, '', MAX_TAIL_CHARACTERS)}`
}

function outcomeOf({ exit }: CheckRun): string {
  if (exit.timedOut) return `killed at the limit of ${CHECKS_SECONDS} s for all checks together`
  if (exit.exceeded !== undefined) return `stopped at the limit of ${exit.exceeded}`
  return exit.code === null ? `ended by ${exit.signal}` : `exit code ${exit.code}`
}
