// Training curves of baseline and candidate as a mermaid chart, which GitHub renders in comments.
import type { CurvePoint, TrialResult } from '../record/trial.ts'
import { mean } from '../statistics/noise.ts'

const POINTS = 19
/** The chart omits the first tenth of a run: it falls so steeply that the rest would look flat. */
const FIRST_SHARE = 0.1
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
  const green = meanCurve(candidate)
  const grey = meanCurve(baseline)
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

function meanCurve(results: readonly TrialResult[]): number[] | undefined {
  const curves = results
    .filter(({ outcome, curve }) => outcome === 'measured' && curve.length >= 2)
    .map(({ curve }) => resample(curve))
  if (curves.length === 0) return undefined
  return Array.from({ length: POINTS }, (_, index) => mean(curves.map((curve) => curve[index] ?? 0)))
}

/** Interpolates a curve linearly at evenly spaced shares of the run. */
function resample(curve: readonly CurvePoint[]): number[] {
  const points = curve.toSorted((a, b) => a.step - b.step)
  const first = points[0]?.step ?? 0
  const last = points.at(-1)?.step ?? 0
  return Array.from({ length: POINTS }, (_, index) => {
    const share = FIRST_SHARE + ((1 - FIRST_SHARE) * index) / (POINTS - 1)
    return valueAt(points, first + share * (last - first))
  })
}

function valueAt(points: readonly CurvePoint[], step: number): number {
  const next = points.findIndex((point) => point.step >= step)
  const right = points[next] ?? points.at(-1)
  const left = points[next - 1] ?? right
  if (!left || !right) return 0
  const share = right.step > left.step ? (step - left.step) / (right.step - left.step) : 1
  return left.value + share * (right.value - left.value)
}
