// Training curves of baseline and candidate as a mermaid chart, which GitHub renders in comments.
import type { TrialResult } from '../record/trial.ts'
import { FIRST_SHARE, meanCurve } from '../trial/mean-curve.ts'

const POINTS = 19
/** Mermaid cannot parse exponents, and longer plain numbers are unreadable. */
const LARGEST_VALUE = 1e9

/**
 * Draws the mean curve of the measured baseline runs in grey and of the candidate's in green. The x-axis is the share of
 * the run, not the step, because runs have the same duration but may take different numbers of steps.
 *
 * @returns undefined when the candidate has no curve with at least two points, or when a value is too large to draw
 */
export function renderCurveChart(
  baseline: readonly TrialResult[],
  candidate: readonly TrialResult[],
): string | undefined {
  const green = meanCurve(candidate, POINTS)
  const grey = meanCurve(baseline, POINTS)
  if (!green) return undefined
  const lines = grey ? [grey, green] : [green]
  const all = lines.flat()
  if (all.some((value) => Math.abs(value) > LARGEST_VALUE)) return undefined
  const low = Math.min(...all)
  const high = Math.max(...all)
  const padding = (high - low) * 0.05 || Math.max(Math.abs(high) * 0.01, 1e-6)
  const digits = Math.min(12, Math.max(0, 3 - Math.floor(Math.log10(padding * 20))))
  const palette = grey ? '#8c959f, #2da44e' : '#2da44e'
  return [
    '```mermaid',
    `%%{init: {"themeVariables": {"xyChart": {"plotColorPalette": "${palette}"}}}}%%`,
    'xychart-beta',
    `  x-axis "share of the run (%)" ${FIRST_SHARE * 100} --> 100`,
    `  y-axis "value" ${(low - padding).toFixed(digits)} --> ${(high + padding).toFixed(digits)}`,
    ...lines.map((line) => `  line [${line.map((value) => value.toFixed(digits)).join(', ')}]`),
    '```',
  ].join('\n')
}
