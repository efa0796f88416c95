// Reads the metric from a file: one JSON value, or JSON Lines with one value a line.
import { FoundValues } from './found-values.ts'
import type { MetricText } from './metric.ts'
import { MAX_NUMBER_CHARACTERS, readNumber } from './written-number.ts'

/** A number as written in the file, because JavaScript reads `1e-400` as 0. */
class NumberSource {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/** Reads a metric file. `text` is undefined when the script did not write it. */
export function readMetricFile(text: string | undefined, file: string, key: string): MetricText {
  const unreadable = (problem: string): MetricText => ({ texts: [], count: 0, problem })
  if (text === undefined) return unreadable(`the script did not write ${file} to $AUTORESEARCH_OUT`)
  const document = parse(text)
  const lines = document === undefined ? parseLines(text) : undefined
  if (document === undefined && lines === undefined) return unreadable(`${file} is not valid JSON`)
  const found = new FoundValues()
  for (const [index, value] of (lines ?? [document?.value]).entries()) {
    const number = numberAt(value, key)
    if (number !== undefined) found.add(number, index + 1, JSON.stringify({ [key]: number }))
  }
  const { metricText } = found
  if (metricText.count > 0) return metricText
  return unreadable(`${file} has no number at ${key}${describeKeys(lines ?? [document?.value])}`)
}

function parse(text: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(quoteNotFinite(text), keepSource) }
  } catch {
    return undefined
  }
}

/** The values of a JSON Lines file; undefined when a line is not JSON. */
function parseLines(text: string): unknown[] | undefined {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  if (lines.length < 2) return undefined
  const values: unknown[] = []
  for (const line of lines) {
    const parsed = parse(line)
    if (parsed === undefined) return undefined
    values.push(parsed.value)
  }
  return values
}

function numberAt(value: unknown, key: string): string | undefined {
  const found = valueAt(value, key)
  if (found instanceof NumberSource) return found.text.slice(0, MAX_NUMBER_CHARACTERS + 1)
  return typeof found === 'string' && readNumber(found).kind === 'not-finite' ? found : undefined
}

/** The value at a dotted path. A key that itself contains dots is found too. */
function valueAt(value: unknown, path: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined
  if (Object.hasOwn(value, path)) return (value as Record<string, unknown>)[path]
  for (let dot = path.indexOf('.'); dot > 0; dot = path.indexOf('.', dot + 1)) {
    const first = path.slice(0, dot)
    if (!Object.hasOwn(value, first)) continue
    const found = valueAt((value as Record<string, unknown>)[first], path.slice(dot + 1))
    if (found !== undefined) return found
  }
  return undefined
}

/** Names the numbers that the file does have. */
function describeKeys(values: readonly unknown[]): string {
  const last = values.at(-1)
  if (typeof last !== 'object' || last === null) return ''
  const keys = Object.entries(last).flatMap(([key, value]) => (value instanceof NumberSource ? [key] : []))
  return keys.length === 0 ? '' : `; it has ${keys.slice(0, 8).join(', ')}`
}

/** Quotes the NaN and Infinity that Python writes and JSON does not allow. Text inside strings is unchanged. */
function quoteNotFinite(text: string): string {
  return text.replaceAll(/"(?:[^"\\]|\\.)*"?|-?\b(?:NaN|Infinity)\b/g, (part) =>
    part.startsWith('"') ? part : `"${part}"`,
  )
}

/** A JSON reviver. `context.source` is the number as written, in engines that provide it. */
function keepSource(_key: string, value: unknown, context?: { source?: string }): unknown {
  return typeof value === 'number' ? new NumberSource(context?.source ?? String(value)) : value
}
