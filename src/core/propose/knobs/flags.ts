// Names of values that a shell script passes to a program: `--lr 0.1`, `--lr=0.1`, `-l 0.1`.
import type { Naming } from './calls.ts'
import type { Placed } from './placed-tokens.ts'

/** The name of the option that a literal is the whole value of. What a short option means is unknown, so only reals are tuned. */
export function nameOfFlag(tokens: readonly Placed[], index: number, isReal: boolean): Naming | undefined {
  const next = tokens[index + 1]
  const touchesNext = next !== undefined && touches(tokens, index + 1) && !/^[;)&|]$/.test(next.text)
  let first = tokens[index - 1]?.text === '=' ? index - 2 : index - 1
  if (touchesNext || tokens[first]?.kind !== 'word') return undefined
  const last = first
  // `warmup-iters` is one name.
  while (
    touches(tokens, first) &&
    touches(tokens, first - 1) &&
    isDash(tokens, first - 1) &&
    tokens[first - 2]?.kind === 'word'
  )
    first -= 2
  const name = tokens
    .slice(first, last + 1)
    .map(({ text }) => text)
    .join('')
  const isLong = isDash(tokens, first - 1) && isDash(tokens, first - 2)
  const dashes = first - (isLong ? 2 : 1)
  if (!isDash(tokens, dashes) || !touches(tokens, first) || touches(tokens, dashes)) return undefined
  return { name, byDefault: isLong || isReal, setting: 'never' }
}

function isDash(tokens: readonly Placed[], index: number): boolean {
  return tokens[index]?.text === '-'
}

/** True when no space stands before the token. */
function touches(tokens: readonly Placed[], index: number): boolean {
  const [before, token] = [tokens[index - 1], tokens[index]]
  return before !== undefined && token !== undefined && before.start + before.text.length === token.start
}
