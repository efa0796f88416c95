// Names of literals in brackets: arguments of calls, defaults of functions, defaults of command-line options, and elements of
// tuples. The rules hold for every language that writes calls as `name(…)`.
import type { Placed } from './placed-tokens.ts'

/** The name of a constant. */
export interface Naming {
  name: string
  /** Whether it is worth tuning unless a configuration says otherwise. */
  byDefault: boolean
  /** Whether it is the default of a setting that a command line may give under this name. */
  setting: 'always' | 'outside functions' | 'never'
}

/** Calls whose numbers are no settings of a model. */
const NOT_A_SETTING =
  /^(?:for|if|while|switch|return|catch|sizeof|print|println|printf|fprintf|log|sleep|wait|round|range|pow|max|min|abs|floor|ceil|assert\w*|allclose|isclose|linspace|setTimeout|toFixed|read|seek|\w*split)$/
/** Functions whose parameters are settings, such as those that python-fire turns into options. */
const ENTRY = /^(?:main|train|run|fit|cli|__init__|constructor)$/
/** Calls that declare a setting, whose name is what the call is assigned to: `lr: float = field(default=0.1)`. */
const DECLARES = /^(?:add_argument|field|Field|Option|Argument|option|argument|Param|Parameter|flag)$/
const IS_DEFAULT = /^(?:default|default_value|value)$/
/** Calls that read a setting: `os.environ.get('LR', 0.02)`. */
const READS = /^(?:get|getenv|setdefault|pop)$/

