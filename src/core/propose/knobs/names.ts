// Recognises named constants in source text, with one row of rules per language.
import { type Language, languageOf } from '../../gate/languages.ts'
import { keyOf, type Naming, nameInBrackets, nameOfListed, targetOf } from './calls.ts'
import { nameOfFlag } from './flags.ts'
import type { Placed } from './placed-tokens.ts'

/** The name of the literal at an index; undefined unless it is the whole value of a named constant. */
type NameRule = (tokens: readonly Placed[], index: number) => string | undefined

interface Rules {
  /** The first rule that gives a name decides. */
  names: readonly NameRule[]
  /** What these rules name are settings, which a command line may give under the same name. */
  setting?: Naming['setting']
  /** Names what these rules do not. */
  others?: (tokens: readonly Placed[], index: number, isReal: boolean) => Naming | undefined
}

const RULES: Partial<Record<Language['name'], Rules>> = {
  python: {
    names: [nameOfStatement, (tokens, index) => nameOfEntry(tokens, index, /^string$/)],
    setting: 'outside functions',
    others: nameInBrackets,
  },
  javascript: {
    names: [nameOfDeclaration, (tokens, index) => nameOfEntry(tokens, index, /^(?:word|string)$/)],
    others: nameInBrackets,
  },
  c: {
    names: [nameOfDefine, nameOfConstant],
    others: (tokens, index, isReal) =>
      nameOfLocal(tokens, index, isReal) ?? nameInBrackets(tokens, index, isReal),
  },
  yaml: { names: [nameOfYamlEntry], setting: 'always', others: nameOfListed },
  json: {
    names: [(tokens, index) => nameOfEntry(tokens, index, /^string$/)],
    setting: 'always',
    others: nameOfListed,
  },
  toml: { names: [nameOnItsOwnLine], setting: 'always', others: nameOfListed },
  shell: { names: [nameOnItsOwnLine], setting: 'always', others: nameOfFlag },
}

/** The rules for the language of a file; undefined for unsupported languages. */
export function knobNaming(
  path: string,
): ((tokens: readonly Placed[], index: number, isReal: boolean) => Naming | undefined) | undefined {
  const rules = RULES[languageOf(path).name]
  if (rules === undefined) return undefined
  return (allTokens, place, isReal) => {
    const { tokens, index } = unwrapped(allTokens, place)
    for (const rule of rules.names) {
      const name = rule(tokens, index)
      if (name !== undefined) return { name, byDefault: true, setting: rules.setting ?? 'never' }
    }
    return rules.others?.(tokens, index, isReal)
  }
}

/** `int(1e5)` is read as `1e5`: a conversion says nothing about what a number is for. */
function unwrapped(tokens: readonly Placed[], index: number): { tokens: readonly Placed[]; index: number } {
  const [convert, literal] = [tokens[index - 2], tokens[index]]
  const isWhole = tokens[index - 1]?.text === '(' && tokens[index + 1]?.text === ')'
  if (!convert || !literal || !isWhole || !/^(?:int|float)$/.test(convert.text)) return { tokens, index }
  const { enclosing, opener, startsLine } = convert
  const plain = { ...literal, enclosing, opener, startsLine }
  return { tokens: [...tokens.slice(0, index - 2), plain, ...tokens.slice(index + 2)], index: index - 2 }
}

/** `LR = 0.1` and `self.lr: float = 0.1` in Python. */
function nameOfStatement(tokens: readonly Placed[], index: number): string | undefined {
  const target = targetOf(tokens, index)
  if (target === undefined || tokens[index]?.enclosing !== '') return undefined
  let first = tokens[target]?.kind === 'string' ? target - 2 : target
  while (tokens[first - 1]?.text === '.' && tokens[first - 2]?.kind === 'word') first -= 2
  const starts = tokens[first]?.startsLine === true || tokens[first - 1]?.text === ';'
  return starts && endsHere(tokens, index, /^;$/) ? tokens[target]?.text : undefined
}

/** `const lr: number = 0.1` in JavaScript and TypeScript. */
function nameOfDeclaration(tokens: readonly Placed[], index: number): string | undefined {
  const target = targetOf(tokens, index)
  if (target === undefined || !endsHere(tokens, index, /^[,;})]$/)) return undefined
  const isLoop = tokens[target - 2]?.text === '('
  return /^(?:const|let|var|static|readonly)$/.test(tokens[target - 1]?.text ?? '') && !isLoop
    ? tokens[target]?.text
    : undefined
}

