// Checks that the files named in the configuration exist, because a mistyped path would otherwise go unnoticed.
import { ConfigError } from '../../errors.ts'
import { isEditable } from '../gate/gate.ts'
import type { Config } from './config.ts'

const MAX_SHOWN = 5

/**
 * @param paths paths of all text files in the commit
 * @param place path of the configuration, and the branch of the commit
 * @returns warnings about files that do not exist
 * @throws ConfigError when no file may change, so that nothing could ever be proposed
 */
export function checkNamedFiles(
  { editable, program }: Pick<Config, 'editable' | 'program'>,
  paths: readonly string[],
  { path, branch }: { path: string; branch: string },
): string[] {
  const unmatched = editable.filter((glob) => !paths.some((name) => isEditable(name, [glob])))
  if (unmatched.length === editable.length) {
    const some = paths.filter((name) => isEditable(name, ['**'])).slice(0, MAX_SHOWN)
    const examples = some.length === 0 ? '' : ` Files there include ${some.join(', ')}.`
    throw new ConfigError(`editable: no text file on ${branch} matches ${editable.join(', ')}`, {
      hint: `Fix \`editable\` in ${path} on the branch ${branch}: globs begin at the root of the repository.${examples}`,
    })
  }
  const warnings = unmatched.map((glob) => `editable: no text file matches ${glob}`)
  if (program !== undefined && !paths.includes(program))
    warnings.push(
      `program: there is no text file ${program}, so proposers get no instructions; create it or correct the path`,
    )
  return warnings
}
