// Curves: their levels, and when a running trial is cut.

import { describe, expect, it } from 'vitest'
import type { CurvePoint } from '../../../src/core/record/trial.ts'
import { type Checkpoint, type CutPlan, CutWatch, levelAt } from '../../../src/core/trial/curve.ts'

const line = (value: (step: number) => number, steps: readonly number[]): CurvePoint[] =>
  steps.map((step) => ({ step, value: value(step) }))
const every = (stride: number, end = 100): number[] =>
  Array.from({ length: Math.floor(end / stride) + 1 }, (_, index) => index * stride)

describe('levelAt', () => {
  it.each([
    ['a flat curve', line(() => 3, every(5)), 3],
    ['a falling line: the middle of the window', line((step) => 100 - step, every(5)), 55],
    ['points that are far apart', line((step) => 100 - step, [0, 100]), 55],
    ['points that are uneven', line((step) => 100 - step, [0, 3, 41, 44, 97, 100]), 55],
    ['a window cut off by the first point', line((step) => 100 - step, [46, 100]), 52],
    ['a first point', line((step) => 100 - step, [50, 100]), 50],
  ])('of %s', (_what, curve, expected) => expect(levelAt(curve, 50, 10)).toBeCloseTo(expected))

  it('averages noise, and does not depend on how often points are printed', () => {
    const noisy = line((step) => (step % 2 === 0 ? 1 : 3), every(1))
    expect(levelAt(noisy, 50, 20)).toBeCloseTo(2)
  })

  it.each([
    ['a curve that is not there yet', line(() => 1, every(5, 45))],
    ['a curve that begins later', line(() => 1, [60, 100])],
    ['steps that go back', line(() => 1, [0, 20, 10, 100])],
    ['no curve', []],
  ])('is unknown for %s', (_what, curve) => expect(levelAt(curve, 50, 10)).toBeUndefined())
})

/** A baseline that falls from 10 to 0 over 100 steps in 100 seconds, looked at every tenth. */
function aPlan(fields: Partial<Checkpoint> = {}, sign: 1 | -1 = 1): CutPlan {
  const checkpoints = [0.1, 0.2, 0.3, 0.4, 0.5].map((fraction) => ({
    fraction,
    step: 100 * fraction,
    seconds: 100 * fraction,
    level: sign * (10 - 10 * fraction),
    ...(fraction >= 0.3 ? fields : {}),
  }))
  return { testbed: 'any', sign, windowSteps: 0.001, checkpoints }
}

/** Feeds a curve point by point. @returns the step at which it is cut, and why */
function watched(
  plan: CutPlan,
  curve: readonly CurvePoint[],
  secondsPerStep = 1,
): [number, string] | undefined {
  const watch = new CutWatch(plan)
  for (const [index, { step }] of curve.entries()) {
    const reason = watch.look(curve.slice(0, index + 1), step * secondsPerStep)
    if (reason !== undefined) return [step, reason]
  }
  return undefined
}

describe('a running trial', () => {
  const baseline = (step: number) => 10 - step / 10

  it('is cut as soon as its gap is gross, with the reason in words', () => {
    const stuck = line(() => 10, every(5))
    expect(watched(aPlan({ gross: 2 }), stuck)).toEqual([
      30,
      "at 30 % of the run its curve was 3 behind the baseline's 7, worse than the baseline at half the time",
    ])
  })

  it('is cut when its outlook is hopeless: behind, and not catching up', () => {
    const behind = line((step) => baseline(step) + 1, every(5))
    const cut = watched(aPlan({ forecast: 0.5 }), behind)
    expect(cut?.[0]).toBe(30)
    expect(cut?.[1]).toContain('its curve was 1 behind')
  })

  it('may be hopeless even when it is ahead, because a gain has to exceed the noise', () => {
    const cut = watched(
      aPlan({ forecast: -0.5 }),
      line((step) => baseline(step) - 0.2, every(5)),
    )
    expect(cut?.[1]).toMatch(
      / ahead of the baseline's 7, and earlier candidates with such a curve did not pass$/,
    )
  })

  it.each([
    ['as good as the baseline', line(baseline, every(5)), 1],
    ['better', line((step) => baseline(step) - 2, every(5)), 1],
    ['behind but catching up', line((step) => baseline(step) + 2 - step / 20, every(5)), 1],
    ['slow to start', line((step) => (step < 20 ? 10 : baseline(step)), every(1)), 1],
    ['making other, larger steps in the same time', line((step) => baseline(2 * step), every(5, 50)), 2],
    ['making other, smaller steps in the same time', line((step) => baseline(step / 2), every(5, 200)), 0.5],
    ['slower to begin', line(baseline, every(5)), 3],
    ['silent', [], 1],
    ['going back in its steps', line(() => 50, [0, 10, 5, 30, 60]), 1],
    ['done before the first look', line(() => 50, every(1, 9)), 1],
  ])('is kept when it is %s', (_what, curve, secondsPerStep) => {
    expect(watched(aPlan({ gross: 2, forecast: 0.5 }), curve, secondsPerStep)).toBeUndefined()
  })

  it('is never cut without limits, however bad', () => {
    expect(
      watched(
        aPlan(),
        line(() => 1e9, every(5)),
      ),
    ).toBeUndefined()
  })

  it('is judged in the opposite direction on a rising curve', () => {
    const rising = (gap: number) => line((step) => -baseline(step) - gap, every(5))
    expect(watched(aPlan({ gross: 2 }, -1), rising(3))?.[0]).toBe(30)
    expect(watched(aPlan({ gross: 2 }, -1), rising(-3))).toBeUndefined()
  })

  it('is compared with the baseline between its own points', () => {
    const sparse = line((step) => baseline(step) + 1.5, [0, 13, 33, 53, 73])
    expect(watched(aPlan({ gross: 1 }), sparse)?.[0]).toBe(33)
    expect(watched(aPlan({ gross: 2 }), sparse)).toBeUndefined()
  })
})
