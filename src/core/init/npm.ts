// The general rules for npm packages: one that trains something, and one whose bundle should become smaller.
import { matchesGlob } from 'node:path/posix'
import { type Draft, metricParts } from './draft.ts'
import { type Evidence, findLine, type Layout, plainPaths } from './layout.ts'
import { findMetric, findProgress } from './metric.ts'

interface Package {
  scripts: Readonly<Record<string, unknown>>
  packages: readonly string[]
}

/** Where each bundler puts its output unless it is told otherwise. */
const BUNDLERS: readonly (readonly [name: string, folder: string])[] = [
  ['vite', 'dist'],
  ['webpack', 'dist'],
  ['rollup', 'dist'],
  ['rolldown', 'dist'],
  ['parcel', 'dist'],
  ['tsup', 'dist'],
  ['esbuild', 'dist'],
  ['react-scripts', 'build'],
]

/** How each package manager installs exactly what its lock file names. */
const MANAGERS: readonly (readonly [lock: string, install: string, run: string])[] = [
  ['package-lock.json', 'npm ci', 'npm run'],
  ['pnpm-lock.yaml', 'corepack pnpm install --frozen-lockfile', 'corepack pnpm run'],
  ['yarn.lock', 'corepack yarn install --immutable', 'corepack yarn run'],
]

/** What a proposal must not change among the sources: the tests, and how they are bundled. */
const GUARDS = [
  '*.test.*',
  '*.spec.*',
  '__tests__/**',
  '__snapshots__/**',
  'test/**',
  'tests/**',
  '*.config.*',
]

/** The sources of a package, without what guards them. */
function sourceGlobs(layout: Layout): string[] {
  const isInFolder = plainPaths(layout, /^src\//).length > 0
  const prefix = isInFolder ? 'src/**/' : ''
  const guards = GUARDS.map((glob) => `${prefix}${glob}`)
  const present = guards.filter((glob) => plainPaths(layout, /./).some((path) => matchesGlob(path, glob)))
  return [isInFolder ? 'src/**' : '*.js', ...present.map((glob) => `!${glob}`)]
}

export function recogniseNpm(layout: Layout): Draft | undefined {
  const read = readPackage(layout.get('package.json'))
  if (read === undefined) return undefined
  const [lock, install, run] = MANAGERS.find(([path]) => layout.has(path)) ?? ['', 'npm install', 'npm run']
  const common = {
    setup: install,
    findings: lock === '' ? [] : [{ what: 'names the packages', evidence: { path: lock } }],
  }
  if (typeof read.scripts.train === 'string') return training(layout, run, common)
  const bundler = BUNDLERS.find(([name]) => read.packages.includes(name))
  if (typeof read.scripts.build !== 'string' || !bundler) return undefined
  return bundle(layout, read, { ...common, run, bundler })
}

function training(layout: Layout, run: string, common: Pick<Draft, 'setup' | 'findings'>): Draft {
  const sources = plainPaths(layout, /(?:^|\/)\w*train[\w-]*\.[cm]?[jt]s$/)
  const parts = metricParts(findMetric(layout, sources))
  const progress = findProgress(layout, sources)
  return {
    ...common,
    recognised: 'an npm package with a script `train`',
    machine: 'gpu',
    editable: sources.length > 0 ? sources : sourceGlobs(layout),
    train: `${run} train`,
    budget: '10m',
    ...(parts.metric ? { metric: parts.metric } : {}),
    ...(progress ? { progress: progress.pattern } : {}),
    findings: [scriptFinding(layout, 'train', 'trains'), ...parts.findings, ...common.findings],
    assumed: [
      ...parts.assumed,
      'One run takes less than 10 minutes. `doctor` measures it and says which `budget` fits.',
    ],
    check: [
      ...parts.check,
      'In JavaScript the seed is `process.env.AUTORESEARCH_SEED`: the script has to use it.',
    ],
    missing: [],
  }
}

function bundle(
  layout: Layout,
  { scripts, packages }: Package,
  {
    setup,
    findings,
    run,
    bundler: [bundler, folder],
  }: Pick<Draft, 'setup' | 'findings'> & { run: string; bundler: readonly [string, string] },
): Draft {
  const hasTests = typeof scripts.test === 'string' && !scripts.test.includes('no test specified')
  const test = hasTests ? [`CI=true ${run} test`] : []
  return {
    ...(setup === undefined ? {} : { setup }),
    recognised: `a web package that ${bundler} bundles`,
    machine: 'hosted',
    editable: sourceGlobs(layout),
    train: [...test, `${run} build`, `cp -r ${folder} "$AUTORESEARCH_OUT/bundle"`].join(' && '),
    evaluate: `printf 'bundle_bytes: %s\\n' "$(find "$AUTORESEARCH_OUT/bundle" -type f ! -name '*.map' -exec cat {} + | gzip -9 | wc -c)"`,
    budget: '5m',
    metric: {
      name: 'bundle_bytes',
      direction: 'minimize',
      source: { kind: 'pattern', pattern: '^bundle_bytes: (\\d+)', repeated: false },
      deterministic: true,
    },
    more: [
      '# Building the same code twice gives the same number, so two runs are enough, and a gain is any 0.1 %.\nreplicates: { baseline: 2, candidate: 2 }\nmin-gain: 0.1%\naa-every: never',
    ],
    findings: [
      scriptFinding(layout, 'build', 'builds'),
      ...(hasTests ? [scriptFinding(layout, 'test', 'tests')] : []),
      ...(packages.includes(bundler) ? [{ what: `uses ${bundler}`, evidence: lineOf(layout, bundler) }] : []),
      ...findings,
    ],
    assumed: [
      `The build writes to \`${folder}/\`, and the compressed size of all its files but source maps is the number that decides.`,
      'Nothing needs a GPU, so it runs on a machine of GitHub.',
    ],
    check: [
      hasTests
        ? 'The tests are all that keeps a proposal from removing features: they must fail when one is missing.'
        : 'There is no script `test`, so nothing keeps a proposal from removing features. Add tests to `train` first.',
      'Numbers in the code do not decide the size: add a proposer of kind `openai` or `command`.',
    ],
    missing: [],
  }
}

function scriptFinding(layout: Layout, name: string, what: string) {
  return { what, evidence: lineOf(layout, name) }
}

function lineOf(layout: Layout, name: string): Evidence {
  return findLine(layout, 'package.json', new RegExp(`"${name}"\\s*:`)) ?? { path: 'package.json' }
}

function readPackage(text: string | undefined): Package | undefined {
  if (text === undefined) return undefined
  try {
    const { scripts = {}, dependencies = {}, devDependencies = {} } = JSON.parse(text)
    return { scripts, packages: Object.keys({ ...dependencies, ...devDependencies }) }
  } catch {
    return undefined
  }
}
