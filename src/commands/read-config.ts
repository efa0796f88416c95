// Reads the configuration, always from a commit of the baseline and never from a candidate.
import { type Config, parseConfig, renderConfigProblems } from '../core/config/config.ts'
import { ConfigError } from '../errors.ts'
import type { Repository } from '../ports.ts'

/** @throws ConfigError when there is none, or with everything that is wrong with it */
export async function readConfig(repository: Repository, commit: string, path: string): Promise<Config> {
  const text = await repository.readFile(commit, path)
  if (text === undefined)
    throw new ConfigError(`there is no ${path} at ${commit.slice(0, 7)}`, {
      hint: 'Commit one to the default branch; docs/configuration.md shows every field, and four lines are enough.',
    })
  const parsed = parseConfig(text)
  if (parsed.kind === 'config') return parsed.config
  throw new ConfigError(renderConfigProblems(path, parsed.problems), {
    hint: `Mend ${path} on the baseline branch.`,
  })
}
