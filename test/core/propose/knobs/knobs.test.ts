import { describe, expect, it } from 'vitest'
import { type FoundKnob, findKnobs, knobCategory } from '../../../../src/core/propose/knobs/knobs.ts'
import { writeLike } from '../../../../src/core/propose/knobs/literal.ts'
import { proposeStep } from '../../../../src/core/propose/knobs/search.ts'
import type { Candidate, CandidateEnd, Knob } from '../../../../src/core/record/candidate.ts'
import { aCandidate, aVerdict, sha } from '../../../factories.ts'

function found(path: string, text: string): string[] {
  return findKnobs(path, text).map(({ name, literal }) => `${name} ${literal}`)
}

describe('findKnobs', () => {
  it.each<[string, string, string[]]>([
    ['a.mjs', 'const LR = 3e-4 // of SGD\nlet hidden = 64\nvar x = .5;', ['LR 3e-4', 'hidden 64', 'x .5']],
    ['a.ts', 'const lr: number = 0.1\nexport const N = 1_000', ['lr 0.1', 'N 1_000']],
    ['a.ts', 'f({ lr: 0.01, "beta": 0.9, n: 3 })', ['lr 0.01', 'beta 0.9', 'n 3']],
    ['a.ts', 'const a = {\n  lr: 0.01,\n  n: 2\n}', ['lr 0.01', 'n 2']],
    ['a.ts', 'class A { static N = 4\n  readonly lr = 0.1 }', ['N 4', 'lr 0.1']],
    ['a.js', 'function f(x, dropout = 0.1) {}', ['dropout 0.1']],
    ['a.py', 'LR = 1e-3\nN: int = 8  # layers\nx = 1; y = 2\n', ['LR 1e-3', 'N 8', 'x 1', 'y 2']],
    [
      'a.py',
      'class A:\n    n_layer: int = 12\n    def f(self):\n        self.lr = 0.1\n',
      ['n_layer 12', 'lr 0.1'],
    ],
    ['a.py', 'c = {"lr": 3e-4, \'n\': 2}\n', ['lr 3e-4', 'n 2']],
    ['a.py', 'AdamW(p, lr=3e-4,\n  weight_decay=0.1, dim=1)\n', ['lr 3e-4', 'weight_decay 0.1']],
    ['a.py', 'LR = 0.1\r\nWD = 0.2\r\n', ['LR 0.1', 'WD 0.2']],
    ['a.cu', '#define N 12\n# define LR 0.1f // rate\n#define M (N)\n', ['N 12', 'LR 0.1f']],
    ['a.cpp', 'const float lr = 0.1f; static constexpr int N = 64;', ['lr 0.1f', 'N 64']],
    ['a.rs', 'const LR: f32 = 1e-3;\nlet mut n = 4;', ['LR 1e-3', 'n 4']],
    ['a.go', 'const lr = 0.1\n', ['lr 0.1']],
    [
      'a.yaml',
      'lr: 0.1\nmodel:\n  n-layer: 12 # deep\n  - wd: 0.2\na: {b: 2, c: 3}\n',
      ['lr 0.1', 'n-layer 12', 'wd 0.2', 'b 2', 'c 3'],
    ],
    ['a.json', '{"lr": 3e-4, "model": {"layers": 12}}', ['lr 3e-4', 'layers 12']],
    ['a.toml', 'lr = 0.1 # rate\n[model]\nlayers = 12\n', ['lr 0.1', 'layers 12']],
    ['a.sh', 'LR=0.1\nexport N=12\n', ['LR 0.1', 'N 12']],
  ])('finds the named constants of %s: %j', (path, text, knobs) => {
    expect(found(path, text)).toEqual(knobs)
  })

  it.each([
    ['seeds', 'a.py', 'SEED = 42\nrandom_seed = 1\nrandSeed = 2\n'],
    [
      'versions, ports and years',
      'a.py',
      'version = 2\nPORT = 80\nhttp_port = 1\nfirstYear = 2\nyear = 2024\n',
    ],
    ['zero', 'a.py', 'x = 0\ny = 0.0\n'],
    ['negative numbers', 'a.py', 'x = -1\n'],
    ['array indices', 'a.js', 'const x = a[3]\na[4] = 5'],
    ['comments', 'a.py', '# LR = 0.1\n'],
    ['comments', 'a.ts', '// const LR = 0.1\n/*\nconst X = 2\n*/'],
    ['strings', 'a.py', 'x = "LR = 0.1"\n"""\nLR = 0.1\n"""\n'],
    ['strings', 'a.ts', 'x = `\nconst LR = 0.1\n`'],
    ['powers and products', 'a.py', 'A = 2 ** 10\nB = 1024 * 4\nC = 1 / 2\nD = 1 if x else 2\n'],
    ['products', 'a.ts', 'const A = 1024 * 4\nconst B = 2 ** 3;\nconst C = 4\n  * 5'],
    ['products', 'a.cpp', '#define A 4 * 5\nconst int B = 4 * 5;'],
    ['tuples', 'a.py', 'x = 1, 2\nbetas = (0.9, 0.95)\n'],
    ['comparisons and additions', 'a.py', 'x == 3\nx += 2\nx <= 4\n'],
    ['loops', 'a.ts', 'for (let i = 1; i < n; i++) {}'],
    ['loops', 'a.cpp', 'for (int i = 1; i < 4; i++) {}'],
    ['variables', 'a.cpp', 'int i = 1; x = 2;'],
    ['choices', 'a.ts', 'x = a ? b : 3\nswitch (x) { case 4: }'],
    ['other bases', 'a.ts', 'const MASK = 0xff'],
    ['quantities with a unit', 'a.yaml', 'budget: 5m\nat: 12:30\nday: 2024-01-01\n'],
    ['unknown languages', 'a.txt', 'lr = 0.1\n'],
  ])('ignores %s in %s: %j', (_, path, text) => {
    expect(found(path, text)).toEqual([])
  })

  it('keeps names that only resemble a port', () => {
    expect(found('a.py', 'report_every = 10\nimportance = 0.5\n')).toHaveLength(2)
  })

  it('records line, span, value and kind', () => {
    const text = '# é𝒳\r\nLR = 1_0.5\r\nN = 12\r\n'
    const [lr, n] = findKnobs('a.py', text)
    expect(lr).toMatchObject({ file: 'a.py', line: 2, value: 10.5, integer: false })
    expect(text.slice(lr?.start, lr?.end)).toBe('1_0.5')
    expect(n).toMatchObject({ line: 3, value: 12, integer: true })
  })

  it('numbers constants of the same name', () => {
    expect(found('a.py', 'f(lr=0.1)\nf(lr=0.2)\n')).toEqual(['lr 0.1', 'lr#2 0.2'])
  })
})

