// The scale on which a constant is searched, and the steps that keep its value sensible: integers stay integers, powers of two
// stay powers of two, fractions stay between 0 and 1, widths stay divisible by their heads.
import { type FoundKnob, mayBeZero } from './knobs.ts'

/**
 * Distances of a step, in doublings. A draw of the surface often sees no end to a gain, and then takes the furthest step there
 * is: with two doublings most candidates were far too far, and were cut.
 */
const DISTANCES = [1, 0.5, 0.25] as const
/** Constants that are fractions although their value does not show it. */
const FRACTION = /beta|momentum|drop|prob|frac|ratio|ema|smooth|percent/i
const WIDTH = /emb|dim|width|hidden|channel|d_model/i
const HEADS = /head|group/i
const RATE = /(?:^|_)lr(?:$|_)|rate/i

/** A value that a constant may take next. */
export interface KnobStep {
  knob: FoundKnob
  to: number
}

/** The steps from the present value, the far ones first; `knobs` are the constants that it may have to divide. */
export function stepsOf(knob: FoundKnob, knobs: readonly FoundKnob[]): KnobStep[] {
  const { value } = knob
  const fits = fitWith(knob, knobs)
  const values = targets(knob).flatMap((to) => fits(to) ?? [])
  return [...new Set(values)].filter((to) => to !== value).map((to) => ({ knob, to }))
}

/**
 * Where a value is on the scale of its constant, in doublings: of the value, or for fractions of p / (1 − p), so that 0.9,
 * 0.95 and 0.975 are as far apart as 0.1, 0.05 and 0.025. A switch is at 0 or 1. Where 0 means "off" it has a place below
 * the smallest useful value.
 */
export function positionOf(knob: FoundKnob, value: number): number {
  if (knob.kind === 'switch') return value
  const size = value === 0 ? smallest(knob) : value
  return Math.log2(isFraction(knob) ? size / Math.max(1 - size, 1e-9) : size)
}

function targets(knob: FoundKnob): number[] {
  const { value, kind } = knob
  if (kind === 'switch') return [1 - value]
  if (value === 0) return [2 * smallest(knob), 4 * smallest(knob)]
  return DISTANCES.flatMap((distance) => [valueAt(knob, distance), valueAt(knob, -distance)])
}

function valueAt(knob: FoundKnob, move: number): number {
  const { value, kind, name } = knob
  if (mayBeZero(name) && move <= -1 && value > smallest(knob) && value <= 2 * smallest(knob)) return 0
  if (kind === 'integer') return roundInteger(value, value * 2 ** move, move)
  if (!isFraction(knob)) return round(value * 2 ** move)
  const odds = (value / (1 - value)) * 2 ** move
  return odds > 1 ? Number((1 - round(1 / (1 + odds))).toFixed(12)) : round(odds / (1 + odds))
}

/** Half of the smallest value that does something where 0 means "off". */
function smallest({ name, kind }: FoundKnob): number {
  if (kind === 'integer') return 8
  return RATE.test(name) ? 1e-5 : 0.05
}

function isFraction({ name, value, kind }: FoundKnob): boolean {
  return kind === 'real' && value < 1 && (value >= 0.9 || FRACTION.test(name))
}

function round(value: number): number {
  return Number(value.toPrecision(2))
}

/** A whole number of at least 1, of the same roundness as the present one. */
function roundInteger(from: number, to: number, move: number): number {
  if (from >= 8 && isPowerOfTwo(from)) return from * 2 ** (Math.sign(move) * Math.ceil(Math.abs(move)))
  if (from < 8) return Math.max(1, move > 0 ? Math.ceil(to) : Math.floor(to))
  if (Number(from.toPrecision(2)) === from) return Math.max(1, Math.round(round(to)))
  let grain = 1
  while (from % (grain * 2) === 0 && grain * 16 <= from) grain *= 2
  return Math.max(grain, Math.round(to / grain) * grain)
}

function isPowerOfTwo(value: number): boolean {
  return Number.isInteger(Math.log2(value))
}

/** Makes widths multiples of their number of heads, and heads divisors of their width, where they are so now. */
function fitWith(knob: FoundKnob, knobs: readonly FoundKnob[]): (to: number) => number | undefined {
  if (knob.kind !== 'integer') return (to) => to
  const others = (names: RegExp) =>
    knobs
      .filter(({ file, name, kind }) => file === knob.file && kind === 'integer' && names.test(name))
      .map(({ value }) => value)
  if (HEADS.test(knob.name)) {
    const widths = others(WIDTH).filter((width) => width % knob.value === 0)
    return (to) => (widths.every((width) => width % to === 0) ? to : undefined)
  }
  if (!WIDTH.test(knob.name)) return (to) => to
  const heads = others(HEADS).filter((count) => count > 0 && knob.value % count === 0)
  const grain = heads.reduce(leastCommonMultiple, heads.length > 0 && knob.value % 8 === 0 ? 8 : 1)
  return (to) => Math.max(grain, Math.round(to / grain) * grain)
}

function leastCommonMultiple(a: number, b: number): number {
  let [x, y] = [a, b]
  while (y > 0) [x, y] = [y, x % y]
  return (a / x) * b
}
