// What the table of stated and true risks calls an interval.
import { describe, expect, it } from 'vitest'
import { intervalOf } from '../../bench/decide/measure.ts'
import { exactInterval } from '../../src/core/judge/aa.ts'

const nights = (count: number, part: number, whole: number) =>
  Array.from({ length: count }, () => ({ part, whole }))

describe('the interval of a share of merges', () => {
  it('is the exact one where all nights are alike', () => {
    expect(intervalOf(nights(50, 1, 10))).toEqual(exactInterval(50, 500))
    expect(intervalOf(nights(50, 0, 10))).toEqual(exactInterval(0, 500))
  })

  it('is that of the nights where the merges of one are all false or all true', () => {
    const { low, high } = intervalOf([...nights(10, 10, 10), ...nights(90, 0, 10), ...nights(3, 0, 0)])
    const exact = exactInterval(10, 100)
    expect(low).toBeCloseTo(exact.low, 2)
    expect(high).toBeCloseTo(exact.high, 2)
  })

  it('has the share within it', () => {
    const groups = [...nights(30, 0, 12), ...nights(9, 1, 9), ...nights(2, 4, 11)]
    const { low, high } = intervalOf(groups)
    expect(low).toBeLessThan(17 / 463)
    expect(high).toBeGreaterThan(17 / 463)
    expect(high - low).toBeGreaterThan(exactInterval(17, 463).high - exactInterval(17, 463).low)
  })
})