describe('writeLike', () => {
  it.each([
    ['3e-4', 6e-4, '6e-4'],
    ['3e-4', 3.75e-4, '3.75e-4'],
    ['1E-03', 2e-3, '2E-03'],
    ['1.0e-3', 2e-3, '2.0e-3'],
    ['1e+3', 2000, '2e+3'],
    ['1e3', 2000, '2e3'],
    ['0.1', 0.2, '0.2'],
    ['0.5', 1, '1.0'],
    ['.5', 0.25, '.25'],
    ['.5', 1, '1.0'],
    ['0.000001', 5e-7, '0.0000005'],
    ['0.1f', 0.125, '0.125f'],
    ['1.f', 2, '2.0f'],
    ['12', 24, '24'],
    ['12u', 24, '24u'],
    ['1_000_000', 2_000_000, '2_000_000'],
    ["10'000", 5000, "5'000"],
    ['0.1_f32', 0.2, '0.2_f32'],
  ])('in the style of %s writes %d as %s', (style, value, literal) => {
    expect(writeLike(style, value)).toBe(literal)
  })
})

const UP = () => 0
const DOWN = () => 0.9

function aKnob(literal: string, name = 'LR'): FoundKnob {
  const [knob] = findKnobs('train.py', `${name} = ${literal}\n`)
  if (knob === undefined) throw new Error(`no knob: ${literal}`)
  return knob
}

