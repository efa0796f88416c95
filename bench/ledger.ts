// What a long ledger costs: opening, planning, recording, reporting and comparing a new idea with all others, against a real bare repository on this machine.
// Every measurement is made in a process of its own, so that its peak memory is its own.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readArguments } from './arguments.ts'
import { median, round } from './numbers.ts'
import { Output } from './output.ts'

const options = readArguments({
  name: 'ledger',
  measures:
    'What opening, planning, recording, reporting and comparing a new idea with all others take on a long ledger with training curves.',
  repetitions: 3,
  repetitionIs: 'processes that open each ledger; the median is reported',
  seed: 1,
  seedDecides: 'the experiments in the ledgers',
  options: {
    experiments: {
      kind: 'counts',
      help: 'measure ledgers of so many experiments',
      default: [1000, 10_000, 100_000],
    },
  },
})

type Measured = Record<
  | 'openSeconds'
  | 'planSeconds'
  | 'recordSeconds'
  | 'pushSeconds'
  | 'reportSeconds'
  | 'addedBytes'
  | 'peakMiB'
  | 'proposeSeconds'
  | 'referenceSeconds'
  | 'proposeMiB',
  number
>

const git = (cwd: string, ...args: string[]) =>
  execFileSync('git', args, { cwd, encoding: 'utf8', maxBuffer: 256 * 1024 * 1024 })
/** Runs a program of this bench. @param flags for Node; what is measured runs without any, as the action does */
const script = (name: string, args: readonly string[], flags: readonly string[] = []) =>
  execFileSync(
    process.execPath,
    [...flags, fileURLToPath(new URL(`./ledger/${name}.ts`, import.meta.url)), ...args],
    { encoding: 'utf8' },
  )

function measure(experiments: number) {
  const folder = mkdtempSync(join(tmpdir(), 'bench-ledger-'))
  try {
    const [remote, writer] = [join(folder, 'remote'), join(folder, 'writer')]
    for (const [path, kind] of [
      [remote, '--bare'],
      [writer, '--quiet'],
    ] as const) {
      mkdirSync(path)
      git(path, 'init', '--quiet', kind)
    }
    git(remote, 'config', 'uploadpack.allowFilter', 'true')
    git(remote, 'config', 'uploadpack.allowAnySHA1InWant', 'true')
    const url = `file://${remote}`
    script('write', [url, writer, `${experiments}`, `${options.seed}`], ['--max-old-space-size=8192'])
    git(remote, 'gc', '--quiet')
    const measured = Array.from({ length: options.repetitions }, (_, index) => {
      const reader = join(folder, `reader ${index}`)
      mkdirSync(reader)
      git(reader, 'init', '--quiet')
      return JSON.parse(script('read', [url, reader])) as Measured
    })
    const listed = git(remote, 'ls-tree', '-r', '--long', 'autoresearch/ledger').trim().split('\n')
    const sizes = listed.map((entry) => Number(entry.split(/\s+/)[3]))
    return {
      measured,
      largestBytes: sizes.reduce((most, size) => Math.max(most, size), 0),
      files: sizes.length,
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** What a ledger of any length may cost. Comparing reads every archived idea, and grows with their number. */
const BARS = {
  openSeconds: 1,
  planSeconds: 1,
  recordMs: 50,
  reportSeconds: 1,
  peakMiB: 300,
  proposeSeconds: 5,
  proposeMiB: 500,
  largestFileKiB: 50_000,
}

const output = new Output('ledger', options)
for (const experiments of options.experiments) {
  const { measured, largestBytes, files } = measure(experiments)
  const middle = (name: keyof Measured) => median(measured.map((one) => one[name]))
  const costs = {
    openSeconds: round(middle('openSeconds'), 3),
    planSeconds: round(middle('planSeconds'), 3),
    recordMs: round(1000 * (middle('recordSeconds') ?? Number.NaN), 1),
    reportSeconds: round(middle('reportSeconds'), 3),
    peakMiB: round(middle('peakMiB'), 0),
    proposeSeconds: round(middle('proposeSeconds'), 3),
    proposeMiB: round(middle('proposeMiB'), 0),
    largestFileKiB: round(largestBytes / 1024, 0),
  }
  const withinBars = Object.entries(BARS).every(
    ([name, bar]) => (costs[name as keyof typeof BARS] ?? Number.POSITIVE_INFINITY) < bar,
  )
  output.table('ledgers', `${experiments} experiments`, [
    {
      experiments,
      withinBars,
      ...costs,
      pushMs: round(1000 * (middle('pushSeconds') ?? Number.NaN), 1),
      addedKiBPerExperiment: round((middle('addedBytes') ?? Number.NaN) / 1024, 1),
      referenceMs: round(1000 * (middle('referenceSeconds') ?? Number.NaN), 1),
      files,
    },
  ])
}
output.end()
