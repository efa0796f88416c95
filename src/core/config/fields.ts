// The kinds of field in the configuration. The message of every rule states the expected value, so that a problem reads
// `expected <message>, found <value>`.
import { z } from 'zod'
import type { Gain } from '../judge/policy.ts'
import {
  COUNT,
  DURATION,
  GAIN,
  PERCENT,
  parseCount,
  parseDuration,
  parseGain,
  parsePercent,
  parseSize,
  SIZE,
} from './quantity.ts'
import type { Refusal } from './rules.ts'
import { VARIABLE_NAME } from './secrets.ts'

/** Five days: GitHub's limit for a job on a self-hosted runner. */
const MAX_DURATION_SECONDS = 5 * 24 * 3600

const blank = { abort: true, error: 'text that is not empty' }

export function line(expected: string) {
  return z
    .string(expected)
    .regex(/\S/, blank)
    .refine((text) => !text.includes('\0'), 'text without NUL characters')
}

export function ruled(expected: string, rule: (text: string) => Refusal | undefined) {
  return z.string(expected).min(1, blank).superRefine(checked(rule))
}

export function checked(rule: (text: string) => Refusal | undefined) {
  return (text: string, context: z.RefinementCtx): void => {
    const refusal = rule(text)
    if (refusal) refuse(context, [], refusal.expected, refusal.hint)
  }
}

type Help = ReturnType<typeof help>

/** What editors show about a field: its description, and examples of its value. */
export function help(description: string, ...examples: unknown[]) {
  return { description, examples }
}

/** A number that is written as text. Help belongs to the text: zod publishes no examples for a transformed schema. */
function written(
  expected: string,
  notation: RegExp,
  about: Help,
  parse: (text: string) => number | undefined,
) {
  return z
    .string(expected)
    .regex(notation, expected)
    .meta(about)
    .transform((text) => parse(text) ?? Number.NaN)
}

const A_DURATION = 'a duration with its unit, above 0 and at most 120h'

export function duration(about: Help) {
  const seconds = z.number(A_DURATION).positive(A_DURATION).max(MAX_DURATION_SECONDS, A_DURATION)
  return written(A_DURATION, DURATION, about, parseDuration).pipe(seconds)
}

/** Like `duration`, but keeps the text: zod publishes no examples for a schema that contains a transformed one. */
export function writtenDuration(about: Help) {
  return z
    .string(A_DURATION)
    .refine((text) => {
      const seconds = parseDuration(text) ?? 0
      return seconds > 0 && seconds <= MAX_DURATION_SECONDS
    }, A_DURATION)
    .meta(about)
}

export function variableName() {
  const expected = 'the name of an environment variable'
  return z.string(expected).regex(VARIABLE_NAME, expected)
}

export function count(min: number, max: number, about: Help) {
  const expected = `a count from ${min} to ${max < 1e6 ? max : `${max / 1e6}M`}`
  const whole = z.int(expected).min(min, expected).max(max, expected)
  return z
    .union([whole, z.string().regex(COUNT, expected)], expected)
    .meta(about)
    .transform((found) => (typeof found === 'number' ? found : (parseCount(found) ?? Number.NaN)))
    .pipe(whole)
}

/** From 1M to 1024T. Units are binary: 8G means 8 GiB. */
export function size(about: Help) {
  const expected = 'a size with its unit, from 1M to 1024T'
  const bytes = z
    .number(expected)
    .min(1024 ** 2, expected)
    .max(1024 ** 5, expected)
  return written(expected, SIZE, about, parseSize).pipe(bytes)
}

export function gain(about: Help) {
  const expected = 'a gain above 0 in sigma or %'
  return z
    .string(expected)
    .regex(GAIN, expected)
    .meta(about)
    .transform((text, context): Gain => {
      const gain = parseGain(text)
      if (gain !== undefined && gain.value > 0) return gain
      context.issues.push({ code: 'custom', message: expected, input: text })
      return z.NEVER
    })
}

/** A share that is written as a percentage and read as a number from 0 to 1. */
export function percentage(minPercent: number, maxPercent: number, about: Help) {
  const expected = `a share from ${minPercent}% to ${maxPercent}%`
  const part = z
    .number(expected)
    .min(minPercent / 100, expected)
    .max(maxPercent / 100, expected)
  return written(expected, PERCENT, about, parsePercent).pipe(part)
}

/** A probability from 0.01 % to 20 %, the range that `studentQuantile` covers; `none` is 0. */
export function chance(about: Help) {
  const expected = '"none", or a probability from 0.01% to 20%'
  return z
    .union([z.literal('none'), z.string().regex(PERCENT, expected)], expected)
    .meta(about)
    .transform((text) => (text === 'none' ? 0 : parsePercent(text) || Number.NaN))
    .pipe(z.number(expected).refine((value) => value === 0 || (value >= 0.0001 && value <= 0.2), expected))
}

/** An interval as a whole number; `never` or 0 switches it off. */
export function every(min: number, max: number, about: Help) {
  const expected = `a whole number from ${min} to ${max}, or never`
  const whole = z.int(expected).refine((found) => found === 0 || (found >= min && found <= max), expected)
  return z
    .union([whole, z.literal('never')], expected)
    .meta(about)
    .transform((found) => (found === 'never' ? 0 : found))
}

export function between(min: number, max: number) {
  const expected = `a whole number from ${min} to ${max}`
  return z.int(expected).min(min, expected).max(max, expected)
}

export function amount(unit: 'dollars' | 'hours') {
  const expected = `a number of ${unit}, 0 or more`
  return z.number(expected).nonnegative(expected)
}

export function share(min: number) {
  const expected = `a number from ${min} to 1`
  return z.number(expected).min(min, expected).max(1, expected)
}

export function section<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  return z.strictObject(shape, 'a mapping')
}

/** The value as a mapping; empty when it is something else. */
export function asMapping(value: unknown): Record<string, unknown> {
  return isMapping(value) ? value : {}
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Reports a problem at `path`: what is expected there and, unless an example says enough, the next action. */
export function refuse(
  context: z.RefinementCtx,
  path: (string | number)[],
  message: string,
  hint?: string,
): void {
  context.addIssue({ code: 'custom', path, message, params: { hint } })
}

/** Runs a cross-field rule even if other fields are wrong, so that all problems are reported at once. */
export const despiteProblems = { when: ({ value }: { value: unknown }) => isMapping(value) }
