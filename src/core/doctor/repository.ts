// What a repository contains that is fetched from elsewhere, and the constants that can be searched.

import type { Config } from '../config/config.ts'
import { isEditable } from '../gate/gate.ts'
import { withEffect } from '../propose/knobs/effect.ts'
import { type FoundKnob, findKnobs } from '../propose/knobs/knobs.ts'
import { suspect } from '../propose/knobs/probe.ts'
import { selectKnobs } from '../propose/knobs/select.ts'
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

/**
 * Constants in the editable files: how many there are, which `knobs` tries, and which the command or a configuration file sets.
 *
 * @param files text files of the commit
 */
export function checkConstants(
  { editable, proposers, train }: Pick<Config, 'editable' | 'proposers' | 'train'>,
  files: ReadonlyMap<string, string>,
): Check {
  const place = { area: 'proposers', id: 'constants' } as const
  const found = [...files]
    .filter(([path]) => isEditable(path, editable))
    .flatMap(([path, text]) => findKnobs(path, text))
  const filter = proposers.find((one) => one.kind === 'knobs') ?? {}
  const selected = selectKnobs(found, filter).knobs
  const surroundings = { files, train }
  const tried = withEffect(selected, [], surroundings)
  const overridden = selected.filter((knob) => !tried.includes(knob))
  const suspects = suspect(tried, [], surroundings).test.map(({ knob }) => knob)
  const isOnly = proposers.every(({ kind }) => kind === 'knobs')
  if (found.length === 0 && !isOnly)
    return { ...place, ...ok('no named constant: only models and agents propose') }
  if (found.length > 0 && (tried.length > 0 || !isOnly))
    return { ...place, ...ok(describeConstants(found, { tried, overridden, suspects })) }
  const why =
    found.length === 0
      ? 'the editable files have no named constant'
      : describeConstants(found, { tried, overridden, suspects })
  return {
    ...place,
    ...problem(
      `nothing can be proposed: ${why}, and \`knobs\` is the only proposer`,
      'Name numbers in the editable files (`lr = 3e-4`) that `train` does not set, or add a proposer of kind `openai` or `command`.',
    ),
  }
}

type Sorted = Record<'tried' | 'overridden' | 'suspects', readonly FoundKnob[]>

function describeConstants(found: readonly FoundKnob[], { tried, overridden, suspects }: Sorted): string {
  const left = found.length - tried.length - overridden.length
  return [
    `${found.length} ${found.length === 1 ? 'constant' : 'constants'} found`,
    `to be tried: ${listOf(tried)}`,
    ...(suspects.length > 0 ? [`of these first tested for an effect, in one run: ${listOf(suspects)}`] : []),
    ...(overridden.length > 0
      ? [`without effect, because the training command or its configuration sets them: ${listOf(overridden)}`]
      : []),
    ...(left > 0 ? [`left alone: ${left}`] : []),
  ].join('; ')
}

const MAX_NAMED = 5

/** `3 (lr, beta1, beta2)` */
function listOf(knobs: readonly FoundKnob[]): string {
  const names = knobs.slice(0, MAX_NAMED).map(({ name }) => name)
  if (names.length === 0) return '0'
  return `${knobs.length} (${names.join(', ')}${knobs.length > names.length ? ', …' : ''})`
}
