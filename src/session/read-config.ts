// Reads the configuration: from the default branch to find the baseline branch, then from the baseline; never from a candidate.
import { type Config, configIn } from '../core/config/config.ts'
import { checkNamedFiles } from '../core/config/named-files.ts'
import type { Repository } from '../ports.ts'

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
  return configIn(await repository.readFile(commit, path), { path, where: `the branch ${branch}`, commit })
}

/** Warnings about named files that do not exist. @throws ConfigError when no file may change */
export async function readNamedFiles(
  repository: Repository,
  config: Config,
  { branch, commit }: Place,
  path: string,
): Promise<string[]> {
  return checkNamedFiles(config, [...(await repository.readFiles(commit)).keys()], { path, branch })
}