function nameOfDefine(tokens: readonly Placed[], index: number): string | undefined {
  if (tokens[index - 2]?.text !== 'define' || tokens[index - 3]?.text !== '#') return undefined
  const next = tokens[index + 1]
  return next === undefined || next.startsLine ? tokens[index - 1]?.text : undefined
}

/** `static const float lr = 0.1f;` in C and its relatives. */
function nameOfConstant(tokens: readonly Placed[], index: number): string | undefined {
  const target = targetOf(tokens, index)
  if (target === undefined || tokens[index]?.enclosing === '(' || !endsHere(tokens, index, /^[,;]$/))
    return undefined
  for (let at = target - 1; at >= target - 8 && !/^[;{}(),=]$/.test(tokens[at]?.text ?? ';'); at--)
    if (/^(?:const|constexpr|final|let|static)$/.test(tokens[at]?.text ?? '')) return tokens[target]?.text
  return undefined
}

/** `float lr = 3e-4f;` with a default that `main` may replace. Integers are mostly counters and sizes. */
function nameOfLocal(tokens: readonly Placed[], index: number, isReal: boolean): Naming | undefined {
  const target = targetOf(tokens, index)
  const type = target === undefined ? undefined : tokens[target - 1]
  if (target === undefined || !type?.startsLine || !LOCAL_TYPE.test(type.text)) return undefined
  if (tokens[index]?.enclosing === '(' || !endsHere(tokens, index, /^;$/)) return undefined
  return { name: tokens[target]?.text ?? '', byDefault: isReal, setting: 'never' }
}
const LOCAL_TYPE = /^(?:int|long|size_t|u?int\d+_t|float|double|bool)$/

function nameOfYamlEntry(tokens: readonly Placed[], index: number): string | undefined {
  const name = tokens[index - 2]
  if (tokens[index - 1]?.text !== ':' || name === undefined || !endsHere(tokens, index, /^[,}]$/))
    return undefined
  return name.startsLine || /^[-{,]$/.test(tokens[index - 3]?.text ?? '') ? name.text : undefined
}

/** `lr = 0.1` in TOML, `export LR=0.1` in a shell script. */
function nameOnItsOwnLine(tokens: readonly Placed[], index: number): string | undefined {
  const target = targetOf(tokens, index)
  if (target === undefined || tokens[index]?.enclosing !== '' || !endsHere(tokens, index, /^;$/))
    return undefined
  return tokens[target]?.startsLine || tokens[target - 1]?.text === 'export'
    ? tokens[target]?.text
    : undefined
}

/** The key of an entry such as `{ "lr": 0.1 }`; of `lr: { default: 0.1 }` it is the outer one. */
function nameOfEntry(tokens: readonly Placed[], index: number, kinds: RegExp): string | undefined {
  const name = tokens[index - 2]
  if (tokens[index - 1]?.text !== ':' || name === undefined || !kinds.test(name.kind)) return undefined
  if (tokens[index]?.enclosing !== '{' || !/^[{,]$/.test(tokens[index - 3]?.text ?? '')) return undefined
  if (!endsHere(tokens, index, /^[,}]$/)) return undefined
  const opener = tokens[index]?.opener ?? -1
  const isDefault = /^["']?default["']?$/.test(name.text)
  return isDefault ? (outerKey(tokens, opener) ?? name.text) : name.text
}

function outerKey(tokens: readonly Placed[], opener: number): string | undefined {
  if (tokens[opener - 1]?.text === ':') return tokens[opener - 2]?.text
  return keyOf(tokens, opener)
}

/** True when the value ends after the literal: at one of `closers`, or at a line that does not continue the expression. */
function endsHere(tokens: readonly Placed[], index: number, closers: RegExp): boolean {
  const next = tokens[index + 1]
  if (next === undefined || closers.test(next.text)) return true
  const { enclosing } = tokens[index] ?? next
  return next.startsLine && (enclosing === '' || enclosing === '{') && !/^[+*/%&|^<>?.=]$/.test(next.text)
}
