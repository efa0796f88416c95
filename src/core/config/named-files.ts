// Checks that the files named in the configuration exist, because a mistyped path would otherwise go unnoticed.
import { isEditable } from '../gate/gate.ts'
import type { Config } from './config.ts'

export type NamedFiles =
  | { kind: 'editable'; warnings: string[] }
  /** No file may change, so nothing can be proposed. `some`: examples of existing files. */
  | { kind: 'none-editable'; some: string[] }

const MAX_SHOWN = 5

/** @param paths paths of all text files in the baseline */
export function lookForNamedFiles(
  { editable, program }: Pick<Config, 'editable' | 'program'>,
  paths: readonly string[],
): NamedFiles {
  if (!paths.some((path) => isEditable(path, editable)))
    return {
      kind: 'none-editable',
      some: paths.filter((path) => isEditable(path, ['**'])).slice(0, MAX_SHOWN),
    }
  const unmatched = editable.filter((glob) => !paths.some((path) => isEditable(path, [glob])))
  const warnings = unmatched.map((glob) => `editable: no text file matches ${glob}`)
  if (program !== undefined && !paths.includes(program))
    warnings.push(
      `program: there is no text file ${program}, so proposers get no instructions; create it or correct the path`,
    )
  return { kind: 'editable', warnings }
}
