// The general rules for Go modules: one that trains something, and one whose benchmark should become faster.
import { ASSUMED_BUDGET, benchmarkChecks, programDraft } from './compiled.ts'
import type { Draft } from './draft.ts'
import { type Evidence, findLine, findValue, type Layout, plainPaths } from './layout.ts'

export const GO_SETUP = 'go mod download'

/** Files of a module that are named one by one: its tests and benchmarks lie beside them and may not be changed. */
const MAX_SOURCES = 50

export function recogniseGo(layout: Layout): Draft | undefined {
  if (!layout.has('go.mod')) return undefined
  const all = plainPaths(layout, /\.go$/).filter((path) => !/(?:^|\/)(?:vendor|testdata)\//.test(path))
  const sources = all.filter((path) => !path.endsWith('_test.go')).slice(0, MAX_SOURCES)
  if (sources.length === 0) return undefined
  const tests = all.filter((path) => path.endsWith('_test.go'))
  return training(layout, sources) ?? benchmark(layout, sources, tests)
}

function training(layout: Layout, sources: readonly string[]): Draft | undefined {
  const [start] = sources.flatMap((path) => findLine(layout, path, /^func main\(\)/) ?? [])
  if (start === undefined) return undefined
  const folder = start.path.split('/').slice(0, -1).join('/')
  return programDraft(layout, sources, start, {
    recognised: 'a Go program that prints a metric',
    editable: sources,
    setup: GO_SETUP,
    train: folder === '' ? 'go run .' : `go run ./${folder}`,
  })
}

function benchmark(layout: Layout, sources: readonly string[], tests: readonly string[]): Draft | undefined {
  const [found] = tests.flatMap((path): { value: string; evidence: Evidence }[] => {
    const one = findValue(layout, path, /^func (Benchmark\w+)\(\w+ \*testing\.B\)/)
    return one ? [one] : []
  })
  if (!found) return undefined
  const { value: name, evidence } = found
  const folder = evidence.path.split('/').slice(0, -1).join('/')
  const hasTests = tests.some((path) => findLine(layout, path, /^func Test\w+\(/))
  return {
    recognised: 'a Go module with a benchmark',
    machine: 'processor',
    editable: sources,
    setup: GO_SETUP,
    train: [
      ...(hasTests ? ['go test ./...'] : []),
      `go test -run '^$' -bench '^${name}$' -benchtime 5s ./${folder}`,
    ].join(' && '),
    budget: '10m',
    metric: {
      name: 'ns_per_op',
      direction: 'minimize',
      source: { kind: 'pattern', pattern: `^${name}\\S*\\s+\\d+\\s+([\\d.]+) ns/op`, repeated: true },
    },
    findings: [{ what: 'measures', evidence }],
    assumed: [`\`${name}\` is the number that decides. \`-bench\` names another one.`, ASSUMED_BUDGET],
    check: benchmarkChecks(hasTests),
    missing: [],
  }
}
