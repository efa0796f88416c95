// Parses durations, counts, sizes and gains, as written in the configuration and in action inputs.
import type { Gain } from '../judge/policy.ts'

/** `1h30m`, `5m`, `90s`, `2.5s`: hours, minutes and seconds in this order, at least one of them. */
export const DURATION = /^(?=\d)(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s)?$/

/** `20`, `2_000_000`, `500k`, `1.5M`: k is a thousand, M a million. */
export const COUNT = /^(\d+(?:_\d{3})*(?:\.\d+)?)([kKM]?)$/

/** `500M`, `8G`, `1.5G`: the suffix is required; each unit is 1024 times the one before. */
export const SIZE = /^(\d+(?:\.\d+)?)([KMGT])$/

/** `8 sigma`, `10%`: a gain in standard deviations of one run, or as a share of the baseline's metric. */
export const GAIN = /^(\d+(?:\.\d+)?)(?: ?(sigma)| ?(%))$/

/** `2%`, `0.5 %`: a share in percent. */
export const PERCENT = /^(\d+(?:\.\d+)?) ?%$/

const EXPONENTS: Readonly<Record<string, string>> = { k: 'e3', K: 'e3', M: 'e6' }

/** @returns seconds, 0 or more, rounded to the millisecond; undefined when `text` is not a duration */
export function parseDuration(text: string): number | undefined {
  const parts = DURATION.exec(text)
  if (parts === null) return undefined
  const [, hours = 0, minutes = 0, seconds = 0] = parts
  const total = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)
  return Number.isFinite(total) ? Math.round(total * 1000) / 1000 : undefined
}

/** @returns a whole number, 0 or more and exact; undefined when `text` is not a count */
export function parseCount(text: string): number | undefined {
  const [, digits, suffix = ''] = COUNT.exec(text) ?? []
  if (digits === undefined) return undefined
  // The suffix becomes an exponent in the literal, because multiplying would turn 1.1M into 1100000.0000000002.
  const count = Number(`${digits.replaceAll('_', '')}${EXPONENTS[suffix] ?? ''}`)
  return Number.isSafeInteger(count) ? count : undefined
}

/** @returns whole bytes, 0 or more; undefined when `text` is not a size */
export function parseSize(text: string): number | undefined {
  const [, digits, suffix = ''] = SIZE.exec(text) ?? []
  if (digits === undefined) return undefined
  const bytes = Math.round(Number(digits) * 1024 ** ('KMGT'.indexOf(suffix) + 1))
  return Number.isSafeInteger(bytes) ? bytes : undefined
}

export function parseGain(text: string): Gain | undefined {
  const [, digits, sigma] = GAIN.exec(text) ?? []
  const value = Number(digits)
  return Number.isFinite(value) ? { kind: sigma ? 'sigmas' : 'percent', value } : undefined
}

/** @returns a fraction, where 1 is 100 %; undefined when `text` is not a percentage */
export function parsePercent(text: string): number | undefined {
  const [, digits] = PERCENT.exec(text) ?? []
  return digits === undefined ? undefined : Number(digits) / 100
}
