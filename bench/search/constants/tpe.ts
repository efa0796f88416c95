// A reference: the tree-structured Parzen estimator (Bergstra et al., Algorithms for hyper-parameter optimization, 2011), as
// Optuna and Hyperopt use it. Every candidate draws all constants anew.
import type { FoundKnob } from '../../../src/core/propose/knobs/knobs.ts'
import { positionOf } from '../../../src/core/propose/knobs/scale.ts'
import { type Candidate, knobsOf } from '../../../src/core/record/candidate.ts'
import { gaussian } from '../../../test/factories.ts'
import type { Search } from './night.ts'

const STARTUP = 10
const GOOD_SHARE = 0.25
const DRAWS = 24
/** Standard deviation of what is drawn at the start, and the least of a kernel, in doublings. */
const PRIOR_SD = 1
const MIN_SD = 0.25

interface Point {
  values: ReadonlyMap<string, number>
  loss: number
}

export const tpe: Search = (knobs, history, random) => {
  const points = pointsOf(knobs, history).sort((a, b) => a.loss - b.loss)
  const good = points.slice(0, Math.ceil(GOOD_SHARE * points.length))
  const bad = points.slice(good.length)
  const steps = knobs.flatMap((knob) => {
    const at = (some: readonly Point[]) => some.map(({ values }) => values.get(knob.name) ?? placeOf(knob))
    const place =
      points.length < STARTUP
        ? placeOf(knob) + PRIOR_SD * gaussian(random)
        : bestDraw(at(good), at(bad), placeOf(knob), random)
    const to = valueAt(knob, place)
    return to === knob.value ? [] : [{ knob, to }]
  })
  return steps.length > 0 ? steps : undefined
}

/** All constants of each candidate that was measured, with its loss relative to the first baseline in σ. */
function pointsOf(knobs: readonly FoundKnob[], history: readonly Candidate[]): Point[] {
  const values = new Map(knobs.map((knob) => [knob.name, placeOf(knob)]))
  const byName = new Map(knobs.map((knob) => [knob.name, knob]))
  const points: Point[] = []
  // Backwards from the present baseline, of which the loss counts as 0.
  let level = 0
  for (const candidate of history.toReversed()) {
    const { verdict, end } = candidate
    const gain = verdict?.measured ?? (verdict?.noEffect ? 0 : -4)
    const moved = new Map(values)
    for (const step of knobsOf(candidate)) {
      const knob = byName.get(step.name)
      if (!knob) continue
      if (end?.kind === 'merged') values.set(step.name, positionOf(knob, step.from))
      moved.set(step.name, positionOf(knob, step.to))
    }
    if (end?.kind === 'merged') level += gain
    points.push({ values: moved, loss: level - gain })
  }
  return points
}

function bestDraw(
  good: readonly number[],
  bad: readonly number[],
  present: number,
  random: () => number,
): number {
  let best = { place: present, score: Number.NEGATIVE_INFINITY }
  for (let draw = 0; draw < DRAWS; draw++) {
    const center = good[Math.floor(random() * good.length)] ?? present
    const place = center + width(good) * gaussian(random)
    const score = Math.log(density(good, place, present)) - Math.log(density(bad, place, present))
    if (score > best.score) best = { place, score }
  }
  return best.place
}

function width(places: readonly number[]): number {
  return Math.max(MIN_SD, PRIOR_SD / Math.sqrt(places.length))
}

/** Of the kernels, and of the prior around the present value. */
function density(places: readonly number[], at: number, present: number): number {
  const kernel = (center: number, sd: number) => Math.exp(-(((at - center) / sd) ** 2) / 2) / sd
  const sum = places.reduce((total, place) => total + kernel(place, width(places)), kernel(present, PRIOR_SD))
  return sum / (places.length + 1) + 1e-12
}

function placeOf(knob: FoundKnob): number {
  return positionOf(knob, knob.value)
}

function valueAt(knob: FoundKnob, place: number): number {
  if (knob.kind === 'switch') return Number(place > 0.5)
  const isOdds = knob.kind === 'real' && placeOf(knob) !== Math.log2(knob.value) && knob.value > 0
  const value = isOdds ? 2 ** place / (1 + 2 ** place) : 2 ** place
  return knob.kind === 'integer' ? Math.max(1, Math.round(value)) : Number(value.toPrecision(3))
}
