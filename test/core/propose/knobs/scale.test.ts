import { describe, expect, it } from 'vitest'
import { type FoundKnob, findKnobs } from '../../../../src/core/propose/knobs/knobs.ts'
import { positionOf, stepsOf } from '../../../../src/core/propose/knobs/scale.ts'

function knobsIn(text: string): FoundKnob[] {
  return findKnobs('train.py', text)
}

/** The values that the first constant of a text may take next. */
function values(text: string): number[] {
  const knobs = knobsIn(text)
  const [knob] = knobs
  return knob ? stepsOf(knob, knobs).map(({ to }) => to) : []
}

describe('stepsOf', () => {
  it.each<[string, string, number[]]>([
    ['doubles, halves and less', 'lr = 0.01', [0.02, 0.005, 0.014, 0.0071, 0.012, 0.0084]],
    ['F83 moves 0.9 by its distance to 1', 'beta1 = 0.9', [0.947, 0.82, 0.927, 0.86, 0.915, 0.88]],
    ['F83 keeps fractions below 1', 'dropout = 0.5', [0.67, 0.33, 0.59, 0.41, 0.54, 0.46]],
    ['F83 leaves 0 for useful values', 'dropout = 0.0', [0.1, 0.2]],
    ['F83 turns a small setting off', 'dropout = 0.1', [0.18, 0, 0.14, 0.073, 0.12, 0.085]],
    ['keeps powers of two', 'batch = 64', [128, 32]],
    ['moves small integers by at least 1', 'layers = 3', [6, 1, 5, 2, 4]],
    ['keeps round numbers round', 'warmup = 100', [200, 50, 140, 71, 120, 84]],
    ['keeps widths divisible by their heads', 'n_embd = 384\nn_head = 6', [768, 192, 552, 264, 456, 312]],
    ['keeps heads divisors of their width', 'n_head = 4\nn_embd = 128', [8, 2]],
    ['turns switches', 'bias = True', [0]],
  ])('%s: %s', (_, text, expected) => {
    expect(values(text)).toEqual(expected)
  })

  it.each(['1', '2', '3', '5', '7', '12', '50', '100', '768', '1234', '50304', '65536'])(
    'keeps the integer %s an integer of at least 1, and never proposes the present value',
    (literal) => {
      for (const to of values(`N = ${literal}`)) {
        expect(Number.isInteger(to) && to >= 1).toBe(true)
        expect(to).not.toBe(Number(literal))
      }
    },
  )

  it.each(['0.001', '0.05', '0.5', '0.9', '0.95', '0.999', '0.9999'])(
    'F83 keeps beta = %s in (0, 1)',
    (literal) => {
      const all = values(`beta = ${literal}`)
      expect(all.length).toBeGreaterThan(0)
      expect(all.every((to) => to >= 0 && to < 1)).toBe(true)
    },
  )
})

describe('positionOf', () => {
  it('is as far from 0.9 to 0.95 as from 0.1 to 0.05', () => {
    const [knob] = knobsIn('beta = 0.9')
    if (!knob) throw new Error('no knob')
    const up = positionOf(knob, 0.95) - positionOf(knob, 0.9)
    const down = positionOf(knob, 0.1) - positionOf(knob, 0.05)
    expect(up).toBeCloseTo(down, 9)
  })

  it('has a finite place for 0', () => {
    const [knob] = knobsIn('dropout = 0.0')
    if (!knob) throw new Error('no knob')
    expect(positionOf(knob, 0)).toBeLessThan(positionOf(knob, 0.1))
    expect(Number.isFinite(positionOf(knob, 0))).toBe(true)
  })
})
