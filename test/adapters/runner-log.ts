// The log of a job as the runner reads it, which takes lines of a certain form for commands.
import { vi } from 'vitest'
import { actionsLog } from '../../src/adapters/actions.ts'

/** What the runner reads from us. */
export function outputOf(use: () => void): string {
  let output = ''
  const spy = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    output += String(text)
    return true
  })
  try {
    use()
  } finally {
    spy.mockRestore()
  }
  return output
}

/** The commands that the runner finds in a log, by its own two rules. */
export function commandsIn(log: string): string[] {
  return log.split(/\r\n|\r|\n/).flatMap((line) => {
    const current = /^::([^\s:]+)/.exec(line.trimStart())?.[1]
    const old = /##\[(\S+?)[\s\]]/.exec(line)?.[1]
    return [current, old].filter((name) => name !== undefined)
  })
}

/** What stands in the log when we say this. */
export function logged(text: string): string {
  return outputOf(() => actionsLog.info(text))
}
