// Finds knobs, the named numeric constants of source text that are worth turning, and writes new values in their place.
import type { Category } from './candidate.ts'
import { languageOf } from './languages.ts'
import { type Placed, placeTokens } from './placed-tokens.ts'

/** A named numeric constant, and where its literal stands. */
export interface FoundKnob {
  file: string
  /** As written in the source; the second constant of the same name in a file is `lr#2`. */
  name: string
  /** 1-based. */
  line: number
  /** The span of the literal, in UTF-16 code units: `text.slice(start, end) === literal`. */
  start: number
  end: number
  literal: string
  /** Always greater than 0. */
  value: number
  /** Written without a point and without an exponent, so it stays an integer. */
  integer: boolean
}

const LITERAL =
  /^(?<digits>(?:[\d_']+\.?[\d_]*|\.[\d_]+)(?:[eE][+-]?\d+)?)(?<suffix>[fFlLuU]{1,3}|_?f(?:32|64))?$/
const NAME = /^[\p{L}_$][\p{L}\p{N}_$.-]{0,59}$/u
const NOT_TUNABLE = /seed|version|(?:^|[_.-])(?:port|year)(?:$|[_.-])|(?:Port|Year)(?![a-z])/i

/**
 * Every knob of a file, in the order of the text. Only a lone literal counts: `1024 * 4` is an expression. Unknown
 * languages have none.
 *
 * @param path decides the language by its extension
 */
export function findKnobs(path: string, text: string): FoundKnob[] {
  const nameAt = NAMING[languageOf(path).name]
  if (nameAt === undefined) return []
  const tokens = placeTokens(path, text)
  const times = new Map<string, number>()
  const knobs: FoundKnob[] = []
  for (const [index, token] of tokens.entries()) {
    const number = token.kind === 'number' ? readLiteral(token.text) : undefined
    if (number === undefined) continue
    const name = unquote(nameAt(tokens, index, number.integer) ?? '')
    if (!NAME.test(name) || NOT_TUNABLE.test(name)) continue
    const time = (times.get(name) ?? 0) + 1
    times.set(name, time)
    const { start, line, text: literal } = token
    const end = start + literal.length
    knobs.push({
      file: path,
      name: time === 1 ? name : `${name}#${time}`,
      line,
      start,
      end,
      literal,
      ...number,
    })
  }
  return knobs
}

function readLiteral(text: string): { value: number; integer: boolean } | undefined {
  const digits = LITERAL.exec(text)?.groups?.digits
  const value = Number(digits?.replaceAll(/[_']/g, ''))
  if (digits === undefined || !Number.isFinite(value) || value <= 0) return undefined
  return { value, integer: /^[\d_']+$/.test(digits) && !/f/i.test(text) }
}

function unquote(name: string): string {
  return name.replace(/^(["'])(.*)\1$/, '$2')
}

/** Finds the name of the number at `index`, or undefined when it is not a lone, named constant. */
type Naming = (tokens: readonly Placed[], index: number, integer: boolean) => string | undefined

const NAMING: Partial<Record<ReturnType<typeof languageOf>['name'], Naming>> = {
  javascript: nameInJavaScript,
  python: nameInPython,
  c: nameInC,
  yaml: nameInYaml,
  json: (tokens, index) => nameOfEntry(tokens, index, /^string$/),
  toml: nameOnItsOwnLine,
  shell: nameOnItsOwnLine,
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

/** Where the name stands that `= number` assigns to; a type may stand between: `lr: float = 0.1`. */
function targetOf(tokens: readonly Placed[], index: number): number | undefined {
  if (tokens[index - 1]?.text !== '=' || tokens[index - 2]?.kind !== 'word') return undefined
  const isTyped = tokens[index - 3]?.text === ':' && tokens[index - 4]?.kind === 'word'
  return isTyped ? index - 4 : index - 2
}

/** `{ "lr": 0.1 }`. */
function nameOfEntry(tokens: readonly Placed[], index: number, kinds: RegExp): string | undefined {
  const name = tokens[index - 2]
  if (tokens[index - 1]?.text !== ':' || name === undefined || !kinds.test(name.kind)) return undefined
  if (tokens[index]?.enclosing !== '{' || !/^[{,]$/.test(tokens[index - 3]?.text ?? '')) return undefined
  return endsHere(tokens, index, /^[,}]$/) ? name.text : undefined
}

/** `AdamW(lr=3e-4)`. Whole numbers are left alone: in calls they are mostly axes and counts that must fit a shape. */
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

/** True when the literal is the whole value: after it comes one of `closers`, or a line that does not go on with it. */
function endsHere(tokens: readonly Placed[], index: number, closers: RegExp): boolean {
  const next = tokens[index + 1]
  if (next === undefined || closers.test(next.text)) return true
  const { enclosing } = tokens[index] ?? next
  return next.startsLine && (enclosing === '' || enclosing === '{') && !/^[+*/%&|^<>?.=]$/.test(next.text)
}

const CATEGORY_NAMES: readonly (readonly [Category, RegExp])[] = [
  [
    'schedule',
    /warm_?up|warm_?down|cool_?down|schedul|decay_(?:steps|iters|fraction|ratio)|final_lr|min_lr/i,
  ],
  ['regularisation', /weight_?decay|drop|smoothing|clip|l2/i],
  ['initialisation', /init/i],
  ['optimizer', /(?:^|[_.-])lr(?:$|[_.-])|learning_?rate|momentum|beta|adam|muon|(?:^|_)eps/i],
  ['architecture', /layer|head|hidden|emb|dim|width|depth|context|block_?size|channel|kernel_size/i],
]

/** What a knob is about, as far as its name tells. */
export function knobCategory(name: string): Category {
  return CATEGORY_NAMES.find(([, pattern]) => pattern.test(name))?.[0] ?? 'hyperparameter'
}
