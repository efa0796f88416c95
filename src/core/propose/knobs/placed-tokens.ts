// Tokens of code with their position: the line and the enclosing bracket.
import { bracketStep, lex, type Token } from '../../gate/source.ts'

export interface Placed extends Token {
  /** 1-based. */
  line: number
  /** True for the first token on its line. */
  startsLine: boolean
  /** The innermost enclosing bracket, or '' outside all brackets. */
  enclosing: string
  /** Index of that bracket; −1 outside all brackets. */
  opener: number
}

/** The tokens of a text, without comments and white space. */
export function placeTokens(path: string, text: string): Placed[] {
  const placed: Placed[] = []
  const openers: number[] = []
  let line = 1
  let startsLine = true
  for (const token of lex(path, text)) {
    const lines = token.text.split('\n').length - 1
    if (token.kind === 'space' && lines > 0) startsLine = true
    else if (token.kind !== 'space' && token.kind !== 'comment') {
      const step = bracketStep(token.text)
      if (step < 0) openers.pop()
      const opener = openers.at(-1) ?? -1
      placed.push({ ...token, line, startsLine, enclosing: placed[opener]?.text ?? '', opener })
      if (step > 0) openers.push(placed.length - 1)
      startsLine = false
    }
    line += lines
  }
  return placed
}
