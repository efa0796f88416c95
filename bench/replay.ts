// Recorded training runs of others, to try rules on: reads `config,run,fraction,value` (lower is better) into typed runs.
import { readFileSync } from 'node:fs'

/** One point of a run: how much of the run was done, above 0 and at most 1, and the loss there. */
export interface ReplayPoint {
  fraction: number
  value: number
}

export interface ReplayRun {
  /** Runs of one configuration trained the same code. */
  config: string
  /** Name of the run within its configuration. */
  run: string
  /** By ascending fraction; the last one is at 1. */
  points: ReplayPoint[]
  /** The value at fraction 1. */
  final: number
}

const HEADER = 'config,run,fraction,value'

/** @throws Error naming the file and the line that is wrong */
export function readReplay(path: string): ReplayRun[] {
  return parseReplay(readFileSync(path, 'utf8'), path)
}

/** @param name what an error calls the file */
export function parseReplay(text: string, name: string): ReplayRun[] {
  const [header, ...rows] = text.split(/\r?\n/)
  if (header !== HEADER) throw new Error(`${name}:1: expected ${HEADER}, found ${JSON.stringify(header)}`)
  const runs = new Map<string, ReplayRun & { line: number }>()
  for (const [index, row] of rows.entries()) {
    if (row === '') continue
    const place = `${name}:${index + 2}`
    const { config, run, point } = parseRow(row, place)
    const key = `${config},${run}`
    const known = runs.get(key) ?? { config, run, points: [], final: Number.NaN, line: index + 2 }
    const before = known.points.at(-1)?.fraction ?? 0
    if (point.fraction <= before)
      throw new Error(`${place}: expected a fraction above ${before}, found ${point.fraction}`)
    known.points.push(point)
    runs.set(key, known)
  }
  return [...runs.values()].map(({ line, ...run }) => completed(run, `${name}:${line}`))
}

function parseRow(row: string, place: string): { config: string; run: string; point: ReplayPoint } {
  const fields = row.split(',')
  const [config = '', run = '', fraction = '', value = ''] = fields
  if (fields.length !== 4) throw new Error(`${place}: expected 4 fields, found ${fields.length}`)
  if (config === '' || run === '') throw new Error(`${place}: expected a config and a run`)
  const point = { fraction: parseNumber(fraction, place), value: parseNumber(value, place) }
  if (point.fraction <= 1) return { config, run, point }
  throw new Error(`${place}: expected a fraction of at most 1, found ${fraction}`)
}

function parseNumber(text: string, place: string): number {
  const value = Number(text)
  if (text.trim() !== '' && Number.isFinite(value)) return value
  throw new Error(`${place}: expected a number, found ${JSON.stringify(text)}`)
}

function completed(run: ReplayRun, place: string): ReplayRun {
  const last = run.points.at(-1)
  if (last?.fraction === 1) return { ...run, final: last.value }
  throw new Error(`${place}: run ${run.run} of ${run.config} has no value at fraction 1`)
}

/** Runs by configuration, in the order of the file. */
export function groupRuns(runs: readonly ReplayRun[]): ReplayRun[][] {
  return [...Map.groupBy(runs, ({ config }) => config).values()]
}

/** The value at a fraction of the run, between its neighbours on a straight line; undefined before the first point. */
export function valueAt({ points }: ReplayRun, fraction: number): number | undefined {
  const after = points.findIndex((point) => point.fraction >= fraction)
  const [left, right] = [points[after - 1], points[after]]
  if (right?.fraction === fraction) return right.value
  if (left === undefined || right === undefined) return undefined
  const share = (fraction - left.fraction) / (right.fraction - left.fraction)
  return left.value + share * (right.value - left.value)
}
