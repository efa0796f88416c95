// Scripts that Hydra starts: their settings, and the names of their classes, stand in files of YAML that no script imports.
import { posix } from 'node:path'
import { type Layout, linesOf, plainPaths } from './layout.ts'

/** What a script reads by way of Hydra. All paths exist. */
export interface HydraFiles {
  /** Configuration files that are read when the command line names no other, the main one first. */
  configs: string[]
  /** Those of them that decide about the model and how it is optimised, and not on what or for how long it is trained. */
  ofTheModel: string[]
  /** Modules whose classes or functions they name. */
  modules: string[]
}

/** Lines of one call that are read. */
const MAX_LINES = 8
const CALL = /\bhydra\.(?:main|initialize)\(/
/** Groups of settings of the model and its optimizer, below the folder of the configuration. */
const GROUPS = /^(?:models?|nets?|networks?|arch\w*|optim\w*|(?:lr_)?scheduler)(?:\/[\w./-]+)?\.ya?ml$/
/** Longer chains of files are a circle or a mistake. */
const MAX_CONFIGS = 100

/** @returns nothing for a script that Hydra does not start */
export function hydraFiles(layout: Layout, script: string): HydraFiles {
  const lines = linesOf(layout, script)
  const start = lines.findIndex((line) => CALL.test(line))
  if (start === -1) return { configs: [], ofTheModel: [], modules: [] }
  const call = lines.slice(start, start + MAX_LINES).join(' ')
  const folder = posix.join(posix.dirname(script), argumentOf(call, 'config_path') ?? '.')
  const known = new Set(plainPaths(layout, /\.(?:ya?ml|py)$/))
  const configs = new Set(existing(known, yamlNames(folder, argumentOf(call, 'config_name') ?? 'config')))
  for (const config of configs) {
    if (configs.size > MAX_CONFIGS) break
    for (const name of defaultsOf(linesOf(layout, config), posix.dirname(config), folder))
      for (const path of existing(known, name)) configs.add(path)
  }
  const modules = [...configs].flatMap((config) =>
    linesOf(layout, config).flatMap((line) => {
      const target = /^[\s-]*_target_:\s*["']?([A-Za-z_][\w.]*)/.exec(line)?.[1]
      return target === undefined ? [] : existing(known, moduleFiles(target))
    }),
  )
  const ofTheModel = [...configs].filter((config) => GROUPS.test(posix.relative(folder, config)))
  return { configs: [...configs], ofTheModel, modules: [...new Set(modules)] }
}

function argumentOf(call: string, name: string): string | undefined {
  return new RegExp(`\\b${name}\\s*=\\s*["']([\\w./-]+)["']`).exec(call)?.[1]
}

/** The first of these that exists. */
function existing(known: ReadonlySet<string>, paths: readonly string[]): string[] {
  const found = paths.find((path) => known.has(path))
  return found === undefined ? [] : [found]
}

function yamlNames(folder: string, name: string): string[] {
  const path = posix.join(folder, name)
  return /\.ya?ml$/.test(path) ? [path] : [`${path}.yaml`, `${path}.yml`]
}

/**
 * The files that the list `defaults` of a configuration file names: `- model: small` is model/small.yaml.
 *
 * @param folder of the file; names are relative to it, except those that begin with a slash
 */
function defaultsOf(lines: readonly string[], folder: string, root: string): string[][] {
  const from = lines.findIndex((line) => /^defaults\s*:/.test(line))
  if (from === -1) return []
  const rest = lines.slice(from + 1)
  const end = rest.findIndex((line) => /^[^\s#-]/.test(line))
  return rest.slice(0, end === -1 ? rest.length : end).flatMap((line) => {
    const [, words, value] =
      /^\s*-\s+((?:(?:override|optional)\s+)*[\w/@.-]+)\s*(?::\s*["']?([\w./-]+))?/.exec(line) ?? []
    const name = words?.split(/\s+/).at(-1)?.replace(/@.*$/, '')
    if (name === undefined || name === '_self_' || value === 'null') return []
    const base = name.startsWith('/') ? root : folder
    return [yamlNames(base, value === undefined ? name : `${name}/${value}`)]
  })
}

/** `src.models.net.Net` may be a class of src/models/net.py, or of the package src/models/net. */
function moduleFiles(target: string): string[] {
  const parts = target.split('.')
  return parts.slice(1).flatMap((_, index) => {
    const path = parts.slice(0, parts.length - 1 - index).join('/')
    return [`${path}.py`, `src/${path}.py`, `${path}/__init__.py`]
  })
}
