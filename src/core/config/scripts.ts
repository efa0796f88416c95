// Finds the repository file that a command runs, as far as its text shows.
import { join, normalize } from 'node:path/posix'
import { isEditable } from '../gate/gate.ts'

const SCRIPT = /\.(py|[cm]?[jt]s|sh|bash|jl|r|rb|lua|pl)$/i
const ELSEWHERE = /^[/$~]/
/** A program inside the command itself. The files it reads are not checked. */
const INLINE = /\s(-c|-e|-p|--eval|--print)\s+("[^"]*"|'[^']*')/g
/** A shell command inside the command. */
const SHELL = /\b(?:ba|da|z)?sh\s+-\w*c\s+(?:"([^"]*)"|'([^']*)')/g
/** Programs that read what to do from a file of the repository. */
const RUNNERS: readonly [RegExp, readonly string[]][] = [
  [/^g?make$/, ['Makefile', 'makefile', 'GNUmakefile']],
  [/^(npm|npx|pnpm|yarn|bun)$/, ['package.json']],
  [/^just$/, ['justfile', 'Justfile']],
  [/^(inv|invoke)$/, ['tasks.py']],
  [/^(pytest|tox)$/, ['conftest.py', 'pytest.ini', 'tox.ini']],
  [/^(rake)$/, ['Rakefile']],
  [/^(uv|poetry|pdm|hatch)$/, ['pyproject.toml']],
]

/**
 * Finds a file with which a candidate could rewrite the evaluation.
 *
 * @param editable globs of the files that a candidate may change
 * @returns the path of the first such file; undefined when the command shows none
 */
export function editableScript(command: string, editable: readonly string[]): string | undefined {
  return filesOf(command).find((path) => isEditable(path, editable))
}

function filesOf(command: string): string[] {
  let folder = ''
  const nested = [...command.matchAll(SHELL)].flatMap(([, double, single]) => filesOf(double ?? single ?? ''))
  const direct = command
    .replace(INLINE, '')
    .replaceAll(/\$\{?PWD\}?\/|"\$PWD"\//g, '')
    .split(/[;&|\n()]/)
    .flatMap((part) => {
      const [, to] = /^\s*cd\s+["']?([^\s"']+)/.exec(part) ?? []
      if (to !== undefined) folder = ELSEWHERE.test(to) ? folder : join(folder, to)
      return [...scriptsOf(part), ...runnersOf(part)].map((path) => normalize(join(folder, path)))
    })
  return [...nested, ...direct]
}

/** The module after `-m`, and the first word that looks like a script: later words are arguments. */
function scriptsOf(part: string): string[] {
  const words = part.split(/[\s"'()]+/)
  const module = words[words.indexOf('-m') + 1]?.replaceAll('.', '/')
  const script = words.find((word) => SCRIPT.test(word) && !ELSEWHERE.test(word))
  return [
    ...(words.includes('-m') && module ? [`${module}.py`, `${module}/__main__.py`] : []),
    ...(script === undefined ? [] : [script]),
  ]
}

/** The files that a runner reads, in the folder that `-C`, `--prefix` or `--directory` names. */
function runnersOf(part: string): string[] {
  const words = part.split(/[\s"']+/).filter((word) => word !== '' && !/^\w+=/.test(word))
  const [, folder = ''] = /\s(?:-C|--prefix|--directory|--cwd)[\s=]+["']?([^\s"']+)/.exec(part) ?? []
  const [, file] = /\s(?:-f|--file|--makefile)[\s=]+["']?([^\s"']+)/.exec(part) ?? []
  return RUNNERS.filter(([runner]) => runner.test(words[0] ?? ''))
    .flatMap(([, files]) => (file === undefined ? files : [file]))
    .map((path) => join(folder, path))
}
