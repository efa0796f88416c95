// The kinds of field the configuration is made of. The message of every rule is what was expected, so that a problem
// reads `expected <message>, found <value>`.
import { z } from 'zod'
import { COUNT, DURATION, parseCount, parseDuration } from './quantity.ts'
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

export function between(min: number, max: number) {
  const expected = `a whole number from ${min} to ${max}`
  return z.int(expected).min(min, expected).max(max, expected)
}

export function amount() {
  const expected = 'a number of dollars, 0 or more'
  return z.number(expected).nonnegative(expected)
}

export function section<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  return z.strictObject(shape, 'a mapping')
}

const isMapping = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Runs a cross-field rule although other fields are wrong, so that all problems are found at once. */
export const despiteProblems = { when: ({ value }: { value: unknown }) => isMapping(value) }
