// Decides which knob is turned next, and how far: a search on a log scale that goes on where steps were merged.

import type { Candidate, Knob } from '../../record/candidate.ts'
import { isTurnedDown, statusOf } from '../../record/status.ts'
import type { FoundKnob } from './knobs.ts'
import { writeLike } from './literal.ts'

/** One step on one knob. */
export interface KnobStep {
  knob: FoundKnob
  to: number
  /** `to` as the source will say it. */
  literal: string
  /** What led to it. `untried`: nothing was tried on this knob. The others are about the latest step on it. */
  because: 'untried' | 'last step held' | 'last step failed' | 'last step is open'
}

type Sign = 1 | -1

/** A big step, then a small one: factors on the value, or on its distance to 1. */
const FACTORS = [2, 1.25] as const
const SAME = 0.01
const PROBABILITY = /beta|momentum|drop|prob|frac|ratio|ema|smooth|percent/i

/**
 * Chooses the next step. Knobs that were never tried come first, in turn with knobs whose latest step held.
 *
 * @param history what was tried, oldest first
 * @param rng uniform in [0, 1)
 * @param refused steps that may not be proposed again although no candidate came of them
 * @returns undefined when every step near the present values was tried
 */
export function proposeStep(
  knobs: readonly FoundKnob[],
  history: readonly Candidate[],
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
  history: readonly Candidate[],
  rng: () => number,
  refused: readonly Knob[],
): KnobStep | undefined {
  const tried = history.filter(({ knob: other }) => other?.file === knob.file && other.name === knob.name)
  const closed = [...tried.flatMap(closedSteps), ...refused]
  const latest = tried.findLast((candidate) => fate(candidate) !== 'open')
  const latestFate = latest ? fate(latest) : 'open'
  const because = tried.length === 0 ? 'untried' : BECAUSE[latestFate]
  const to = stepsFrom(knob, firstDirection(latest, rng), latestFate === 'held').find(
    (value) => !closed.some((step) => isSameStep(step, knob, value)),
  )
  return to === undefined ? undefined : { knob, to, literal: writeLike(knob.literal, to), because }
}

const BECAUSE = { held: 'last step held', failed: 'last step failed', open: 'last step is open' } as const

/** On where the latest step held, back where it failed, anywhere when there is none. */
function firstDirection(latest: Candidate | undefined, rng: () => number): Sign {
  if (latest?.knob === undefined) return rng() < 0.5 ? 1 : -1
  const direction = latest.knob.to > latest.knob.from ? 1 : -1
  return fate(latest) === 'held' ? direction : turned(direction)
}

/** `held`: merged, or parked as promising. What a person withdrew, or has yet to decide, tells nothing about the knob. */
function fate(candidate: Candidate): 'held' | 'failed' | 'open' {
  const status = statusOf(candidate)
  if (isTurnedDown(status)) return status === 'parked' ? 'held' : 'failed'
  if (status === 'merged' || status === 'merging') return 'held'
  // GitHub refused a merge that the judge had decided.
  return status === 'handed-over' && candidate.verdict?.kind === 'merge' ? 'held' : 'open'
}

/** The step that was tried, and after a merge also the way back: the old value has lost already. */
function closedSteps(candidate: Candidate): Knob[] {
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

/** Near 1 a beta is told apart by its distance to 1: 0.99 and 0.995 are not the same. */
function scaleOf(knob: FoundKnob, value: number): number {
  return isNearOne(knob) ? Math.abs(1 - value) : Math.abs(value)
}

function turned(direction: Sign): Sign {
  return direction === 1 ? -1 : 1
}

/** The values near the present one, best first: while steps hold, all in their direction come first, else all big ones. */
function stepsFrom(knob: FoundKnob, first: Sign, held: boolean): number[] {
  const [big, small] = FACTORS
  const back = turned(first)
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
  const { value, integer, name } = knob
  const scaled = direction === 1 ? value * factor : value / factor
  if (integer) return unlessSame(knob, roundInteger(value, scaled))
  if (isNearOne(knob)) return within(1 - round((1 - value) * factor ** -direction, 2))
  const to = unlessSame(knob, round(scaled, 3))
  return value < 1 && PROBABILITY.test(name) ? within(to) : to
}

/** Betas and the like: what counts is the distance to 1. */
function isNearOne({ value, integer, name }: FoundKnob): boolean {
  return !integer && value < 1 && (value >= 0.9 || (value > 0.5 && PROBABILITY.test(name)))
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

/** At least 1; a size that is a multiple of a power of two stays one, because shapes and kernels are built for it. */
function roundInteger(from: number, to: number): number {
  if (Number.isInteger(to)) return to
  let grain = 1
  while (from % (grain * 2) === 0 && grain * 16 <= from) grain *= 2
  return Math.max(1, Math.round(to / grain) * grain)
}
