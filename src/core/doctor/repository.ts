// What a repository contains that is fetched from elsewhere, and the constants that can be searched.

import type { Config } from '../config/config.ts'
import { isEditable } from '../gate/gate.ts'
import { findKnobs } from '../propose/knobs/knobs.ts'
import { type Check, ok, problem } from './check.ts'

const POINTER = 'version https://git-lfs.github.com/spec/v1\n'

/**
 * Content that is fetched before the first run; if that fails, the line of `setup` says why.
 *
 * @param files text files of the commit
 */
export function checkLargeFiles(files: ReadonlyMap<string, string>): Check {
  const pointers = [...files].filter(([, text]) => text.startsWith(POINTER)).map(([path]) => path)
  return { area: 'configuration', id: 'lfs', ...fetched(pointers, 'no file is in Git LFS', 'in Git LFS') }
}

export function checkSubmodules(files: ReadonlyMap<string, string>): Check {
  const text = files.get('.gitmodules') ?? ''
  const modules = [...text.matchAll(/^\s*path\s*=\s*(.+)$/gm)].map(([, path = '']) => path)
  return { area: 'configuration', id: 'submodules', ...fetched(modules, 'no submodules', 'submodules') }
}

function fetched(paths: readonly string[], none: string, what: string) {
  if (paths.length === 0) return ok(none)
  const some = paths.slice(0, 3).join(', ')
  return ok(
    `${paths.length} ${what}, whose content is fetched for each machine (${some}${paths.length > 3 ? ', …' : ''})`,
    'Keep large data out of the repository where you can: `setup` can download it into $AUTORESEARCH_DATA.',
  )
}

/** Constants in the editable files, which the proposer `knobs` varies. */
export function checkConstants(
  { editable, proposers }: Pick<Config, 'editable' | 'proposers'>,
  files: ReadonlyMap<string, string>,
): Check {
  const place = { area: 'proposers', id: 'constants' } as const
  const found = [...files]
    .filter(([path]) => isEditable(path, editable))
    .flatMap(([path, text]) => findKnobs(path, text))
  const names = found.slice(0, 5).map(({ name }) => name)
  if (found.length > 0)
    return {
      ...place,
      ...ok(
        `${found.length} constants can be varied: ${names.join(', ')}${found.length > names.length ? ', …' : ''}`,
      ),
    }
  const isOnly = proposers.every(({ kind }) => kind === 'knobs')
  if (!isOnly) return { ...place, ...ok('no named constant: only models and agents propose') }
  return {
    ...place,
    ...problem(
      'nothing can be proposed: the editable files have no named constant, and `knobs` is the only proposer',
      'Name numbers in the editable files (`lr = 3e-4`), or add a proposer of kind `openai` or `command`.',
    ),
  }
}
