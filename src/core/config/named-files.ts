// Checks that the files named in the configuration exist, because a mistyped path would otherwise go unnoticed.
import { ConfigError } from '../../errors.ts'
import { isEditable, splitGlobs } from '../gate/gate.ts'
import { describeForeignText, type ForeignText } from '../text/encoding.ts'
import type { Config } from './config.ts'

const MAX_SHOWN = 5

/**
 * @param paths paths of all text files in the commit
 * @param foreign text files that are not in UTF-8
 * @param place path of the configuration, and the branch of the commit
 * @returns warnings about files that do not exist
 * @throws ConfigError when no file may change, so that nothing could ever be proposed
 */
export function checkNamedFiles(
  { editable, program }: Pick<Config, 'editable' | 'program'>,
  paths: readonly string[],
  { path, branch }: { path: string; branch: string },
  foreign: ReadonlyMap<string, ForeignText> = new Map(),
): string[] {
  // A file that is not editable may hold any bytes.
  const unread = [...foreign]
    .filter(([name]) => name === program || isEditable(name, editable))
    .map(([name, text]) => describeForeignText(name, text))
  if (!paths.some((name) => isEditable(name, editable))) {
    const some = paths.filter((name) => isEditable(name, ['**'])).slice(0, MAX_SHOWN)
    const examples = some.length === 0 ? '' : ` Files there include ${some.join(', ')}.`
    if (unread.length > 0)
      throw new ConfigError(`editable: ${unread.join('\n')}`, {
        hint: `Candidates change only text in UTF-8. Convert the file on the branch ${branch}.`,
      })
    throw new ConfigError(`editable: no text file on ${branch} matches ${editable.join(', ')}`, {
      hint: `Fix \`editable\` in ${path} on the branch ${branch}: globs begin at the root of the repository.${examples}`,
    })
  }
  const isUnread = (glob: string) => [...foreign.keys()].some((name) => isEditable(name, [glob]))
  const warnings = unread.map(
    (words) => `${words}. Until then it is not shown to proposers, and no candidate changes it`,
  )
  const unmatched = (glob: string) => !paths.some((name) => isEditable(name, [glob])) && !isUnread(glob)
  const { included, excluded } = splitGlobs(editable)
  for (const glob of included.filter(unmatched)) warnings.push(`editable: no text file matches ${glob}`)
  for (const glob of excluded.filter(unmatched))
    warnings.push(`editable: no text file matches !${glob}, so it protects nothing`)
  if (program !== undefined && !paths.includes(program) && !foreign.has(program))
    warnings.push(
      `program: there is no text file ${program}, so proposers get no instructions; create it or correct the path`,
    )
  return warnings
}
