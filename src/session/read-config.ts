// Reads the configuration: from the default branch to find the baseline branch, then from the baseline; never from a candidate.
import type { Config } from '../core/config/config.ts'
import { lookForNamedFiles } from '../core/config/named-files.ts'
import { configIn } from '../core/config/read.ts'
import { ConfigError } from '../errors.ts'
import type { Repository } from '../ports.ts'

/** Where a configuration is read. */
interface Place {
  branch: string
  commit: string
}

/** @throws ConfigError when there is none, or with everything that is wrong with it */
export async function readConfig(
  repository: Repository,
  { branch, commit }: Place,
  path: string,
): Promise<Config> {
  return configIn(await repository.readFile(commit, path), { path, where: `the branch ${branch}`, commit })
}

/** @throws ConfigError when nothing could ever be proposed, because no file may change */
export async function readNamedFiles(
  repository: Repository,
  config: Config,
  { branch, commit }: Place,
  path: string,
): Promise<string[]> {
  const named = lookForNamedFiles(config, [...(await repository.readFiles(commit)).keys()])
  if (named.kind === 'editable') return named.warnings
  const some = named.some.length === 0 ? '' : ` Files there include ${named.some.join(', ')}.`
  throw new ConfigError(`editable: no text file on ${branch} matches ${config.editable.join(', ')}`, {
    hint: `Fix \`editable\` in ${path} on the branch ${branch}: globs begin at the root of the repository.${some}`,
  })
}
