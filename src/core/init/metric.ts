// Finds the printed line that holds the metric, and the one that shows the loss during training.
import type { MetricDirection } from '../trial/metric.ts'
import { type Evidence, evidenceOfLine, type Layout, linesOf } from './layout.ts'
import { patternAfter, printedSegments } from './printed.ts'

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
  '(?:(?:best|min(?:imum)?|final)[ _-]*)?(?:val(?:id(?:ation)?)?|eval(?:uation)?|test|dev)[ _/-]*'
const MINIMIZED =
  '(?:bpb|bpc|bits[ _-]per[ _-](?:byte|char\\w*)|nll|loss|ppl|perplexity|mse|mae|rmse|error|wer|cer)'
const MAXIMIZED = '(?:acc(?:uracy)?|f1|auc|bleu|rouge\\w*|map|iou|r2|reward|score)'

/** Best evidence first. A training loss is the last resort: a model that memorises lowers it. */
const METRICS: readonly { word: RegExp; direction: MetricDirection; heldOut: boolean }[] = [
  { word: words(`${HELD_OUT}${MINIMIZED}`), direction: 'minimize', heldOut: true },
  { word: words(`${HELD_OUT}${MAXIMIZED}`), direction: 'maximize', heldOut: true },
  { word: words(MAXIMIZED), direction: 'maximize', heldOut: false },
  { word: words(MINIMIZED), direction: 'minimize', heldOut: false },
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
  for (const { word, direction, heldOut } of METRICS)
    for (const path of paths) {
      const lines = linesOf(layout, path)
      for (const [index, line] of [...lines.entries()].reverse()) {
        const pattern = patternOf(line, word)
        if (pattern === undefined) continue
        const name = nameOf(word.exec(line)?.[0] ?? '')
        const repeated = isInLoop(lines, index)
        return {
          name,
          direction,
          heldOut,
          pattern,
          repeated,
          evidence: evidenceOfLine(path, index + 1, line),
        }
      }
    }
  return undefined
}

function patternOf(line: string, word: RegExp): string | undefined {
  const segments = printedSegments(line)
  return segments && patternAfter(segments, word)
}

/** `Validation Loss` as `validation_loss`. */
function nameOf(word: string): string {
  return word
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '_')
    .slice(0, 64)
}

/** Whether a less indented line above, before the function begins, starts a loop. */
function isInLoop(lines: readonly string[], index: number): boolean {
  let indent = indentOf(lines[index] ?? '')
  for (const line of lines.slice(0, index).reverse()) {
    if (line.trim() === '' || indentOf(line) >= indent) continue
    indent = indentOf(line)
    if (/^\s*(?:async\s+)?(?:for|while)\b/.test(line)) return true
    // Nothing is known about who calls the function, and how often.
    if (/^\s*(?:async\s+)?(?:def|function)\b/.test(line)) return !/\bmain\b/.test(line)
  }
  return false
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
  for (const path of paths)
    for (const [index, line] of linesOf(layout, path).entries()) {
      const segments = printedSegments(line)
      const step = segments && patternAfter(segments, STEP, 'step')?.replace('[-+.\\w]+', '\\d+')
      const loss = segments && patternAfter(segments, LOSS, 'value')
      if (step === undefined || loss === undefined || /\bval/i.test(line)) continue
      const value = loss.replace(/^\^(?:\\s\*)?/, '')
      return { pattern: `${step}.*?${value}`, evidence: evidenceOfLine(path, index + 1, line) }
    }
  return undefined
}
