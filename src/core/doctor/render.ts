// How the checks of `doctor` are written: for a terminal and the log, for the job summary, and as JSON.
import { inertText, visibleText } from '../text/markdown.ts'
import { AREAS, type Check, conclusionOf, isReady } from './check.ts'

const SYMBOLS = { ok: '✓', problem: '✗', skipped: '–' } as const
const MAX_CHARACTERS = 1000

/** Plain lines. What they quote of output is one line without control characters. */
export function describeChecks(checks: readonly Check[]): string {
  const lines = AREAS.flatMap((area) => {
    const those = checks.filter((check) => check.area === area)
    return those.length === 0 ? [] : [area, ...those.flatMap(linesOf), '']
  })
  return [...lines, conclusionOf(checks)].join('\n')
}

function linesOf({ state, text, remedy }: Check): string[] {
  const line = `  ${SYMBOLS[state]} ${visibleText(text, MAX_CHARACTERS)}`
  return remedy === undefined ? [line] : [line, `    → ${visibleText(remedy, MAX_CHARACTERS)}`]
}

export function summarizeChecks(checks: readonly Check[]): string {
  const parts = AREAS.flatMap((area) => {
    const those = checks.filter((check) => check.area === area)
    return those.length === 0 ? [] : [`### ${area}`, those.map(itemOf).join('\n')]
  })
  return [`## Autoresearch doctor: ${inertText(conclusionOf(checks), MAX_CHARACTERS)}`, ...parts].join('\n\n')
}

function itemOf({ state, text, remedy }: Check): string {
  const line = `- ${SYMBOLS[state]} ${inertText(text, MAX_CHARACTERS)}`
  return remedy === undefined ? line : `${line}\n  - ${inertText(remedy, MAX_CHARACTERS)}`
}

/** The stable form for programs; docs/getting-started.md documents it. */
export function doctorJson(checks: readonly Check[]): object {
  const listed = checks.map(({ area, id, state, text, remedy }) => ({
    area,
    id,
    state,
    text,
    remedy: remedy ?? null,
  }))
  return { ready: isReady(checks), conclusion: conclusionOf(checks), checks: listed }
}
