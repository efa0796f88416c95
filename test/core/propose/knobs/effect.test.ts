// Constants without effect are skipped when the command overrides them, and not tried again once a run showed it.
import { describe, expect, it } from 'vitest'
import { contextOf, withEffect } from '../../../../src/core/propose/knobs/effect.ts'
import { findKnobs } from '../../../../src/core/propose/knobs/knobs.ts'
import { suspect } from '../../../../src/core/propose/knobs/probe.ts'
import type { Candidate, Knob } from '../../../../src/core/record/candidate.ts'
import { aCandidate, aVerdict } from '../../../factories.ts'

const TRAIN_PY = `from model import GPT
learning_rate = 6e-4
n_layer = 12
weight_decay = 0.1
exec(open('configurator.py').read())
def get_lr(it):
    warmup = 10
    return learning_rate
get_lr(step)
model = GPT(GPTConfig(n_layer=n_layer, n_embd=n_embd, block_size=block_size))
`
const MODEL_PY = `class GPTConfig:
    block_size: int = 1024
    n_layer: int = 12
    n_embd: int = 768
class GPT:
    def __init__(self, config):
        self.scale = 0.5
`
const FILES = new Map([
  ['train.py', TRAIN_PY],
  ['model.py', MODEL_PY],
  ['config/small.py', 'n_layer = 6\n'],
])

function around(train: string, files: ReadonlyMap<string, string> = FILES) {
  return { train, files }
}

const BARE = around('python train.py')

function names(train: string, files = FILES): string[] {
  const knobs = findKnobs('train.py', files.get('train.py') ?? '')
  return withEffect(knobs, [], around(train, files)).map(({ name }) => name)
}

function tried(knobs: readonly Knob[], fields: Partial<Candidate> = {}): Candidate {
  return aCandidate({ name: JSON.stringify(knobs), knobs, verdict: aVerdict({ kind: 'reject' }), ...fields })
}

const NO_EFFECT = aVerdict({ kind: 'reject', noEffect: true })

describe('F83 withEffect', () => {
  it.each([
    ['python train.py', ['learning_rate', 'n_layer', 'weight_decay', 'warmup']],
    ['python train.py --learning_rate=1e-3', ['n_layer', 'weight_decay', 'warmup']],
    ['python train.py --learning-rate 1e-3', ['n_layer', 'weight_decay', 'warmup']],
    ['torchrun ./train.py "weight_decay=0"', ['learning_rate', 'n_layer', 'warmup']],
    ['python train.py --warmup=5', ['learning_rate', 'n_layer', 'weight_decay', 'warmup']],
    ['python train.py config/small.py', ['learning_rate', 'weight_decay', 'warmup']],
    ['python other.py --learning_rate=1', ['learning_rate', 'n_layer', 'weight_decay', 'warmup']],
  ])('skips what the command sets: %s', (train, left) => {
    expect(names(train)).toEqual(left)
  })

  it('searches what a configuration file sets where the script does not run such files', () => {
    const files = new Map([...FILES, ['train.py', 'n_layer = 12\n']])
    expect(names('python train.py config/small.py', files)).toEqual(['n_layer'])
  })

  it('skips defaults of options that the command gives', () => {
    const files = new Map([
      ['train.py', "p.add_argument('--lr', default=0.1)\np.add_argument('--wd', default=0.2)\n"],
    ])
    expect(names('python train.py --lr=0.3', files)).toEqual(['wd'])
  })

  it('never tries a constant again that a run showed to have no effect', () => {
    const knobs = findKnobs('train.py', TRAIN_PY)
    const knob = { file: 'train.py', name: 'n_layer', from: 12, to: 24 }
    const recorded = { ...knob, context: contextOf(knob, BARE) }
    const left = (fields: Partial<Candidate>, surroundings = BARE) =>
      withEffect(knobs, [tried([recorded], fields)], surroundings).some(({ name }) => name === 'n_layer')
    expect(left({ verdict: NO_EFFECT })).toBe(false)
    expect(left({})).toBe(true)
    const elsewhere = TRAIN_PY.replace('weight_decay = 0.1', 'weight_decay = 0.2\nmomentum = 0.9')
    expect(left({ verdict: NO_EFFECT }, around('python train.py', new Map([['train.py', elsewhere]])))).toBe(
      false,
    )
    const used = TRAIN_PY.replace("exec(open('configurator.py').read())", 'print(n_layer)')
    expect(left({ verdict: NO_EFFECT }, around('python train.py', new Map([['train.py', used]])))).toBe(true)
    expect(left({ verdict: NO_EFFECT }, around('python train.py --fast'))).toBe(true)
  })
})

