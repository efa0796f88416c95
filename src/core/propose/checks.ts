// The quick checks an agent may run: where they are offered, and what it is told of them.
import type { Config } from '../config/config.ts'
import type { SandboxExit } from '../sandbox/sandbox.ts'
import { fence } from '../text/markdown.ts'

/** All checks together may take this long. */
export const CHECKS_SECONDS = 60
const MAX_TAIL_CHARACTERS = 2000

/** Checks execute what a model wrote a moment ago, so that there are none without a sandbox. */
export function offersChecks({ checks = [], sandbox }: Pick<Config, 'checks' | 'sandbox'>): boolean {
  return checks.length > 0 && sandbox.kind === 'bubblewrap'
}

export interface CheckRun {
  command: string
  exit: SandboxExit
  /** Everything a secret was found in is left out of it. */
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
  if (exit.timedOut) return `killed, because checks may take ${CHECKS_SECONDS} s together`
  if (exit.exceeded !== undefined) return `stopped at the limit of ${exit.exceeded}`
  return exit.code === null ? `ended by ${exit.signal}` : `exit code ${exit.code}`
}
