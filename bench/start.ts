// How long the action takes to start, against bare node: from the start of the process to its first line, for each command,
// all of them in turn so that a busy machine slows them alike. Also the size of the bundle.
import { readdirSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { standardDeviation } from '../src/core/statistics/noise.ts'
import { aRandom } from '../test/factories.ts'
import { readArguments } from './arguments.ts'
import { median, ratio, round } from './numbers.ts'
import { Output, type Row } from './output.ts'
import { Machine, type StartTimes } from './start/launch.ts'

const RATIO_BAR = 4
const BUNDLE_BAR_BYTES = 2_000_000
const RESAMPLES = 1000
const BARE = 'bare node'

const options = readArguments({
  name: 'start',
  measures: 'How long the action takes to its first line, as a multiple of bare node, and how large it is.',
  repetitions: 20,
  repetitionIs: 'starts of each command',
  seed: 1,
  seedDecides: 'the order of the starts in each repetition, and the resampling for the error',
  options: {
    command: {
      kind: 'texts',
      help: 'command to start',
      default: ['run', 'propose', 'train', 'judge', 'certify'],
    },
    entry: { kind: 'text', help: 'the built action', default: 'dist/index.js' },
    'fresh-caches': { kind: 'flag', help: 'empty caches for every start, as on a hosted runner' },
  },
})
const entry = resolve(fileURLToPath(new URL('..', import.meta.url)), options.entry ?? '')
const random = aRandom(options.seed)
const machine = new Machine(!options['fresh-caches'])
const bare = machine.script('bare.mjs', "console.log('started')\n")
const scripts = new Map([[BARE, bare], ...options.command.map((command) => [command, entry] as const)])

async function startAll(): Promise<Map<string, StartTimes>> {
  const times = new Map<string, StartTimes>()
  for (const [name, script] of shuffle([...scripts])) times.set(name, await machine.start(script, name))
  return times
}

function shuffle<Value>(values: readonly Value[]): Value[] {
  const rest = [...values]
  return values.flatMap(() => rest.splice(Math.floor(random() * rest.length), 1))
}

async function measureAll(): Promise<Map<string, StartTimes>[]> {
  try {
    // Reads the files from disk once, and fills the caches where they are kept.
    await startAll()
    const measured = []
    for (let repetition = 0; repetition < options.repetitions; repetition++) measured.push(await startAll())
    return measured
  } finally {
    machine.remove()
  }
}

const repetitions = await measureAll()

type Moment = 'firstLine' | 'message'
type Pair = readonly [command: number, bare: number]

/** A start and that of bare node in the same repetition; none where nothing was said to people. */
function pairs(name: string, moment: Moment): Pair[] {
  return repetitions.flatMap((times): Pair[] => {
    const [own, reference] = [times.get(name)?.[moment], times.get(BARE)?.firstLine]
    return typeof own === 'number' && reference !== undefined ? [[own, reference]] : []
  })
}

const ratioOfMedians = (measured: readonly Pair[]): number | null =>
  ratio(
    median(measured.map(([own]) => own)) ?? Number.NaN,
    median(measured.map(([, of]) => of)) ?? Number.NaN,
  )

/** Standard error by the bootstrap; null of fewer than two repetitions. */
function ratioError(measured: readonly Pair[]): number | null {
  if (measured.length < 2) return null
  const resampled = Array.from({ length: RESAMPLES }, () => {
    const drawn = measured.flatMap(() => measured.slice(...oneOf(measured.length)))
    return ratioOfMedians(drawn) ?? 0
  })
  return standardDeviation(resampled) ?? null
}

function oneOf(count: number): [from: number, to: number] {
  const at = Math.floor(random() * count)
  return [at, at + 1]
}

const rows = [...scripts.keys()].map((name) => {
  const [first, message] = [pairs(name, 'firstLine'), pairs(name, 'message')]
  return {
    start: name,
    firstLineMs: round(median(first.map(([own]) => own)), 1),
    firstLineRatio: round(ratioOfMedians(first), 2),
    firstLineError: round(ratioError(first), 2),
    messageMs: round(median(message.map(([own]) => own)), 1),
    messageRatio: round(ratioOfMedians(message), 2),
    messageError: round(ratioError(message), 2),
  }
})

function filesOf(directory: string): Row[] {
  const found = readdirSync(directory, { recursive: true, withFileTypes: true })
  return found
    .filter((file) => file.isFile())
    .map((file) => join(file.parentPath, file.name))
    .map((path) => ({ file: relative(directory, path), bytes: statSync(path).size }))
    .toSorted((a, b) => b.bytes - a.bytes)
}

const files = filesOf(dirname(entry))
const bytes = files.reduce((sum, file) => sum + Number(file.bytes), 0)
const worst = Math.max(
  ...rows.filter(({ start }) => start !== BARE).map((row) => row.firstLineRatio ?? Number.NaN),
)
const output = new Output('start', options)
output.fact('node', process.version)
output.fact('freshCaches', options['fresh-caches'])
output.table('rows', 'Time to the first line of any kind, and to the first that people see', rows)
output.table('files', 'The bundle', files)
output.fact('bundleBytes', bytes)
output.fact('bundleWithinBar', bytes <= BUNDLE_BAR_BYTES)
output.fact('worstFirstLineRatio', worst)
output.fact('startWithinBar', worst <= RATIO_BAR)
output.end()