type Fate = 'merged' | 'rejected' | 'parked' | 'reviewed' | 'crashed' | 'withdrawn' | 'open'
const FATES: Record<Fate, Partial<Candidate>> = {
  merged: { verdict: aVerdict(), end: { kind: 'merged', commit: sha('m'), asTrained: true } },
  rejected: { verdict: aVerdict({ kind: 'reject' }) },
  parked: { verdict: aVerdict({ kind: 'park' }) },
  reviewed: { verdict: aVerdict({ kind: 'review' }), end: { kind: 'handed-over', reason: 'too good' } },
  crashed: { end: { kind: 'closed' } satisfies CandidateEnd },
  withdrawn: { end: { kind: 'withdrawn', reason: 'a person closed it' } },
  open: {},
}

function aTurn(from: number, to: number, fate: Fate, fields: Partial<Knob> = {}): Candidate {
  const knob = { file: 'train.py', name: 'LR', from, to, ...fields }
  return aCandidate({ name: JSON.stringify(knob), knob, ...FATES[fate] })
}

describe('proposeStep', () => {
  it.each([
    ['0.01', 'LR', '0.02', '0.005'],
    ['3e-4', 'LR', '6e-4', '1.5e-4'],
    ['1.0', 'LR', '2.0', '0.5'],
    ['0.9', 'beta1', '0.95', '0.8'],
    ['0.95', 'x', '0.975', '0.9'],
    ['0.99', 'x', '0.995', '0.98'],
    ['0.999', 'x', '0.9995', '0.998'],
    ['0.8', 'momentum', '0.9', '0.6'],
    ['64', 'HIDDEN', '128', '32'],
    ['3', 'LAYERS', '6', '2'],
    ['1_000', 'STEPS', '2_000', '500'],
  ])('doubles or halves %s (%s)', (literal, name, up, down) => {
    expect(proposeStep([aKnob(literal, name)], [], UP)?.literal).toBe(up)
    expect(proposeStep([aKnob(literal, name)], [], DOWN)?.literal).toBe(down)
  })

  it('keeps probabilities below 1', () => {
    const knob = aKnob('0.5', 'dropout')
    expect(proposeStep([knob], [], UP)?.literal).toBe('0.25')
    expect(proposeStep([aKnob('0.99', 'beta')], [], UP)?.to).toBeLessThan(1)
  })

  it('allows other constants above 1', () => {
    expect(proposeStep([aKnob('0.8', 'scale')], [], UP)?.literal).toBe('1.6')
  })

  it.each([
    ['merged: goes on', [aTurn(0.01, 0.02, 'merged')], '0.02', '0.04'],
    ['merged downwards: goes on', [aTurn(0.04, 0.02, 'merged')], '0.02', '0.01'],
    ['parked: a smaller step the same way', [aTurn(0.02, 0.04, 'parked')], '0.02', '0.025'],
    ['rejected upwards: turns', [aTurn(0.02, 0.04, 'rejected')], '0.02', '0.01'],
    ['rejected downwards: turns', [aTurn(0.02, 0.01, 'rejected')], '0.02', '0.04'],
    ['crashed: turns', [aTurn(0.02, 0.04, 'crashed')], '0.02', '0.01'],
    ['waiting for a person: another step', [aTurn(0.02, 0.04, 'reviewed')], '0.02', '0.01'],
    ['open: another step', [aTurn(0.02, 0.04, 'open')], '0.02', '0.01'],
    [
      'both rejected: a smaller step',
      [aTurn(0.02, 0.04, 'rejected'), aTurn(0.02, 0.01, 'rejected')],
      '0.02',
      '0.025',
    ],
    [
      'merged, then rejected: never the old value',
      [aTurn(0.01, 0.02, 'merged'), aTurn(0.02, 0.04, 'rejected')],
      '0.02',
      '0.016',
    ],
    ['rejected from another value: only the direction counts', [aTurn(0.5, 1, 'rejected')], '0.02', '0.01'],
    ['almost the same value before', [aTurn(0.02001, 0.03999, 'rejected')], '0.02', '0.01'],
    ['another file', [aTurn(0.02, 0.04, 'rejected', { file: 'other.py' })], '0.02', '0.04'],
  ])('%s', (_, history, literal, next) => {
    expect(proposeStep([aKnob(literal)], history, UP)?.literal).toBe(next)
  })

  it('counts 0.99 and 0.995 as different, and 0.995 and 0.99501 as the same', () => {
    const beta = aKnob('0.99', 'beta')
    expect(proposeStep([beta], [aTurn(0.99, 0.995, 'rejected', { name: 'beta' })], UP)?.literal).toBe('0.98')
    expect(proposeStep([beta], [aTurn(0.99, 0.99501, 'open', { name: 'beta' })], UP)?.literal).toBe('0.98')
  })

  it('prefers a knob that was never tried', () => {
    const history = [aTurn(0.02, 0.04, 'rejected')]
    expect(proposeStep([aKnob('0.02'), aKnob('8', 'N')], history, UP)?.knob.name).toBe('N')
  })

  it('alternates between untried knobs and one whose step held', () => {
    const knobs = [aKnob('0.02'), aKnob('8', 'N')]
    const history = [aTurn(0.01, 0.02, 'merged')]
    expect(proposeStep(knobs, history, UP)?.knob.name).toBe('N')
    expect(proposeStep(knobs, history, DOWN)?.knob.name).toBe('LR')
  })

  it('does not repeat a refused step', () => {
    const refused = [{ file: 'train.py', name: 'LR', from: 0.02, to: 0.04 }]
    expect(proposeStep([aKnob('0.02')], [], UP, refused)?.literal).toBe('0.01')
  })

  it('never repeats a step, and ends when all nearby steps were tried', () => {
    const knobs = [aKnob('0.02'), aKnob('1', 'N'), aKnob('2', 'M'), aKnob('0.9', 'beta')]
    const history: Candidate[] = []
    for (
      let step = proposeStep(knobs, history, Math.random);
      step;
      step = proposeStep(knobs, history, Math.random)
    )
      history.push(aTurn(step.knob.value, step.to, 'rejected', { name: step.knob.name }))
    expect(new Set(history.map(({ id }) => id)).size).toBe(history.length)
    expect(
      history
        .map(({ knob }) => knob?.name)
        .sort()
        .join(' '),
    ).toBe('LR LR LR LR M M M N beta beta beta beta')
  })

  it('proposes nothing without knobs', () => {
    expect(proposeStep([], [], UP)).toBeUndefined()
  })

  it('keeps integers integral, at least 1, and multiples of the same power of two', () => {
    for (const value of [1, 2, 3, 5, 7, 12, 50, 100, 768, 1234, 50304, 65536]) {
      const knob = aKnob(String(value), 'N')
      const history: Candidate[] = []
      for (let step = proposeStep([knob], history, UP); step; step = proposeStep([knob], history, UP)) {
        expect(step.literal).toMatch(/^[1-9]\d*$/)
        expect(step.to).not.toBe(value)
        if (value === 768) expect(step.to % 64).toBe(0)
        history.push(aTurn(value, step.to, 'rejected', { name: 'N' }))
      }
    }
  })
})

describe('knobCategory', () => {
  it.each([
    ['LEARNING_RATE', 'optimizer'],
    ['lr', 'optimizer'],
    ['adam_beta1', 'optimizer'],
    ['WARMUP_RATIO', 'schedule'],
    ['WEIGHT_DECAY', 'regularisation'],
    ['dropout', 'regularisation'],
    ['INIT_SCALE', 'initialisation'],
    ['n_layer', 'architecture'],
    ['HIDDEN', 'architecture'],
    ['BATCH', 'hyperparameter'],
    ['color', 'hyperparameter'],
  ])('%s has the category %s', (name, category) => {
    expect(knobCategory(name)).toBe(category)
  })
})
