// Finds the random seeds in source text, so that a change of luck is not taken for an idea.
import type { Token } from './source.ts'

const SEED = /seed|prng_?key|default_rng|random_?state|srand|mt19937/i
/** After one of these a new line goes on with what the line before began. */
const UNFINISHED = /^[([{,=+*/.\\-]$/

/** The phrase we are in, between commas, semicolons and line ends, inside one pair of brackets. */
interface Phrase {
  /** A word of this phrase names a seed. */
  seed: boolean
  /** The phrase has its own name (`lr=0.1`), so the name in front of the bracket is not about it. */
  named: boolean
  /** The name in front of the bracket is that of a seed: `manual_seed(`. */
  outer: boolean
  bracket: string
}

/**
 * The same tokens with every number that is a seed replaced by one mark: numbers assigned to a name that says seed, or
 * passed to a function that does. One pass: a hostile text must not be slow to read.
 */
export function maskSeeds(tokens: readonly Token[]): Token[] {
  const phrases: Phrase[] = [start('')]
  let last = ''
  return tokens.map((token) => {
    const phrase = phrases.at(-1) ?? start('')
    if (token.kind === 'comment') return token
    if (token.kind === 'space') {
      const ends = phrase.bracket === '' || phrase.bracket === '{'
      if (ends && token.text.includes('\n') && !UNFINISHED.test(last))
        Object.assign(phrase, start(phrase.bracket))
      return token
    }
    if (token.kind === 'number') {
      last = token.text
      return isSeed(phrase) ? { ...token, text: '<seed>', kind: 'other' as const } : token
    }
    if (token.kind === 'other') readPunctuation(phrases, phrase, token.text, last)
    else if (SEED.test(token.text)) phrase.seed = true
    last = token.text
    return token
  })
}

function readPunctuation(phrases: Phrase[], phrase: Phrase, text: string, last: string): void {
  if (text === '=' || text === ':') phrase.named = true
  else if (text === ',') Object.assign(phrase, { seed: false, named: false })
  else if (text === ';') Object.assign(phrase, start(phrase.bracket))
  else if ('([{'.includes(text)) {
    const isBody = text === '{' && last === ')'
    phrases.push({ ...start(text), outer: !isBody && isSeed(phrase) })
  } else if (')]}'.includes(text) && phrases.length > 1) phrases.pop()
}

function isSeed(phrase: Phrase): boolean {
  return phrase.seed || (!phrase.named && phrase.outer)
}

function start(bracket: string): Phrase {
  return { seed: false, named: false, outer: false, bracket }
}
