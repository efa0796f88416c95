// Finds the printed line that holds the metric, and the one that shows the loss during training.
import type { MetricDirection } from '../trial/metric.ts'
import { type Evidence, evidenceOfLine, type Layout, linesOf } from './layout.ts'
import { printedSegments, printingCall, type Segment } from './printed.ts'
import { patternAfter } from './printed-pattern.ts'

export interface FoundMetric {
  name: string
  direction: MetricDirection
  pattern: string
  /** Whether the line is printed in a loop, so that one of several values has to be chosen. */
  repeated: boolean
  /** Whether it is measured on data that training does not see, as far as its name says. */
  heldOut: boolean
  evidence: Evidence
}

const HELD_OUT =
  '(?:(?:best|min(?:imum)?|final)[ _-]*)?(?:val(?:id(?:ation)?)?|eval(?:uation)?|test|dev)(?:[ _]?set)?[ _/-]*'
const LOSSES = 'bpb|bpc|bits[ _-]per[ _-](?:byte|char\\w*)|nll|loss|ppl|perplexity|mse|mae|rmse|wer|cer'
const MINIMIZED = `(?:${LOSSES}|error)`
const MAXIMIZED =
  '(?:acc(?:uracy)?(?:@\\d+)?|prec(?:ision)?@\\d+|f1|auc|bleu|rouge\\w*|map|iou|r2|(?:(?:mean|avg|average)[ _])?(?:ep(?:isod\\w*)?[ _])?(?:returns?|rewards?)|score)'

/** `Test set: average loss`: the line says further to the left what it was measured on. */
const HELD_OUT_BEFORE =
  /(?<![A-Za-z0-9_])(?:val(?:id(?:ation)?)?|eval(?:uation)?|test(?:ing)?|dev)(?![A-Za-z0-9_])/i

interface MetricRule {
  word: RegExp
  direction: MetricDirection
  /** `before`: only when the line says so before the word. `function`: only in a function whose name says so. */
  heldOut: boolean | 'before' | 'function'
}

/** Best evidence first. A training loss is the last resort: a model that memorises lowers it. An error alone is a message. */
const METRICS: readonly MetricRule[] = [
  { word: words(`${HELD_OUT}${MINIMIZED}`), direction: 'minimize', heldOut: true },
  { word: words(`${HELD_OUT}${MAXIMIZED}`), direction: 'maximize', heldOut: true },
  { word: words(MINIMIZED), direction: 'minimize', heldOut: 'before' },
  { word: words(MAXIMIZED), direction: 'maximize', heldOut: 'before' },
  { word: words(MINIMIZED), direction: 'minimize', heldOut: 'function' },
  { word: words(MAXIMIZED), direction: 'maximize', heldOut: 'function' },
  { word: words(MAXIMIZED), direction: 'maximize', heldOut: false },
  { word: words(`(?:${LOSSES})`), direction: 'minimize', heldOut: false },
]

function words(source: string): RegExp {
  return new RegExp(`(?<![A-Za-z0-9_])${source}(?![A-Za-z0-9])`, 'i')
}

/**
 * The best printed metric in these files.
 *
 * @param paths the training script first, then what it imports; among equals the last line of the first file wins
 */
export function findMetric(layout: Layout, paths: readonly string[]): FoundMetric | undefined {
  const printed = paths.map((path) => {
    const lines = linesOf(layout, path)
    const calls = lines.flatMap((line, index) => {
      const segments = printedSegments(printingCall(lines, index))
      return segments ? [{ line, index, segments }] : []
    })
    return { path, lines, calls: calls.reverse() }
  })
  for (const rule of METRICS)
    for (const { path, lines, calls } of printed)
      for (const { line, index, segments } of calls) {
        const found = findIn(segments, rule)
        if (found === undefined || (rule.heldOut === 'function' && !measuresIn(lines, index))) continue
        return {
          ...found,
          direction: rule.direction,
          heldOut: rule.heldOut !== false,
          repeated: isInLoop(lines, index),
          evidence: evidenceOfLine(path, index + 1, line),
        }
      }
  return undefined
}

function findIn(
  segments: readonly Segment[],
  { word, heldOut }: MetricRule,
): Pick<FoundMetric, 'name' | 'pattern'> | undefined {
  const pattern = patternAfter(segments, word)
  if (pattern === undefined) return undefined
  const text = segments.join('\0')
  const at = word.exec(text)
  const name = at?.[0] ?? ''
  if (heldOut !== 'before') return { name: nameOf(name), pattern }
  const before = HELD_OUT_BEFORE.exec(text.slice(0, at?.index))?.[0]
  if (before === undefined) return undefined
  return {
    name: nameOf(`${before} ${name}`),
    pattern: `\\b${before}\\b.*?\\b${pattern.replace(/^\^?(?:\\s\*|\\b)?/, '')}`,
  }
}

/** `Validation Loss` as `validation_loss`. */
function nameOf(word: string): string {
  return word
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '_')
    .slice(0, 64)
}

/** The less indented lines above, from the inside outwards. What closes a bracket belongs to a line further up. */
function linesAround(lines: readonly string[], index: number): string[] {
  let indent = indentOf(lines[index] ?? '')
  return lines
    .slice(0, index)
    .reverse()
    .filter((line) => {
      if (/^\s*(?:[)\]}].*)?$/.test(line) || indentOf(line) >= indent) return false
      indent = indentOf(line)
      return true
    })
}

const FUNCTION = /^\s*(?:async\s+)?(?:def|function)\s+(\w+)/

/** Whether the line stands in a loop, or in a function of which nothing is known about who calls it, and how often. */
function isInLoop(lines: readonly string[], index: number): boolean {
  for (const line of linesAround(lines, index)) {
    if (/^\s*(?:async\s+)?(?:for|while)\b/.test(line)) return true
    const name = FUNCTION.exec(line)?.[1]
    if (name !== undefined) return name !== 'main'
  }
  return false
}

/** Whether the line stands in a function that measures, such as `validate` or `eval_epoch`. */
function measuresIn(lines: readonly string[], index: number): boolean {
  const name = linesAround(lines, index).flatMap((line) => FUNCTION.exec(line)?.[1] ?? [])[0]
  return name !== undefined && /(?:^|_)(?:val(?:id(?:at\w*)?)?|eval(?:uat\w*)?|test)(?:_|$)/i.test(name)
}

function indentOf(line: string): number {
  return /^\s*/.exec(line)?.[0].length ?? 0
}

const STEP = words('(?:global[ _]?)?(?:step|iter(?:ation)?|update|epoch)')
const LOSS = words('(?:train(?:ing)?[ _]?)?loss')

/** The line that shows step and loss while training runs. */
export function findProgress(
  layout: Layout,
  paths: readonly string[],
): { pattern: string; evidence: Evidence } | undefined {
  for (const path of paths) {
    const lines = linesOf(layout, path)
    for (const [index, line] of lines.entries()) {
      const segments = printedSegments(printingCall(lines, index))
      const step = segments && patternAfter(segments, STEP, 'step')?.replace('[-+.\\w]+', '\\d+')
      const loss = segments && patternAfter(segments, LOSS, 'value')
      if (step === undefined || loss === undefined || /\bval/i.test(line)) continue
      const value = loss.replace(/^\^(?:\\s\*)?/, '')
      return { pattern: `${step}.*?${value}`, evidence: evidenceOfLine(path, index + 1, line) }
    }
  }
  return undefined
}
