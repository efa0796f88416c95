// The general rules for Go modules: one that trains something, and one whose benchmark should become faster.
import { type Draft, metricParts } from './draft.ts'
import { type Evidence, findLine, findValue, type Layout, plainPaths } from './layout.ts'
import { findMetric, findProgress } from './metric.ts'

export const GO_SETUP = 'go mod download'

const ASSUMED = 'One run takes less than 10 minutes. `doctor` measures it and says which `budget` fits.'
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
  const program = sources.find((path) => findLine(layout, path, /^func main\(\)/))
  const parts = metricParts(findMetric(layout, sources))
  if (program === undefined || !parts.metric) return undefined
  const progress = findProgress(layout, sources)
  const folder = program.split('/').slice(0, -1).join('/')
  return {
    recognised: 'a Go program that prints a metric',
    machine: 'gpu',
    editable: sources,
    setup: GO_SETUP,
    train: folder === '' ? 'go run .' : `go run ./${folder}`,
    budget: '10m',
    metric: parts.metric,
    ...(progress ? { progress: progress.pattern } : {}),
    findings: [
      { what: 'starts', evidence: findLine(layout, program, /^func main\(\)/) ?? { path: program } },
      ...parts.findings,
      ...(progress ? [{ what: 'shows the loss during training', evidence: progress.evidence }] : []),
    ],
    assumed: [...parts.assumed, ASSUMED],
    check: [
      ...parts.check,
      ...(sources.some((path) => findLine(layout, path, /AUTORESEARCH_SEED/))
        ? []
        : [
            'No source reads `AUTORESEARCH_SEED`. If every run is identical, set `metric.deterministic: true` and `min-gain`.',
          ]),
    ],
    missing: [],
  }
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
    assumed: [`\`${name}\` is the number that decides. \`-bench\` names another one.`, ASSUMED],
    check: [
      hasTests
        ? 'The tests are all that keeps a proposal from removing features: they must fail when one is missing.'
        : 'There is no test, so nothing keeps a proposal from removing features. Add tests first.',
      'Numbers in the code seldom decide the speed: add a proposer of kind `openai` or `command`.',
      'The time of a run depends on what else the machine does: give the runner a machine of its own.',
    ],
    missing: [],
  }
}