/** The name of a literal that is a whole argument or element; undefined when it is part of an expression. */
export function nameInBrackets(
  tokens: readonly Placed[],
  index: number,
  isReal: boolean,
): Naming | undefined {
  const { opener = -1, enclosing } = tokens[index] ?? {}
  if (!/^[,)\]]$/.test(tokens[index + 1]?.text ?? '')) return undefined
  if (enclosing !== '(' && enclosing !== '[') return undefined
  const key = keyOf(tokens, index)
  if (key === undefined && !/^[,([]$/.test(tokens[index - 1]?.text ?? '')) return undefined
  if (isNumbersOnly(tokens, opener)) return nameOfElement(tokens, index, isReal)
  return enclosing === '(' ? nameOfArgument(tokens, index, key, isReal) : undefined
}

function nameOfArgument(
  tokens: readonly Placed[],
  index: number,
  key: string | undefined,
  isReal: boolean,
): Naming | undefined {
  const opener = tokens[index]?.opener ?? -1
  const callee = tokens[opener - 1]
  const isDefinition = /^(?:def|function|fn)$/.test(tokens[opener - 2]?.text ?? '')
  if (callee === undefined || callee.kind !== 'word' || NOT_A_SETTING.test(callee.text)) return undefined
  if (isDefinition) {
    const isEntry = ENTRY.test(callee.text)
    return key === undefined
      ? undefined
      : { name: key, byDefault: isReal || isEntry, setting: isEntry ? 'always' : 'never' }
  }
  const option = nameOfOption(tokens, index, key)
  if (option !== undefined) return { name: option, byDefault: true, setting: 'always' }
  // What a declaration says besides the default, such as a bound.
  if (DECLARES.test(callee.text) && key !== undefined) return undefined
  if (callee.text === 'dict' && key !== undefined) return { name: key, byDefault: true, setting: 'never' }
  const [read] = optionStrings(tokens, opener)
  if (READS.test(callee.text) && read !== undefined && placeOf(tokens, index) === 2)
    return { name: read, byDefault: isReal, setting: 'always' }
  const argument = key ?? `#${placeOf(tokens, index)}`
  // Integers in calls are mostly axes and sizes.
  return { name: `${callee.text}(${argument})`, byDefault: isReal, setting: 'never' }
}

/**
 * The setting whose default the literal is: `add_argument('--lr', default=0.1)`, `DEFINE_float('lr', 0.1)`,
 * `.option('--lr <n>', 'rate', 0.1)` and `lr = field(default=0.1)`.
 */
function nameOfOption(tokens: readonly Placed[], index: number, key: string | undefined): string | undefined {
  const opener = tokens[index]?.opener ?? -1
  const callee = tokens[opener - 1]?.text ?? ''
  const written = optionStrings(tokens, opener)
  const first = written[0] ?? ''
  if (/^DEFINE_/.test(callee))
    return tokens[index - 2]?.start === tokens[opener + 1]?.start ? first : undefined
  if (key !== undefined && !IS_DEFAULT.test(key)) return undefined
  const long = written.findLast((text) => text.startsWith('--')) ?? first
  if (long.startsWith('-')) return /^-+([\w.-]+)/.exec(long)?.[1]
  if (!DECLARES.test(callee)) return undefined
  return assignedName(tokens, opener) ?? (/^[\w-]+$/.test(first) ? first : undefined)
}

/** The strings with which the arguments begin. */
function optionStrings(tokens: readonly Placed[], opener: number): string[] {
  const texts: string[] = []
  for (let at = opener + 1; tokens[at]?.kind === 'string'; at += 2)
    texts.push(tokens[at]?.text.slice(1, -1) ?? '')
  return texts
}

/** The name that the call before this bracket is assigned to. */
function assignedName(tokens: readonly Placed[], opener: number): string | undefined {
  let first = opener - 1
  while (tokens[first - 1]?.text === '.') first -= 2
  return keyOf(tokens, first)
}

/** An element of a tuple or list of numbers: `betas=(0.9, 0.95)` holds `betas[0]` and `betas[1]`. */
function nameOfElement(tokens: readonly Placed[], index: number, isReal: boolean): Naming | undefined {
  const opener = tokens[index]?.opener ?? -1
  const name = keyOf(tokens, opener)
  if (name === undefined) return undefined
  const element = `${name}[${placeOf(tokens, index) - 1}]`
  const outer = tokens[opener]?.opener ?? -1
  const callee = tokens[opener]?.enclosing === '(' ? tokens[outer - 1] : undefined
  const whole = callee?.kind === 'word' ? `${callee.text}(${element})` : element
  return { name: whole, byDefault: isReal, setting: 'never' }
}

/** An element of a list of numbers in a data file: `betas: [0.9, 0.95]` and `"betas": [0.9, 0.95]`. */
export function nameOfListed(tokens: readonly Placed[], index: number, isReal: boolean): Naming | undefined {
  const { opener = -1, enclosing } = tokens[index] ?? {}
  if (enclosing !== '[' || !/^[:=]$/.test(tokens[opener - 1]?.text ?? '')) return undefined
  const key = tokens[opener - 2]?.text.replaceAll(/["']/g, '')
  if (key === undefined || !isNumbersOnly(tokens, opener)) return undefined
  return { name: `${key}[${placeOf(tokens, index) - 1}]`, byDefault: isReal, setting: 'always' }
}

function isNumbersOnly(tokens: readonly Placed[], opener: number): boolean {
  for (let at = opener + 1; ; at++) {
    const { kind, text } = tokens[at] ?? { kind: 'other', text: '' }
    if (text === ')' || text === ']') return at - opener > 2 && tokens[opener - 1]?.kind !== 'word'
    if (kind !== 'number' && text !== ',') return false
  }
}

/** The name before `=`, of which a type annotation may be between: `lr: float = 0.1`. */
export function keyOf(tokens: readonly Placed[], index: number): string | undefined {
  const target = targetOf(tokens, index)
  return target === undefined ? undefined : tokens[target]?.text
}

/** Index of the name that `= value` assigns to; of `config['lr'] = 0.1` it is the string. */
export function targetOf(tokens: readonly Placed[], index: number): number | undefined {
  if (tokens[index - 1]?.text !== '=') return undefined
  const last = index - 2
  if (tokens[last]?.text === ']' && tokens[last - 1]?.kind === 'string' && tokens[last - 2]?.text === '[')
    return last - 1
  const type = typeStart(tokens, last)
  const isTyped = tokens[type - 1]?.text === ':' && tokens[type - 2]?.kind === 'word'
  if (isTyped && tokens[type - 2]?.line === tokens[index]?.line) return type - 2
  return tokens[last]?.kind === 'word' ? last : undefined
}

/** Where a type annotation that ends at `last` begins: `Optional[float]`, `float | None`, `torch.dtype`. */
function typeStart(tokens: readonly Placed[], last: number): number {
  let at = last
  if (tokens[at]?.text === ']') while (at > 0 && tokens[at]?.text !== '[') at -= 1
  if (tokens[at]?.text === '[') at -= 1
  return /^[|.]$/.test(tokens[at - 1]?.text ?? '') ? typeStart(tokens, at - 2) : at
}

/** 1-based place among the arguments. */
function placeOf(tokens: readonly Placed[], index: number): number {
  const opener = tokens[index]?.opener
  let place = 1
  for (let at = (opener ?? -1) + 1; at < index; at++)
    if (tokens[at]?.text === ',' && tokens[at]?.opener === opener) place += 1
  return place
}
