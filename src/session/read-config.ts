// Reads the configuration: from the default branch to find the baseline branch, then from the baseline; never from a candidate.
import { type Config, configIn } from '../core/config/config.ts'
import { checkNamedFiles } from '../core/config/named-files.ts'
import { describeForeignText } from '../core/text/encoding.ts'
import { ConfigError } from '../errors.ts'
import type { Repository } from '../ports/repository.ts'

/** Where a configuration is read. */
export interface Place {
  branch: string
  commit: string
}

/** @throws ConfigError when there is none, or with everything that is wrong with it */
export async function readConfig(
  repository: Repository,
  { branch, commit }: Place,
  path: string,
): Promise<Config> {
  const text = await repository.readFile(commit, path)
  const foreign = text === undefined ? (await repository.foreignTexts(commit)).get(path) : undefined
  if (foreign)
    throw new ConfigError(describeForeignText(path, foreign), {
      hint: `Save ${path} on the branch ${branch} in UTF-8.`,
    })
  return configIn(text, { path, where: `the branch ${branch}`, commit })
}

/** Warnings about named files that do not exist. @throws ConfigError when no file may change */
export async function readNamedFiles(
  repository: Repository,
  config: Config,
  { branch, commit }: Place,
  path: string,
): Promise<string[]> {
  const paths = [...(await repository.readFiles(commit)).keys()]
  return checkNamedFiles(config, paths, { path, branch }, await repository.foreignTexts(commit))
}