const EDITABLE = [...findKnobs('train.py', TRAIN_PY), ...findKnobs('model.py', MODEL_PY)]
const DEFAULTS = ['block_size', 'n_layer', 'n_embd']

function testOf(history: readonly Candidate[]): string[] {
  return suspect(EDITABLE, history, BARE).test.map(({ knob }) => `${knob.file}:${knob.name}`)
}

describe('F83 suspect', () => {
  const together = DEFAULTS.map((name) => {
    const knob = { file: 'model.py', name, from: 1, to: 2 }
    return { ...knob, context: contextOf(knob, BARE) }
  })
  const title = 'Test for an effect: all'

  it('tests defaults together that other code gives a value', () => {
    expect(testOf([]).sort()).toEqual(DEFAULTS.map((name) => `model.py:${name}`).sort())
  })

  it('leaves them alone until the test is decided', () => {
    const { verdict: _, ...open } = tried(together, { title })
    const { test, waiting } = suspect(EDITABLE, [open], BARE)
    expect(test).toEqual([])
    expect([...waiting].map(({ name }) => name).sort()).toEqual([...DEFAULTS].sort())
  })

  it('searches them like others when so few are left that a test costs as much', () => {
    const { test, waiting } = suspect(EDITABLE, [tried(together, { title })], BARE)
    expect({ test, waiting: waiting.size }).toEqual({ test: [], waiting: 0 })
  })

  it('tests the more suspicious half when a test showed an effect', () => {
    const parameters = Array.from({ length: 8 }, (_, index) => `    a${index}: int = ${index + 3}`).join('\n')
    const model = `class C:\n${parameters}\n`
    const call = `C(${Array.from({ length: 8 }, (_, index) => `a${index}=x`).join(', ')})\n`
    const surroundings = around(
      'python train.py',
      new Map([
        ['train.py', `import model\n${call}`],
        ['model.py', model],
      ]),
    )
    const knobs = findKnobs('model.py', model)
    const all = knobs.map(({ file, name, value }) => {
      const knob = { file, name, from: value, to: value + 1 }
      return { ...knob, context: contextOf(knob, surroundings) }
    })
    expect(suspect(knobs, [], surroundings).test).toHaveLength(8)
    expect(suspect(knobs, [tried(all, { title })], surroundings).test).toHaveLength(4)
  })

  it.each([
    [
      'a table of sizes, of which one is used',
      'def build(size):\n    return {"s": dict(depth=2, dim=64), "m": dict(depth=4, dim=128), "l": dict(depth=8, dim=256)}[size]\nbuild("s")\n',
      ['depth', 'depth#2', 'depth#3', 'dim', 'dim#2', 'dim#3'],
    ],
    [
      'what only loading and generating use',
      'def from_pretrained(c):\n    c["depth"] = 24\ndef generate(n):\n    alpha = 0.5\ndef estimate_mfu():\n    peak = 312e12\nif load: from_pretrained(c), generate(9), estimate_mfu()\nlr = 0.1\n',
      ['alpha', 'depth', 'peak'],
    ],
    [
      'layers that repeat',
      'def f(x):\n    a = Drop(p=0.1)\n    b = Drop(p=0.1)\n    c = Drop(p=0.1)\nf(1)\n',
      [],
    ],
  ])('suspects %s', (_, text, suspects) => {
    const surroundings = around('python train.py', new Map([['train.py', text]]))
    const { test } = suspect(findKnobs('train.py', text), [], surroundings)
    expect(test.map(({ knob }) => knob.name).sort()).toEqual(suspects)
  })

  it('suspects nothing of a script without other files', () => {
    const knobs = findKnobs('train.py', 'lr = 0.1\nwd = 0.1\nN = 3\n')
    const files = new Map([['train.py', 'lr = 0.1\nwd = 0.1\nN = 3\n']])
    expect(suspect(knobs, [], around('python train.py', files)).test).toEqual([])
  })
})
