// Chooses the next knob and its new value: a search on a log scale that continues in directions that were merged.

import type { FoundKnob } from '../../../src/core/propose/knobs/knobs.ts'
import { writeLike } from '../../../src/core/propose/knobs/literal.ts'
import type { Knob } from '../../../src/core/record/candidate.ts'
import type { PastIdea } from '../../../src/core/record/ideas.ts'
import { isTurnedDown, statusOf } from '../../../src/core/record/status.ts'

/** One step on one knob. */
export interface KnobStep {
  knob: FoundKnob
  to: number
  /** `to` as written in the source. */
  literal: string
  /** Why this step was chosen: the knob is untried, or the outcome of the latest step on it. */
  because: 'untried' | 'last step held' | 'last step failed' | 'last step is open'
}

type Sign = 1 | -1

/** Factors of a big and a small step, applied to the value or to its distance from 1. */
const FACTORS = [2, 1.25] as const
/** Values that differ by less than this share are the same step. */
const SAME = 0.01
const PROBABILITY = /beta|momentum|drop|prob|frac|ratio|ema|smooth|percent/i

/**
 * Chooses the next step at random among untried knobs or among knobs whose latest step held, both equally often; among all
 * others only when there are none.
 *
 * @param history past candidates, oldest first
 * @param rng uniform in [0, 1)
 * @param refused steps that were refused before they became candidates; they are not proposed again
 * @returns undefined when every step near the current values was tried
 */
export function proposeStep(
  knobs: readonly FoundKnob[],
  history: readonly PastIdea[],
  rng: () => number,
  refused: readonly Knob[] = [],
): KnobStep | undefined {
  const steps = knobs.flatMap((knob) => nextStep(knob, history, rng, refused) ?? [])
  const untried = steps.filter(({ because }) => because === 'untried')
  const continuing = steps.filter(({ because }) => because === 'last step held')
  const turns = [untried, continuing].filter((group) => group.length > 0)
  return pick(pick(turns, rng) ?? steps, rng)
}

function pick<T>(choices: readonly T[], rng: () => number): T | undefined {
  return choices[Math.floor(rng() * choices.length)]
}

function nextStep(
  knob: FoundKnob,
  history: readonly PastIdea[],
  rng: () => number,
  refused: readonly Knob[],
): KnobStep | undefined {
  const tried = history.filter(({ knob: other }) => other?.file === knob.file && other.name === knob.name)
  const closed = [...tried.flatMap(closedSteps), ...refused]
  const latest = tried.findLast((candidate) => outcomeOf(candidate) !== 'open')
  const outcome = latest ? outcomeOf(latest) : 'open'
  const because = tried.length === 0 ? 'untried' : BECAUSE[outcome]
  const to = stepsFrom(knob, firstDirection(latest, rng), outcome === 'held').find(
    (value) => !closed.some((step) => isSameStep(step, knob, value)),
  )
  return to === undefined ? undefined : { knob, to, literal: writeLike(knob.literal, to), because }
}

const BECAUSE = { held: 'last step held', failed: 'last step failed', open: 'last step is open' } as const

/** The same direction after a step that held, the opposite after one that failed, a random one without a decided step. */
function firstDirection(latest: PastIdea | undefined, rng: () => number): Sign {
  if (latest?.knob === undefined) return rng() < 0.5 ? 1 : -1
  const direction = latest.knob.to > latest.knob.from ? 1 : -1
  return outcomeOf(latest) === 'held' ? direction : opposite(direction)
}

/** `held`: merged or parked as promising. A candidate that a person withdrew or has yet to decide counts as `open`. */
function outcomeOf(candidate: PastIdea): 'held' | 'failed' | 'open' {
  const status = statusOf(candidate)
  if (isTurnedDown(status)) return status === 'parked' ? 'held' : 'failed'
  if (status === 'merged' || status === 'merging') return 'held'
  // GitHub refused a merge that the judge had decided.
  return status === 'handed-over' && candidate.verdict?.kind === 'merge' ? 'held' : 'open'
}

/** Steps that a candidate rules out: its own and, after a merge, the reverse, because the old value was worse. */
function closedSteps(candidate: PastIdea): Knob[] {
  const { knob } = candidate
  if (knob === undefined) return []
  return statusOf(candidate) === 'merged' ? [knob, { ...knob, from: knob.to, to: knob.from }] : [knob]
}

function isSameStep(step: Knob, knob: FoundKnob, to: number): boolean {
  const near = (a: number, b: number) =>
    Math.abs(a - b) <= SAME * Math.min(Math.abs(a), Math.abs(b), scaleOf(knob, b))
  return (
    step.file === knob.file && step.name === knob.name && near(step.from, knob.value) && near(step.to, to)
  )
}

/** Values near 1 are compared by their distance to 1: 0.99 and 0.995 differ. */
function scaleOf(knob: FoundKnob, value: number): number {
  return isNearOne(knob) ? Math.abs(1 - value) : Math.abs(value)
}

function opposite(direction: Sign): Sign {
  return direction === 1 ? -1 : 1
}

/** PastIdea values near the current one, best first: after a step that held, its direction first; otherwise big steps first. */
function stepsFrom(knob: FoundKnob, first: Sign, held: boolean): number[] {
  const [big, small] = FACTORS
  const back = opposite(first)
  const steps = held
    ? ([
        [first, big],
        [first, small],
        [back, big],
        [back, small],
      ] as const)
    : ([
        [first, big],
        [back, big],
        [first, small],
        [back, small],
      ] as const)
  return steps.flatMap(([direction, factor]) => stepTo(knob, direction, factor) ?? [])
}

function stepTo(knob: FoundKnob, direction: Sign, factor: number): number | undefined {
  const { value, name } = knob
  const integer = knob.kind === 'integer'
  const scaled = direction === 1 ? value * factor : value / factor
  if (integer) return unlessSame(knob, roundInteger(value, scaled))
  if (isNearOne(knob)) return within(1 - round((1 - value) * factor ** -direction, 2))
  const to = unlessSame(knob, round(scaled, 3))
  return value < 1 && PROBABILITY.test(name) ? within(to) : to
}

/** True for values such as Adam's betas, for which the distance to 1 matters. */
function isNearOne({ value, kind, name }: FoundKnob): boolean {
  return kind !== 'integer' && value < 1 && (value >= 0.9 || (value > 0.5 && PROBABILITY.test(name)))
}

function within(value: number | undefined): number | undefined {
  const rounded = value === undefined ? 0 : Number(value.toFixed(12))
  return rounded > 0 && rounded < 1 ? rounded : undefined
}

function unlessSame({ value }: FoundKnob, to: number): number | undefined {
  return to === value || to === 0 ? undefined : to
}

function round(value: number, digits: number): number {
  return Number(value.toPrecision(digits))
}

/** Rounds to at least 1. A multiple of a power of two stays one, because shapes and kernels depend on it. */
function roundInteger(from: number, to: number): number {
  if (Number.isInteger(to)) return to
  let grain = 1
  while (from % (grain * 2) === 0 && grain * 16 <= from) grain *= 2
  return Math.max(1, Math.round(to / grain) * grain)
}
