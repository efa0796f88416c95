/** Runs git without this machine's configuration. By `execFile`: a test makes hundreds of calls, and execa costs 10 ms each. */
import { execFile } from 'node:child_process'

export interface GitResult {
  readonly exitCode: number
  readonly stdout: Buffer
  readonly stderr: string
}

export interface GitOptions {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  readonly input?: string | Buffer
}

export const GIT_ENVIRONMENT: Readonly<Record<string, string>> = {
  PATH: process.env.PATH ?? '/usr/bin:/bin',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  // Each commit and fetch would start a process that finds nothing to tidy up.
  GIT_CONFIG_COUNT: '1',
  GIT_CONFIG_KEY_0: 'maintenance.auto',
  GIT_CONFIG_VALUE_0: 'false',
  GIT_TERMINAL_PROMPT: '0',
  LC_ALL: 'C',
}

/** Any exit code is a result; rejects only when git could not be run or was killed. */
export function runGit(args: readonly string[], { cwd, env, input }: GitOptions = {}): Promise<GitResult> {
  return new Promise((resolve, reject) => {
    const options = { cwd, env: { ...GIT_ENVIRONMENT, ...env }, encoding: 'buffer', maxBuffer: 1e9 } as const
    const child = execFile('git', args, options, (error, stdout, stderr) => {
      const exitCode = error?.code ?? (error === null ? 0 : undefined)
      if (typeof exitCode === 'number') resolve({ exitCode, stdout, stderr: stderr.toString('utf8') })
      else reject(error ?? new Error('git was killed'))
    })
    // git may end before it has read everything; its exit code tells the story.
    child.stdin?.on('error', () => undefined)
    child.stdin?.end(input)
  })
}
