// Whether the installed git can do what this program needs.
import { execa } from 'execa'
import { ConfigError } from '../../errors.ts'
import { inheritedEnvironment } from './own-repository.ts'

/** The first git that merges without a work tree (`merge-tree --write-tree`). */
const NEEDED = [2, 38] as const

/** @throws ConfigError when git is missing or older than 2.38 */
export async function assertGitVersion(): Promise<void> {
  const { stdout } = await execa('git', ['version'], {
    env: inheritedEnvironment(),
    extendEnv: false,
    reject: false,
  })
  const problem = explainVersion(stdout ?? '')
  if (problem === undefined) return
  throw new ConfigError(problem, {
    hint: 'Install a newer git: on Ubuntu 22.04 `sudo add-apt-repository -y ppa:git-core/ppa && sudo apt-get install -y git`; in a container, a newer base image.',
  })
}

/** @param printed what `git version` prints; empty when there is no git */
export function explainVersion(printed: string): string | undefined {
  const [, major, minor] = /git version (\d+)\.(\d+)/.exec(printed) ?? []
  if (major === undefined) return 'git is not installed'
  const [first, second] = [Number(major), Number(minor)]
  if (first > NEEDED[0] || (first === NEEDED[0] && second >= NEEDED[1])) return undefined
  return `git ${major}.${minor} is too old: candidates are replayed with git ${NEEDED.join('.')} or newer`
}
