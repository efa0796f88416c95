// The general rules for Rust packages: one that trains something, and one whose benchmark should become faster.
import { ASSUMED_BUDGET, benchmarkChecks, programDraft } from './compiled.ts'
import type { Draft } from './draft.ts'
import { findLine, type Layout, plainPaths } from './layout.ts'

/**
 * Copies the packages into the repository's folder, because training has no network. Setup has no editable files, and cargo reads no
 * package without a program, so it is given one.
 */
export const CARGO_SETUP =
  'mkdir -p src/bin .cargo && touch src/bin/none.rs && cargo vendor >> .cargo/config.toml && rm src/bin/none.rs'

const TOML = 'Cargo.toml'

export function recogniseCargo(layout: Layout): Draft | undefined {
  if (!findLine(layout, TOML, /^\[package\]/)) return undefined
  return benchmark(layout) ?? training(layout)
}

function training(layout: Layout): Draft | undefined {
  const start = findLine(layout, 'src/main.rs', /\bfn main\(/)
  return (
    start &&
    programDraft(layout, plainPaths(layout, /^src\/.*\.rs$/), start, {
      recognised: 'a Rust program that prints a metric',
      editable: ['src/**'],
      setup: CARGO_SETUP,
      train: 'cargo run --release --offline',
    })
  )
}

/** Criterion prints in the format of Rust's own benchmarks when it is asked to: always in nanoseconds. */
function benchmark(layout: Layout): Draft | undefined {
  const uses = findLine(layout, TOML, /^\s*criterion\b/)
  const [path] = plainPaths(layout, /^benches\/[\w-]+\.rs$/)
  if (!uses || path === undefined) return undefined
  const name = path.replace(/^benches\/|\.rs$/g, '')
  // A proposal may change the tests inside `src`.
  const hasTests = plainPaths(layout, /^tests\/.*\.rs$/).some((one) => findLine(layout, one, /#\[test\]/))
  return {
    recognised: 'a Rust package with a benchmark of Criterion',
    machine: 'processor',
    editable: ['src/**'],
    setup: CARGO_SETUP,
    train: [
      ...(hasTests ? ["cargo test --quiet --offline --test '*'"] : []),
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
      { what: 'measures', evidence: findLine(layout, path, /\bbench_(?:function|with_input)\(/) ?? { path } },
    ],
    assumed: [
      `The last benchmark of \`${path}\` is the number that decides. Name another one behind \`bencher\` to measure only that.`,
      ASSUMED_BUDGET,
    ],
    check: benchmarkChecks(hasTests),
    missing: [],
  }
}
