// What to do when the metric was not found in the output of the baseline: quotes the line that looks most like it.
import { stripVTControlCharacters } from 'node:util'
import { visibleText } from '../text/markdown.ts'
import type { Metric } from '../trial/metric.ts'

const MAX_QUOTE_CHARACTERS = 120
const NUMBER = /[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?/gi

/**
 * @param output the end of the output
 * @returns one or two sentences
 */
export function adviseOnMetric(
  { outcome, reason }: { outcome: string; reason: string },
  output: string,
  metric: Metric,
): string {
  const { source } = metric
  if (/\btimes\b/.test(reason) && reason.includes('`metric.take`'))
    return `Add \`take: last\` under \`metric\` to use the last value, or change ${settingOf(source)} so that it finds only one.`
  if (reason.includes('outside its bounds')) return `Widen \`metric.bounds\`, or fix what is printed.`
  if (outcome === 'invalid-metric') return `Change ${settingOf(source)} so that it captures only the number.`
  if (source.kind === 'file')
    return `Change ${settingOf(source)}: training has to write the file to $AUTORESEARCH_OUT.`
  const nearest = nearestLine(output, metric, source.pattern)
  if (nearest === undefined) return `Change ${settingOf(source)}, or print a line that it matches.`
  const pattern = `${source.kind === 'target' ? 'curve' : 'pattern'}: '${nearest.pattern.replaceAll("'", "''")}'`
  return `Change ${settingOf(source)}. The printed line most like it is "${visibleText(nearest.line, MAX_QUOTE_CHARACTERS)}", which \`${pattern}\` would match.`
}

function settingOf(source: Metric['source']): string {
  if (source.kind === 'target') return `\`metric.curve\` (${source.pattern})`
  return source.kind === 'pattern'
    ? `\`metric.pattern\` (${source.pattern})`
    : `\`metric.file\` (${source.file}) and \`metric.key\` (${source.key})`
}

/** The last of the lines with a number that share most words with the metric, and a pattern for its number. */
function nearestLine(
  output: string,
  { name }: Metric,
  pattern: string,
): { line: string; pattern: string } | undefined {
  const words = wordsOf(`${name} ${pattern.replaceAll(/\\[a-zA-Z]|\(\?<\w+>/g, ' ')}`)
  const lines = stripVTControlCharacters(output)
    .split(/[\r\n]/)
    .flatMap((line) => {
      const found = patternFor(line.trimEnd(), words)
      return found === undefined ? [] : [{ ...found, line: line.trim() }]
    })
  const most = Math.max(...lines.map(({ shared }) => shared))
  return lines.findLast(({ shared }) => shared === most)
}

function wordsOf(text: string): string[] {
  return [...new Set(text.toLowerCase().match(/[a-z]{2,}/g))]
}

/** A pattern for the number that follows the last of these words. */
function patternFor(line: string, words: readonly string[]): { shared: number; pattern: string } | undefined {
  const text = line.toLowerCase()
  const ends = words.flatMap((word) => (text.includes(word) ? [text.lastIndexOf(word) + word.length] : []))
  const numbers = [...line.matchAll(NUMBER)].map((match) => ({
    start: match.index,
    end: match.index + match[0].length,
  }))
  const number = numbers.find(({ start }) => start >= Math.max(...ends))
  if (ends.length === 0 || number === undefined) return undefined
  // The label of the number: from the first word behind the number before it.
  const before = numbers.findLast(({ end }) => end <= number.start)?.end ?? 0
  const label = line.slice(before, number.start)
  const first = Math.min(...words.map((word) => label.toLowerCase().indexOf(word)).filter((at) => at >= 0))
  const wordStart = label.slice(0, first).search(/[\w/.-]*$/)
  const isWholeLine = before + wordStart === 0
  const prefix = label.slice(wordStart).replaceAll(/[.*+?^${}()|[\]\\/]/g, '\\$&')
  return {
    shared: ends.length,
    pattern: `${isWholeLine ? '^' : ''}${prefix.replaceAll(/\s+/g, '\\s+')}(\\S+)`,
  }
}
