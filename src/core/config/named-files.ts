// Whether the files that a configuration names are in the repository: a slip in a path is silent otherwise.
import { isEditable } from '../gate/gate.ts'
import type { Config } from './config.ts'

export type NamedFiles =
  | { kind: 'editable'; warnings: string[] }
  /** No file may change, so that nothing can be proposed. `some` are files that there are. */
  | { kind: 'none-editable'; some: string[] }

const MAX_SHOWN = 5

/** @param paths of every text file of the baseline */
export function lookForNamedFiles(
  { editable, program }: Pick<Config, 'editable' | 'program'>,
  paths: readonly string[],
): NamedFiles {
  if (!paths.some((path) => isEditable(path, editable)))
    return {
      kind: 'none-editable',
      some: paths.filter((path) => isEditable(path, ['**'])).slice(0, MAX_SHOWN),
    }
  const idle = editable.filter((glob) => !paths.some((path) => isEditable(path, [glob])))
  const warnings = idle.map((glob) => `editable: no text file matches ${glob}`)
  if (program !== undefined && !paths.includes(program))
    warnings.push(`program: there is no text file ${program}, so that proposers get no directions of yours`)
  return { kind: 'editable', warnings }
}
