// Formatting of numbers, sizes and durations.
import { describe, expect, it } from 'vitest'
import {
  formatBytes,
  formatNumber,
  formatSeconds,
  formatShare,
  formatSigned,
} from '../../../src/core/text/numbers.ts'

describe('formatNumber', () => {
  it.each([
    [0, '0'],
    [-0, '0'],
    [2.5, '2.5'],
    [2.34567, '2.3457'],
    [-2.5, '-2.5'],
    [0.99791, '0.99791'],
    [0.1, '0.1'],
    [0.1 + 0.2, '0.3'],
    [0.0031234, '0.00312'],
    [-0.02, '-0.02'],
    [1e-5, '0.00001'],
    [0.0000099, '9.90e-6'],
    [-4.44e-16, '-4.44e-16'],
    [12345.678, '12346'],
    [999_999, '1000000'],
    [1_234_567, '1.23e+6'],
  ])('%d is %s', (value, text) => expect(formatNumber(value)).toBe(text))
})

describe('formatSigned', () => {
  it.each([
    [0.0031, '+0.0031'],
    [-0.02, '−0.02'],
    [0, '+0'],
  ])('%d is %s', (value, text) => expect(formatSigned(value)).toBe(text))
})

describe('formatShare', () => {
  it.each([
    [0, '0 %'],
    [1e-300, '< 0.1 %'],
    [0.000499, '< 0.1 %'],
    [0.0005, '0.1 %'],
    [0.0081, '0.8 %'],
    [0.22, '22 %'],
    [1, '100 %'],
  ])('%d is %s', (value, text) => expect(formatShare(value)).toBe(text))
})

describe('formatSeconds', () => {
  it.each([
    [0, '0 s'],
    [0.04, '0 s'],
    [42, '42 s'],
    [42.35, '42.4 s'],
    [60, '1m'],
    [300, '5m'],
    [3599, '1h'],
    [3600, '1h'],
    [5400, '1h 30m'],
    [90_000, '25h'],
  ])('%d s is %s', (seconds, text) => expect(formatSeconds(seconds)).toBe(text))
})

describe('formatBytes', () => {
  it.each([
    [0, '0 B'],
    [512, '512 B'],
    [1024, '1 KiB'],
    [327_155_712, '312 MiB'],
    [1_288_490_189, '1.2 GiB'],
    [16 * 1024 ** 3, '16 GiB'],
    [1024 ** 5, '1024 TiB'],
  ])('%d B is %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text))
})
