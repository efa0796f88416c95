// Candidates that change little, as most do: recorded runs of one configuration, moved by an effect that we chose.

import { type CutPolicy, type FinishedRun, referenceOf, withForecast } from '../src/core/judge/cutting.ts'
import { HOPELESS_SIGMAS } from '../src/core/statistics/belief.ts'
import { CutWatch } from '../src/core/trial/curve.ts'
import { gaussian } from '../test/factories.ts'
import { percent, ratio, round } from './numbers.ts'
import type { ReplayRun } from './replay.ts'

const BASELINE_RUNS = 6
const EARLIER = 13
const EFFECTS = [3, 2, 0, -1, -3, -10, -30, -60]
/** Part of an effect that shows from the start; the rest grows with the run. */
const SHOWS_EARLY = [0, 1]

/** @param effect gain at the end, in σ */
function moved({ points }: ReplayRun, effect: number, early: number, sigma: number): FinishedRun {
  const curve = points.map(({ fraction, value }) => ({
    step: 1000 * fraction,
    value: value - effect * sigma * (early + (1 - early) * fraction),
  }))
  const value = curve.at(-1)?.value ?? Number.NaN
  return { testbed: 'replay', curve, value, wallSeconds: 1000, firstPointSeconds: curve[0]?.step ?? 0 }
}

/** 15 % gain 0.5 σ or more, 30 % do nothing, the others harm. */
function drawEffect(random: () => number): number {
  const kind = random()
  if (kind < 0.15) return 0.5 + Math.abs(gaussian(random))
  return kind < 0.45 ? 0 : -2 * Math.abs(gaussian(random))
}

export interface SmallEffectsWorld {
  configs: readonly (readonly ReplayRun[])[]
  sigma: number
  random: () => number
  drawSome<Value>(values: readonly Value[], count: number): Value[]
  repetitions: number
}

/**
 * One row for each effect: how many are cut, how many of all are cut though they would not have ended hopelessly behind,
 * and what that saves.
 */
export function smallEffects(world: SmallEffectsWorld, policy: CutPolicy) {
  const { sigma, random, drawSome, repetitions } = world
  const long = world.configs.filter((runs) => runs.length >= BASELINE_RUNS + EARLIER + 1)
  const totals = new Map(EFFECTS.map((effect) => [effect, { tried: 0, cut: 0, lost: 0, saved: 0 }]))
  for (const early of Array.from({ length: repetitions }, () => SHOWS_EARLY).flat()) {
    const [runs = []] = drawSome(long, 1)
    const [last, ...others] = drawSome(runs, BASELINE_RUNS + EARLIER + 1)
    const reference = referenceOf(others.slice(0, BASELINE_RUNS).map((run) => moved(run, 0, early, sigma)))
    if (!last || !reference) continue
    const earlier = others
      .slice(BASELINE_RUNS)
      .map((run) => ({ run: moved(run, drawEffect(random), early, sigma), reference }))
    const plan = withForecast(reference, earlier, sigma, policy)
    for (const [effect, total] of totals) {
      const run = moved(last, effect, early, sigma)
      const watch = new CutWatch(plan)
      const at = run.curve.findIndex(({ step }, index) => watch.look(run.curve.slice(0, index + 1), step))
      total.tried += 1
      if (at < 0) continue
      total.cut += 1
      total.saved += 1 - (run.curve[at]?.step ?? 0) / 1000
      if ((run.value ?? 0) <= reference.value + HOPELESS_SIGMAS * sigma) total.lost += 1
    }
  }
  return [...totals].map(([effect, { tried, cut, lost, saved }]) => ({
    cutBelowPercent: 100 * policy.chance,
    gainSigmas: effect,
    cutPercent: round(percent(cut, tried), 2),
    lostPercent: round(percent(lost, tried), 2),
    runsSaved: round(ratio(saved, tried), 3),
  }))
}
