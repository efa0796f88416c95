// What `doctor` examines: the configuration and the files of the commit that the next run would start from.
import { type Config, configIn } from '../../core/config/config.ts'
import { checkNamedFiles } from '../../core/config/named-files.ts'
import { type Check, ok } from '../../core/doctor/check.ts'
import { checkLargeFiles, checkSubmodules } from '../../core/doctor/repository.ts'
import { ConfigError } from '../../errors.ts'
import type { RemoteBranches, Repository } from '../../ports/repository.ts'

export interface Place {
  branch: string
  commit: string
}

export interface Subject {
  place: Place
  config: Config
  /** Text files of the commit, by path. */
  files: ReadonlyMap<string, string>
}

/**
 * The baseline branch, or the default branch before the first run.
 *
 * @throws ConfigError when there is no commit, or with everything that is wrong with the configuration
 */
export async function findSubject(
  repository: Repository,
  path: string,
  branches: RemoteBranches,
): Promise<Subject> {
  const { defaultBranch, commits } = branches
  const commit = commits.get(defaultBranch)
  if (commit === undefined)
    throw new ConfigError(`the repository has no commit on ${defaultBranch}`, {
      hint: 'Push your training code first.',
    })
  const first = await readSubject(repository, path, { branch: defaultBranch, commit })
  const { baseline } = first.config
  const tip = commits.get(baseline)
  return tip === undefined ? first : readSubject(repository, path, { branch: baseline, commit: tip })
}

/** @throws ConfigError with everything that is wrong with the configuration */
export async function readSubject(repository: Repository, path: string, place: Place): Promise<Subject> {
  const { branch, commit } = place
  const text = await repository.readFile(commit, path)
  const config = configIn(text, { path, where: branch, commit })
  return { place, config, files: await repository.readFiles(commit) }
}

/** @throws ConfigError when no file may change */
export function checksOfFiles({ config, files, place }: Subject, path: string): Check[] {
  const warnings = checkNamedFiles(config, [...files.keys()], { path, branch: place.branch })
  const text = `${path} on ${place.branch} is valid`
  const found = warnings.length === 0 ? ok(text) : ok(text, warnings.join('; '))
  return [{ area: 'configuration', id: 'file', ...found }, checkLargeFiles(files), checkSubmodules(files)]
}
