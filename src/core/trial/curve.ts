// Training curves, and the decision to stop a hopeless trial while it runs. Curves are compared only with curves, because a
// training loss and the metric may have different scales.
import { z } from 'zod'
import type { CurvePoint } from '../record/trial.ts'
import { formatNumber } from '../text/numbers.ts'

const finite = z.number().finite()

/** A point at which a running trial is compared with the baseline. Gaps are on the curve's scale, positive when worse. */
const checkpointSchema = z.strictObject({
  /** Fraction of the baseline's run that was complete at this point, 0 to 1. */
  fraction: finite,
  /** Step and time of the baseline at this point: the trial is compared once it has reached both. */
  step: finite,
  seconds: finite,
  /** Mean level of the baseline's curves. */
  level: finite,
  /** A gap above this is gross: the baseline was better in half the time. */
  gross: finite.optional(),
  /** An outlook above this is hopeless, judging by the results of earlier trials. */
  forecast: finite.optional(),
})
export type Checkpoint = z.infer<typeof checkpointSchema>

/** Where the metric is a time to target: when a run that has not reached it is hopeless. */
const latestSchema = z.strictObject({
  /** Training time. */
  seconds: finite,
  /** Most pauses that count as no training. */
  pausedSeconds: finite,
  /** Training time that the baseline takes. */
  usualSeconds: finite,
})
type Latest = z.infer<typeof latestSchema>

/** Everything a job without a ledger needs to stop hopeless trials; a few hundred bytes. */
export const cutPlanSchema = z.strictObject({
  /** The testbed on which the plan is valid. */
  testbed: z.string().max(300),
  /** 1 when a lower curve is better, −1 when a higher one is. */
  sign: z.union([z.literal(1), z.literal(-1)]),
  /** Number of steps over which a level is averaged, above 0. */
  windowSteps: finite,
  /** Ordered by ascending fraction. */
  checkpoints: z.array(checkpointSchema).max(20),
  latest: latestSchema.exactOptional(),
})
export type CutPlan = z.infer<typeof cutPlanSchema>

/**
 * Level of a curve at a step: its mean over the window that ends there. It interpolates linearly between points, so the
 * level does not depend on how often points are printed.
 *
 * @param windowSteps length of the window in steps, above 0
 * @returns undefined when the curve does not cover `step`, or its steps do not ascend
 */
export function levelAt(curve: readonly CurvePoint[], step: number, windowSteps: number): number | undefined {
  const [first] = curve
  const last = curve.at(-1)
  if (!first || !last || step < first.step || step > last.step) return undefined
  const from = Math.max(first.step, step - windowSteps)
  let area = 0
  for (const [index, right] of curve.entries()) {
    const left = curve[index - 1]
    if (left === undefined) continue
    if (right.step <= left.step) return undefined
    const [a, b] = [Math.max(from, left.step), Math.min(step, right.step)]
    if (a < b) area += ((valueBetween(left, right, a) + valueBetween(left, right, b)) / 2) * (b - a)
  }
  // At the first point the window is empty.
  return from < step ? area / (step - from) : first.value
}

function valueBetween(left: CurvePoint, right: CurvePoint, step: number): number {
  return left.value + ((step - left.step) / (right.step - left.step)) * (right.value - left.value)
}

/** Extrapolates the gap linearly to the next checkpoint, because a curve that is behind may still catch up. */
export function outlook(gap: number, gapBefore: number): number {
  return gap + (gap - gapBefore)
}

/** Watches the curve of one running trial. */
export class CutWatch {
  readonly #plan: CutPlan
  #next = 0
  #gapBefore: number | undefined
  #seen = { step: 0, seconds: 0 }
  /** The step that was reached at the time of the next checkpoint; undefined before that time. */
  #stepInTime: number | undefined

  constructor(plan: CutPlan) {
    this.#plan = plan
  }

  /**
   * Checks the trial. Call it whenever the curve may have grown.
   *
   * @param curve all points so far
   * @param seconds seconds since the trial started
   * @param pausedSeconds how much of it was marked as pauses
   * @returns why the trial is hopeless, as a sentence; undefined while it is not
   */
  look(curve: readonly CurvePoint[], seconds: number, pausedSeconds = 0): string | undefined {
    const late = lateReason(this.#plan.latest, seconds, pausedSeconds)
    if (late !== undefined) return late
    const step = curve.at(-1)?.step
    if (step === undefined || step === this.#seen.step) return undefined
    const reason = this.#passCheckpoints(curve, { step, seconds })
    this.#seen = { step, seconds }
    return reason
  }

  #passCheckpoints(curve: readonly CurvePoint[], now: { step: number; seconds: number }): string | undefined {
    for (;;) {
      const checkpoint = this.#plan.checkpoints[this.#next]
      if (checkpoint === undefined || now.seconds < checkpoint.seconds) return undefined
      this.#stepInTime ??= stepWhen(this.#seen, now, checkpoint.seconds)
      // Compares at equal steps or at equal time, whichever is later and so more lenient to the trial.
      const step = Math.max(checkpoint.step, this.#stepInTime)
      if (now.step < step) return undefined
      const level = levelAt(curve, step, this.#plan.windowSteps)
      const gap = level === undefined ? undefined : this.#plan.sign * (level - checkpoint.level)
      const reason = gap === undefined ? undefined : hopelessReason(checkpoint, gap, this.#gapBefore)
      if (reason !== undefined) return reason
      this.#gapBefore = gap
      this.#stepInTime = undefined
      this.#next += 1
    }
  }
}

/** The step at a time between two checks, interpolated linearly. */
function stepWhen(
  before: { step: number; seconds: number },
  now: { step: number; seconds: number },
  seconds: number,
): number {
  if (seconds <= before.seconds) return before.step
  const share = (seconds - before.seconds) / (now.seconds - before.seconds)
  return before.step + share * (now.step - before.step)
}

function lateReason(latest: Latest | undefined, seconds: number, pausedSeconds: number): string | undefined {
  if (!latest) return undefined
  const trained = seconds - Math.min(pausedSeconds, latest.pausedSeconds)
  if (trained <= latest.seconds) return undefined
  return `after ${formatNumber(trained)} s of training it had not reached the target, and the baseline takes ${formatNumber(latest.usualSeconds)} s`
}

function hopelessReason(checkpoint: Checkpoint, gap: number, gapBefore?: number): string | undefined {
  const { fraction, level, gross, forecast } = checkpoint
  const apart = `${formatNumber(Math.abs(gap))} ${gap < 0 ? 'ahead of' : 'behind'}`
  const where = `at ${Math.round(100 * fraction)} % of the run its curve was ${apart} the baseline's ${formatNumber(level)}`
  if (gross !== undefined && gap > gross) return `${where}, worse than the baseline at half the time`
  if (forecast === undefined || gapBefore === undefined) return undefined
  if (outlook(gap, gapBefore) <= forecast) return undefined
  return `${where}, and earlier candidates with such a curve did not pass`
}
