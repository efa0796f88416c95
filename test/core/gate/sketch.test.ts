import { describe, expect, it } from 'vitest'
import type { Change } from '../../../src/core/gate/gate.ts'
import { changesOnlyConstants, similarityTo, sketchOf } from '../../../src/core/gate/sketch.ts'

const BEFORE = `import torch

LEARNING_RATE = 0.04
BETA2 = 0.95
WIDTH = 384

class Block(nn.Module):
    def forward(self, x):
        x = x + self.attention(norm(x))
        return x + self.mlp(norm(x))

optimizer = AdamW(model.parameters(), lr=LEARNING_RATE, betas=(0.9, BETA2))
for step in range(steps):
    loss = model(batch()).mean()
    loss.backward()
    optimizer.step()
`

/** A change of `train.py` that applies the given replacements. */
function aChange(...edits: [search: string, replace: string][]): Change[] {
  let after = BEFORE
  for (const [search, replace] of edits) {
    expect(after).toContain(search)
    after = after.replace(search, () => replace)
  }
  return [{ path: 'train.py', mode: '100644', before: BEFORE, after }]
}

function likeness(a: readonly Change[], b: readonly Change[]): number {
  return similarityTo(sketchOf(a))(sketchOf(b))
}

const CLIP = aChange([
  '    optimizer.step()',
  '    clip_grad_norm_(model.parameters(), 1.0)\n    optimizer.step()',
])
const WARMUP = aChange([
  '    loss.backward()',
  '    warm = min(1.0, step / 100)\n    for group in optimizer.param_groups:\n        group["lr"] = warm * LEARNING_RATE\n    loss.backward()',
])
const GELU = aChange(['self.mlp(norm(x))', 'self.mlp(F.gelu(norm(x)))'])

describe('similarityTo', () => {
  it.each([
    ['the same change', WARMUP, WARMUP],
    [
      'other names for what it introduces, other comments and layout',
      WARMUP,
      aChange([
        '    loss.backward()',
        '    # slow start\n    factor = min( 1.0, step / 100 )\n\n    for group in optimizer.param_groups:\n        group["lr"] = factor * LEARNING_RATE\n    loss.backward()',
      ]),
    ],
    [
      'a constant that is a little different',
      CLIP,
      aChange([
        '    optimizer.step()',
        '    clip_grad_norm_(model.parameters(), 1.03)\n    optimizer.step()',
      ]),
    ],
    [
      'a knob turned a little less',
      aChange(['LEARNING_RATE = 0.04', 'LEARNING_RATE = 0.08']),
      aChange(['LEARNING_RATE = 0.04', 'LEARNING_RATE = 8.1e-2']),
    ],
  ])('is 1 for %s', (_, a, b) => expect(likeness(a, b)).toBe(1))

  it.each([
    ['two ideas', WARMUP, CLIP],
    ['two ideas in one line', GELU, aChange(['self.mlp(norm(x))', 'self.scale * self.mlp(norm(x))'])],
    [
      'a knob turned the other way',
      aChange(['LEARNING_RATE = 0.04', 'LEARNING_RATE = 0.08']),
      aChange(['LEARNING_RATE = 0.04', 'LEARNING_RATE = 0.02']),
    ],
    [
      'a knob turned further',
      aChange(['LEARNING_RATE = 0.04', 'LEARNING_RATE = 0.05']),
      aChange(['LEARNING_RATE = 0.04', 'LEARNING_RATE = 0.0625']),
    ],
    [
      'two knobs turned alike',
      aChange(['LEARNING_RATE = 0.04', 'LEARNING_RATE = 0.08']),
      aChange(['WIDTH = 384', 'WIDTH = 768']),
    ],
    [
      'a beta nearer to 1, where the distance to 1 counts',
      aChange(['BETA2 = 0.95', 'BETA2 = 0.99']),
      aChange(['BETA2 = 0.95', 'BETA2 = 0.995']),
    ],
    [
      'a half and one',
      aChange(['LEARNING_RATE = 0.04', 'LEARNING_RATE = 0.5']),
      aChange(['LEARNING_RATE = 0.04', 'LEARNING_RATE = 1.0']),
    ],
    [
      'nine tenths and nine',
      aChange(['LEARNING_RATE = 0.04', 'LEARNING_RATE = 0.9']),
      aChange(['LEARNING_RATE = 0.04', 'LEARNING_RATE = 9.0']),
    ],
    [
      'two hexadecimal numbers',
      aChange(['WIDTH = 384', 'WIDTH = 0x100']),
      aChange(['WIDTH = 384', 'WIDTH = 0x400']),
    ],
    [
      'two arguments that are new',
      aChange(['lr=LEARNING_RATE,', 'lr=LEARNING_RATE, fused=True,']),
      aChange(['lr=LEARNING_RATE,', 'lr=LEARNING_RATE, amsgrad=True,']),
    ],
  ])('is far below the threshold for %s', (_, a, b) => expect(likeness(a, b)).toBeLessThan(0.7))

  it('is about one half between a combination of two changes and one of them', () => {
    const both = aChange(
      ['    optimizer.step()', '    clip_grad_norm_(model.parameters(), 1.0)\n    optimizer.step()'],
      ['self.mlp(norm(x))', 'self.mlp(F.gelu(norm(x)))'],
    )
    expect(likeness(both, CLIP)).toBeGreaterThan(0.3)
    expect(likeness(both, CLIP)).toBeLessThan(0.75)
  })

  it('recognises a change after the baseline has changed elsewhere', () => {
    const moved = (text: string) =>
      text.replace('WIDTH = 384', 'WIDTH = 512\nDEPTH = 8').replace('0.95', '0.97')
    const later = WARMUP.map((change) => ({
      ...change,
      before: moved(change.before ?? ''),
      after: moved(change.after ?? ''),
    }))
    expect(likeness(WARMUP, later)).toBe(1)
  })

  it('is accurate within 0.25 for long changes, from a sketch of at most 220 characters', () => {
    const lines = Array.from({ length: 300 }, (_, index) => `h = layer_${index}(h, skip=residual_${index})\n`)
    const long = (from: number, to: number): Change[] => [
      { path: 'train.py', mode: '100644', before: BEFORE, after: BEFORE + lines.slice(from, to).join('') },
    ]
    expect(sketchOf(long(0, 300)).length).toBeLessThanOrEqual(220)
    expect(Math.abs(likeness(long(0, 200), long(100, 300)) - 1 / 3)).toBeLessThan(0.25)
    expect(likeness(long(0, 290), long(0, 300))).toBeGreaterThan(0.8)
  })
})

describe('changesOnlyConstants', () => {
  it.each([
    ['two constants', aChange(['0.04', '0.08'], ['WIDTH = 384', 'WIDTH = 512']), true],
    ['a new line', CLIP, false],
    ['another function', GELU, false],
    ['a constant and a call', aChange(['0.04', '0.08'], ['norm(x)', 'rms(x)']), false],
  ])('for %s: $2', (_, changes, expected) => expect(changesOnlyConstants(changes)).toBe(expected))

  it('is false when a file is deleted', () => {
    expect(changesOnlyConstants([{ path: 'a.py', mode: null, before: 'a = 1' }])).toBe(false)
  })
})
