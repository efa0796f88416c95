// Reads source text as tokens, so that code can be told from comments and layout. No parser: where a language is
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

/** Words of JavaScript after which a slash begins a regular expression; after any other word it divides. */
const BEFORE_REGEX = /^(?:await|case|delete|do|else|in|instanceof|new|of|return|throw|typeof|void|yield)$/

/**
 * Every character of `text` in exactly one token, in order. Time grows linearly with the text whatever it contains.
 *
 * @param path decides the language by its extension
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

/** What one pattern cannot see in JavaScript: regular expressions, and templates with code inside. */
function javascriptLexer(): Lexer {
  /** For every `${` we are in: how many braces are open inside it. A list, because nesting has no limit. */
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

/** The code of a text: its tokens without comments and without layout that means nothing in its language. */
export function codeTokens(path: string, text: string): string[] {
  return foldTokens(path, lex(path, text))
}

/** `codeTokens` of a text that was already read. */
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

/** Turns the white space in front of a token into what it means: nothing, a blank, a new line or a block. */
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

/** How many blocks a line opens or closes, so that four blanks instead of a tab are no change. */
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

/** +1 for an opening bracket, −1 for a closing one, else 0. */
export function bracketStep(text: string): number {
  if (text === '(' || text === '[' || text === '{') return 1
  return text === ')' || text === ']' || text === '}' ? -1 : 0
}

/** `0.10`, `.1` and `1e-1` are one number. Suffixes stay, and so does the point: `1.0` is no integer. */
function canonicalNumber(text: string): string {
  const plain = text.replaceAll(/[_']/g, '')
  const parts = /^((?=[^a-z]*[.e])\d*\.?\d*(?:e[+-]?\d+)?)([a-z]\w*)?$/i.exec(plain)
  return parts?.[1] ? `${Number(parts[1])}.${parts[2] ?? ''}` : plain
}
