// Curves of training, and the decision while a trial runs whether it is hopeless. Curves are compared with curves only:
// a training loss and the metric need not be on the same scale.
import { z } from 'zod'
import type { CurvePoint } from '../record/trial.ts'
import { formatNumber } from '../text/numbers.ts'

const finite = z.number().finite()

/** Where a running trial is held against the baseline. Gaps are on the curve's scale, above 0 when it is worse. */
const checkpointSchema = z.strictObject({
  /** Part of the baseline's run that was over here. */
  fraction: finite,
  /** What the baseline had done here: the trial is looked at when it has come as far by both. */
  step: finite,
  seconds: finite,
  /** Mean level of the baseline's curves. */
  level: finite,
  /** A gap above this is gross: the baseline was better at half the time. */
  gross: finite.optional(),
  /** An outlook above this is hopeless, by what became of earlier trials. */
  forecast: finite.optional(),
})
export type Checkpoint = z.infer<typeof checkpointSchema>

/** What a job needs to know to end hopeless trials: it has no ledger. A few hundred bytes. */
export const cutPlanSchema = z.strictObject({
  /** The machine it holds on. */
  testbed: z.string().max(300),
  /** 1 when a lower curve is better, −1 when a higher one is. */
  sign: z.union([z.literal(1), z.literal(-1)]),
  /** Steps over which a level is averaged; above 0. */
  windowSteps: finite,
  /** By ascending fraction. */
  checkpoints: z.array(checkpointSchema).max(20),
})
export type CutPlan = z.infer<typeof cutPlanSchema>

/**
 * Level of a curve at a step: its mean over the window that ends there, along straight lines between its points, so that
 * it does not depend on how often a curve is printed.
 *
 * @returns undefined when the curve does not reach there, or its steps do not ascend
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
  // The window of the first point is empty.
  return from < step ? area / (step - from) : first.value
}

function valueBetween(left: CurvePoint, right: CurvePoint, step: number): number {
  return left.value + ((step - left.step) / (right.step - left.step)) * (right.value - left.value)
}

/** The gap at the next checkpoint, if it goes on changing as it did since the one before: curves do cross. */
export function outlook(gap: number, gapBefore: number): number {
  return gap + (gap - gapBefore)
}

/** Follows the curve of one running trial. */
export class CutWatch {
  readonly #plan: CutPlan
  #next = 0
  #gapBefore: number | undefined
  #seen = { step: 0, seconds: 0 }
  /** The step at which the time of the next checkpoint was over; undefined while it is not. */
  #stepInTime: number | undefined

  constructor(plan: CutPlan) {
    this.#plan = plan
  }

  /**
   * To be called whenever the curve may have grown.
   *
   * @param curve all of it so far
   * @param seconds since the trial began
   * @returns why the trial is hopeless, as a sentence; undefined while it is not
   */
  look(curve: readonly CurvePoint[], seconds: number): string | undefined {
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
      // Of "the same number of steps" and "the same time", the one that is kinder to the trial.
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

/** The step made at a time between two looks. */
function stepWhen(
  before: { step: number; seconds: number },
  now: { step: number; seconds: number },
  seconds: number,
): number {
  if (seconds <= before.seconds) return before.step
  const share = (seconds - before.seconds) / (now.seconds - before.seconds)
  return before.step + share * (now.step - before.step)
}

function hopelessReason(checkpoint: Checkpoint, gap: number, gapBefore?: number): string | undefined {
  const { fraction, level, gross, forecast } = checkpoint
  const apart = `${formatNumber(Math.abs(gap))} ${gap < 0 ? 'ahead of' : 'behind'}`
  const where = `at ${Math.round(100 * fraction)} % of the run its curve was ${apart} the baseline's ${formatNumber(level)}`
  if (gross !== undefined && gap > gross) return `${where}, worse than the baseline at half the time`
  if (forecast === undefined || gapBefore === undefined) return undefined
  if (outlook(gap, gapBefore) <= forecast) return undefined
  return `${where}, too little to pass by what became of earlier candidates`
}
