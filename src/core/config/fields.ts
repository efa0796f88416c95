// The kinds of field the configuration is made of. The message of every rule is what was expected, so that a problem
// reads `expected <message>, found <value>`.
import { z } from 'zod'
import type { ReviewAbove } from '../verdict.ts'
import { COUNT, DURATION, GAIN, parseCount, parseDuration, parseGain, parseSize, SIZE } from './quantity.ts'
import type { Refusal } from './rules.ts'

/** Five days, what GitHub allows a job on a self-hosted runner. */
const MAX_DURATION_SECONDS = 5 * 24 * 3600

const blank = { abort: true, error: 'a text that is not empty' }

export function line(expected: string) {
  return z
    .string(expected)
    .regex(/\S/, blank)
    .refine((text) => !text.includes('\0'), 'a text without NUL')
}

export function ruled(expected: string, rule: (text: string) => Refusal | undefined) {
  return z
    .string(expected)
    .min(1, blank)
    .superRefine((text, context) => {
      const refusal = rule(text)
      if (refusal === undefined) return
      context.addIssue({ code: 'custom', message: refusal.expected, params: { hint: refusal.hint } })
    })
}

interface Help {
  description: string
  examples: unknown[]
}

// Help goes on what is written, before it is transformed: zod publishes no examples of a transformed schema.
export function duration(help: Help) {
  const expected = 'a duration with its unit, above 0 and at most 120h'
  const seconds = z.number(expected).positive(expected).max(MAX_DURATION_SECONDS, expected)
  return z
    .string(expected)
    .regex(DURATION, expected)
    .meta({ ...help })
    .transform((text) => parseDuration(text) ?? Number.NaN)
    .pipe(seconds)
}

export function count(min: number, max: number, help: Help) {
  const expected = `a count from ${min} to ${max < 1e6 ? max : `${max / 1e6}M`}`
  const whole = z.int(expected).min(min, expected).max(max, expected)
  return z
    .union([whole, z.string().regex(COUNT, expected)], expected)
    .meta({ ...help })
    .transform((written) => (typeof written === 'number' ? written : (parseCount(written) ?? Number.NaN)))
    .pipe(whole)
}

/** From 1M to 1024T; binary, so that 8G of memory is what a machine calls 8 GiB. */
export function size(help: Help) {
  const expected = 'a size with its unit, from 1M to 1024T'
  const bytes = z
    .number(expected)
    .min(1024 ** 2, expected)
    .max(1024 ** 5, expected)
  return z
    .string(expected)
    .regex(SIZE, expected)
    .meta({ ...help })
    .transform((text) => parseSize(text) ?? Number.NaN)
    .pipe(bytes)
}

export function gain(help: Help) {
  const expected = 'a gain above 0 in sigma or %'
  return z
    .string(expected)
    .regex(GAIN, expected)
    .meta({ ...help })
    .transform((text, context): ReviewAbove => {
      const gain = parseGain(text)
      if (gain !== undefined && gain.value > 0) return gain
      context.issues.push({ code: 'custom', message: expected, input: text })
      return z.NEVER
    })
}

export function between(min: number, max: number) {
  const expected = `a whole number from ${min} to ${max}`
  return z.int(expected).min(min, expected).max(max, expected)
}

export function amount() {
  const expected = 'a number of dollars, 0 or more'
  return z.number(expected).nonnegative(expected)
}

export function hours() {
  const expected = 'a number of hours, 0 or more'
  return z.number(expected).nonnegative(expected)
}

export function section<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  return z.strictObject(shape, 'a mapping')
}

const isMapping = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Runs a cross-field rule although other fields are wrong, so that all problems are found at once. */
export const despiteProblems = { when: ({ value }: { value: unknown }) => isMapping(value) }
