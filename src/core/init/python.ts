// How Python code of a repository is installed, started and fed with data, as far as its files show.
import { evidenceOfFile, findLine, type Layout, linesOf, plainPaths } from './layout.ts'
import type { Finding } from './plan.ts'
import { documentedFirst } from './start.ts'

/** Folders of other things, and scripts that send training to a cluster or start it many times. */
export const NOT_TRAINING =
  /(?:^|\/)(?:tests?|docs?|tools|\.\w+)\/|(?:^|\/)(?:launch|sweep|tune|eval|test)_?\w*\.py$|(?:^|[/_])(?:submitit|slurm|sbatch)(?:_\w*)?\.py$|_test\.py$/

/** How packages are installed and which interpreter then runs the code. */
export interface PythonEnvironment {
  /** Shell command; absent when the machine's own packages are used. */
  install?: string
  /** What stands before a script's path, such as `uv run`. */
  run: string
  /** What stands before `-m module`, such as `uv run python`. */
  interpreter: string
  findings: Finding[]
  assumed: string[]
}

const VENV = '$AUTORESEARCH_DATA/venv'

/** A table of rules: the first file that exists decides. */
export function pythonEnvironment(layout: Layout): PythonEnvironment {
  const found = (path: string, what: string): Finding[] => [{ what, evidence: evidenceOfFile(path) }]
  if (layout.has('uv.lock'))
    return {
      ...UV,
      findings: found('uv.lock', 'names the packages'),
      assumed: ['The machine has `uv`.'],
    }
  if (layout.has('requirements.txt'))
    return {
      install: `python3 -m venv ${VENV} && ${VENV}/bin/pip install -r requirements.txt`,
      run: `${VENV}/bin/python`,
      interpreter: `${VENV}/bin/python`,
      findings: found('requirements.txt', 'names the packages'),
      assumed: ['The packages fit the GPU: `pip` installs the default build of PyTorch.'],
    }
  const project = findLine(layout, 'pyproject.toml', /^dependencies\s*=/)
  if (project)
    return {
      ...UV,
      findings: [{ what: 'names the packages', evidence: project }],
      assumed: ['The machine has `uv`, which reads `pyproject.toml`. Commit `uv.lock` to keep the versions.'],
    }
  const poetry = findLine(layout, 'pyproject.toml', /^\[tool\.poetry\b/)
  if (poetry)
    return {
      install: 'poetry install',
      run: 'poetry run python',
      interpreter: 'poetry run python',
      findings: [{ what: 'names the packages', evidence: poetry }],
      assumed: ['The machine has `poetry`.'],
    }
  const installed =
    findLine(layout, 'setup.py', /\binstall_requires\b/) ??
    findLine(layout, 'setup.cfg', /^install_requires\b/)
  if (installed)
    return {
      install: `python3 -m venv ${VENV} && ${VENV}/bin/pip install -e .`,
      run: `${VENV}/bin/python`,
      interpreter: `${VENV}/bin/python`,
      findings: [{ what: 'names the packages', evidence: installed }],
      assumed: ['The packages fit the GPU: `pip` installs the default build of PyTorch.'],
    }
  const [conda] = plainPaths(layout, /^(?:environment|conda)\w*\.ya?ml$/)
  return {
    run: 'python3',
    interpreter: 'python3',
    findings: conda === undefined ? [] : found(conda, 'names the packages'),
    assumed: [
      conda === undefined
        ? "The machine's own `python3` has the packages: no list of packages was found."
        : `The machine's own \`python3\` has the packages of \`${conda}\`: create that environment there, and start the runner inside it.`,
    ],
  }
}

const UV = { install: 'uv sync', run: 'uv run', interpreter: 'uv run python' }

const PREPARES = /(?:^|\/)(?:prepare|download|preprocess|make|get|build)(?:_?data(?:set)?)?\.py$/
/** Where such a script is one of the whole repository. */
const COMMON = /^(?:[\w-]+\.py$|(?:data|scripts|tools)\/(?:[\w-]+\/)?[\w-]+\.py$)/

/**
 * The scripts that seem to prepare data: those first that a document starts, then those nearest to the root.
 *
 * @param script what trains; the folder of another project prepares nothing for it
 */
export function preparationScripts(layout: Layout, script = ''): string[] {
  const [folder = ''] = script.split('/')
  const isNear = (path: string) => path.startsWith(`${folder}/`) && path.split('/').length === 2
  return documentedFirst(
    layout,
    plainPaths(layout, PREPARES).filter(
      (path) => (COMMON.test(path) || isNear(path)) && !/(?:^|\/)tests?\//.test(path),
    ),
  )
}

/** What was found in each repository: many rules ask for the same script. */
const FOUND = new WeakMap<Layout, Map<string, readonly string[]>>()

/** The modules of this repository that a script imports, and what those import. */
export function importedFiles(layout: Layout, script: string): readonly string[] {
  const known = FOUND.get(layout) ?? new Map<string, readonly string[]>()
  FOUND.set(layout, known)
  const imported = known.get(script) ?? findImported(layout, script)
  known.set(script, imported)
  return imported
}

function findImported(layout: Layout, script: string): string[] {
  const found = new Set([script])
  const known = new Set(plainPaths(layout, /\.py$/))
  for (const path of found)
    for (const name of importedModules(layout, path)) {
      const module = filesOf(path, name).find((candidate) => known.has(candidate))
      if (module !== undefined) found.add(module)
    }
  found.delete(script)
  return [...found]
}

/** Where a module may be that the file at `path` imports as `name`; leading dots stand for its own package and those above. */
function filesOf(path: string, name: string): string[] {
  const folders = path.split('/').slice(0, -1)
  const [dots = ''] = /^\.*/.exec(name) ?? []
  const file = name.slice(dots.length).replaceAll('.', '/')
  const below = (kept: readonly string[]) => [...kept, file].filter((part) => part !== '').join('/')
  if (dots.length - 1 > folders.length) return []
  const here = below(folders.slice(0, folders.length - Math.max(0, dots.length - 1)))
  const inPackage = [`${here}.py`, `${here}/__init__.py`]
  return dots === ''
    ? [...inPackage, `${file}.py`, `src/${file}.py`, `${file}/__init__.py`, `src/${file}/__init__.py`]
    : inPackage
}

/** `from a.b import c, d` may name the modules a.b, a.b.c and a.b.d. */
function importedModules(layout: Layout, path: string): string[] {
  return linesOf(layout, path).flatMap((line) => {
    const [, from, names = ''] = /^\s*from\s+([\w.]+)\s+import\s+\(?\s*([\w, ]*)/.exec(line) ?? []
    if (from === undefined) {
      const [, modules = ''] = /^\s*import\s+([\w., ]+)/.exec(line) ?? []
      return modules.split(',').flatMap((module) => module.trim().split(' ')[0] || [])
    }
    const inside = from.endsWith('.') ? from : `${from}.`
    const submodules = names.split(/[, ]+/).filter((name) => name !== '' && name !== 'as')
    return [from, ...submodules.map((name) => inside + name)]
  })
}
