// Reads printed lines out of source text: which words a program prints around a value.
import { bracketStep } from '../gate/source.ts'

/** Literal text, or null where a value is printed. */
export type Segment = string | null

/** Calls that print something before the text: the time and the level, or a bar. */
const PREFIXED =
  /\b(?:log\w*\.\w+|(?<!\.)log\w*|\w*progress\w*|set_(?:description(?:_str)?|postfix_str))\s*\(/i
/** tqdm writes names and values after its bar: `set_postfix(val_loss=x)` and `set_postfix({'val_loss': x})`. */
const POSTFIX = /\bset_postfix\s*\((.*)/
const NAMED = /(?:^|[(,{]\s*)(?:(\w+)\s*=(?!=)|["']([^"']+)["']\s*:)/g
/** A line that is one object: `print(json.dumps({'val_loss': x}))`, or `print(dict(val_loss=x))` as Python shows it. */
const OBJECT = /\bprint\w*\s*\(\s*(json\.dumps\s*\(\s*)?(?:dict\s*\(|\{)(.*)/
const NAMED_OBJECT = /(\bprint\w*\s*\(\s*(?:json\.dumps\s*\(\s*)?)(\w+)(?=\s*[,)])/
/** Trackers keep values elsewhere, and so do files. */
const KEPT_ELSEWHERE =
  /\b(?:add_scalars?|scalar_summary|log_?(?:value|scalar|metric|dict|hist|hyper|param|artifact|image|table)\w*)\s*\(|\bfile\s*=\s*(?!sys\.)\w/i
const PLAIN =
  /\b(?:print\w*|f?printf\w*|echo|puts|log\w*\.\w+|logg\w+\.\w+|console\.\w+|\w+\.print|write|e?print(?:ln)?!?)\s*[( ]/i
/** Calls that print all their arguments with blanks between them. */
const JOINED = /(?<!\w)(?!f?printf)(?:print\w*|console\.\w+)\s*\((.*)/i
/** C++ prints everything that is shifted into a stream. */
const STREAMED = /\bc(?:out|err|log)\s*<<(.*)/
const PRINTS = new RegExp([PREFIXED, PLAIN, POSTFIX, STREAMED].map(({ source }) => source).join('|'), 'i')
const STRING = /[fFrRbB]{0,2}("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`)/g
/** `{x:.4f}` of Python, `${x}` of JavaScript and `%6.4f` of C. */
const HOLE =
  /\$?\{(?:[^{}"']|\{[^{}]*\}|\[?["'][^"']*["']\]?)*\}|%[-+ #0]*\d*(?:\.\d+)?(?:z|l{1,2}|h)?[diufFeEgGsx]/g

/** Lines of one printing call that are read, and lines above it in which its object may be made. */
const MAX_LINES = 16

/**
 * The line with those that follow until its brackets are closed, when it begins to print; with the object in place of its name,
 * when it prints one that was made just above.
 */
export function printingCall(lines: readonly string[], index: number): string {
  const text = lines[index] ?? ''
  if (!PRINTS.test(text)) return text
  const call = untilClosed(lines, index)
  return call.replace(NAMED_OBJECT, (all, print: string, name: string) => {
    const makes = new RegExp(`^\\s*${name}\\s*=\\s*(?=dict\\s*\\(|\\{)`)
    const first = Math.max(0, index - MAX_LINES)
    const at = lines.slice(first, index).findLastIndex((line) => makes.test(line))
    return at < 0 ? all : print + untilClosed(lines, first + at).replace(makes, '')
  })
}

function untilClosed(lines: readonly string[], index: number): string {
  let text = lines[index] ?? ''
  for (let next = index + 1; next < index + MAX_LINES && openBrackets(text) > 0; next++)
    text += ` ${(lines[next] ?? '').trim()}`
  return text
}

function openBrackets(text: string): number {
  return [...text.replaceAll(STRING, '')].reduce((depth, character) => depth + bracketStep(character), 0)
}

/** The printed pieces of a line of source, or undefined when it prints nothing. */
export function printedSegments(line: string): Segment[] | undefined {
  if (!PRINTS.test(line) || KEPT_ELSEWHERE.test(line) || /^\s*(#|\/\/|\*)/.test(line)) return undefined
  const postfix = POSTFIX.exec(line)?.[1]
  if (postfix !== undefined) return namedSegments(postfix, (name) => `, ${name}=`)
  const [, json, object] = OBJECT.exec(line) ?? []
  if (object !== undefined)
    return namedSegments(object, (name) => (json === undefined ? `, '${name}': ` : `, "${name}": `))
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

function namedSegments(text: string, written: (name: string) => string): Segment[] | undefined {
  const names = [...text.matchAll(NAMED)].map(([, keyword, key]) => keyword ?? key ?? '')
  return names.length === 0 ? undefined : names.flatMap((name) => [null, written(name)]).concat(null)
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
