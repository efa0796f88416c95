// What the demo prints: progress as it happens, and the table at the end.
import { styleText } from 'node:util'
import type { Headlines } from '../src/core/report/headlines.ts'
import { countWords } from '../src/core/report/words.ts'
import { formatNumber, formatSigned } from '../src/core/text/numbers.ts'

const MAX_TITLE_CHARACTERS = 52
const STYLES = { merged: 'green', rejected: 'gray', cut: 'gray', crashed: 'red', parked: 'yellow' } as const

export function say(message: string): void {
  console.log(styleText('bold', message))
}

/** One line of the action's log, as the runner would show it: workflow commands are not shown but obeyed. */
export function printJobLine(line: string): void {
  const command = /^::(\w[\w-]*)[^:]*::(.*)$/.exec(line)
  if (!command) console.log(`  ${line}`)
  else if (command[1] === 'warning' || command[1] === 'error')
    console.log(`  ${styleText(command[1] === 'error' ? 'red' : 'yellow', decode(command[2] ?? ''))}`)
}

function decode(text: string): string {
  return text.replaceAll('%0A', '\n  ').replaceAll('%0D', '').replaceAll('%25', '%')
}

/** The table of candidates and the line that sums it up. */
export function printResult(headlines: Headlines, pulls: readonly { number: number; title: string }[]): void {
  const titles = new Map(pulls.map(({ number, title }) => [number, title]))
  console.log()
  printRow('PR', 'hypothesis', headlines.metric, 'Δ', 'verdict')
  for (const { pullRequest, standing, ending, value, delta } of headlines.rows) {
    const title = titles.get(pullRequest ?? 0) ?? ''
    const style = STYLES[standing as keyof typeof STYLES]
    const verdict = style ? styleText(style, ending) : ending
    printRow(
      pullRequest === null ? '' : `#${pullRequest}`,
      title.length > MAX_TITLE_CHARACTERS ? `${title.slice(0, MAX_TITLE_CHARACTERS - 1)}…` : title,
      value === null ? '–' : formatNumber(value),
      delta === null ? '' : formatSigned(delta),
      verdict,
    )
  }
  const { before, after } = headlines.baseline
  console.log()
  if (before !== null && after !== null) {
    const percent = (100 * (after - before)) / before
    say(
      `${headlines.metric} ${formatNumber(before)} → ${formatNumber(after)} (${formatSigned(Number(percent.toFixed(1)))} %)`,
    )
  }
  say(
    `${headlines.candidates} candidates: ${countWords(headlines)}; ` +
      `${headlines.trials} trials in ${Math.round(headlines.seconds)} s, ` +
      `device busy ${Math.round(100 * headlines.busyFraction)} % of the time`,
  )
}

function printRow(pullRequest: string, title: string, value: string, delta: string, verdict: string): void {
  const cells = [
    pullRequest.padEnd(4),
    title.padEnd(MAX_TITLE_CHARACTERS),
    value.padStart(8),
    delta.padStart(9),
    verdict,
  ]
  console.log(cells.join('  ').trimEnd())
}
