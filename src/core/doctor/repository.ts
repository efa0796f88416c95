// What the repository contains that trials cannot use: Git LFS pointers and submodules; and constants that can be searched.

import type { Config } from '../config/config.ts'
import { isEditable } from '../gate/gate.ts'
import { findKnobs } from '../propose/knobs/knobs.ts'
import { type Check, ok, problem } from './check.ts'

const POINTER = 'version https://git-lfs.github.com/spec/v1\n'

/** @param files text files of the commit */
export function checkLargeFiles(files: ReadonlyMap<string, string>): Check {
  const place = { area: 'configuration', id: 'lfs' } as const
  const pointers = [...files].filter(([, text]) => text.startsWith(POINTER)).map(([path]) => path)
  if (pointers.length === 0) return { ...place, ...ok('no file is a Git LFS pointer') }
  return {
    ...place,
    ...problem(
      `${pointers.length} files are Git LFS pointers, which trials would read instead of the content (${pointers.slice(0, 3).join(', ')})`,
      'Let `setup` download the content into $AUTORESEARCH_DATA, and read it from there.',
    ),
  }
}

export function checkSubmodules(files: ReadonlyMap<string, string>): Check {
  const place = { area: 'configuration', id: 'submodules' } as const
  const modules = [...(files.get('.gitmodules') ?? '').matchAll(/^\s*path\s*=\s*(.+)$/gm)].map(
    ([, path]) => path,
  )
  if (modules.length === 0) return { ...place, ...ok('no submodules') }
  return {
    ...place,
    ...problem(
      `the submodules ${modules.slice(0, 3).join(', ')} are empty in a trial`,
      'Let `setup` clone them into $AUTORESEARCH_DATA, and use them from there.',
    ),
  }
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
