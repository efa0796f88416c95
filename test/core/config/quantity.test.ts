// Parsing of durations, counts, sizes and gains.
import { describe, expect, test } from 'vitest'
import { parseCount, parseDuration, parseGain, parseSize } from '../../../src/core/config/quantity.ts'

describe('parseDuration', () => {
  test.each([
    ['5h30m', 19_800],
    ['5m', 300],
    ['90s', 90],
    ['1h30m', 5400],
    ['1h30m15s', 5415],
    ['2.5s', 2.5],
    ['0.1h', 360],
    ['1.1m', 66],
    ['0s', 0],
  ])('reads %s as %d seconds', (text, seconds) => expect(parseDuration(text)).toBe(seconds))

  test.each([
    '',
    '5',
    'm',
    '5 m',
    ' 5m',
    '5m\n',
    '5M',
    '-5m',
    '+5m',
    '.5m',
    '5.m',
    '1e3s',
    '5ms',
    '5d',
    '30m1h',
    '5m5m',
    '٥m',
    `${'9'.repeat(400)}h`,
  ])('refuses $0', (text) => expect(parseDuration(text)).toBeUndefined())
})

describe('parseCount', () => {
  test.each([
    ['20', 20],
    ['0', 0],
    ['500k', 500_000],
    ['500K', 500_000],
    ['2M', 2_000_000],
    ['1.1M', 1_100_000],
    ['2_000_000', 2_000_000],
  ])('reads %s as %d', (text, count) => expect(parseCount(text)).toBe(count))

  test.each([
    '',
    'M',
    '2m',
    '2G',
    '2 M',
    '-1',
    '1.5',
    '1.0005k',
    '2,000',
    '2__000',
    '1e6',
    '0x10',
    '9'.repeat(17),
  ])('refuses $0', (text) => expect(parseCount(text)).toBeUndefined())
})

describe('parseSize', () => {
  test.each([
    ['1K', 1024],
    ['500M', 500 * 1024 ** 2],
    ['8G', 8 * 1024 ** 3],
    ['1.5G', 1.5 * 1024 ** 3],
    ['2T', 2 * 1024 ** 4],
    ['0M', 0],
    ['0.0001K', 0],
  ])('reads %s as %d bytes', (text, bytes) => expect(parseSize(text)).toBe(bytes))

  test.each(['', '8', 'G', '8g', '8 G', '8GB', '8GiB', '-8G', '.5G', '8G\n', '1e3M', `${'9'.repeat(400)}G`])(
    'refuses $0',
    (text) => expect(parseSize(text)).toBeUndefined(),
  )
})

describe('parseGain', () => {
  test.each([
    ['8 sigma', { kind: 'sigmas', value: 8 }],
    ['8sigma', { kind: 'sigmas', value: 8 }],
    ['2.5 sigma', { kind: 'sigmas', value: 2.5 }],
    ['10%', { kind: 'percent', value: 10 }],
    ['0.5 %', { kind: 'percent', value: 0.5 }],
  ])('reads %s as %j', (text, gain) => expect(parseGain(text)).toEqual(gain))

  test.each(['', '8', '%', 'sigma', '8 sigmas', '8 σ', '8s', '-8%', '8  sigma', '8% ', '10 sigma%', '8%%'])(
    'refuses $0',
    (text) => expect(parseGain(text)).toBeUndefined(),
  )

  test('refuses a value that exceeds the range of numbers', () =>
    expect(parseGain(`${'9'.repeat(400)}%`)).toBeUndefined())
})
