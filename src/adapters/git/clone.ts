// A clone on a person's machine, as `init` and `doctor` use it outside of a workflow.
import { execa } from 'execa'
import { ConfigError } from '../../errors.ts'
import { inheritedEnvironment } from './own-repository.ts'

export interface Clone {
  /** Its top folder. */
  directory: string
  /** The commit that is checked out. */
  commit: string
  /** URL of `origin`, without a user or password; absent when there is none. */
  remoteUrl?: string
}

/** @throws ConfigError outside of a clone, or before its first commit */
export async function describeClone(directory: string): Promise<Clone> {
  const git = async (...args: string[]) => {
    const options = { cwd: directory, env: inheritedEnvironment(), extendEnv: false, reject: false } as const
    const { exitCode, stdout } = await execa('git', args, options)
    return exitCode === 0 ? stdout.trim() : undefined
  }
  const top = await git('rev-parse', '--show-toplevel')
  if (top === undefined)
    throw new ConfigError(`${directory} is not a clone of a repository`, {
      hint: 'Change into the folder of your training code, or run `git init` there and commit it.',
    })
  const commit = await git('rev-parse', '--verify', '--quiet', 'HEAD')
  if (commit === undefined)
    throw new ConfigError(`${top} has no commit yet`, { hint: 'Run `git add -A && git commit` first.' })
  const remoteUrl = (await git('config', '--get', 'remote.origin.url'))?.replace(/\/\/[^@/]*@/, '//')
  return { directory: top, commit, ...(remoteUrl ? { remoteUrl } : {}) }
}
