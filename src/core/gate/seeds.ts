// Finds random seeds in source text, so that a change of seeds is not taken for an idea.
import type { Token } from './source.ts'

const SEED = /seed|prng_?key|default_rng|random_?state|srand|mt19937/i
/** After one of these tokens, the next line continues the current phrase. */
const UNFINISHED = /^[([{,=+*/.\\-]$/

/** The current phrase: the tokens between commas, semicolons and line ends inside one pair of brackets. */
interface Phrase {
  /** A word in this phrase names a seed. */
  seed: boolean
  /** The phrase has its own name (`lr=0.1`), so the name before the bracket does not apply to it. */
  named: boolean
  /** The name before the bracket names a seed: `manual_seed(`. */
  outer: boolean
  bracket: string
}

/**
 * Replaces every seed by the same mark. A seed is a number that is assigned to a name that mentions a seed, or passed to
 * such a function. A single pass, so that hostile text cannot slow it down.
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
