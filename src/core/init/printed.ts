// Reads printed lines out of source text: which words a program prints around a value, and the pattern that finds it again.
import { bracketStep } from '../gate/source.ts'

/** Literal text, or null where a value is printed. */
export type Segment = string | null

/** Calls that print something before the text: the time and the level, or a bar. */
const PREFIXED =
  /\b(?:log\w*\.\w+|(?<!\.)log\w*|\w*progress\w*|set_(?:description(?:_str)?|postfix_str))\s*\(/i
/** tqdm writes names and values after its bar: `set_postfix(val_loss=x)` and `set_postfix({'val_loss': x})`. */
const POSTFIX = /\bset_postfix\s*\((.*)/
const NAMED = /(?:^|[(,{]\s*)(?:(\w+)\s*=(?!=)|["']([^"']+)["']\s*:)/g
const PLAIN =
  /\b(?:print\w*|f?printf\w*|echo|puts|log\w*\.\w+|logg\w+\.\w+|console\.\w+|\w+\.print|write|println!?)\s*[( ]/i
/** Calls that print all their arguments with blanks between them. */
const JOINED = /(?<!\w)(?!f?printf)(?:print\w*|console\.\w+)\s*\((.*)/i
/** C++ prints everything that is shifted into a stream. */
const STREAMED = /\bc(?:out|err|log)\s*<<(.*)/
const PRINTS = new RegExp([PREFIXED, PLAIN, POSTFIX, STREAMED].map(({ source }) => source).join('|'), 'i')
const STRING = /[fFrRbB]{0,2}("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`)/g
/** `{x:.4f}` of Python, `${x}` of JavaScript and `%6.4f` of C. */
const HOLE =
  /\$?\{(?:[^{}"']|\{[^{}]*\}|\[?["'][^"']*["']\]?)*\}|%[-+ #0]*\d*(?:\.\d+)?(?:z|l{1,2}|h)?[diufFeEgGsx]/g

/** Lines of one printing call that are read. */
const MAX_LINES = 8

/** The line with those that follow until its brackets are closed, when it begins to print. */
export function printingCall(lines: readonly string[], index: number): string {
  let text = lines[index] ?? ''
  if (!PRINTS.test(text)) return text
  for (let next = index + 1; next < index + MAX_LINES && openBrackets(text) > 0; next++)
    text += ` ${(lines[next] ?? '').trim()}`
  return text
}

function openBrackets(text: string): number {
  return [...text.replaceAll(STRING, '')].reduce((depth, character) => depth + bracketStep(character), 0)
}

/** The printed pieces of a line of source, or undefined when it prints nothing. */
export function printedSegments(line: string): Segment[] | undefined {
  if (!PRINTS.test(line) || /^\s*(#|\/\/|\*)/.test(line)) return undefined
  const postfix = POSTFIX.exec(line)?.[1]
  if (postfix !== undefined) return namedSegments(postfix)
  const segments = merged(segmentsOfCall(line))
  if (!segments.some((segment) => segment !== null)) return undefined
  return PREFIXED.test(line) ? [null, ...segments] : segments
}

function segmentsOfCall(line: string): Segment[] {
  const joined = JOINED.exec(line)?.[1]
  if (joined !== undefined)
    return partsOf(joined, ',').flatMap((part, index) => (index > 0 ? [' ', ...part] : part))
  const streamed = STREAMED.exec(line)?.[1]
  if (streamed !== undefined) return partsOf(streamed, '<<').flat()
  const strings = [...line.matchAll(STRING)]
  return strings.flatMap((string, index) => {
    const segments = segmentsOf((string[1] ?? '').slice(1, -1))
    const next = strings[index + 1] === undefined ? line.slice(string.index + string[0].length) : ''
    const isValueNext = /^\s*,\s*(?!\w*\s*=)[\w(]/.test(next) && !string[0].includes('%')
    return isValueNext ? [...segments, ' ', null] : segments
  })
}

/** What is printed by each of the parts between separators, up to the end of the call. */
function partsOf(text: string, separator: ',' | '<<'): Segment[][] {
  const parts: Segment[][] = []
  let part: Segment[] = []
  let code = ''
  let depth = 0
  const endCode = (): void => {
    part.push(...valueIn(code, part.length === 0))
    code = ''
  }
  const endPart = (): void => {
    endCode()
    if (part.length > 0) parts.push(part)
    part = []
  }
  for (const [token, quoted] of text.matchAll(new RegExp(`${STRING.source}|<<|[^]`, 'g'))) {
    if (depth === 0 && quoted !== undefined) {
      endCode()
      part.push(...segmentsOf(quoted.slice(1, -1)))
    } else if (depth === 0 && token === separator) endPart()
    else {
      depth += bracketStep(token)
      if (depth < 0 || (depth === 0 && token === ';')) break
      code += token
    }
  }
  endPart()
  return parts
}

/** A value, where this code beside texts is one: not `end=''`, `.format(x)`, `% x`, a width or the end of a line. */
function valueIn(code: string, isFirst: boolean): Segment[] {
  const text = code.trim()
  if (/^(?:\w+\s*=(?!=)|std::(?:endl|flush|fixed|set)|endl\b|set(?:w|precision)\b|fixed\b)/.test(text))
    return []
  return /\w/.test(text) && (isFirst || /^\+/.test(text)) ? [null] : []
}

function namedSegments(text: string): Segment[] | undefined {
  const names = [...text.matchAll(NAMED)].map(([, keyword, key]) => keyword ?? key)
  return names.length === 0 ? undefined : names.flatMap((name) => [null, `, ${name}=`]).concat(null)
}

function segmentsOf(text: string): Segment[] {
  const segments: Segment[] = []
  let end = 0
  for (const hole of text.matchAll(HOLE)) {
    segments.push(text.slice(end, hole.index), null)
    end = hole.index + hole[0].length
  }
  return [...segments, text.slice(end)].map((segment) => segment?.replaceAll(/\\[rnt]/g, ' ') ?? null)
}

function merged(segments: readonly Segment[]): Segment[] {
  const result: Segment[] = []
  for (const segment of segments) {
    const last = result.at(-1)
    if (typeof segment === 'string' && typeof last === 'string') result[result.length - 1] = last + segment
    else if (segment !== '') result.push(segment)
  }
  return result
}

/** The number, NaN or infinity that follows, without punctuation. */
const NUMBER = '[-+.\\w]+'

/**
 * The pattern that finds the value printed right after `word`.
 *
 * @param group name of the capture group; empty for the only group of the pattern
 */
export function patternAfter(segments: readonly Segment[], word: RegExp, group = ''): string | undefined {
  for (const [index, segment] of segments.entries()) {
    const found = segment === null ? null : word.exec(segment)
    if (segment === null || !found || segments[index + 1] !== null) continue
    const between = segment.slice(found.index + found[0].length)
    if (/[A-Za-z0-9]/.test(between) || between.length > 20) continue
    const before = segment.slice(0, found.index)
    const isStart = index === 0 && before.trim() === ''
    const start = isStart ? '^\\s*' : '\\b'
    const capture = group === '' ? '(' : `(?<${group}>`
    // A value printed with a width has blanks before it.
    const gap = /\s$/.test(between) ? '' : '\\s*'
    const label = `${isStart && before === '' ? '^' : start}${literal(found[0] + between)}${gap}`
    return `${label}${capture}${valueBefore(segments[index + 2])}`
  }
  return undefined
}

/** Letters right after the value, such as a unit, would be taken for a part of it. */
function valueBefore(next: Segment | undefined): string {
  const unit = /^[A-Za-z_%]+/.exec(next ?? '')?.[0]
  return unit === undefined || unit.startsWith('%') ? `${NUMBER})` : `${NUMBER}?)${literal(unit)}\\b`
}

/** The text as a regular expression in which any white space matches any other. */
function literal(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\/]/g, '\\$&').replaceAll(/\s+/g, '\\s+')
}
