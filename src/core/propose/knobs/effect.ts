// Constants without effect: those that a command line or a configuration file provably overrides, and those that a run showed to
// change nothing.
import { createHash } from 'node:crypto'
import { knobsOf } from '../../record/candidate.ts'
import type { PastIdea } from '../../record/ideas.ts'
import type { FoundKnob } from './knobs.ts'
import { keyOf } from './observations.ts'
import { withoutNumber } from './select.ts'

/** What the constants of the editable files are read with. */
export interface Surroundings {
  /** Every text file of the baseline, by path. */
  files: ReadonlyMap<string, string>
  /** The command that trains. */
  train: string
}

/** The constants that may have an effect: what is known to have none is not tried again. */
export function withEffect(
  knobs: readonly FoundKnob[],
  history: readonly PastIdea[],
  surroundings: Surroundings,
): FoundKnob[] {
  const dead = new Set(
    history
      .filter(({ verdict }) => verdict?.noEffect)
      .flatMap((candidate) => knobsOf(candidate).map((knob) => `${keyOf(knob)}\0${knob.context}`)),
  )
  const given = readCommand(surroundings)
  return knobs.filter(
    (knob) =>
      !dead.has(`${keyOf(knob)}\0${contextOf(knob, surroundings)}`) &&
      !isOverridden(knob, given, surroundings),
  )
}

/** Hash of what decides whether a constant has an effect: the training command, and all lines of its file that name it. */
export function contextOf(
  { file, name }: Pick<FoundKnob, 'file' | 'name'>,
  { files, train }: Surroundings,
): string {
  const word = wordOf(name)
  const lines = (files.get(file) ?? '').split('\n').filter((line) => line.includes(word))
  // A new value elsewhere on the line tells nothing about the effect.
  const code = lines.map((line) => line.trim().replaceAll(/\d[\w.]*|True|False|true|false/g, '#'))
  return createHash('sha256')
    .update([train, ...code].join('\n'))
    .digest('hex')
    .slice(0, 8)
}

/** The identifier by which code refers to the constant: `lr` for `lr#2` and `AdamW(lr)`, `LayerNorm` for `LayerNorm(#2)`. */
function wordOf(name: string): string {
  const words = withoutNumber(name).match(/[\p{L}_$][\p{L}\p{N}_$-]*/gu)
  return words?.at(-1) ?? name
}

/** What the training command sets. */
interface Given {
  /** Files that the command names. */
  files: readonly string[]
  /** Names of options with a value, with `_` for `-`. */
  options: ReadonlySet<string>
}

function readCommand({ files, train }: Surroundings): Given {
  const words = train.split(/[\s;&|]+/).map((word) => word.replaceAll(/["']/g, ''))
  const options = words.flatMap((word, index) => {
    const [, name] = /^--?([\p{L}_][\w.-]*)(?:=|$)/u.exec(word) ?? /^([\p{L}_][\w.]*)=/u.exec(word) ?? []
    const hasValue = word.includes('=') || /^[^-]/.test(words[index + 1] ?? '')
    return name !== undefined && hasValue ? [plain(name)] : []
  })
  return {
    files: words.map((word) => word.replace(/^\.\//, '')).filter((word) => files.has(word)),
    options: new Set(options),
  }
}

function plain(name: string): string {
  return name.replaceAll('-', '_')
}

/** A script that runs the code of its configuration file in its own namespace, as nanoGPT's `configurator.py` does. */
const RUNS_CONFIGURATION = /\bexec\(\s*(?:compile\()?\s*open\(/

/**
 * True when the training command sets the constant itself, or a configuration file that it names does: then the value in the
 * code is never used. Only settings count, not variables inside functions.
 */
function isOverridden(knob: FoundKnob, given: Given, { files }: Surroundings): boolean {
  const name = plain(withoutNumber(knob.name))
  if (!given.files.includes(knob.file) || !knob.isSetting) return false
  if (given.options.has(name)) return true
  if (!RUNS_CONFIGURATION.test(files.get(knob.file) ?? '')) return false
  return given.files.some(
    (file) => file !== knob.file && file.endsWith('.py') && assigns(files.get(file) ?? '', name),
  )
}

function assigns(text: string, name: string): boolean {
  return text.split('\n').some((line) => line.startsWith(name) && /^\s*=[^=]/.test(line.slice(name.length)))
}
