// Turns published tables of training runs into the replay format on standard output. Usage:
// `node bench/convert-curves.ts FILE.csv > bench/replay/NAME.csv`; it knows a table by its header.
import { readFileSync } from 'node:fs'

/** Fractions of the run that are kept. */
const FRACTIONS = Array.from({ length: 20 }, (_, index) => (index + 1) / 20)
/** Folders mix hosts and variants: a run that ends further than this from the median trained something else. */
const MAX_FROM_MEDIAN = 0.01
/** Fewer repeats tell too little about noise. */
const MIN_REPEATS = 4

interface Run {
  config: string
  name: string
  totalSteps: number
  /** By ascending step. */
  points: { step: number; value: number }[]
}

type Row = Readonly<Record<string, string>>

/** Lines of the replay format for each table we know, by its header. */
const CONVERTERS: Readonly<Record<string, (rows: readonly Row[]) => string[]>> = {
  'config_dir,run_file,seed_in_name,step,total_steps,val_loss,train_time_s': convertCurves,
  val_loss: (rows) => finals(rows.map(({ val_loss: value }) => ({ config: 'softcap', value }))),
  'set,seed,val_loss,source_pr': (rows) =>
    finals(rows.map(({ set: config, val_loss: value }) => ({ config, value }))),
}

function finals(rows: readonly { config: string | undefined; value: string | undefined }[]): string[] {
  const counts = new Map<string, number>()
  return rows.map(({ config = '', value = '' }) => {
    const run = (counts.get(config) ?? 0) + 1
    counts.set(config, run)
    return `${config},${run},1,${value}`
  })
}

function convertCurves(rows: readonly Row[]): string[] {
  const runs = [...Map.groupBy(rows, (row) => `${row.config_dir},${row.run_file}`).values()].map(toRun)
  const configs = Map.groupBy(runs.filter(isComplete), ({ config }) => config)
  return [...configs.values()].flatMap((complete) => {
    const repeats = withoutOutliers(sameLength(complete)).toSorted((a, b) => (a.name < b.name ? -1 : 1))
    return repeats.length < MIN_REPEATS ? [] : repeats.flatMap((run, index) => linesOf(run, index + 1))
  })
}

function toRun(rows: readonly Row[]): Run {
  const [first] = rows
  const points = rows.map(({ step, val_loss }) => ({ step: Number(step), value: Number(val_loss) }))
  return {
    config: first?.config_dir ?? '',
    name: first?.run_file ?? '',
    totalSteps: Number(first?.total_steps),
    points: points.toSorted((a, b) => a.step - b.step),
  }
}

function isComplete({ points, totalSteps }: Run): boolean {
  return points.at(-1)?.step === totalSteps
}

/** The runs with the length that most of them have. */
function sameLength(runs: readonly Run[]): Run[] {
  const groups = [...Map.groupBy(runs, ({ totalSteps }) => totalSteps).values()]
  return groups.toSorted((a, b) => b.length - a.length)[0] ?? []
}

function withoutOutliers(runs: readonly Run[]): Run[] {
  const finalOf = (run: Run): number => run.points.at(-1)?.value ?? Number.NaN
  const sorted = runs.map(finalOf).toSorted((a, b) => a - b)
  const median = ((sorted[(sorted.length - 1) >> 1] ?? 0) + (sorted[sorted.length >> 1] ?? 0)) / 2
  return runs.filter((run) => Math.abs(finalOf(run) - median) <= MAX_FROM_MEDIAN)
}

function linesOf(run: Run, number: number): string[] {
  return FRACTIONS.map((fraction) => {
    const value = valueAtStep(run, fraction * run.totalSteps)
    return `${run.config},${number},${fraction},${Number(value.toFixed(5))}`
  })
}

/** On a straight line between the recorded steps. */
function valueAtStep({ points }: Run, step: number): number {
  const after = Math.max(
    1,
    points.findIndex((point) => point.step >= step),
  )
  const [left, right] = [points[after - 1], points[after]]
  if (!left || !right) throw new Error('a run with one point has no curve')
  return left.value + ((step - left.step) / (right.step - left.step)) * (right.value - left.value)
}

const [path] = process.argv.slice(2)
if (path === undefined) throw new Error('usage: node bench/convert-curves.ts FILE.csv')
const [header = '', ...lines] = readFileSync(path, 'utf8').trim().split(/\r?\n/)
const convert = CONVERTERS[header]
if (!convert)
  throw new Error(`${path}:1: unknown table, expected one of: ${Object.keys(CONVERTERS).join(' | ')}`)
const names = header.split(',')
const rows = lines.map((line) =>
  Object.fromEntries(line.split(',').map((field, index) => [names[index] ?? '', field])),
)
console.log(['config,run,fraction,value', ...convert(rows)].join('\n'))
