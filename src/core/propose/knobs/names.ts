// Recognises named numeric constants in source text, with one rule set per language.
import { type Language, languageOf } from '../../gate/languages.ts'
import type { Placed } from './placed-tokens.ts'

/** Returns the name of the number token at `index`; undefined unless it is the whole value of a named constant. */
export type KnobNaming = (tokens: readonly Placed[], index: number, integer: boolean) => string | undefined

const NAMING: Partial<Record<Language['name'], KnobNaming>> = {
  javascript: nameInJavaScript,
  python: nameInPython,
  c: nameInC,
  yaml: nameInYaml,
  json: (tokens, index) => nameOfEntry(tokens, index, /^string$/),
  toml: nameOnItsOwnLine,
  shell: nameOnItsOwnLine,
}

/** The naming rules for the language of a file; undefined for unsupported languages. */
export function knobNaming(path: string): KnobNaming | undefined {
  return NAMING[languageOf(path).name]
}

function nameInJavaScript(tokens: readonly Placed[], index: number, integer: boolean): string | undefined {
  if (!endsHere(tokens, index, /^[,;})]$/)) return undefined
  const target = targetOf(tokens, index)
  if (target === undefined) return nameOfEntry(tokens, index, /^(?:word|string)$/)
  const before = tokens[target - 1]?.text ?? ''
  const isLoop = tokens[target - 2]?.text === '('
  if (/^(?:const|let|var|static|readonly)$/.test(before) && !isLoop) return tokens[target]?.text
  return nameOfArgument(tokens, target, index, integer)
}

function nameInPython(tokens: readonly Placed[], index: number, integer: boolean): string | undefined {
  const target = targetOf(tokens, index)
  if (target === undefined) return nameOfEntry(tokens, index, /^string$/)
  if (tokens[index]?.enclosing !== '') return nameOfArgument(tokens, target, index, integer)
  let first = target
  while (tokens[first - 1]?.text === '.' && tokens[first - 2]?.kind === 'word') first -= 2
  const starts = tokens[first]?.startsLine === true || tokens[first - 1]?.text === ';'
  return starts && endsHere(tokens, index, /^;$/) ? tokens[target]?.text : undefined
}

function nameInC(tokens: readonly Placed[], index: number): string | undefined {
  const next = tokens[index + 1]
  if (tokens[index - 2]?.text === 'define' && tokens[index - 3]?.text === '#')
    return next === undefined || next.startsLine ? tokens[index - 1]?.text : undefined
  const target = targetOf(tokens, index)
  if (target === undefined || tokens[index]?.enclosing === '(' || !endsHere(tokens, index, /^[,;]$/))
    return undefined
  for (let at = target - 1; at >= target - 8 && !/^[;{}(),=]$/.test(tokens[at]?.text ?? ';'); at--)
    if (/^(?:const|constexpr|final|let|static)$/.test(tokens[at]?.text ?? '')) return tokens[target]?.text
  return undefined
}

function nameInYaml(tokens: readonly Placed[], index: number): string | undefined {
  const name = tokens[index - 2]
  if (tokens[index - 1]?.text !== ':' || name === undefined || !endsHere(tokens, index, /^[,}]$/))
    return undefined
  return name.startsLine || /^[-{,]$/.test(tokens[index - 3]?.text ?? '') ? name.text : undefined
}

function nameOnItsOwnLine(tokens: readonly Placed[], index: number): string | undefined {
  const target = targetOf(tokens, index)
  if (target === undefined || tokens[index]?.enclosing !== '' || !endsHere(tokens, index, /^;$/))
    return undefined
  return tokens[target]?.startsLine || tokens[target - 1]?.text === 'export'
    ? tokens[target]?.text
    : undefined
}

/** Index of the name that `= number` assigns to. A type annotation may stand between them: `lr: float = 0.1`. */
function targetOf(tokens: readonly Placed[], index: number): number | undefined {
  if (tokens[index - 1]?.text !== '=' || tokens[index - 2]?.kind !== 'word') return undefined
  const isTyped = tokens[index - 3]?.text === ':' && tokens[index - 4]?.kind === 'word'
  return isTyped ? index - 4 : index - 2
}

/** The key of an entry such as `{ "lr": 0.1 }`. */
function nameOfEntry(tokens: readonly Placed[], index: number, kinds: RegExp): string | undefined {
  const name = tokens[index - 2]
  if (tokens[index - 1]?.text !== ':' || name === undefined || !kinds.test(name.kind)) return undefined
  if (tokens[index]?.enclosing !== '{' || !/^[{,]$/.test(tokens[index - 3]?.text ?? '')) return undefined
  return endsHere(tokens, index, /^[,}]$/) ? name.text : undefined
}

/** The name of an argument such as `AdamW(lr=3e-4)`. Integers are ignored: in calls they are mostly axes and sizes. */
function nameOfArgument(
  tokens: readonly Placed[],
  target: number,
  index: number,
  integer: boolean,
): string | undefined {
  if (integer || tokens[index]?.enclosing !== '(' || !/^[(,]$/.test(tokens[target - 1]?.text ?? ''))
    return undefined
  return endsHere(tokens, index, /^[,)]$/) ? tokens[target]?.text : undefined
}

/** True when the value ends after the literal: at one of `closers`, or at a line that does not continue the expression. */
function endsHere(tokens: readonly Placed[], index: number, closers: RegExp): boolean {
  const next = tokens[index + 1]
  if (next === undefined || closers.test(next.text)) return true
  const { enclosing } = tokens[index] ?? next
  return next.startsLine && (enclosing === '' || enclosing === '{') && !/^[+*/%&|^<>?.=]$/.test(next.text)
}
