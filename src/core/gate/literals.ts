// Counts the data that a change adds to the source. A model must learn; answers can also be written down, as text, numbers,
// comments or names. How data is encoded does not matter, because every encoding takes bytes.
import { quoteVisibly } from './invisible.ts'
import { languageOf } from './languages.ts'
import { lex, type Token } from './source.ts'

/** Default of `max-literal-kib`: a change needs names, messages and a few tables, and a kibibyte of answers helps little. */
export const DEFAULT_LITERAL_KIB = 4

/** A longer name or blank is data. */
const MAX_NAME_CHARACTERS = 40
const MAX_BLANK_CHARACTERS = 80
/** Here nearly everything is data. */
const DATA_LANGUAGES = ['yaml', 'json', 'toml', 'markup', 'unknown']

/** One file before and after the change. */
interface FileChange {
  path: string
  before?: string
  after?: string
}

interface Literal {
  text: string
  bytes: number
  path: string
  line: number
}

/** @returns one sentence when the change adds more literal data than allowed */
export function reviewLiterals(changes: readonly FileChange[], maxKib = DEFAULT_LITERAL_KIB): string[] {
  const known = new Map<string, number>()
  for (const { path, before = '' } of changes)
    for (const { text } of literalsIn(path, before)) known.set(text, (known.get(text) ?? 0) + 1)
  const added = changes
    .flatMap(({ path, after = '' }) => literalsIn(path, after))
    .filter(({ text }) => {
      const left = known.get(text) ?? 0
      known.set(text, left - 1)
      return left <= 0
    })
  const total = added.reduce((sum, { bytes }) => sum + bytes, 0)
  if (total <= maxKib * 1024) return []
  const largest = added.reduce((one, other) => (other.bytes > one.bytes ? other : one))
  return [
    `The change adds ${total} bytes of literal data (text, numbers, comments), and \`max-literal-kib\` allows ${maxKib} KiB: ` +
      `a model must learn the answers, not contain them. The largest piece, ${largest.bytes} bytes, begins in ` +
      `${quoteVisibly(largest.path.slice(0, 300))}, line ${largest.line}.`,
  ]
}

function literalsIn(path: string, source: string): Literal[] {
  const isData = DATA_LANGUAGES.includes(languageOf(path).name)
  let line = 1
  return lex(path, source).flatMap((token) => {
    const at = line
    line += token.text.split('\n').length - 1
    const bytes = literalBytes(token, isData)
    return bytes === 0 ? [] : [{ text: token.text, bytes, path, line: at }]
  })
}

function literalBytes({ kind, text }: Token, isData: boolean): number {
  const bytes = Buffer.byteLength(text)
  switch (kind) {
    case 'string':
    case 'comment':
      return bytes
    case 'number':
      // With its separator, which may also tell something.
      return bytes + 1
    case 'space':
      return text.replaceAll('\n', '').length > MAX_BLANK_CHARACTERS || /[ \t]\r?\n/.test(text) ? bytes : 0
    default:
      return isData || text.length > MAX_NAME_CHARACTERS ? bytes : 0
  }
}
