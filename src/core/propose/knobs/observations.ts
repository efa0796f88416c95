// What the ledger tells about constants: each tried change as a step on the scale of its constants, with its gain in σ.
import { type Knob, knobsOf } from '../../record/candidate.ts'
import type { PastIdea } from '../../record/ideas.ts'
import { statusOf } from '../../record/status.ts'
import type { FoundKnob } from './knobs.ts'
import { positionOf } from './scale.ts'

/** One step on one constant, by positions on its scale. */
export interface Move {
  /** Index among the constants. */
  index: number
  from: number
  to: number
}

/** A tried change and its gain. All gains are in σ. */
export interface Observation {
  moves: readonly Move[]
  /** The baseline it was compared with, whose own error all changes on it share. */
  base: string
  gain: number
  variance: number
  /** The run was stopped or failed: the true gain is this or less. */
  atMost: boolean
}

/** Gain that a change has at most when its run was cut, failed or took too long. */
const AT_MOST = { cut: -2, failed: -3, slow: -2 }
/** Standard deviation of a bound. */
const BOUND_SD = 1
/** The model of constants explains a gain only up to this share of it, and this much per further constant. */
const MODEL_ERROR = { share: 0.25, perConstant: 0.3 }
/** Gains are taken in units of this share of the largest one where repeated runs are identical. */
const EXACT_UNIT = 0.1

/** @param history past candidates, oldest first */
export function observationsOf(history: readonly PastIdea[], knobs: readonly FoundKnob[]): Observation[] {
  const indices = new Map(knobs.map((knob, index) => [keyOf(knob), index]))
  const exact = history.flatMap(({ verdict }) => (verdict?.sigma === 0 ? [Math.abs(verdict.gain ?? 0)] : []))
  const unit = EXACT_UNIT * Math.max(0, ...exact) || 1
  return history.flatMap((candidate) => {
    const steps = knobsOf(candidate)
    const moves = steps.flatMap((step) => moveOf(step, indices, knobs))
    const gain = moves.length === 0 || moves.length < steps.length ? undefined : gainOf(candidate, unit)
    if (gain === undefined) return []
    const error = (MODEL_ERROR.share * gain.gain) ** 2 + MODEL_ERROR.perConstant ** 2 * (moves.length - 1)
    return [{ moves, base: candidate.base, ...gain, variance: gain.variance + error }]
  })
}

/** Identifies a constant in the ledger. */
export function keyOf({ file, name }: Pick<Knob, 'file' | 'name'>): string {
  return `${file}\0${name}`
}

function moveOf(step: Knob, indices: ReadonlyMap<string, number>, knobs: readonly FoundKnob[]): Move[] {
  const index = indices.get(keyOf(step))
  const knob = index === undefined ? undefined : knobs[index]
  if (index === undefined || knob === undefined) return []
  return [{ index, from: positionOf(knob, step.from), to: positionOf(knob, step.to) }]
}

/** Undefined while nothing is known, and for a change that a person decided. */
function gainOf(
  candidate: PastIdea,
  unit: number,
): Pick<Observation, 'gain' | 'variance' | 'atMost'> | undefined {
  const { verdict } = candidate
  const status = statusOf(candidate)
  if (verdict === undefined || status === 'withdrawn' || verdict.noEffect) return undefined
  if (status === 'cut') return bound(AT_MOST.cut)
  if (status === 'crashed') return bound(AT_MOST.failed)
  const { gain, measured = gain, sigma, runs } = verdict
  if (measured === undefined || sigma === undefined)
    return verdict.kind === 'reject' && runs.candidate > 0 ? bound(AT_MOST.slow) : undefined
  if (sigma === 0) return { gain: measured / unit, variance: 0.01, atMost: false }
  return { gain: measured / sigma, variance: 1 / Math.max(1, runs.candidate), atMost: false }
}

function bound(gain: number): Pick<Observation, 'gain' | 'variance' | 'atMost'> {
  return { gain, variance: BOUND_SD ** 2, atMost: true }
}
