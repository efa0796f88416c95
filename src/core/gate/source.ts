// Splits source text into tokens, to tell code from comments and layout. This is not a parser: where a language is
// ambiguous, text counts as code.
import { JAVASCRIPT_REGEX, languageOf, TEMPLATE_PART } from './languages.ts'

type TokenKind = 'space' | 'comment' | 'string' | 'number' | 'word' | 'other'

export interface Token {
  kind: TokenKind
  text: string
  /** Offset in UTF-16 code units. */
  start: number
}

const KINDS: readonly TokenKind[] = ['space', 'comment', 'string', 'number', 'word', 'other']

/** JavaScript keywords after which a slash begins a regular expression; after any other word it is a division. */
const BEFORE_REGEX = /^(?:await|case|delete|do|else|in|instanceof|new|of|return|throw|typeof|void|yield)$/

/**
 * Tokenises `text`: every character belongs to exactly one token, in order. Takes linear time for any content.
 *
 * @param path its extension selects the language
 */
export function lex(path: string, text: string): Token[] {
  const language = languageOf(path)
  const next = language.name === 'javascript' ? javascriptLexer() : undefined
  const tokens: Token[] = []
  let last: Token | undefined
  for (let at = 0; at < text.length; ) {
    const token = next?.(text, at, last) ?? lexOne(language.pattern, text, at)
    tokens.push(token)
    if (token.kind !== 'space' && token.kind !== 'comment') last = token
    at += token.text.length
  }
  return tokens
}

function lexOne(pattern: RegExp, text: string, at: number): Token {
  pattern.lastIndex = at
  const groups = pattern.exec(text)?.groups ?? {}
  const kind = KINDS.find((name) => groups[name] !== undefined) ?? 'other'
  return { kind, text: groups[kind] ?? text.charAt(at), start: at }
}

type Lexer = (text: string, at: number, last: Token | undefined) => Token | undefined

/** Handles what a single pattern cannot recognise in JavaScript: regular expressions, and templates that contain code. */
function javascriptLexer(): Lexer {
  /** Number of open braces inside each enclosing `${`. A list, because nesting has no limit. */
  const open: number[] = []
  return (text, at, last) => {
    const character = text.charAt(at)
    const inner = open.at(-1)
    if (character === '`') return templatePart(text, at, open)
    if (character === '/' && !/[/*]/.test(text.charAt(at + 1)) && startsRegex(last))
      return matchString(JAVASCRIPT_REGEX, text, at)
    if (inner === undefined || (character !== '{' && character !== '}')) return undefined
    if (character === '}' && inner === 0) {
      open.pop()
      return templatePart(text, at, open)
    }
    open[open.length - 1] = inner + (character === '{' ? 1 : -1)
    return undefined
  }
}

function templatePart(text: string, at: number, open: number[]): Token {
  const token = matchString(TEMPLATE_PART, text, at)
  if (token.text.endsWith('${')) open.push(0)
  return token
}

function matchString(pattern: RegExp, text: string, at: number): Token {
  pattern.lastIndex = at
  return { kind: 'string', text: pattern.exec(text)?.[0] ?? text.charAt(at), start: at }
}

function startsRegex(last: Token | undefined): boolean {
  if (last === undefined) return true
  if (last.kind === 'word') return BEFORE_REGEX.test(last.text)
  return last.kind === 'other' && !/[)\]}]/.test(last.text)
}

/** The code tokens of a text: without comments, and without layout that has no meaning in its language. */
export function codeTokens(path: string, text: string): string[] {
  return foldTokens(path, lex(path, text))
}

/** `codeTokens` for a text that is already tokenised. */
export function foldTokens(path: string, tokens: readonly Token[]): string[] {
  const layout = createLayout(path)
  const code: string[] = []
  let gap = ''
  for (const { kind, text } of tokens) {
    if (kind === 'space') gap += text
    else if (kind === 'comment') gap += text.startsWith('/*') ? ' ' : ''
    else {
      const before = layout(gap, text)
      if (code.length > 0) code.push(...before)
      code.push(kind === 'number' ? canonicalNumber(text) : text.replaceAll('\r\n', '\n'))
      gap = ''
    }
  }
  return code
}

/** Reduces the white space before a token to its meaning: nothing, a blank, a line break or a block boundary. */
function createLayout(path: string): (gap: string, text: string) => string[] {
  const { spaces, lines } = languageOf(path)
  const indents = [0]
  let depth = 0
  return (gap, text) => {
    const newLine = lines !== 'drop' && depth === 0 && /[\n\r]/.test(gap)
    if (lines === 'indent') depth = Math.max(0, depth + bracketStep(text))
    if (!newLine) return spaces === 'fold' && gap !== '' ? [' '] : []
    return lines === 'indent' ? ['\n', ...indentation(indents, gap)] : ['\n']
  }
}

/** The blocks that a line opens or closes, so that replacing a tab by four blanks is not a change. */
function indentation(indents: number[], gap: string): string[] {
  const width = gap.replace(/^[\s\S]*[\n\r]/, '').replaceAll('\t', ' '.repeat(8)).length
  const marks: string[] = []
  while (width < (indents.at(-1) ?? 0)) {
    indents.pop()
    marks.push('<dedent>')
  }
  if (width > (indents.at(-1) ?? 0)) {
    indents.push(width)
    marks.push('<indent>')
  }
  return marks
}

/** +1 for an opening bracket, −1 for a closing one, 0 for anything else. */
export function bracketStep(text: string): number {
  if (text === '(' || text === '[' || text === '{') return 1
  return text === ')' || text === ']' || text === '}' ? -1 : 0
}

/** `0.10`, `.1` and `1e-1` become equal. Suffixes stay, and so does the decimal point: `1.0` is not an integer. */
function canonicalNumber(text: string): string {
  const plain = text.replaceAll(/[_']/g, '')
  const parts = /^((?=[^a-z]*[.e])\d*\.?\d*(?:e[+-]?\d+)?)([a-z]\w*)?$/i.exec(plain)
  return parts?.[1] ? `${Number(parts[1])}.${parts[2] ?? ''}` : plain
}
