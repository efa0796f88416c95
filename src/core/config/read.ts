// Reads the configuration of a commit for commands that cannot continue without one.
import { ConfigError } from '../../errors.ts'
import { type Config, parseConfig, renderConfigProblems } from './config.ts'

/** Where a configuration was read, for messages. */
interface ConfigPlace {
  /** Path in the repository. */
  path: string
  /** For example `the branch main`. */
  where: string
  commit: string
}

/**
 * @param text content of the file; undefined when it does not exist
 * @throws ConfigError when the file does not exist, or with all problems in it
 */
export function configIn(text: string | undefined, { path, where, commit }: ConfigPlace): Config {
  if (text === undefined)
    throw new ConfigError(`there is no ${path} on ${where} (${commit.slice(0, 7)})`, {
      hint: `Commit one to ${where}. Four lines are enough; docs/configuration.md documents every field.`,
    })
  const parsed = parseConfig(text)
  if (parsed.kind === 'config') return parsed.config
  throw new ConfigError(renderConfigProblems(path, parsed.problems), {
    hint: `Fix ${path} on ${where} (read at ${commit.slice(0, 7)}).`,
  })
}
