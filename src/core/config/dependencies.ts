// What setup and the baseline's runs depend on: every file, except those that neither of them reads.
import { createHash } from 'node:crypto'
import { matchesGlob } from 'node:path/posix'
import { isEditable } from '../gate/gate.ts'
import type { Config } from './config.ts'

/** A file of a tree. */
interface Entry {
  mode: string
  object: string
  path: string
}

type Rules = Pick<Config, 'editable' | 'ignore' | 'program'>

/**
 * True for a file that neither setup nor training reads: workflows and the configuration in `.github/`, the instructions for
 * proposers, and what `ignore` names. An editable file always counts.
 */
function isIgnored(path: string, { editable, ignore, program }: Rules): boolean {
  if (isEditable(path, editable)) return false
  return path.startsWith('.github/') || path === program || ignore.some((glob) => matchesGlob(path, glob))
}

/** Identifies what a run of the baseline depends on besides its settings: two equal trees are measured once. */
export function baselineKey(tree: readonly Entry[], rules: Rules): string {
  return keyOf(
    tree.filter(({ path }) => !isIgnored(path, rules)),
    [],
  )
}

/**
 * Identifies what setup depends on: its command, the names of its variables, and every file that no candidate may change.
 *
 * @returns 16 hex digits
 */
export function setupKey(
  tree: readonly Entry[],
  config: Rules & Pick<Config, 'setup' | 'setupPolicy'>,
): string {
  const files = tree.filter(({ path }) => !isIgnored(path, config) && !isEditable(path, config.editable))
  return keyOf(files, [config.setup ?? '', ...config.setupPolicy.environment.toSorted()])
}

/** A change of what a prepared folder contains, so that folders of older releases are not taken for today's. */
const FORMAT = 2

function keyOf(files: readonly Entry[], more: readonly string[]): string {
  const lines = files.map(({ mode, object, path }) => `${mode} ${object} ${path}`)
  const text = JSON.stringify([FORMAT, more, lines.toSorted()])
  return createHash('sha256').update(text).digest('hex').slice(0, 16)
}
