// The general rule for trainers that are compiled and started by `make`.
import { CARGO_SETUP } from './cargo.ts'
import { ASSUMED_BUDGET, seedCheck } from './compiled.ts'
import { type Draft, metricParts } from './draft.ts'
import { GO_SETUP } from './go.ts'
import { evidenceOfLine, type Layout, linesOf, plainPaths } from './layout.ts'
import { findMetric, findProgress } from './metric.ts'
import { preparationScripts } from './python.ts'

const TARGET = /^((?:run[-_]?)?(?:train|run|fit|bench)[\w.-]*)\s*:(?!=)\s*([^#]*)/
const SOURCES = /\.(?:c|cc|cpp|cu|h|hpp|cuh|rs|go|jl|f90|zig)$/

/** How the packages of a language are downloaded, which training cannot do. */
const FETCHES = [
  ['Cargo.toml', CARGO_SETUP],
  ['go.mod', GO_SETUP],
] as const

export function recogniseMakefile(layout: Layout): Draft | undefined {
  const makefile = ['Makefile', 'makefile', 'GNUmakefile'].find((path) => layout.has(path))
  if (makefile === undefined) return undefined
  const lines = linesOf(layout, makefile)
  const index = lines.findIndex((line) => TARGET.test(line))
  const [, target = '', prerequisites = ''] = TARGET.exec(lines[index] ?? '') ?? []
  const sources = sourcesOf(layout, target, prerequisites)
  if (index === -1 || sources.length === 0) return undefined
  // A target that is a program is compiled by make and started by us; any other target starts it itself.
  const compiles = layout.has(`${target}.c`) || sources.some((path) => path.startsWith(`${target}.`))
  const parts = metricParts(findMetric(layout, sources))
  const progress = findProgress(layout, sources)
  const prepare = preparationScripts(layout)[0]
  const setup = [
    ...FETCHES.flatMap(([path, command]) => (layout.has(path) ? [command] : [])),
    ...(prepare === undefined ? [] : [`python3 ${prepare}`]),
  ]
  return {
    recognised: 'a trainer that `make` builds',
    machine: 'gpu',
    editable: sources,
    ...(setup.length === 0 ? {} : { setup: setup.join(' && ') }),
    train: compiles ? `make ${target} && ./${target}` : `make ${target}`,
    budget: '10m',
    ...(parts.metric ? { metric: parts.metric } : {}),
    ...(progress ? { progress: progress.pattern } : {}),
    findings: [
      {
        what: compiles ? 'compiles the trainer' : 'starts training',
        evidence: evidenceOfLine(makefile, index + 1, lines[index] ?? ''),
      },
      ...parts.findings,
      ...(progress ? [{ what: 'shows the loss during training', evidence: progress.evidence }] : []),
      ...(prepare === undefined ? [] : [{ what: 'prepares the data', evidence: { path: prepare } }]),
    ],
    assumed: [...parts.assumed, ASSUMED_BUDGET],
    check: [...parts.check, ...seedCheck(layout, sources)],
    missing: [],
  }
}

/** The sources that the rule names, else all in the root and in `src/`. */
function sourcesOf(layout: Layout, target: string, prerequisites: string): string[] {
  const all = plainPaths(layout, SOURCES)
  const named = all.filter(
    (path) => prerequisites.split(/\s+/).includes(path) || path.startsWith(`${target}.`),
  )
  const near = all.filter((path) => /^(?:src\/)?[^/]+$/.test(path))
  const inner = all.filter((path) => !/(?:^|\/)(?:vendor|third_party|tests?|target)\/|_test\.\w+$/.test(path))
  return ([named, near].find((paths) => paths.length > 0) ?? inner).slice(0, 20)
}
