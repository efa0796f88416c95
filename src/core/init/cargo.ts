// The general rules for Rust packages: one that trains something, and one whose benchmark should become faster.
import { type Draft, metricParts } from './draft.ts'
import { findLine, findValue, type Layout, plainPaths } from './layout.ts'
import { findMetric, findProgress } from './metric.ts'

/**
 * Copies the packages into the repository's folder, because training has no network. Setup has no editable files, and cargo reads no
 * package without a program, so it is given one.
 */
export const CARGO_SETUP =
  'mkdir -p src/bin .cargo && touch src/bin/none.rs && cargo vendor >> .cargo/config.toml && rm src/bin/none.rs'

const TOML = 'Cargo.toml'
const ASSUMED = 'One run takes less than 10 minutes. `doctor` measures it and says which `budget` fits.'

export function recogniseCargo(layout: Layout): Draft | undefined {
  const named = findLine(layout, TOML, /^\[package\]/)
  if (!named) return undefined
  return benchmark(layout) ?? training(layout)
}

function training(layout: Layout): Draft | undefined {
  const sources = plainPaths(layout, /^src\/.*\.rs$/)
  const start = findLine(layout, 'src/main.rs', /\bfn main\(/)
  const parts = metricParts(findMetric(layout, sources))
  if (!start || !parts.metric) return undefined
  const progress = findProgress(layout, sources)
  return {
    recognised: 'a Rust program that prints a metric',
    machine: 'gpu',
    editable: ['src/**'],
    setup: CARGO_SETUP,
    train: 'cargo run --release --offline',
    budget: '10m',
    metric: parts.metric,
    ...(progress ? { progress: progress.pattern } : {}),
    findings: [
      { what: 'starts', evidence: start },
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

/** Criterion prints in the format of Rust's own benchmarks when it is asked to: always in nanoseconds. */
function benchmark(layout: Layout): Draft | undefined {
  const uses = findLine(layout, TOML, /^\s*criterion\b/)
  const [path] = plainPaths(layout, /^benches\/[\w-]+\.rs$/)
  if (!uses || path === undefined) return undefined
  const name = path.replace(/^benches\/|\.rs$/g, '')
  const functions = findValue(layout, path, /\bbench_(?:function|with_input)\(\s*"([^"]+)"/)
  const hasTests = plainPaths(layout, /^(?:src|tests)\/.*\.rs$/).some((one) =>
    findLine(layout, one, /#\[test\]/),
  )
  return {
    recognised: 'a Rust package with a benchmark of Criterion',
    machine: 'processor',
    editable: ['src/**'],
    setup: CARGO_SETUP,
    train: [
      ...(hasTests ? ['cargo test --quiet --offline'] : []),
      `cargo bench --offline --bench ${name} -- --output-format bencher`,
    ].join(' && '),
    budget: '10m',
    metric: {
      name: 'ns_per_iteration',
      direction: 'minimize',
      source: { kind: 'pattern', pattern: '^test .* bench:\\s+(\\d+) ns/iter', repeated: true },
    },
    findings: [
      { what: 'uses Criterion', evidence: uses },
      { what: 'measures', evidence: functions?.evidence ?? { path } },
    ],
    assumed: [
      `The last benchmark of \`${path}\` is the number that decides. Name another one behind \`bencher\` to measure only that.`,
      ASSUMED,
    ],
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
