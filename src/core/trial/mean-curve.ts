// The mean of several training curves, for charts and briefs.
import type { CurvePoint, TrialResult } from '../record/trial.ts'
import { mean } from '../statistics/noise.ts'

/** The first tenth of a run is left out: it falls so steeply that the rest would look flat. */
export const FIRST_SHARE = 0.1

/**
 * The mean curve of the runs that returned a value, at evenly spaced shares of the run. Runs have the same duration but may take
 * different numbers of steps.
 *
 * @returns undefined when no run has a curve with at least two points
 */
export function meanCurve(results: readonly TrialResult[], points: number): number[] | undefined {
  const curves = results
    .filter(({ outcome, curve }) => outcome === 'measured' && curve.length >= 2)
    .map(({ curve }) => resample(curve, points))
  if (curves.length === 0) return undefined
  return Array.from({ length: points }, (_, index) => mean(curves.map((curve) => curve[index] ?? 0)))
}

/** Interpolates a curve linearly at evenly spaced shares of the run. */
function resample(curve: readonly CurvePoint[], count: number): number[] {
  const points = curve.toSorted((a, b) => a.step - b.step)
  const first = points[0]?.step ?? 0
  const last = points.at(-1)?.step ?? 0
  return Array.from({ length: count }, (_, index) => {
    const share = FIRST_SHARE + ((1 - FIRST_SHARE) * index) / (count - 1)
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
