// A line through points of which up to half may be arbitrary.
import { median } from './noise.ts'

export interface Point {
  x: number
  y: number
}

export interface RobustLine {
  slope: number
  /** How far a point is above the line. */
  above(point: Point): number
  /** Standard deviation of the distances of normally distributed points, from their median. */
  scale: number
}

/** Median absolute deviation → standard deviation, for normally distributed numbers. */
const NORMAL_MAD = 1.4826

/** Repeated medians (Siegel 1982, Biometrika 69:242): the slope is the median, over points, of each one's median slope. */
export function robustLine(points: readonly Point[]): RobustLine | undefined {
  const slopes = points.flatMap((from) => {
    const others = points.filter(({ x }) => x !== from.x)
    return others.length === 0 ? [] : [median(others.map(({ x, y }) => (y - from.y) / (x - from.x)))]
  })
  if (slopes.length === 0) return undefined
  const slope = median(slopes)
  const level = median(points.map(({ x, y }) => y - slope * x))
  const above = ({ x, y }: Point) => y - level - slope * x
  return { slope, above, scale: NORMAL_MAD * median(points.map((point) => Math.abs(above(point)))) }
}
