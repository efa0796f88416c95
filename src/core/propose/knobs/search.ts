// Chooses the next change of constants: Thompson sampling on a response surface (surface.ts). Each draw of the surface is a guess
// of what every constant is worth; the steps that it likes best form one change, and the most promising change is proposed.

import { type Knob, knobsOf } from '../../record/candidate.ts'
import type { PastIdea } from '../../record/ideas.ts'
import { normalDensity, normalProbability } from '../../statistics/normal.ts'
import { best, drawNormal } from '../bandit.ts'
import type { MayRun } from './failures.ts'
import type { FoundKnob } from './knobs.ts'
import { keyOf, type Move, observationsOf } from './observations.ts'
import { type KnobStep, positionOf, stepsOf } from './scale.ts'
import { learnSurface, type Parabola, type Surface } from './surface.ts'

/** Changes that are drawn; the best of them is proposed. */
const DRAWS = 8
/** Constants in one change: more are hard to read and to take apart. */
const MAX_CONSTANTS = 4
/** A further constant joins a change when it is drawn to bring at least this much, in σ. */
const WORTH_ADDING = 0.3
/** A gain below this, in σ, is rarely noticed by the judge. */
const NOTICEABLE = 1

/**
 * @param history past candidates, oldest first
 * @param random uniform in [0, 1)
 * @param refused changes that were refused before they became candidates; they are not proposed again
 * @param mayRun what is known of failures: no other change is proposed
 * @returns undefined when every step near the current values was tried
 */
export function proposeSteps(
  knobs: readonly FoundKnob[],
  history: readonly PastIdea[],
  random: () => number,
  refused: readonly (readonly Knob[])[] = [],
  mayRun: MayRun = () => true,
): KnobStep[] | undefined {
  const positions = knobs.map((knob) => positionOf(knob, knob.value))
  const surface = learnSurface(observationsOf(history, knobs), positions)
  const options = knobs.map((knob) => stepsOf(knob, knobs).filter((step) => mayRun([step])))
  const taken = new Set([...history.map(knobsOf), ...refused].map(identityOf))
  const isFree = (steps: readonly KnobStep[]) => steps.length > 0 && !taken.has(identityOf(steps.map(asKnob)))
  const normal = () => drawNormal(random)
  const drawn = Array.from({ length: DRAWS }, () =>
    chooseSteps(surface.draw(normal), options, mayRun),
  ).filter(isFree)
  const singles = options
    .flat()
    .map((step) => [step])
    .filter(isFree)
  return best(drawn.length > 0 ? drawn : singles, (steps) =>
    improvement(
      surface,
      steps.map((step) => moveOf(step, knobs)),
    ),
  )
}

/** The best step of each constant, and of these the best constants. */
function chooseSteps(
  parabolas: readonly Parabola[],
  options: readonly KnobStep[][],
  mayRun: MayRun,
): KnobStep[] {
  const tops = options.flatMap((steps, index) => {
    const gains = steps.map((step) => ({ step, gain: gainOf(step, parabolas[index]) }))
    const top = best(gains, ({ gain }) => gain)
    return top ? [top] : []
  })
  const chosen: KnobStep[] = []
  for (const { step, gain } of tops.sort((a, b) => b.gain - a.gain)) {
    if (chosen.length === MAX_CONSTANTS || (chosen.length > 0 && gain <= WORTH_ADDING)) break
    if (mayRun([...chosen, step])) chosen.push(step)
  }
  return chosen
}

function gainOf({ knob, to }: KnobStep, parabola: Parabola | undefined): number {
  const { slope = 0, curvature = 0 } = parabola ?? {}
  const move = positionOf(knob, to) - positionOf(knob, knob.value)
  return slope * move - Math.max(0, curvature) * move ** 2
}

/** Expected improvement over what is noticeable. */
function improvement(surface: Surface, moves: readonly Move[]): number {
  const { mean, variance } = surface.predict(moves)
  const sd = Math.sqrt(variance)
  const z = (mean - NOTICEABLE) / sd
  return sd * (z * normalProbability(z) + normalDensity(z))
}

function moveOf({ knob, to }: KnobStep, knobs: readonly FoundKnob[]): Move {
  return { index: knobs.indexOf(knob), from: positionOf(knob, knob.value), to: positionOf(knob, to) }
}

/** True when a candidate made exactly this change. */
export function isTaken(steps: readonly KnobStep[], history: readonly PastIdea[]): boolean {
  const identity = identityOf(steps.map(asKnob))
  return history.some((candidate) => identityOf(knobsOf(candidate)) === identity)
}

function asKnob({ knob: { file, name, value }, to }: KnobStep): Knob {
  return { file, name, from: value, to }
}

/** Equal for changes that take the same steps. */
function identityOf(steps: readonly Knob[]): string {
  return steps
    .map((step) => `${keyOf(step)}\0${step.from.toPrecision(3)}\0${step.to.toPrecision(3)}`)
    .sort()
    .join('\n')
}
