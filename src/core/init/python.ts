// How Python code of a repository is installed, started and fed with data, as far as its files show.
import { evidenceOfFile, findLine, type Layout, linesOf, plainPaths } from './layout.ts'
import type { Finding } from './plan.ts'
import { documentedFirst } from './start.ts'

/** Folders of other things, and scripts that send training to a cluster or start it many times. */
export const NOT_TRAINING =
  /(?:^|\/)(?:tests?|docs?|tools|\.\w+)\/|(?:^|\/)(?:submitit|slurm|sbatch|launch|sweep|tune|eval|test)_?\w*\.py$|_test\.py$/

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

const PREPARES =
  /^(?:(?:data|scripts|tools)\/)?(?:[\w-]+\/)?(?:prepare|download|preprocess|make|get|build)(?:_?data(?:set)?)?\.py$/

/** The scripts that seem to prepare data: those first that a document starts, then those nearest to the root. */
export function preparationScripts(layout: Layout): string[] {
  return documentedFirst(
    layout,
    plainPaths(layout, PREPARES).filter((path) => !/(?:^|\/)tests?\//.test(path)),
  )
}

/** The modules of this repository that a script imports, and what those import. */
export function importedFiles(layout: Layout, script: string): string[] {
  const found = new Set([script])
  for (const path of found) {
    const folder = path.includes('/') ? path.slice(0, path.lastIndexOf('/') + 1) : ''
    for (const name of importedModules(layout, path)) {
      const file = name.replaceAll('.', '/')
      const candidates = [`${folder}${file}.py`, `${file}.py`, `src/${file}.py`, `${file}/__init__.py`]
      const module = candidates.find((candidate) => layout.has(candidate))
      if (module !== undefined) found.add(module)
    }
  }
  found.delete(script)
  return [...found].filter((path) => plainPaths(layout, /\.py$/).includes(path))
}

function importedModules(layout: Layout, path: string): string[] {
  return linesOf(layout, path).flatMap((line) => {
    const [, from = '', names = ''] = /^\s*from\s+\.?([\w.]*)\s+import\s+([\w, ]+)/.exec(line) ?? []
    const submodules = names.split(/[, ]+/).map((name) => (from === '' ? name : `${from}.${name}`))
    if (from !== '' || names !== '') return [from, ...submodules].filter((name) => name !== '')
    const plain = /^\s*import\s+([\w.]+)/.exec(line)?.[1]
    return plain === undefined ? [] : [plain]
  })
}
