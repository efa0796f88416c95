// The function that a line of Python stands in, by its indentation.
import { languageOf } from '../../gate/languages.ts'

const HEADER = /^\s*(?:async\s+)?def\s+([\p{L}_][\p{L}\p{N}_]*)/u

/** Name of the innermost function around an offset, its own parameters included; undefined outside and in other languages. */
export function functionAt(path: string, text: string, offset: number): string | undefined {
  if (languageOf(path).name !== 'python') return undefined
  const lines = text.slice(0, offset).split('\n')
  let indentation = Number.POSITIVE_INFINITY
  for (const line of lines.reverse()) {
    const own = line.search(/[^\s#)\]}]/)
    if (own === -1 || own >= indentation) continue
    const name = HEADER.exec(line)?.[1]
    if (name !== undefined) return name
    indentation = own
    if (own === 0) return undefined
  }
  return undefined
}
