// The configuration of a commit, for everybody who needs one to go on.
import { ConfigError } from '../../errors.ts'
import { type Config, parseConfig, renderConfigProblems } from './config.ts'

/** Where a configuration was read, as a person is told. */
interface ConfigPlace {
  /** In the repository. */
  path: string
  /** Such as `the branch main`. */
  where: string
  commit: string
}

/**
 * @param text of the file; undefined when there is none
 * @throws ConfigError when there is none, or with everything that is wrong with it
 */
export function configIn(text: string | undefined, { path, where, commit }: ConfigPlace): Config {
  if (text === undefined)
    throw new ConfigError(`there is no ${path} on ${where} (${commit.slice(0, 7)})`, {
      hint: `Commit one to ${where}; docs/configuration.md shows every field, and four lines are enough.`,
    })
  const parsed = parseConfig(text)
  if (parsed.kind === 'config') return parsed.config
  throw new ConfigError(renderConfigProblems(path, parsed.problems), {
    hint: `Mend ${path} on ${where} (read at ${commit.slice(0, 7)}).`,
  })
}
