// Which of the found constants are searched: those that `include` names, or the usual ones, without those that `exclude` names.
import type { FoundKnob } from './knobs.ts'

export interface KnobFilter {
  /** Patterns; absent: the usual constants. */
  include?: readonly string[]
  exclude?: readonly string[]
}

export interface Selected {
  knobs: FoundKnob[]
  /** Patterns that match no constant, in words. */
  warnings: string[]
}

/**
 * @param knobs every constant of the editable files; included by name, even one that is usually left alone is searched
 */
export function selectKnobs(knobs: readonly FoundKnob[], { include, exclude = [] }: KnobFilter): Selected {
  const isIncluded = (knob: FoundKnob) =>
    include ? include.some((pattern) => matches(knob, pattern)) : knob.byDefault
  const lists = { include: include ?? [], exclude }
  const warnings = Object.entries(lists).flatMap(([list, patterns]) =>
    patterns
      .filter((pattern) => !knobs.some((knob) => matches(knob, pattern)))
      .map((pattern) => `proposers: knobs: ${list}: "${pattern}" matches no constant of the editable files`),
  )
  const selected = knobs.filter(
    (knob) => isIncluded(knob) && !exclude.some((pattern) => matches(knob, pattern)),
  )
  return { knobs: selected, warnings }
}

/** A pattern with a colon is compared with `file:name`, any other with the name. `*` stands for any text, `?` for one character. */
function matches({ file, name }: FoundKnob, pattern: string): boolean {
  const source = pattern
    .replaceAll(/[\\^$.|+()[\]{}]/g, String.raw`\$&`)
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  const whole = new RegExp(`^(?:${source})$`, 'su')
  const names = [name, withoutNumber(name)]
  return names.some((one) => whole.test(pattern.includes(':') ? `${file}:${one}` : one))
}

/** `lr` for `lr#2`. */
export function withoutNumber(name: string): string {
  return name.replace(/#\d+$/, '')
}
