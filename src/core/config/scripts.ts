// Finds the repository file that a command runs, as far as its text shows.
import { matchesGlob, normalize } from 'node:path/posix'

const SCRIPT = /\.(py|[cm]?[jt]s|sh|bash|jl|r|rb|lua|pl)$/i
const ELSEWHERE = /^[/$~]/
/** A program inside the command itself. The files it reads are not checked. */
const INLINE = /\s(-c|-e|-p|--eval|--print)\s+("[^"]*"|'[^']*')/g

/**
 * Finds an evaluation script that a candidate could rewrite.
 *
 * @param editable globs of the files that a candidate may change
 * @returns the path of the first such file; undefined when there is none or the command changes the folder
 */
export function editableScript(command: string, editable: readonly string[]): string | undefined {
  if (/\bcd\s/.test(command)) return undefined
  return command
    .replace(INLINE, '')
    .split(/[;&|\n]/)
    .flatMap(scriptsOf)
    .find((path) => editable.some((glob) => matchesGlob(path, glob)))
}

/** The module after `-m`, and the first word that looks like a script: later words are arguments. */
function scriptsOf(part: string): string[] {
  const words = part.split(/[\s"'()]+/)
  const module = words[words.indexOf('-m') + 1]?.replaceAll('.', '/')
  const script = words.find((word) => SCRIPT.test(word) && !ELSEWHERE.test(word))
  return [
    ...(words.includes('-m') && module ? [`${module}.py`, `${module}/__main__.py`] : []),
    ...(script === undefined ? [] : [normalize(script)]),
  ]
}
