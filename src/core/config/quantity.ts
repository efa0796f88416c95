// How people write durations and counts, in the configuration and in action inputs, and what they mean as numbers.

/** `1h30m`, `5m`, `90s`, `2.5s`: hours, minutes and seconds in this order, at least one of them. */
export const DURATION = /^(?=\d)(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s)?$/

/** `20`, `2_000_000`, `500k`, `1.5M`: k is a thousand, M a million. */
export const COUNT = /^(\d+(?:_\d{3})*(?:\.\d+)?)([kKM]?)$/

const EXPONENTS: Readonly<Record<string, string>> = { k: 'e3', K: 'e3', M: 'e6' }

/**
 * Reads a duration.
 *
 * @param text such as `5m`, `90s`, `1h30m` or `2.5s`; a number without a unit is not a duration.
 * @returns seconds, 0 or more, rounded to the millisecond; undefined when `text` is not a duration.
 */
export function parseDuration(text: string): number | undefined {
  const parts = DURATION.exec(text)
  if (parts === null) return undefined
  const [, hours = '0', minutes = '0', seconds = '0'] = parts
  const total = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)
  return Number.isFinite(total) ? Math.round(total * 1000) / 1000 : undefined
}

/**
 * Reads a count.
 *
 * @param text such as `20`, `2_000_000`, `500k` or `1.5M`.
 * @returns a whole number, 0 or more and exact; undefined when `text` is not a count.
 */
export function parseCount(text: string): number | undefined {
  const parts = COUNT.exec(text)
  if (parts === null) return undefined
  const [, digits = '', suffix = ''] = parts
  // The suffix becomes an exponent of the literal: multiplying would turn 1.1M into 1100000.0000000002.
  const count = Number(`${digits.replaceAll('_', '')}${EXPONENTS[suffix] ?? ''}`)
  return Number.isSafeInteger(count) ? count : undefined
}
