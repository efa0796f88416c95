// How far curves are believed: the code prints them, and a merged change may print better ones than it deserves. A promise is
// kept when the metric, which others measure, is as good as the curve says.
import { type Point, robustLine } from '../statistics/robust-line.ts'
import type { Checkpoint } from '../trial/curve.ts'

/** Fewer candidates do not show how curve and metric are related. */
const MIN_WITNESSES = 12
/** Candidates that are looked at: the latest. */
const MAX_WITNESSES = 60
/** A metric this many standard deviations worse than the curve promised breaks the promise. */
const BROKEN_SIGMAS = 3

/**
 * Leaves out runs whose metric is much worse than their curve promised. Those that were better stay: they show that a run that is
 * behind can still end well.
 *
 * @param points by how much a curve, and then the metric, was worse
 */
export function withoutBrokenPromises<Run extends Point>(points: readonly Run[]): Run[] {
  const line = robustLine(points.slice(-MAX_WITNESSES))
  return points.filter((point) => !line || !(line.above(point) > BROKEN_SIGMAS * line.scale))
}

/** True when earlier candidates show that a curve which is worse by `x`, or better, goes with a metric worse by `y`. */
export function isPromiseKept(promise: Point, earlier: readonly Point[]): boolean {
  const witnesses = earlier.slice(-MAX_WITNESSES)
  const line = witnesses.length < MIN_WITNESSES ? undefined : robustLine(witnesses)
  return line !== undefined && line.slope > 0 && line.above(promise) <= BROKEN_SIGMAS * line.scale
}

/** The mark of `own`, or that of an earlier baseline where this is more lenient. */
export function lenient(own: Checkpoint, earlier: Checkpoint, sign: 1 | -1): Checkpoint {
  const { gross: _, forecast: __, ...place } = own
  const level = sign * Math.max(sign * own.level, sign * earlier.level)
  if (own.gross === undefined || earlier.gross === undefined) return { ...place, level }
  const limit = Math.max(sign * own.level + own.gross, sign * earlier.level + earlier.gross)
  return { ...place, level, gross: limit - sign * level }
}
