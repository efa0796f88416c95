// Finds knobs: named numeric constants in source text that are worth tuning.
import type { Category } from '../../record/candidate.ts'
import { knobNaming } from './names.ts'
import { placeTokens } from './placed-tokens.ts'

/** A named numeric constant and the position of its literal. */
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
  /** True when written without a decimal point or exponent; new values are then integers too. */
  integer: boolean
}

const LITERAL =
  /^(?<digits>(?:[\d_']+\.?[\d_]*|\.[\d_]+)(?:[eE][+-]?\d+)?)(?<suffix>[fFlLuU]{1,3}|_?f(?:32|64))?$/
const NAME = /^[\p{L}_$][\p{L}\p{N}_$.-]{0,59}$/u
const NOT_TUNABLE = /seed|version|(?:^|[_.-])(?:port|year)(?:$|[_.-])/i
const NOT_TUNABLE_CAMEL = /(?:Port|Year)(?![a-z])/

/**
 * Finds all knobs of a file, in text order. Only a single literal counts: `1024 * 4` is an expression. Files in unsupported
 * languages have no knobs.
 *
 * @param path its extension determines the language
 */
export function findKnobs(path: string, text: string): FoundKnob[] {
  const nameAt = knobNaming(path)
  if (nameAt === undefined) return []
  const tokens = placeTokens(path, text)
  const times = new Map<string, number>()
  const knobs: FoundKnob[] = []
  for (const [index, token] of tokens.entries()) {
    const number = token.kind === 'number' ? readLiteral(token.text) : undefined
    if (number === undefined) continue
    const name = unquote(nameAt(tokens, index, number.integer) ?? '')
    if (!NAME.test(name) || NOT_TUNABLE.test(name) || NOT_TUNABLE_CAMEL.test(name)) continue
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

/** Guesses the category of a knob from its name. */
export function knobCategory(name: string): Category {
  return CATEGORY_NAMES.find(([, pattern]) => pattern.test(name))?.[0] ?? 'hyperparameter'
}
